"""Customers of one life-cycle state or segment, as these were last worked out and kept: for counting over many at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlmodel import Session

from backend.profiles.queries import CUSTOMER
from backend.profiles.streaming import profiles_where
from backend.profiles.types import Profile


def ids_among(life_cycle: str, segment: str) -> Select[Any] | None:
    """The ids of those in this state and this segment, to be used inside another statement; None where neither is asked for."""
    if not life_cycle and not segment:
        return None
    found = select(CUSTOMER.c.customer_id)
    if life_cycle:
        found = found.where(CUSTOMER.c.states["life_cycle"].as_string() == life_cycle)
    if segment:
        found = found.where(CUSTOMER.c.states[("segments", segment)].as_string().is_not(None))
    return found


def some_among(session: Session, life_cycle: str, segment: str, most: int) -> list[Profile]:
    """At most so many of them, at even distances over all: the same ones each time, while the customers are the same."""
    wanted = ids_among(life_cycle, segment)
    ids = select(CUSTOMER.c.customer_id, func.row_number().over(order_by=CUSTOMER.c.customer_id).label("place"))
    ids = ids.where(CUSTOMER.c.is_anonymous.is_(False))
    numbered = (ids if wanted is None else ids.where(CUSTOMER.c.customer_id.in_(wanted))).subquery()
    total = int(session.execute(select(func.count()).select_from(numbered)).scalar_one())
    step = max(1, -(-total // most))
    chosen = select(numbered.c.customer_id).where(numbered.c.place % step == 1 % step)
    return profiles_where(session, CUSTOMER.c.customer_id.in_(chosen))


def these(session: Session, customer_ids: Collection[UUID]) -> dict[UUID, Profile]:
    """The profiles of these by id, without moments and consents; whoever is gone is not among them."""
    if not customer_ids:
        return {}
    found = profiles_where(session, CUSTOMER.c.customer_id.in_(sorted(set(customer_ids))))
    return {one.customer_id: one for one in found}


class Truths(NamedTuple):
    """When moments of truth were, as `score` takes them, and by which clock the customer lives."""

    kept: Sequence[Sequence[str]]
    timezone: str


def truths_of(session: Session, customer_ids: Collection[UUID]) -> dict[UUID, Truths]:
    """The moments of truth of these by id, nothing else of their profiles read; whoever is gone is not among them."""
    asked = select(CUSTOMER.c.customer_id, CUSTOMER.c.facts["truths"], CUSTOMER.c.timezone)
    rows = session.execute(asked.where(CUSTOMER.c.customer_id.in_(sorted(set(customer_ids))))) if customer_ids else ()
    return {customer_id: Truths(truths or (), timezone) for customer_id, truths, timezone in rows}
