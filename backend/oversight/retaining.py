"""Retention: things go when their time, as the pack says, is over. In small transactions, by a worker, and on the record.

What is a customer's is found by going through all customers, some at a time, along primary keys: no index by time has to be
kept up with every event, and nothing is ever looked through whole.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlmodel import Session

from backend import db, tidying
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.mail import service as mail
from backend.matrix.service import Retention
from backend.oversight.erasing import KEPT, clean_files, erase_visitor, silent_visitors
from backend.oversight.looking import LOOK
from backend.oversight.tables import RetentionRunRow
from backend.profiles import service as profiles
from backend.record import service as record
from backend.treatments import service as treatments
from shared.kernel import ids
from shared.kernel.actors import SYSTEM, Actor

BATCH = 500
"""At most so many rows go in one transaction."""
PEOPLE = 500
"""So many customers are gone through in one."""
EVERY = timedelta(hours=6)
AGAIN = timedelta(minutes=10)
"""After a failure the worker begins anew so much later."""
SHOWN = 50
FOLDERS = {"export": "exports", "rejected": "rejected"}
BY_TIME = frozenset({"call", "visit", "look", "audit"})
"""What is found by its time; the rest by its customer."""
_RUN = db.table_of(RetentionRunRow)


@dataclass(frozen=True, slots=True)
class Due:
    """What is over its time: so many of what, from before when, by which rule. `more`: counting ended before all was counted."""

    of: str
    kinds: tuple[str, ...]
    days: int | None
    before: datetime
    many: int
    more: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    at: datetime
    of: str
    before: datetime
    removed: int


class Rounds:
    """The worker's chore: a step is one small transaction, and a round of steps begins four times a day."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._steps: Iterator[int] | None = None
        self._next: datetime | None = None

    @property
    def going(self) -> bool:
        """Whether a round has begun that is not over."""
        return self._steps is not None

    def step(self, now: datetime) -> int:
        """Does the next step, if it is time; gives how much was removed. What fails ends the round, and one begins anew later."""
        if self._steps is None:
            if self._next is not None and now < self._next:
                return 0
            self._steps, self._next = steps(now, self._home), now + EVERY
        try:
            removed = next(self._steps, None)
        except BaseException:
            self._steps, self._next = None, now + AGAIN
            raise
        if removed is None:
            self._steps = None
        return removed or 0


def due(now: datetime, home: Path, patience: float | None = None) -> tuple[Due, ...]:
    """What would be removed now, rule by rule in the pack's order; nothing is. Counts for at most so many seconds."""
    ends = None if patience is None else time.monotonic() + patience
    with db.reading() as session:
        rules = catalogues.pack_in_force(session).retention
        over = int(session.execute(select(func.count()).where(KEPT.c.until < now.date())).scalar_one())
    theirs = [place for place, rule in enumerate(rules) if rule.of not in FOLDERS.keys() | BY_TIME]
    many = [0 if place in theirs else _count(rule, rules, now, home) for place, rule in enumerate(rules)]
    more = False
    for people in _everyone() if theirs else ():
        with db.reading() as session:
            for place in theirs:
                many[place] += _count_of(session, rules[place], rules, _before(rules[place], now), people)
        more = ends is not None and time.monotonic() > ends and len(people) == PEOPLE
        if more:
            break
    found = [
        Due(rule.of, rule.kinds, rule.days, _before(rule, now), many[place], more and place in theirs)
        for place, rule in enumerate(rules)
    ]
    return (*found, Due("kept_record", (), None, now, over))


def retain(now: datetime, home: Path, actor: Actor = SYSTEM) -> int:
    """Removes all that is over its time, and gives how much. Opens its own transactions."""
    return sum(steps(now, home, actor))


def steps(now: datetime, home: Path, actor: Actor = SYSTEM) -> Iterator[int]:
    """Removes what is over its time, a little at each step, on the record in the same transaction; gives how much it was.

    What the law made us keep goes when its own last day is over. An anonymous visitor is erased when nothing was heard of them.
    """
    with db.reading() as session:
        rules = catalogues.pack_in_force(session).retention
    book = _Book(now, actor)
    for place, rule in enumerate(rules):
        if rule.of in FOLDERS:
            yield _remove_files(home / FOLDERS[rule.of], _before(rule, now), book, place, rule)
        elif rule.of in BY_TIME:
            batch = BATCH
            while batch == BATCH:
                with db.transaction() as session:
                    batch = _remove(session, rule, rules, _before(rule, now), ())
                    book.note(session, place, rule.of, _before(rule, now), batch)
                yield batch
    with db.transaction() as session:
        over = db.touched(session.execute(delete(KEPT).where(KEPT.c.until < now.date())))
        book.note(session, len(rules), "kept_record", now, over)
    yield over
    theirs = [(place, rule) for place, rule in enumerate(rules) if rule.of not in FOLDERS.keys() | BY_TIME]
    for people in _everyone() if theirs else ():
        for place, rule in theirs:
            if rule.of == "visitor":
                yield from _erase_visitors(people, _before(rule, now), home, book, place)
            else:
                yield from _remove_theirs(people, place, rule, rules, book)


