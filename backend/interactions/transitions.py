"""Life cycle, segments and experience kept up to date: in the transaction that changed a profile, and as days pass.

A transition is an event of the timeline, with what the rule saw. A moment of truth is an event that the pack's plan names.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlmodel import Session

from backend import db
from backend.interactions.tables import EventRow
from backend.interactions.timeline import append, new_event
from backend.interactions.types import Event
from backend.matrix.service import MomentOfTruth, Pack
from backend.profiles import service as profiles
from backend.profiles.service import Profile, Transition
from shared.kernel import clock
from shared.kernel.actors import SYSTEM

KINDS = {
    ("life_cycle", True): "life_cycle.changed",
    ("segment", True): "segment.entered",
    ("segment", False): "segment.left",
    ("protective", True): "protection.began",
    ("protective", False): "protection.ended",
}
_EVENT = db.table_of(EventRow)
_BEFORE = (
    select(_EVENT.c.event_id, _EVENT.c.data)
    .where(
        _EVENT.c.customer_id == bindparam("customer_id"), _EVENT.c.kind == bindparam("kind"),
        _EVENT.c.at >= bindparam("since"), _EVENT.c.at <= bindparam("until"),
    )
    .order_by(_EVENT.c.event_id.desc())
    .limit(20)
)  # fmt: skip
SAME = ("subject", "intent", "reason", "about")
"""What says that two events are about the same, the first that both have."""


def renewed(before: Profile, after: Profile, pack: Pack, at: datetime) -> tuple[Profile, tuple[Transition, ...]]:
    """`after` with its states as the pack's rules make them at this instant, and the transitions against what was kept. Pure.

    Of one who is anonymous nothing is told: they are in no life cycle yet.
    """
    seen = profiles.snapshot(after, at, pack)
    states, changes = profiles.states_after(before.states, seen, pack, at)
    group = profiles.group_of(after, seen, pack)
    if states == before.states and before.states_day == date.fromisoformat(seen.today) and group == before.restricted:
        return replace(after, states=before.states, states_day=before.states_day), ()
    found = replace(after, states=states, states_day=date.fromisoformat(seen.today), restricted=group)
    return found, () if after.is_anonymous else changes


def events_of(customer_id: UUID, changes: Iterable[Transition], at: datetime) -> list[Event]:
    """The transitions as events of the timeline."""
    return [
        new_event(
            customer_id, KINDS[change.sort, change.entered], None, SYSTEM, at,
            {
                "key": change.key, "label": change.label, "before": change.before,
                "why": [[label, value] for label, value in change.why],
            },
        )
        for change in changes
    ]  # fmt: skip


def renew(
    session: Session, customer_id: UUID, pack: Pack, now: datetime, happened: Sequence[Event] = ()
) -> tuple[Transition, ...]:
    """Works out the customer's experience and states anew, and puts what changed on the timeline.

    `happened` is what was recorded of them since the last time. Raises NotFound.
    """
    before = profiles.held(session, customer_id)
    truths = [
        (clock.local_day(event.at, before.timezone), truth.key)
        for event in happened
        for truth in pack.experience.by_kind.get(event.kind, ())
        if _counts(session, event, truth)
    ]
    after = replace(before, facts=profiles.with_truths(before.facts, truths)) if truths else before
    after, changes = renewed(before, after, pack, now)
    profiles.rewrite(session, before, after, now)
    append(session, customer_id, events_of(customer_id, changes, now), now)
    return changes


def due(session: Session, now: datetime, most: int) -> list[UUID]:
    """For whom a day has begun since their states were worked out, at most so many."""
    return profiles.states_due(session, now, most)


def _counts(session: Session, event: Event, truth: MomentOfTruth) -> bool:
    """Whether this event is that moment of truth: at once, or where the same happened shortly before."""
    if not truth.again_days:
        return True
    asked: dict[str, Any] = {
        "customer_id": event.customer_id, "kind": event.kind, "until": event.at,
        "since": event.at - timedelta(days=truth.again_days),
    }  # fmt: skip
    about = _about(event.data)
    return about is not None and any(
        row.event_id != event.event_id and _about(row.data) == about for row in session.execute(_BEFORE, asked)
    )


def _about(data: dict[str, Any]) -> tuple[str, str] | None:
    return next(((name, str(data[name]).casefold()) for name in SAME if data.get(name)), None)
