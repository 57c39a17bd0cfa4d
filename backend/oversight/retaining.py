"""Retention: things go when their time, as the pack says, is over. In small transactions, by a worker, and on the record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlmodel import Session

from backend import db, tidying
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.matrix.service import Retention
from backend.oversight.erasing import KEPT
from backend.oversight.looking import LOOK
from backend.oversight.tables import RetentionRunRow
from backend.record import service as record
from backend.treatments import service as treatments
from shared.kernel import ids
from shared.kernel.actors import SYSTEM, Actor

BATCH = 500
SHOWN = 50
FOLDERS = {"export": "exports", "rejected": "rejected"}
_RUN = db.table_of(RetentionRunRow)


@dataclass(frozen=True, slots=True)
class Due:
    """What is over its time: so many of what, from before when, by which rule."""

    of: str
    kinds: tuple[str, ...]
    days: int | None
    before: datetime
    many: int


@dataclass(frozen=True, slots=True)
class Run:
    at: datetime
    of: str
    before: datetime
    removed: int


def due(now: datetime, home: Path) -> tuple[Due, ...]:
    """What would be removed now, rule by rule in the pack's order; nothing is."""
    with db.reading() as session:
        rules = catalogues.pack_in_force(session).retention
        found = [
            Due(
                rule.of, rule.kinds, rule.days, now - timedelta(days=rule.days), _count(session, rule, rules, now, home)
            )
            for rule in rules
        ]
        over = int(session.execute(select(func.count()).where(KEPT.c.until < now.date())).scalar_one())
    return (*found, Due("kept_record", (), None, now, over))


def retain(now: datetime, home: Path, actor: Actor = SYSTEM) -> int:
    """Removes what is over its time, at most a batch in each transaction; gives how much. Each removal is on the record.

    Opens its own transactions. What the law made us keep goes when its own last day is over.
    """
    with db.reading() as session:
        rules = catalogues.pack_in_force(session).retention
    removed = 0
    for rule in rules:
        before = now - timedelta(days=rule.days)
        gone = _remove_files(home / FOLDERS[rule.of], before) if rule.of in FOLDERS else 0
        while rule.of not in FOLDERS:
            with db.transaction() as session:
                batch = _remove(session, rule, rules, before)
            gone += batch
            if batch < BATCH:
                break
        removed += gone
        _note(rule.of, before, gone, now, actor)
    with db.transaction() as session:
        over = db.touched(session.execute(delete(KEPT).where(KEPT.c.until < now.date())))
    _note("kept_record", now, over, now, actor)
    return removed + over


def runs(session: Session, most: int = SHOWN) -> tuple[Run, ...]:
    """What was removed lately, the last first; only what there was to remove."""
    rows = session.execute(select(_RUN).order_by(_RUN.c.run_id.desc()).limit(most))
    return tuple(Run(row.at, row.of, row.before, row.removed) for row in rows)


def _count(session: Session, rule: Retention, rules: Sequence[Retention], now: datetime, home: Path) -> int:
    before = now - timedelta(days=rule.days)
    if rule.of in FOLDERS:
        return len(list(_old_files(home / FOLDERS[rule.of], before)))
    if rule.of == "look":
        return int(session.execute(select(func.count()).where(LOOK.c.since < before)).scalar_one())
    if rule.of == "decision":
        return treatments.count_old(session, before)
    return interactions.count_old(session, rule.of, before, rule.kinds, _kept_apart(rule, rules))


def _remove(session: Session, rule: Retention, rules: Sequence[Retention], before: datetime) -> int:
    if rule.of == "look":
        return tidying.delete_some(session, LOOK, LOOK.c.since < before, BATCH)
    if rule.of == "decision":
        return treatments.remove_old(session, before, BATCH)
    return interactions.remove_old(session, rule.of, before, rule.kinds, _kept_apart(rule, rules), BATCH)


def _kept_apart(rule: Retention, rules: Sequence[Retention]) -> tuple[str, ...]:
    """Kinds for which a rule of their own stands: one without kinds is for all the others."""
    if rule.kinds:
        return ()
    return tuple(kind for other in rules if other.of == rule.of for kind in other.kinds)


def _old_files(folder: Path, before: datetime) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.is_file() and path.stat().st_mtime < before.timestamp():
            yield path


def _remove_files(folder: Path, before: datetime) -> int:
    gone = list(_old_files(folder, before))
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)


def _note(of: str, before: datetime, removed: int, now: datetime, actor: Actor) -> None:
    """A run that removed nothing is no news."""
    if not removed:
        return
    row: dict[str, Any] = {"run_id": ids.uuid7(now), "at": now, "of": of, "before": before, "removed": removed}
    with db.transaction() as session:
        session.execute(insert(_RUN), row)
        record.audit(
            session, actor=actor, action="retention.removed", subject=f"retention:{of}", customer_id=None,
            payload={"before": before.isoformat(), "removed": removed}, now=now,
        )  # fmt: skip
