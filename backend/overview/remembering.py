"""What one process knows of the whole floor from its last look: the next one reads only of whom something changed since.

Changes are told with their own commit, by number; whoever is named in one is read anew, and everybody from time to time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Hashable
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast
from uuid import UUID

from sqlmodel import Session

from backend import db
from backend.interactions import service as interactions
from backend.interactions.service import Going, Usuals, Visit
from backend.overview.going import WallLine
from backend.profiles import service as profiles
from backend.profiles.service import Brief
from backend.record import service as record

T = TypeVar("T")
EVERYBODY_AFTER = timedelta(minutes=5)
"""So often everybody is read anew, whatever was told."""
VISITS_AFTER = timedelta(seconds=20)
"""So often visits are: of a visitor who opens the same page again nobody is told."""
LINE_FOR = timedelta(seconds=5)
"""A line of which nothing changed is as it was for so long: only time could have changed it."""
MOST_VISITS = 2_000
USUAL_FOR = timedelta(minutes=10)
"""What is usual is worked out again after so long."""
_OF_CUSTOMERS = frozenset({"interaction", "visit", "profile", "moment"})


class Memory:
    """Contacts, visits and customers as they were read last, and what was made of them. `lock` is held by whoever looks."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.clear()

    def clear(self) -> None:
        """Forgets everything: somebody was erased, or the database is another."""
        self.url = ""
        self.number: int | None = None
        self.read_at: datetime | None = None
        self.visits_at: datetime | None = None
        self.contacts: dict[UUID, tuple[Going, ...]] = {}
        self.visits: dict[UUID, Visit] = {}
        self.briefs: dict[UUID, Brief] = {}
        self.usuals: Usuals = {}
        self.usual_at: datetime | None = None
        self.topics: frozenset[str] | None = None
        """What was told since the look before; None where nobody can say."""
        self.named: set[UUID] = set()
        self._lines: dict[UUID, tuple[tuple[Any, ...], datetime, WallLine | None]] = {}
        self._kept: dict[Hashable, tuple[datetime, Any]] = {}

    def hear(self, now: datetime) -> None:
        """Hears what was told since the last look. To be called before anything is read: what is told meanwhile is heard the next time."""
        if self.url != db.url_of():
            self.clear()
            self.url = db.url_of()
        record.remember()
        before, self.number = self.number, record.newest()
        told = record.read_back(before, None) if before is not None else []
        fresh = self.read_at is not None and timedelta(0) <= now - self.read_at < EVERYBODY_AFTER
        lost = before is None or not fresh or any(change.topic == record.RETURN for change in told)
        self.topics = None if lost else frozenset(change.topic for change in told)
        self.named = {one.customer_id for one in told if one.customer_id is not None and one.topic in _OF_CUSTOMERS}

    def look(self, session: Session, live: Collection[UUID], now: datetime) -> None:
        """Reads of whom something was told; everybody, where nobody can say of whom. `live`: who is on the phone."""
        if self.topics is None:
            self.read_at = self.visits_at = now
            self.contacts, self.visits = _by_customer(interactions.going_on(session)), _visits(session, now)
            self.briefs = profiles.briefs(session, {*live, *self.contacts, *self.visits}, self.briefs)
        else:
            if self.visits_at is None or now - self.visits_at >= VISITS_AFTER:
                self.visits, self.visits_at = _visits(session, now), now
            if self.named:
                self._again(session, self.named, now)
            here = {*live, *self.contacts, *self.visits}
            wanted = (self.named | (here - set(self.briefs))) & here
            if wanted:
                self.briefs = {**self.briefs, **profiles.briefs(session, wanted, self.briefs)}
        gone = now - interactions.AT_THE_PORTAL
        self.visits = {one: visit for one, visit in self.visits.items() if visit.seen_at > gone}
        if self.usual_at is None or not timedelta(0) <= now - self.usual_at < USUAL_FOR:
            self.usuals, self.usual_at = interactions.usual_lengths(session, now), now

    def _again(self, session: Session, named: set[UUID], now: datetime) -> None:
        for one in named:
            self.contacts.pop(one, None)
            self.visits.pop(one, None)
        self.contacts |= _by_customer(interactions.going_on(session, named))
        self.visits |= _visits(session, now, named)

    def line(
        self, key: UUID, made_of: tuple[Any, ...], now: datetime, draw: Callable[[], WallLine | None]
    ) -> WallLine | None:
        """The line as it was drawn of the very same things a moment ago, or drawn now."""
        known = self._lines.get(key)
        if (
            known is not None
            and all(one is other for one, other in zip(known[0], made_of, strict=True))
            and timedelta(0) <= now - known[1] < LINE_FOR
        ):
            return known[2]
        drawn = draw()
        self._lines[key] = (made_of, now, drawn)
        return drawn

    def forget_lines(self, but: Collection[UUID]) -> None:
        """Of these alone lines are drawn any more."""
        if len(self._lines) > 2 * len(but) + 100:
            self._lines = {key: line for key, line in self._lines.items() if key in but}

    def kept(
        self, key: Hashable, now: datetime, most: timedelta, read: Callable[[], T], topics: Collection[str] = ()
    ) -> T:
        """What was read no longer than so long ago, unless something of these topics was told since; else read now."""
        known = self._kept.get(key)
        stands = self.topics is not None and not self.topics.intersection(topics)
        if known is not None and stands and timedelta(0) <= now - known[0] < most:
            return cast(T, known[1])
        found = read()
        self._kept[key] = (now, found)
        return found


def _by_customer(contacts: Collection[Going]) -> dict[UUID, tuple[Going, ...]]:
    found: dict[UUID, tuple[Going, ...]] = {}
    for one in contacts:
        found[one.customer_id] = (*found.get(one.customer_id, ()), one)
    return found


def _visits(session: Session, now: datetime, of: Collection[UUID] | None = None) -> dict[UUID, Visit]:
    return {one.customer_id: one for one in interactions.visits_now(session, now, MOST_VISITS, of)}
