"""The timeline: what happened to a customer, in order. Appended, never changed."""

from __future__ import annotations

import random
import threading
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, func, insert, select, text, update
from sqlmodel import Session

from backend import db, jsons
from backend.interactions.counting import COUNTED, to_count
from backend.interactions.persons import named
from backend.interactions.tables import EventRow, InteractionRow
from backend.interactions.types import Event, NewContact, Past
from backend.interactions.words import HIDDEN_FROM_CUSTOMERS, KINDS
from backend.profiles.service import Page, hold
from backend.record import service as changes
from shared.kernel import ids
from shared.kernel.actors import Actor
from shared.kernel.errors import Invalid, NotFound

MOST = 100
HAPPENED = "happened"
"""Under this name a session keeps what it recorded, for what follows from it at its end."""
RECORDED = "recorded"
"""The same once more, for the mail that is written because of it."""
_EVENT = db.table_of(EventRow)
_INTERACTION = db.table_of(InteractionRow)
_COLUMNS = (
    "event_id", "customer_id", "at", "kind", "channel", "stage", "interaction_id", "actor_kind", "actor_name", "data",
)  # fmt: skip
_APPEND = insert(_EVENT)
# One round trip however many they are, one parameter however many columns; `json` keeps what was told as it was written.
_APPEND_ALL = text(
    f"INSERT INTO event ({', '.join(_COLUMNS)}) SELECT {', '.join(_COLUMNS)} FROM json_to_recordset(CAST(:events AS json)) AS told"  # noqa: S608 (the columns are our own)
    " (event_id uuid, customer_id uuid, at timestamptz, kind varchar, channel varchar, stage varchar, interaction_id uuid,"
    " actor_kind varchar, actor_name varchar, data json)"
)
_TIMELINE = select(*(_EVENT.c[name] for name in _COLUMNS))


class _InTurn(random.Random):
    """Randomness whose first twelve bits count: ids made at one instant sort in the order of their making."""

    def __init__(self, seed: str | None = None) -> None:
        super().__init__(seed)
        self._lock = threading.Lock()
        self._at: datetime | None = None
        self._turn = 0

    def id_at(self, at: datetime) -> UUID:
        with self._lock:
            self._turn = (self._turn + 1) % 4096 if at == self._at else 0
            self._at = at
            return ids.uuid7(at, self)

    def getrandbits(self, k: int, /) -> int:
        rest = super().getrandbits(k - 12)
        return (self._turn << (k - 12)) | rest


_in_turn = _InTurn()


def ordered_id(at: datetime) -> UUID:
    """An id that sorts by its instant and, within one instant, in the order in which this process asked."""
    return _in_turn.id_at(at)


def past_ids(seed: str) -> _InTurn:
    """The same for a load: the same seed gives the same ids."""
    return _InTurn(seed)


def record(
    session: Session,
    customer_id: UUID,
    kind: str,
    channel: str | None,
    actor: Actor,
    data: dict[str, Any],
    now: datetime,
    interaction_id: UUID | None = None,
    stage: str | None = None,
) -> UUID:
    """Appends one event in the caller's transaction and gives its id. Raises ValueError for a kind that nobody could read.

    Where an agent speaks with someone who acts for the customer, the event names that person, whatever the act. Raises
    Conflict where the customer was merged with another meanwhile, Erased where they were erased: nothing is written of them then.
    """
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind of event; there are {', '.join(sorted(KINDS))}.")
    hold(session, customer_id)
    data = data | named(session, customer_id, actor, interaction_id)
    if actor.kind == "customer" and actor.id != str(customer_id):
        data["signed_in_as"] = (
            actor.id
        )  # with a sign-in of before a merge: should that be taken back, the event is theirs
    event_id = ordered_id(now)
    event = (event_id, customer_id, now, kind, channel, stage, interaction_id, actor.kind, actor.name, data)
    staff_id = UUID(actor.id) if actor.kind == "staff" else None
    session.execute(_APPEND, dict(zip(_COLUMNS, event, strict=True)) | {"staff_id": staff_id})
    if kind in COUNTED:
        to_count(session, customer_id)
    topic = "offers" if kind.startswith("offer.") else "timeline"
    # An offer is the customer's own wherever it was spoken of; the rest of a private contact is not for their pages.
    private = kind in HIDDEN_FROM_CUSTOMERS or (
        topic == "timeline" and interaction_id is not None and _is_private(session, customer_id, interaction_id)
    )
    changes.changed(session, topic, customer_id=customer_id, private=private, now=now)
    changes.announce(session, event_id, customer_id, kind, channel, data, now)
    changes.note_told(session, event_id, customer_id, kind, channel, actor, data, now)
    happened = Event(event_id, customer_id, now, kind, channel, stage, interaction_id, actor.kind, actor.name, data)
    session.info.setdefault(HAPPENED, []).append(happened)
    session.info.setdefault(RECORDED, []).append(happened)
    return event_id


def new_event(
    customer_id: UUID,
    kind: str,
    channel: str | None,
    actor: Actor,
    at: datetime,
    data: dict[str, Any],
    stage: str | None = None,
) -> Event:
    """An event that is still to be appended, its id made for its instant. Raises ValueError for a kind that nobody could read."""
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind of event; there are {', '.join(sorted(KINDS))}.")
    return Event(ordered_id(at), customer_id, at, kind, channel, stage, None, actor.kind, actor.name, data)


