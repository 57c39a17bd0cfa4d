"""By what customers are told apart in counts of many: kind and age, how long they have been with us, their segments."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from backend.profiles.queries import CUSTOMER


@dataclass(frozen=True, slots=True)
class Kind:
    """What a count may be split by; of whom nothing is known, nothing is said."""

    attributes: dict[str, Any]
    born: date | None
    segments: tuple[str, ...]


def told_apart(session: Session, customer_ids: Collection[UUID]) -> dict[UUID, Kind]:
    """Of those that are there, as they are now; segments as they were last worked out."""
    some = sorted(customer_ids)
    if not some:
        return {}
    asked = select(CUSTOMER.c.customer_id, CUSTOMER.c.attributes, CUSTOMER.c.birth_date, CUSTOMER.c.states)
    rows = session.execute(asked.where(CUSTOMER.c.customer_id.in_(some)))
    return {
        row.customer_id: Kind(row.attributes, row.birth_date, tuple(sorted((row.states or {}).get("segments", {}))))
        for row in rows
    }
