"""Offers whose date has passed: marked when their customer is next decided for, or by the worker, whichever comes first."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlmodel import Session

from backend import db
from backend.interactions import service as interactions
from backend.treatments.inputs import Inputs
from backend.treatments.locking import lock_ledger, move_ledger
from backend.treatments.tables import OfferRow
from shared.kernel.actors import SYSTEM

_OFFER = OfferRow.__table__  # type: ignore[attr-defined]
_LIVE = _OFFER.c.state.in_(("open", "presented", "deferred"))


def expire_customer(session: Session, inputs: Inputs, now: datetime) -> int:
    """Marks this customer's offers whose date has passed; the caller holds the ledger's lock. Gives how many were known to the customer."""
    return _expire(session, inputs.profile.customer_id, now)


def expire_due(now: datetime, limit: int = 200) -> int:
    """Marks due offers of any customers, a transaction for each customer, and gives how many customers it was."""
    with db.reading() as session:
        due = (
            session.execute(
                select(_OFFER.c.customer_id).where(_LIVE, _OFFER.c.expires_at <= now).distinct().limit(limit)
            )
            .scalars()
            .all()
        )
    for customer_id in due:
        with db.transaction() as session:
            lock_ledger(session, customer_id)
            _expire(session, customer_id, now)
    return len(due)


def _expire(session: Session, customer_id: UUID, now: datetime) -> int:
    mine = (_OFFER.c.customer_id == customer_id, _LIVE, _OFFER.c.expires_at <= now)
    due: list[Any] = list(session.execute(select(_OFFER).where(*mine)))
    known = [row for row in due if row.state != "open"]
    if unknown := [row.offer_id for row in due if row.state == "open"]:
        # Nobody was ever told of these: they leave without a trace in ledger and timeline.
        session.execute(_OFFER.delete().where(_OFFER.c.customer_id == customer_id, _OFFER.c.offer_id.in_(unknown)))
    for row in known:
        session.execute(
            update(_OFFER)
            .where(_OFFER.c.customer_id == customer_id, _OFFER.c.offer_id == row.offer_id)
            .values(state="expired", version=row.version + 1)
        )
        data = {"offer_id": str(row.offer_id), "treatment": row.treatment, "reference": row.reference}
        interactions.record(session, customer_id, "offer.expired", None, SYSTEM, data, now)
    if known:
        move_ledger(session, customer_id)
    return len(known)
