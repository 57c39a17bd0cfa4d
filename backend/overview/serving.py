"""What a customer has with us: plan, add-ons, what they cancelled, and what it came to month by month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from backend import db
from backend.cancelling import service as cancelling
from backend.cancelling.types import Cancellation
from backend.catalogue import service as catalogues
from backend.overview import lines
from backend.overview.cancelling import cancellation_said
from backend.overview.types import BillLine, ServiceLine
from backend.profiles import service as profiles
from shared.kernel.actors import Actor
from shared.kernel.errors import Forbidden
from shared.kernel.languages import gettext

CHARTED = 12


@dataclass(frozen=True, slots=True)
class ServicesPage:
    """What the customer has, what else is known of them that they may see (label, text), and what they cancelled."""

    services: tuple[ServiceLine, ...]
    details: tuple[tuple[str, str], ...]
    standing: tuple[Cancellation, ...]
    charted: tuple[BillLine, ...]
    """The last twelve bills, oldest first."""
    timezone: str


def services_page(actor: Actor, now: datetime) -> ServicesPage:
    """What the signed-in customer has, of what they may see. Raises Forbidden for anyone but customers."""
    if actor.customer_id is None:
        raise Forbidden(gettext("This page is for customers."))
    with db.reading() as session:
        profile = profiles.profile(session, actor.customer_id)
        pack = catalogues.pack_in_force(session)
        asked = cancelling.standing(session, profile.customer_id)
        bills = profiles.bill_heads(session, profile.customer_id, CHARTED)
    snapshot = profiles.snapshot(profile, now, pack)
    today = date.fromisoformat(snapshot.today)
    return ServicesPage(
        lines.services(snapshot, pack, "customer"), lines.details(snapshot, pack, "customer"), tuple(cancellation_said(one, pack) for one in asked),
        tuple(lines.bill_line(bill, today) for bill in reversed(bills)), profile.timezone,
    )  # fmt: skip
