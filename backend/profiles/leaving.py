"""What this room holds of one customer: handed over whole, or taken away whole."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlmodel import Session

from backend import db
from backend.profiles import queries
from backend.profiles.belonging import erase_belonging, export_groups
from backend.profiles.consenting import ENTRY

_OWNED = (
    queries.MOMENT,
    queries.TOLD,
    queries.REPRESENTATIVE,
    queries.MEMBERSHIP,
    ENTRY,
    queries.CONSENT,
    queries.CREDIT,
    queries.BILL,
    queries.IDENTIFIER,
    queries.CLAIM,
    queries.ALIAS,
    queries.CUSTOMER,
)
"""In the order in which they may be deleted: what refers to a customer before the customer."""


def export_customer(session: Session, customer_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """Every row of this room about the customer, by table; empty lists where there is none. With the groups to which they belong."""
    return {
        table.name: [
            dict(row._mapping) for row in session.execute(select(table).where(table.c.customer_id == customer_id))
        ]
        for table in reversed(_OWNED)
    } | export_groups(session, customer_id)


def note_erased(session: Session, customer_id: UUID, now: datetime) -> None:
    """Keeps that there was somebody of this id, and of their former ids: nothing may be written of them any more."""
    former = select(queries.ALIAS.c.alias_id).where(queries.ALIAS.c.customer_id == customer_id)
    gone = [customer_id, *session.execute(former).scalars()]
    rows = [{"customer_id": one, "at": now, "swept_at": None} for one in gone]
    db.upsert(session, queries.ERASED_CUSTOMER, rows, key=("customer_id",))


def unswept(session: Session) -> int:
    """How many were erased whose traces in free pages of the database have not been cleared yet."""
    waiting = select(func.count()).where(queries.ERASED_CUSTOMER.c.swept_at.is_(None))
    return int(session.execute(waiting).scalar_one())


def note_swept(session: Session, before: datetime, now: datetime) -> None:
    """Those who were erased until then have left no trace in the database's file."""
    erased = queries.ERASED_CUSTOMER
    session.execute(update(erased).where(erased.c.swept_at.is_(None), erased.c.at <= before).values(swept_at=now))


def erase_customer(session: Session, customer_id: UUID, now: datetime | None = None) -> int:
    """Deletes every row of this room about the customer; gives how many there were. With `now` those who lived with them are told."""
    erased = erase_belonging(session, customer_id, now)
    for table in _OWNED:
        result = session.execute(delete(table).where(table.c.customer_id == customer_id))
        erased += db.touched(result)
    return erased
