"""Fulfilment: what acceptance sets in motion, done by the outbox, at least once asked and exactly once done."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlmodel import Session

from backend.interactions import service as interactions
from backend.profiles import service as profiles
from backend.treatments import cards
from backend.treatments.catalogue import Fulfilment
from backend.treatments.inputs import Inputs, gather
from backend.treatments.locking import lock_ledger
from backend.treatments.tables import OfferRow
from shared.kernel.actors import SYSTEM

_OFFER = OfferRow.__table__  # type: ignore[attr-defined]


def fulfil(session: Session, customer_id: UUID, payload: dict[str, Any], now: datetime) -> None:
    """Does what the accepted offer promises and marks it fulfilled, in one transaction; done already, it does nothing."""
    offer_id = UUID(payload["offer_id"])
    lock_ledger(session, customer_id)
    where = (_OFFER.c.customer_id == customer_id, _OFFER.c.offer_id == offer_id)
    row = session.execute(select(_OFFER).where(*where)).one_or_none()
    if row is None or row.state != "accepted":
        return
    inputs = gather(session, customer_id, now)
    act = inputs.configuration.catalogue_of(row.catalogue_version).treatments[row.treatment].fulfilment
    _do(session, act, row, inputs, now)
    session.execute(update(_OFFER).where(*where).values(state="fulfilled", version=row.version + 1))
    data = cards.event_data(row, inputs)
    interactions.record(session, customer_id, "offer.fulfilled", None, SYSTEM, data, now)


def _do(session: Session, act: Fulfilment, row: Any, inputs: Inputs, now: datetime) -> None:
    customer_id = row.customer_id
    data = {"offer_id": str(row.offer_id), "what": act.what, "reference": row.reference}
    match act.kind:
        case "attributes":
            profiles.learn(session, customer_id, attributes=dict(act.set), now=now)
            changed = {inputs.pack.attributes[key].label: value for key, value in act.set.items()}
            interactions.record(session, customer_id, "profile.changed", None, SYSTEM, {"changed": changed}, now)
        case "credit":
            minor = next(int(t["value"]) for t in row.terms if t["key"] == act.term)
            booked = int(inputs.profile.facts.get("values", {}).get("credit_minor", 0))
            profiles.learn(session, customer_id, values={"credit_minor": booked + minor}, now=now)
        case "callback":
            interactions.record(
                session, customer_id, "callback.requested", None, SYSTEM, data | {"about": act.what}, now
            )
        case "booking" | "case":
            interactions.record(session, customer_id, "case.opened", None, SYSTEM, data | {"subject": act.what}, now)
        case "message":
            # The promise itself is the fulfilment: the customer reads it on the card and in the timeline.
            return
