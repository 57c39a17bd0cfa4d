"""The names of some customers, in one statement."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from backend.profiles.keeping_out import named_for
from backend.profiles.queries import CUSTOMER


def names_of(session: Session, customer_ids: Collection[UUID]) -> dict[UUID, tuple[str, str]]:
    """Name and number of those of these customers that are there; meant for a page of them, not for thousands.

    Who may not open one of them learns neither.
    """
    if not customer_ids:
        return {}
    asked = select(CUSTOMER.c.customer_id, CUSTOMER.c.name, CUSTOMER.c.number, CUSTOMER.c.restricted)
    rows = session.execute(asked.where(CUSTOMER.c.customer_id.in_(sorted(set(customer_ids)))))
    return {row.customer_id: named_for(session, row.name, row.number, row.restricted) for row in rows}
