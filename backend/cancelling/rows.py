"""Cancellations as they are kept: found, and handed out as the others know them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import Session

from backend import db
from backend.cancelling.tables import CancellationRow
from backend.cancelling.types import PLAN, Cancellation
from shared.kernel.errors import NotFound
from shared.kernel.money import Money

CANCELLATION = db.table_of(CancellationRow)


def cancellation_of(session: Session, customer_id: UUID, cancellation_id: UUID) -> Cancellation:
    """One of the customer's. Raises NotFound, for another customer's too."""
    return cancellation_from(row_of(session, customer_id, cancellation_id))


def standing(session: Session, customer_id: UUID) -> tuple[Cancellation, ...]:
    """What the customer cancelled and still has, the first to end first."""
    mine = select(CANCELLATION).where(CANCELLATION.c.customer_id == customer_id, CANCELLATION.c.state == "asked")
    rows = session.execute(mine.order_by(CANCELLATION.c.last_day, CANCELLATION.c.cancellation_id))
    return tuple(cancellation_from(row) for row in rows)


def of_cases(session: Session, customer_id: UUID) -> dict[UUID, Cancellation]:
    """All that the customer ever cancelled, by the case of each."""
    rows = session.execute(select(CANCELLATION).where(CANCELLATION.c.customer_id == customer_id))
    return {row.case_id: cancellation_from(row) for row in rows if row.case_id is not None}


def gone(session: Session, customer_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """Of these customers, those who cancelled everything and did not think better of it, and when they first asked for it."""
    asked = select(CANCELLATION.c.customer_id, func.min(CANCELLATION.c.asked_at).label("at")).where(
        CANCELLATION.c.customer_id.in_(sorted(customer_ids)),
        CANCELLATION.c.what == PLAN,
        CANCELLATION.c.state != "undone",
    )
    return {row.customer_id: row.at for row in session.execute(asked.group_by(CANCELLATION.c.customer_id))}


def row_of(session: Session, customer_id: UUID, cancellation_id: UUID) -> Any:
    mine = (CANCELLATION.c.customer_id == customer_id, CANCELLATION.c.cancellation_id == cancellation_id)
    row = session.execute(select(CANCELLATION).where(*mine)).one_or_none()
    if row is None:
        raise NotFound("There is no such cancellation.")
    return row


def cancellation_from(row: Any) -> Cancellation:
    def money(minor: int | None) -> Money | None:
        return None if minor is None else Money(minor, row.currency)

    return Cancellation(
        customer_id=row.customer_id, cancellation_id=row.cancellation_id, what=row.what, label=row.label, reference=row.reference,
        state=row.state, last_day=row.last_day, undo_until=row.last_day - timedelta(days=1),
        early_cost=Money(row.early_minor, row.currency), monthly=money(row.monthly_minor), monthly_then=money(row.monthly_then_minor),
        loses=tuple(row.loses), asked_at=row.asked_at, settled_at=row.settled_at, case_id=row.case_id,
    )  # fmt: skip
