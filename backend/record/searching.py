"""The audit trail read: found by who, whom, when and words, the last first; one entry whole; how far it is sealed."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlmodel import Session

from backend import db
from backend.record.tables import AuditEntryRow, AuditHeadRow
from shared.kernel.errors import Invalid, NotFound

SHOWN = 50
MOST_WORDS = 8
_ENTRY = db.table_of(AuditEntryRow)
_HEAD = db.table_of(AuditHeadRow)
_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries: of this actor, about this customer (under any of these ids), from and before these instants, with all of the words.

    `actors` are the ids of those who are meant: empty for nobody in particular.
    """

    actors: tuple[str, ...] = ()
    customers: tuple[UUID, ...] = ()
    since: datetime | None = None
    before: datetime | None = None
    words: str = ""
    kind: str = ""
    """staff, customer, key or system; empty for all."""
    action: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the trail. `payload` is None once it was erased; `position` and `sealed_at` until it is sealed."""

    entry_id: UUID
    at: datetime
    actor_kind: str
    actor_id: str
    action: str
    subject: str
    customer_id: UUID | None
    payload: dict[str, Any] | None
    position: int | None
    sealed_at: datetime | None
    seal: str | None
    digest: str


_COLUMNS = tuple(_ENTRY.c[name] for name in Entry.__slots__)


def entries(
    session: Session, wanted: Wanted, cursor: str | None = None, most: int = SHOWN
) -> tuple[tuple[Entry, ...], str | None]:
    """A page of what is found, the last first, and the cursor of the next one. Raises Invalid for a cursor that is none."""
    asked = select(*_COLUMNS).where(*_conditions(wanted))
    if cursor is not None:
        asked = asked.where(_ENTRY.c.entry_id < _id(cursor))
    rows = session.execute(asked.order_by(_ENTRY.c.entry_id.desc()).limit(most + 1)).all()
    found = tuple(Entry(*row) for row in rows[:most])
    return found, str(found[-1].entry_id) if len(rows) > most else None


def all_entries(session: Session, wanted: Wanted, most: int) -> Iterator[Entry]:
    """What is found, the last first, a little at a time; at most so many."""
    asked = select(*_COLUMNS).where(*_conditions(wanted)).order_by(_ENTRY.c.entry_id.desc()).limit(most)
    for row in session.execute(asked, execution_options={"yield_per": _BATCH}):
        yield Entry(*row)


def entry(session: Session, entry_id: UUID) -> Entry:
    """Raises NotFound."""
    row = session.execute(select(*_COLUMNS).where(_ENTRY.c.entry_id == entry_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such entry of the audit trail.")
    return Entry(*row)


def before_it(session: Session, one: Entry) -> Entry | None:
    """The last entry before this one of the same act on the same thing: how it was then."""
    same = (_ENTRY.c.subject == one.subject, _ENTRY.c.action == one.action, _ENTRY.c.entry_id < one.entry_id)
    asked = select(*_COLUMNS).where(*same)
    if one.customer_id is not None:
        # By the customer's own index: nothing else of the trail is looked through.
        asked = asked.where(_ENTRY.c.customer_id == one.customer_id)
    row = session.execute(asked.order_by(_ENTRY.c.entry_id.desc()).limit(1)).one_or_none()
    return Entry(*row) if row is not None else None


def sealed_until(session: Session) -> tuple[int, int]:
    """The position of the last sealed entry, and how many wait for the sealer."""
    head = session.execute(select(_HEAD.c.position)).scalar() or 0
    waiting = session.execute(select(func.count()).select_from(_ENTRY).where(_ENTRY.c.position.is_(None))).scalar_one()
    return int(head), int(waiting)


def count_before(session: Session, before: datetime) -> int:
    """How many sealed entries from before then still have their payload."""
    return int(session.execute(select(func.count()).select_from(_ENTRY).where(*_old(before))).scalar_one())


def empty_before(session: Session, before: datetime, most: int) -> int:
    """Takes the payloads from sealed entries from before then, at most so many; gives how many. The chain stays as it is.

    That it was done must be put on the trail by the caller, as an entry EMPTIED with `before`: by it the chain is proved.
    """
    some = select(_ENTRY.c.entry_id).where(*_old(before)).order_by(_ENTRY.c.entry_id).limit(most)
    return db.touched(
        session.execute(update(_ENTRY).where(_ENTRY.c.entry_id.in_(some)).values(payload=None, salt=None))
    )


def _old(before: datetime) -> tuple[Any, ...]:
    return (_ENTRY.c.at < before, _ENTRY.c.position.is_not(None), _ENTRY.c.salt.is_not(None))


def _conditions(wanted: Wanted) -> list[Any]:
    found: list[Any] = []
    if wanted.actors:
        found.append(_ENTRY.c.actor_id.in_(wanted.actors))
    if wanted.action:
        found.append(_ENTRY.c.action == wanted.action)
    if wanted.kind:
        found.append(_ENTRY.c.actor_kind == wanted.kind)
    if wanted.customers:
        found.append(_about(wanted.customers))
    if wanted.since is not None:
        found.append(_ENTRY.c.at >= wanted.since)
    if wanted.before is not None:
        found.append(_ENTRY.c.at < wanted.before)
    for word in wanted.words.lower().split()[:MOST_WORDS]:
        found.append(
            or_(
                func.lower(_ENTRY.c.action).contains(word, autoescape=True),
                func.lower(_ENTRY.c.subject).contains(word, autoescape=True),
            )
        )
    return found


def _about(customers: Collection[UUID]) -> Any:
    """About them, or of them: what erased them names them in its subject alone."""
    return or_(_ENTRY.c.customer_id.in_(customers), _ENTRY.c.subject.in_([f"customer:{one}" for one in customers]))


def _id(cursor: str) -> UUID:
    try:
        return UUID(cursor)
    except ValueError:
        raise Invalid("That is not a cursor of this list.", {"cursor": "take it from next_cursor"}) from None