def runs(session: Session, most: int = SHOWN) -> tuple[Run, ...]:
    """What was removed lately, the last first; only what there was to remove."""
    rows = session.execute(select(_RUN).order_by(_RUN.c.run_id.desc()).limit(most))
    return tuple(Run(row.at, row.of, row.before, row.removed) for row in rows)


class _Book:
    """Writes down what a round removes, in the transaction that removes it: one row for each rule, and each time in the audit trail."""

    def __init__(self, now: datetime, actor: Actor) -> None:
        self.now, self.actor = now, actor
        self._rows: dict[int, UUID] = {}

    def note(self, session: Session, place: int, of: str, before: datetime, removed: int) -> None:
        """A run that removed nothing is no news."""
        if not removed:
            return
        run_id = self._rows.setdefault(place, ids.uuid7(self.now))
        more = update(_RUN).where(_RUN.c.run_id == run_id).values(removed=_RUN.c.removed + removed)
        if not db.touched(session.execute(more)):
            row: dict[str, Any] = {"run_id": run_id, "at": self.now, "of": of, "before": before, "removed": removed}
            session.execute(insert(_RUN), row)
        record.audit(
            session, actor=self.actor, action="retention.removed", subject=f"retention:{of}", customer_id=None,
            payload={"before": before.isoformat(), "removed": removed}, now=self.now,
        )  # fmt: skip


def _everyone() -> Iterator[tuple[UUID, ...]]:
    """All customers, so many at a time, each time as they are by then."""
    after: UUID | None = None
    while True:
        with db.reading() as session:
            people = profiles.everyone_after(session, after, PEOPLE)
        if not people:
            return
        yield people
        after = people[-1]


def _remove_theirs(
    people: Sequence[UUID], place: int, rule: Retention, rules: Sequence[Retention], book: _Book
) -> Iterator[int]:
    before = _before(rule, book.now)
    with db.reading() as session:
        # Mostly there is nothing, and then nobody who writes is waited for.
        waiting = _count_of(session, rule, rules, before, people)
    while waiting > 0:
        with db.transaction() as session:
            batch = _remove(session, rule, rules, before, people)
            book.note(session, place, rule.of, before, batch)
        yield batch
        waiting = waiting - batch if batch else 0
    yield 0


def _erase_visitors(people: Sequence[UUID], before: datetime, home: Path, book: _Book, place: int) -> Iterator[int]:
    with db.reading() as session:
        silent = silent_visitors(session, people, before)
    gone = []
    for one in silent:
        with db.transaction() as session:
            who = erase_visitor(session, one, before, book.actor, book.now)
            book.note(session, place, "visitor", before, int(who is not None))
        if who is not None:
            gone.append(who)
        yield int(who is not None)
    if gone:
        # Once for all of them. Should the worker end before, the files go by the rule of their own.
        clean_files(home, *gone)


def _count(rule: Retention, rules: Sequence[Retention], now: datetime, home: Path) -> int:
    if rule.of in FOLDERS:
        return len(list(_old_files(home / FOLDERS[rule.of], _before(rule, now))))
    with db.reading() as session:
        return _count_of(session, rule, rules, _before(rule, now), ())


def _count_of(
    session: Session, rule: Retention, rules: Sequence[Retention], before: datetime, people: Sequence[UUID]
) -> int:
    if rule.of == "look":
        return int(session.execute(select(func.count()).where(LOOK.c.since < before)).scalar_one())
    if rule.of == "audit":
        return record.count_before(session, before)
    if rule.of == "visitor":
        return len(silent_visitors(session, people, before))
    if rule.of == "decision":
        return treatments.count_old(session, before, people)
    if rule.of == "mail":
        return mail.count_old(session, before, people)
    return interactions.count_old(session, rule.of, before, people, rule.kinds, _kept_apart(rule, rules))


def _remove(
    session: Session, rule: Retention, rules: Sequence[Retention], before: datetime, people: Sequence[UUID]
) -> int:
    if rule.of == "look":
        return tidying.delete_some(session, LOOK, LOOK.c.since < before, BATCH)
    if rule.of == "audit":
        return record.empty_before(session, before, BATCH)
    if rule.of == "decision":
        return treatments.remove_old(session, before, people, BATCH)
    if rule.of == "mail":
        return mail.remove_old(session, before, people, BATCH)
    return interactions.remove_old(session, rule.of, before, people, rule.kinds, _kept_apart(rule, rules), BATCH)


def _before(rule: Retention, now: datetime) -> datetime:
    return now - timedelta(days=rule.days)


def _kept_apart(rule: Retention, rules: Sequence[Retention]) -> tuple[str, ...]:
    """Kinds for which a rule of their own stands: one without kinds is for all the others."""
    if rule.kinds:
        return ()
    return tuple(kind for other in rules if other.of == rule.of for kind in other.kinds)


def _old_files(folder: Path, before: datetime) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.is_file() and path.stat().st_mtime < before.timestamp():
            yield path


def _remove_files(folder: Path, before: datetime, book: _Book, place: int, rule: Retention) -> int:
    gone = list(_old_files(folder, before))
    for path in gone:
        path.unlink(missing_ok=True)
    if gone:
        with db.transaction() as session:
            book.note(session, place, rule.of, before, len(gone))
    return len(gone)
