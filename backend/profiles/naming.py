"""The names of some customers, in one statement; and which group one is of."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from backend.profiles.keeping_out import named_for
from backend.profiles.queries import CUSTOMER, WHOSE


def names_of(session: Session, customer_ids: Collection[UUID]) -> dict[UUID, tuple[str, str]]:
    """Name and number of those of these customers that are there; meant for a page of them, not for thousands.

    Who may not open one of them learns neither.
    """
    if not customer_ids:
        return {}
    asked = select(CUSTOMER.c.customer_id, CUSTOMER.c.name, CUSTOMER.c.number, CUSTOMER.c.restricted)
    rows = session.execute(asked.where(CUSTOMER.c.customer_id.in_(sorted(set(customer_ids)))))
    return {row.customer_id: named_for(session, row.name, row.number, row.restricted) for row in rows}


def restricted_group(session: Session, customer_id: UUID) -> str:
    """The group of customers, whom only some may open, that this one is of, whoever asks; empty for none, and for nobody."""
    row = session.execute(WHOSE, {"customer_id": customer_id}).one_or_none()
    return "" if row is None else row.restricted or ""
