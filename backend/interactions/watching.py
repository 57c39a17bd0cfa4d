"""What somebody reads who watches many contacts at once: what goes on, how long such contacts usually take, how fast calls are taken.

Each is one statement over an index, however many customers there are.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, bindparam, case, func, literal, select
from sqlmodel import Session

from backend import db
from backend.interactions.calls import CALL
from backend.interactions.contacts import INTERACTION
from backend.interactions.tables import EventRow
from backend.interactions.types import Event
from shared.kernel import ids

RECENT = timedelta(days=30)
MOST_READ = 3_000
"""The usual length is told from so many contacts at most, the last ones of all."""
ENOUGH = 8
"""Of fewer contacts nobody can say what is usual."""
LONGEST = timedelta(hours=4)
"""What took longer was forgotten, and says nothing of how long such contacts take."""
_EVENT = db.table_of(EventRow)


@dataclass(frozen=True, slots=True)
class Going:
    """A contact at some desk that is not wrapped up."""

    customer_id: UUID
    interaction_id: UUID
    channel: str
    staff_id: UUID
    staff: str
    started_at: datetime
    ended_at: datetime | None
    is_private: bool
    held_seconds: int = 0
    """For so long the customer was on hold, as far as that is over."""


@dataclass(frozen=True, slots=True)
class Usual:
    """How long contacts of one kind lately took: half of them no longer than `median`, nine of ten no longer than `long`."""

    median: timedelta
    long: timedelta
    many: int


@dataclass(frozen=True, slots=True)
class Taken:
    """Of the calls of one queue since an instant: how many had to be taken, and how many were within the time that is promised."""

    calls: int
    in_time: int

    @property
    def share(self) -> float | None:
        """None where nobody called."""
        return self.in_time / self.calls if self.calls else None


Usuals = Mapping[tuple[str, str | None], Usual]
"""By channel and intent; under the intent None those of the channel, whatever they were about."""
_GOING = (
    select(*(INTERACTION.c[name] for name in Going.__slots__))
    .where(INTERACTION.c.wrapped_at.is_(None), INTERACTION.c.staff_id.is_not(None))
    .order_by(INTERACTION.c.started_at)
)


def going_on(session: Session, customer_ids: Collection[UUID] | None = None) -> tuple[Going, ...]:
    """Every contact that is open at some desk, longest first; of these customers alone where they are given."""
    asked = _GOING
    if customer_ids is not None:
        asked = asked.where(INTERACTION.c.customer_id.in_(sorted(customer_ids)))
    return tuple(Going(row[0], row[1], row[2], row[3], row[4] or "", *row[5:]) for row in session.execute(asked))


def usual_lengths(session: Session, now: datetime) -> Usuals:
    """How long the contacts of the last thirty days took, by channel, and by channel and intent where there were enough."""
    asked = (
        select(INTERACTION.c.channel, INTERACTION.c.intent, INTERACTION.c.started_at, INTERACTION.c.ended_at)
        .where(INTERACTION.c.ended_at.is_not(None), INTERACTION.c.ended_at >= now - RECENT)
        .order_by(INTERACTION.c.ended_at.desc())
        .limit(MOST_READ)
    )
    seconds: dict[tuple[str, str | None], list[float]] = defaultdict(list)
    for channel, intent, began, ended in session.execute(asked):
        if timedelta(0) < ended - began <= LONGEST:
            length = (ended - began).total_seconds()
            seconds[channel, None].append(length)
            if intent:
                seconds[channel, intent].append(length)
    return {kind: _usual(some) for kind, some in seconds.items() if len(some) >= ENOUGH}


def _usual(seconds: list[float]) -> Usual:
    long = statistics.quantiles(seconds, n=10, method="inclusive")[-1]
    return Usual(timedelta(seconds=statistics.median(seconds)), timedelta(seconds=long), len(seconds))


def taken_since(
    session: Session, since: datetime, now: datetime, within: Mapping[str, int], otherwise: int
) -> dict[str, Taken]:
    """By queue (its label; empty: none), how the calls that came in since then were taken: in time where somebody answered
    `within` so many seconds, by queue, `otherwise` for the rest.

    Who gave up within that time is not counted, nor who has not waited as long yet; who waits longer is not taken in time.
    """
    late = {f"late_{nth}": now - timedelta(seconds=many) for nth, many in enumerate((*within.values(), otherwise))}
    asked = _taken(tuple(within.items()), otherwise)
    rows = session.execute(asked, {"since": since, **late})
    return {queue: Taken(int(calls), int(good)) for queue, calls, good in rows}


@lru_cache(maxsize=16)
def _taken(within: tuple[tuple[str, int], ...], otherwise: int) -> Select[Any]:
    """Built once for each promise: every wall asks."""
    seconds = case(dict(within), value=CALL.c.queue, else_=otherwise) if within else literal(otherwise)
    instants = [bindparam(f"late_{nth}", type_=CALL.c.rang_at.type) for nth in range(len(within) + 1)]
    each = {queue: instants[nth] for nth, (queue, _) in enumerate(within)}
    latest = case(each, value=CALL.c.queue, else_=instants[-1]) if each else instants[-1]
    answered = CALL.c.answered_at.is_not(None)
    counted = answered | (CALL.c.waited > seconds) | and_(CALL.c.state == "ringing", CALL.c.rang_at < latest)
    in_time = and_(answered, CALL.c.waited <= seconds)
    return (
        select(CALL.c.queue, func.sum(case((counted, 1), else_=0)), func.sum(case((in_time, 1), else_=0)))
        .where(CALL.c.rang_at >= bindparam("since"), CALL.c.direction == "inbound")
        .group_by(CALL.c.queue)
    )


def happened_since(
    session: Session, customer_ids: Collection[UUID], kinds: Collection[str], since: datetime, most: int
) -> tuple[Event, ...]:
    """What of these kinds happened to these customers since then, the last first."""
    if not customer_ids:
        return ()
    asked = (
        select(*(_EVENT.c[name] for name in Event.__slots__))
        .where(
            _EVENT.c.customer_id.in_(sorted(customer_ids)),
            _EVENT.c.event_id >= ids.first_at(since),
            _EVENT.c.kind.in_(sorted(kinds)),
        )
        .order_by(_EVENT.c.event_id.desc())
        .limit(most)
    )
    return tuple(Event(*row) for row in session.execute(asked))
