"""A customer's contacts in the order in which they came: as little of each as it takes to draw them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from backend import db
from backend.interactions.tables import EventRow
from shared.kernel import ids

_EVENT = db.table_of(EventRow)


@dataclass(frozen=True, slots=True)
class Step:
    """One contact: when, by which channel, in which stage and for what, as far as that was said."""

    event_id: UUID
    at: datetime
    kind: str
    channel: str
    stage: str | None
    intent: str | None


def steps(session: Session, customer_id: UUID, kinds: Collection[str], since: datetime, most: int) -> tuple[Step, ...]:
    """The customer's last `most` events of these kinds that came by a channel since then, oldest first."""
    found = session.execute(
        select(_EVENT.c.event_id, _EVENT.c.at, _EVENT.c.kind, _EVENT.c.channel, _EVENT.c.stage, _EVENT.c.data)
        .where(
            _EVENT.c.customer_id == customer_id,
            # The id is made at the instant of the event: its order is that of time.
            _EVENT.c.event_id >= ids.first_at(since),
            _EVENT.c.kind.in_(sorted(kinds)),
            _EVENT.c.channel.is_not(None),
        )
        .order_by(_EVENT.c.event_id.desc())
        .limit(most)
    ).all()
    return tuple(
        Step(one.event_id, one.at, one.kind, one.channel, one.stage, (one.data or {}).get("intent"))
        for one in reversed(found)
    )
