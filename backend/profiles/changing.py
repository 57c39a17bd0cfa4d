"""A customer's attributes changed as a whole: what they were and what they become are seen under one lock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session

from backend.profiles import queries
from backend.record import service as record
from shared.kernel.errors import NotFound

Attributes = dict[str, Any]


def revise(session: Session, customer_id: UUID, change: Callable[[Attributes], Attributes], now: datetime) -> int:
    """Writes what `change` makes of the attributes, and gives the profile's version then; unchanged, nothing is written.

    An attribute that `change` leaves out is unknown from then on. Nobody else changes them meanwhile. Raises NotFound.
    """
    known = session.execute(queries.LOCKED, {"customer_id": customer_id}).one_or_none()
    if known is None:
        raise NotFound("There is no such customer.")
    after = change(dict(known.attributes))
    if after == known.attributes:
        return int(known.version)
    version: int = known.version + 1
    session.execute(
        update(queries.CUSTOMER)
        .where(queries.CUSTOMER.c.customer_id == customer_id)
        .values(attributes=after, version=version, updated_at=now)
    )
    record.changed(session, "profile", customer_id=customer_id, now=now)
    return version
