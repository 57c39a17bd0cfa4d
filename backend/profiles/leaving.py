"""What this room holds of one customer: handed over whole, or taken away whole."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlmodel import Session

from backend import db
from backend.profiles import queries
from backend.profiles.consenting import ENTRY

_OWNED = (
    queries.MOMENT,
    queries.REPRESENTATIVE,
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
    """Every row of this room about the customer, by table; empty lists where there is none."""
    return {
        table.name: [
            dict(row._mapping) for row in session.execute(select(table).where(table.c.customer_id == customer_id))
        ]
        for table in reversed(_OWNED)
    }


def erase_customer(session: Session, customer_id: UUID) -> int:
    """Deletes every row of this room about the customer; gives how many there were."""
    erased = 0
    for table in _OWNED:
        result = session.execute(delete(table).where(table.c.customer_id == customer_id))
        erased += db.touched(result)
    return erased
