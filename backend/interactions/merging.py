"""The timeline, contacts, calls and visits of two customers become one's, and go back to whose they were."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import Session

from backend import db, moving
from backend.interactions.counting import to_count
from backend.interactions.tables import (
    CallRow,
    DeskDraftRow,
    EventRow,
    FloorWordRow,
    InteractionRow,
    PlaceRow,
    RatingRow,
    ReceivedRow,
    VisitRow,
    WishRow,
)
from backend.moving import Kept, Moved, Row, Since
from shared.kernel import ids as ids_of

_EVENT, _INTERACTION = db.table_of(EventRow), db.table_of(InteractionRow)
_CALL, _VISIT = db.table_of(CallRow), db.table_of(VisitRow)
_PLAIN = (
    _EVENT,
    _INTERACTION,
    _CALL,
    *(db.table_of(one) for one in (ReceivedRow, PlaceRow, DeskDraftRow, FloorWordRow, RatingRow, WishRow)),
)
SIGNED_IN_AS = "signed_in_as"
"""In an event's data: the id by which the customer signed in, where that is one of before a merge."""


def move_customer(session: Session, from_id: UUID, to_id: UUID) -> list[Moved]:
    """Everything that happened to the one happened to the other; of two visits to the portal the later goes on."""
    to_count(session, from_id, to_id)
    moved = [moving.move(session, table, from_id, to_id) for table in _PLAIN]
    return [*moved, moving.choose(session, _VISIT, from_id, to_id, _later)]


def move_customer_back(session: Session, from_id: UUID, to_id: UUID, kept: Kept, since: Since) -> None:
    to_count(session, from_id, to_id)
    for table in (*_PLAIN, _VISIT):
        moving.move_back(session, table, from_id, to_id, kept, since)


def came_since(
    session: Session, customer_id: UUID, since: datetime, ids: Collection[str], numbers: Collection[str], kept: Kept
) -> tuple[dict[str, list[list[Any]]], list[dict[str, Any]]]:
    """What came to the survivor of a merge by what was the other's: keys of rows by table, and the data of the events.

    By a sign-in with one of their `ids`, by a call from one of their `numbers`, or in a contact that was theirs; with all that
    happened in the contacts which began so.
    """
    first = ids_of.first_at(since)
    recent = session.execute(_events(customer_id).where(_EVENT.c.event_id >= first)).all()
    calls = session.execute(
        select(_CALL.c.call_id, _CALL.c.interaction_id).where(
            _CALL.c.customer_id == customer_id, _CALL.c.rang_at >= since, _CALL.c.number.in_(sorted(numbers))
        )
    ).all()
    mine = (_INTERACTION.c.customer_id == customer_id, _INTERACTION.c.interaction_id >= first)
    begun = set(session.execute(select(_INTERACTION.c.interaction_id).where(*mine)).scalars())
    by_sign_in = {event.event_id for event in recent if event.data.get(SIGNED_IN_AS) in ids}
    contacts = {call.interaction_id for call in calls}
    contacts |= {event.interaction_id for event in recent if event.event_id in by_sign_in}
    contacts &= begun
    within = contacts | {UUID(key[0]) for key in kept[_INTERACTION.name].keys}
    # An event of a contact bears the instant at which the contact began: it may lie before the merge.
    events = {event.event_id: event for event in recent if event.event_id in by_sign_in}
    some = sorted(within)
    for start in range(0, len(some), moving.CHUNK):
        found = _events(customer_id).where(_EVENT.c.interaction_id.in_(some[start : start + moving.CHUNK]))
        events |= {event.event_id: event for event in session.execute(found)}
    keys = {
        _EVENT.name: [[str(event_id)] for event_id in sorted(events)],
        _INTERACTION.name: [[str(one)] for one in sorted(contacts)],
        _CALL.name: [[str(call.call_id)] for call in calls],
    }
    moved = {key[0] for key in kept[_EVENT.name].keys}
    return keys, [event.data for event_id, event in events.items() if str(event_id) not in moved]


def _events(customer_id: UUID) -> Any:
    asked = select(_EVENT.c.event_id, _EVENT.c.interaction_id, _EVENT.c.data)
    return asked.where(_EVENT.c.customer_id == customer_id)


def _later(theirs: Any, ours: Any) -> Row | None:
    if theirs.seen_at <= ours.seen_at:
        return None
    return {name: getattr(theirs, name) for name in ("interaction_id", "page", "page_since", "seen_at", "steps")}


def row_counts(session: Session, customer_id: UUID) -> dict[str, int]:
    """How many events and contacts there are of the customer, by table."""
    found = {}
    for table in (_EVENT, _INTERACTION):
        asked = select(func.count()).select_from(table).where(table.c.customer_id == customer_id)
        found[table.name] = int(session.execute(asked).scalar_one())
    return found
