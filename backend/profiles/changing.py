"""A customer's attributes changed as a whole: what they were and what they become are seen under one lock."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlmodel import Session

from backend.profiles import queries, rewriting, sourcing
from backend.profiles.experience import without_truth
from backend.profiles.holding import locked
from backend.profiles.types import Profile
from backend.record import service as record
from shared.kernel import clock

Attributes = dict[str, Any]
CLOSES = "account_closes"


def revise(session: Session, customer_id: UUID, change: Callable[[Attributes], Attributes], now: datetime) -> int:
    """Writes what `change` makes of the attributes, and gives the profile's version then; unchanged, nothing is written.

    An attribute that `change` leaves out is unknown from then on. Nobody else changes them meanwhile. Raises NotFound.
    """
    known = locked(session, customer_id)
    after = change(dict(known.attributes))
    if after == known.attributes:
        return int(known.version)
    version: int = known.version + 1
    session.execute(
        update(queries.CUSTOMER)
        .where(queries.CUSTOMER.c.customer_id == customer_id)
        .values(attributes=after, version=version, updated_at=now)
    )
    sourcing.acted(session, customer_id, known.attributes, after, now)
    record.changed(session, "profile", customer_id=customer_id, now=now)
    return version


def take_back_truth(session: Session, customer_id: UUID, day: date, keys: Collection[str], now: datetime) -> None:
    """What was a moment of truth on that day turned out to be none. Raises NotFound."""
    before = rewriting.held(session, customer_id)
    after = replace(before, facts=without_truth(before.facts, day, keys))
    rewriting.rewrite(session, before, after, now)


def note_closing(session: Session, customer_id: UUID, day: date | None, now: datetime) -> None:
    """The customer wants the account to be closed on that day; None: they keep it. Raises NotFound."""
    before = rewriting.held(session, customer_id)
    dates = {key: iso for key, iso in before.facts.get("dates", {}).items() if key != CLOSES}
    dates |= {CLOSES: day.isoformat()} if day else {}
    rewriting.rewrite(session, before, replace(before, facts={**before.facts, "dates": dates}), now)


def closes_on(profile: Profile) -> date | None:
    """The day on which the account is closed, where its customer has asked for that."""
    iso = profile.facts.get("dates", {}).get(CLOSES)
    return date.fromisoformat(iso) if iso else None


def work_out_again(session: Session) -> None:
    """Everybody's states are due from now on, though no day has begun: the rules by which they come about are others."""
    session.execute(update(queries.CUSTOMER).values(states_day=None))


def states_due(session: Session, now: datetime, most: int) -> list[UUID]:
    """Customers for whom a local day has begun since their states were worked out, or who never had any; at most so many."""
    columns = queries.CUSTOMER.c
    zones = session.execute(select(columns.timezone).distinct()).scalars().all()
    began = or_(
        columns.states_day.is_(None),
        *((columns.timezone == zone) & (columns.states_day < clock.local_day(now, zone)) for zone in zones),
    )
    found = select(columns.customer_id).where(began).order_by(columns.states_day).limit(most)
    return list(session.execute(found).scalars())