def append(session: Session, customer_id: UUID, events: Sequence[Event], now: datetime) -> None:
    """Appends many events of one customer at once, of whatever instants: each lands in its place. Watchers are told once."""
    if not events:
        return
    rows = [{name: getattr(event, name) for name in _COLUMNS} for event in events]
    if len(rows) > 1 and session.get_bind().dialect.name == "postgresql":
        # What is missing is NULL; to write it would have every number looked through for those that JSON does not have.
        told = [{name: value for name, value in row.items() if value is not None} for row in rows]
        db.connection(session).execute(_APPEND_ALL, {"events": jsons.write(told)})
    else:
        db.connection(session).execute(_APPEND, rows)
    if any(event.kind in COUNTED for event in events):
        to_count(session, customer_id)
    private = all(event.kind in HIDDEN_FROM_CUSTOMERS for event in events)
    changes.changed(session, "timeline", customer_id=customer_id, private=private, now=now)
    for event in events:
        changes.announce(session, event.event_id, customer_id, event.kind, event.channel, event.data, now)


def _is_private(session: Session, customer_id: UUID, interaction_id: UUID) -> bool:
    asked = select(_INTERACTION.c.is_private).where(
        _INTERACTION.c.customer_id == customer_id, _INTERACTION.c.interaction_id == interaction_id
    )
    return bool(session.execute(asked).scalar())


def timeline(
    session: Session,
    customer_id: UUID,
    *,
    kinds: Collection[str] | None = None,
    channel: str | None = None,
    stage: str | None = None,
    limit: int = 25,
    cursor: str | None = None,
) -> Page[Event]:
    """What happened to the customer, newest first; `kinds`, `channel` and `stage` narrow it. Raises Invalid for a limit or cursor that is none."""
    if not 1 <= limit <= MOST:
        raise Invalid("A page holds 1 to 100 events.", {"limit": "1 to 100"})
    asked = {
        "customer_id": customer_id,
        "most": limit + 1,
        "channel": channel,
        "stage": stage,
        "before": _event_id(cursor),
    }
    narrowed = (channel is not None, stage is not None)
    statement = _timeline(cursor is not None, None if kinds is None else tuple(sorted(kinds)), *narrowed)
    rows = session.execute(statement, {key: value for key, value in asked.items() if value is not None}).all()
    items = tuple(Event(*row) for row in rows[:limit])
    return Page(items, str(items[-1].event_id) if len(rows) > limit else None)


@lru_cache(maxsize=64)
def _timeline(onward: bool, kinds: tuple[str, ...] | None, in_channel: bool, of_stage: bool) -> Select[Any]:
    """Built once for each way of asking: every page of a customer asks."""
    statement = _TIMELINE.where(_EVENT.c.customer_id == bindparam("customer_id"))
    if onward:
        statement = statement.where(_EVENT.c.event_id < bindparam("before"))
    if kinds is not None:
        statement = statement.where(_EVENT.c.kind.in_(kinds))
    if in_channel:
        statement = statement.where(_EVENT.c.channel == bindparam("channel"))
    if of_stage:
        statement = statement.where(_EVENT.c.stage == bindparam("stage"))
    # The id is made at the instant of the event: its order is that of time, and it is the primary key.
    return statement.order_by(_EVENT.c.event_id.desc()).limit(bindparam("most"))


def event_of(session: Session, customer_id: UUID, event_id: UUID) -> Event:
    """One event of the customer's. Raises NotFound, also for another customer's."""
    mine = (_EVENT.c.customer_id == customer_id, _EVENT.c.event_id == event_id)
    row = session.execute(_TIMELINE.where(*mine)).one_or_none()
    if row is None:
        raise NotFound("No such event is on this customer's timeline.")
    return Event(*row)


def count(session: Session) -> int:
    """How many events there are of all customers together."""
    return int(session.execute(select(func.count()).select_from(_EVENT)).scalar_one())


def _event_id(cursor: str | None) -> UUID | None:
    if cursor is None:
        return None
    try:
        return UUID(cursor)
    except ValueError:
        raise Invalid("That is not a cursor of this list.", {"cursor": "take it from next_cursor"}) from None


def move_events(session: Session, before: UUID, after: UUID, now: datetime) -> int:
    """What happened to one is what happened to the other, each event in its place; gives how many there were."""
    moved = session.execute(update(_EVENT).where(_EVENT.c.customer_id == before).values(customer_id=after))
    if many := db.touched(moved):
        to_count(session, before, after)
        changes.changed(session, "timeline", customer_id=after, now=now)
    return many


def entered_already(session: Session, events: Collection[tuple[UUID, UUID]]) -> set[UUID]:
    """Of these events, each with its customer first, the ids of those that are on record."""
    asked = select(_EVENT.c.event_id).where(
        _EVENT.c.customer_id.in_(sorted({customer_id for customer_id, _ in events})),
        _EVENT.c.event_id.in_(sorted({event_id for _, event_id in events})),
    )
    return set(session.execute(asked).scalars()) if events else set()


def enter_past(session: Session, lives: Sequence[Past]) -> int:
    """Enters what happened to customers before a load; gives the number of events."""
    contacts = [
        {"customer_id": life.customer_id, **{name: getattr(contact, name) for name in NewContact.__slots__}}
        for life in lives
        for contact in life.contacts
    ]
    events = [{name: getattr(event, name) for name in _COLUMNS} for life in lives for event in life.events]
    db.insert_many(session, _INTERACTION, contacts)
    db.insert_many(session, _EVENT, events)
    to_count(
        session, *(life.customer_id for life in lives if life.contacts or any(e.kind in COUNTED for e in life.events))
    )
    return len(events)
