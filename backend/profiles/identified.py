"""Who customers are, and no more: what near matches are found by. Read in bulk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from backend.profiles.keeping_out import named_for
from backend.profiles.queries import CUSTOMER, IDENTIFIER

CHUNK = 500


@dataclass(frozen=True, slots=True)
class Identified:
    """One customer as they are recognised; telephone and e-mail are the ones shown, or else the first that they are known by."""

    customer_id: UUID
    number: str
    name: str
    version: int
    phone: str | None
    email: str | None
    birth_date: date | None
    attributes: dict[str, Any]
    created_at: datetime


_NAMES = ("customer_id", "number", "name", "version", "phone", "email", "birth_date", "attributes", "created_at")
_KNOWN = CUSTOMER.c.is_anonymous.is_(False)
"""Of whom the device alone is known, nobody can say whom they are like."""
_ALL = select(*(CUSTOMER.c[name] for name in _NAMES), CUSTOMER.c.restricted).where(_KNOWN)
_KNOWN_BY = select(IDENTIFIER).order_by(IDENTIFIER.c.value)


def identified(session: Session, customer_ids: Sequence[UUID]) -> list[Identified]:
    """Those of these customers that are there."""
    found: list[Any] = []
    for start in range(0, len(customer_ids), CHUNK):
        some = customer_ids[start : start + CHUNK]
        found += session.execute(_ALL.where(CUSTOMER.c.customer_id.in_(some))).all()
    return _completed(session, found)


def identified_after(session: Session, after: UUID | None, limit: int) -> list[Identified]:
    """The next customers in the order of their ids."""
    asked = _ALL.order_by(CUSTOMER.c.customer_id).limit(limit)
    if after is not None:
        asked = asked.where(CUSTOMER.c.customer_id > after)
    return _completed(session, list(session.execute(asked).all()))


def existing(session: Session, customer_ids: Sequence[UUID]) -> list[UUID]:
    """Those of these that are customers today."""
    found: list[UUID] = []
    for start in range(0, len(customer_ids), CHUNK):
        some = CUSTOMER.c.customer_id.in_(customer_ids[start : start + CHUNK])
        found += session.execute(select(CUSTOMER.c.customer_id).where(some)).scalars()
    return found


def versions_after(session: Session, after: UUID | None, limit: int) -> list[tuple[UUID, int]]:
    """The versions of the next customers' profiles, in the order of their ids."""
    asked = (
        select(CUSTOMER.c.customer_id, CUSTOMER.c.version).where(_KNOWN).order_by(CUSTOMER.c.customer_id).limit(limit)
    )
    if after is not None:
        asked = asked.where(CUSTOMER.c.customer_id > after)
    return [(row.customer_id, row.version) for row in session.execute(asked)]


def _called(session: Session, row: Any) -> tuple[str, str]:
    name, number = named_for(session, row.name, row.number, row.restricted)
    return number, name


def _completed(session: Session, rows: list[Any]) -> list[Identified]:
    missing = [row.customer_id for row in rows if not row.phone or not row.email]
    first: dict[tuple[UUID, str], str] = {}
    for start in range(0, len(missing), CHUNK):
        some = IDENTIFIER.c.customer_id.in_(missing[start : start + CHUNK])
        for row in session.execute(_KNOWN_BY.where(some, IDENTIFIER.c.kind.in_(("phone", "email")))):
            first.setdefault((row.customer_id, row.kind), row.value)
    return [
        Identified(
            row.customer_id, *_called(session, row), row.version, row.phone or first.get((row.customer_id, "phone")),
            row.email or first.get((row.customer_id, "email")), row.birth_date, row.attributes, row.created_at,
        )
        for row in rows
    ]  # fmt: skip
