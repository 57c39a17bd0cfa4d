"""Offers whose date has passed: marked when their customer is next decided for, or by the worker, whichever comes first."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlmodel import Session

from backend import db
from backend.budgets import service as budgets
from backend.interactions import service as interactions
from backend.treatments.inputs import offer_rows
from backend.treatments.locking import lock_ledger, move_ledger
from backend.treatments.tables import OfferRow
from shared.kernel.actors import SYSTEM

_OFFER = db.table_of(OfferRow)
LIVE = ("open", "presented", "deferred")


def expire_customer(session: Session, customer_id: UUID, offers: Iterable[Any], now: datetime) -> bool:
    """Marks those of the customer's offers whose date has passed, and says whether there were any; the caller holds the lock."""
    due = [row for row in offers if row.state in LIVE and row.expires_at <= now]
    _expire(session, customer_id, due, now)
    return bool(due)


def expire_due(now: datetime, limit: int = 200) -> int:
    """Marks due offers of any customers, a transaction for each customer, and gives how many customers it was."""
    with db.reading() as session:
        due = (
            session.execute(
                select(_OFFER.c.customer_id)
                .where(_OFFER.c.state.in_(LIVE), _OFFER.c.expires_at <= now)
                .distinct()
                .limit(limit)
            )
            .scalars()
            .all()
        )
    for customer_id in due:
        with db.transaction() as session:
            lock_ledger(session, customer_id)
            expire_customer(session, customer_id, offer_rows(session, customer_id), now)
    return len(due)


def _expire(session: Session, customer_id: UUID, due: list[Any], now: datetime) -> None:
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
        budgets.give_back(session, customer_id, [row.offer_id for row in known])
        move_ledger(session, customer_id)
