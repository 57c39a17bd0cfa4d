"""Every look at a customer is on record: who, when, which page, in which contact. Told once in a few minutes, outside the page's own work."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlmodel import Session

from backend import db
from backend.interactions import service as interactions
from backend.oversight.tables import LookRow
from backend.profiles import service as profiles
from backend.profiles.service import Page
from backend.record import service as record
from shared.kernel.actors import Actor
from shared.kernel.errors import Forbidden, Invalid

WINDOW = timedelta(minutes=10)
"""Looks of one person at one page of one customer within such a window are one."""
SHOWN = 50
_MOST_KNOWN = 20_000
LOOK = db.table_of(LookRow)
_KEY = ("customer_id", "since", "actor_id", "page")


@dataclass(frozen=True, slots=True)
class Look:
    """`at` is the first one of its window; `interaction_id` the contact with the customer that was open then."""

    at: datetime
    actor_kind: str
    actor_name: str
    page: str
    interaction_id: UUID | None


class _Known:
    """What this process has written down already, so that most looks cost no write. The oldest go when there are too many."""

    def __init__(self) -> None:
        self._seen: dict[tuple[Any, ...], float] = {}
        self._lock = threading.Lock()

    def has(self, key: tuple[Any, ...], within: timedelta) -> bool:
        at = self._seen.get(key)
        return at is not None and time.monotonic() - at < within.total_seconds()

    def add(self, *keys: tuple[Any, ...]) -> None:
        with self._lock:
            for key in keys:
                self._seen.pop(key, None)
                self._seen[key] = time.monotonic()
            while len(self._seen) > _MOST_KNOWN:
                del self._seen[next(iter(self._seen))]
        record.remember()

    def clear(self) -> None:
        with self._lock:
            self._seen.clear()


_known = _Known()
record.forget_by(_known.clear)
A_DAY = timedelta(days=1)


def note_look(actor: Actor, customer_id: UUID, page: str, now: datetime, *, by_itself: bool = False) -> bool:
    """Writes down that staff, or a program, looked at this page of the customer; gives whether something was written.

    A page that refreshes itself (`by_itself`) looks at nothing new, where this process knows of the first look. Customers
    look at what is their own. Opens its own transaction; nobody's page is nobody's look.
    """
    if actor.kind not in ("staff", "key"):
        return False
    # The database's address is part of what is known: another database knows nothing of it.
    where = (db.url_of(), actor.id, customer_id)
    since = _window(now)
    if by_itself and _known.has(where, A_DAY):
        return False
    if _known.has((*where, page, since), A_DAY):
        return False
    with db.transaction() as session:
        canonical = profiles.resolve(session, customer_id)
        profiles.hold(session, canonical)
        row = {
            "customer_id": canonical, "since": since, "actor_id": actor.id, "page": page, "at": now, "actor_kind": actor.kind,
            "actor_name": actor.name, "interaction_id": _contact(session, canonical, actor),
        }  # fmt: skip
        written = db.upsert(session, LookRow, [row], key=_KEY)
        if written:
            contact = str(row["interaction_id"]) if row["interaction_id"] else None
            record.audit(
                session, actor=actor, action="customer.looked", subject=f"customer:{canonical}", customer_id=canonical,
                payload={"page": page, "contact": contact}, now=now,
            )  # fmt: skip
        else:
            record.no_act(session)
    _known.add(where, (*where, page, since))
    return bool(written)


def looks(
    session: Session, customer_id: UUID, actor: Actor, cursor: str | None = None, most: int = SHOWN
) -> Page[Look]:
    """Who has looked at the customer, the last first. Raises NotFound, Forbidden for who may not see it, Invalid for a cursor that is none."""
    if not actor.may("see_looks"):
        raise Forbidden("Who has looked is for supervisors and administrators.")
    customer_id = profiles.resolve(session, customer_id)
    asked = select(LOOK).where(looked_at(session, customer_id))
    if cursor is not None:
        try:
            before = datetime.fromisoformat(cursor)
        except ValueError:
            raise Invalid("That is not a cursor of this list.", {"cursor": "take it from next_cursor"}) from None
        asked = asked.where(LOOK.c.since < (before if before.tzinfo else before.replace(tzinfo=UTC)))
    rows = session.execute(asked.order_by(LOOK.c.since.desc(), LOOK.c.at.desc(), LOOK.c.page).limit(most + 1)).all()
    more = len(rows) > most
    if more:
        # A page ends between two windows, so that none is cut: all of the last one come on the next.
        last = rows[-1].since
        whole = [row for row in rows if row.since != last]
        rows = whole or session.execute(asked.where(LOOK.c.since == last).order_by(LOOK.c.at.desc(), LOOK.c.page)).all()
    items = tuple(Look(row.at, row.actor_kind, row.actor_name, row.page, row.interaction_id) for row in rows)
    return Page(items, rows[-1].since.isoformat() if more else None)


def erase_looks(session: Session, customer_id: UUID) -> int:
    """Drops who looked at the customer; gives how many rows there were."""
    _known.clear()
    return db.touched(session.execute(delete(LOOK).where(looked_at(session, customer_id))))


def looked_at(session: Session, customer_id: UUID) -> Any:
    """The condition of looks at the customer, under whichever id they were known then: a look stays where it was on record."""
    return LOOK.c.customer_id.in_([customer_id, *profiles.known_as(session, customer_id)])


def _window(now: datetime) -> datetime:
    seconds = int(now.timestamp())
    return datetime.fromtimestamp(seconds - seconds % int(WINDOW.total_seconds()), UTC)


def _contact(session: Session, customer_id: UUID, actor: Actor) -> UUID | None:
    if actor.kind != "staff":
        return None
    mine = [one for one in interactions.open_with_customer(session, customer_id) if str(one.staff_id) == actor.id]
    return mine[-1].interaction_id if mine else None
