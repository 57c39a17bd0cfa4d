"""What this room holds of one customer: handed over, erased, moved to another customer and back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlmodel import Session

from backend import db, moving
from backend.alerts.keeping import ALERT
from backend.moving import Kept, Moved, Since


def export_customer(session: Session, customer_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """Every row of this room about the customer, by table."""
    found = session.execute(select(ALERT).where(ALERT.c.customer_id == customer_id))
    return {ALERT.name: [dict(row._mapping) for row in found]}


def erase_customer(session: Session, customer_id: UUID) -> int:
    """Deletes every row of this room about the customer; gives how many there were."""
    return db.touched(session.execute(delete(ALERT).where(ALERT.c.customer_id == customer_id)))


def move_customer(session: Session, from_id: UUID, to_id: UUID) -> list[Moved]:
    """Alerts about the one are about the other."""
    return [moving.move(session, ALERT, from_id, to_id)]


def move_customer_back(session: Session, from_id: UUID, to_id: UUID, kept: Kept, since: Since) -> None:
    moving.move_back(session, ALERT, from_id, to_id, kept, since)
