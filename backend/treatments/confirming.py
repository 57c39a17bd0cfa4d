"""An offer as its own customer reads it, for what is told to them in writing."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from backend.treatments import cards
from backend.treatments.cards import OfferLine
from backend.treatments.inputs import gather
from backend.treatments.ledger import row_of
from shared.kernel import languages
from shared.kernel.actors import Actor


def as_the_customer_reads_it(session: Session, customer_id: UUID, offer_id: UUID, now: datetime) -> OfferLine:
    """The offer with nothing of it masked: whoever spoke for us, the mail is the customer's own. Raises NotFound."""
    inputs = gather(session, customer_id, now)
    owner = inputs.profile.customer_id
    reader = Actor("customer", str(owner), inputs.profile.name, customer_id=owner)
    with languages.speaking(languages.heard(inputs.profile.language)):
        return cards.offer_line(row_of(session, owner, offer_id), inputs, reader)
