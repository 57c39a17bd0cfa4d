"""What the desk shows beside the profile, and is seldom there: waiting credits and representatives, in one read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlmodel import Session

from backend.profiles.queries import CREDIT, CUSTOMER, REPRESENTATIVE
from backend.profiles.types import Credit, Representative
from shared.kernel.money import Money

_ID: Any = bindparam("customer_id")
_REPRESENTATIVE = tuple(REPRESENTATIVE.c[name] for name in Representative.__slots__)
_CREDIT = (CREDIT.c.credit_id, CREDIT.c.text, CREDIT.c.amount_minor, CREDIT.c.currency)
_WAITS = (CREDIT.c.customer_id == CUSTOMER.c.customer_id) & CREDIT.c.bill_id.is_(None)
# Asked by every page of the desk, so built once. Each of the few credits comes with each of the few representatives.
_BESIDE = (
    select(*_CREDIT, *_REPRESENTATIVE)
    .select_from(
        CUSTOMER.outerjoin(CREDIT, _WAITS).outerjoin(
            REPRESENTATIVE, REPRESENTATIVE.c.customer_id == CUSTOMER.c.customer_id
        )
    )
    .where(CUSTOMER.c.customer_id == _ID)
    .order_by(
        CREDIT.c.booked_at,
        CREDIT.c.credit_id,
        REPRESENTATIVE.c.ended_at.is_not(None),
        REPRESENTATIVE.c.representative_id,
    )
)


def beside(session: Session, customer_id: UUID) -> tuple[tuple[Credit, ...], tuple[Representative, ...]]:
    """What `waiting_credits` and `representatives` give, each in its order; one read instead of two."""
    credits: dict[UUID, Credit] = {}
    persons: dict[UUID, Representative] = {}
    for row in session.execute(_BESIDE, {"customer_id": customer_id}):
        credit_id, text, minor, currency, *person = row
        if credit_id is not None:
            credits.setdefault(credit_id, Credit(credit_id, text, Money(minor, currency), None))
        if person[0] is not None:
            persons.setdefault(person[0], Representative(*person))
    return tuple(credits.values()), tuple(persons.values())
