"""Rules that failed at run time, counted once per stored decision in one place for all processes, for supervisors to see."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, func, select, update
from sqlmodel import Session

from backend import db, metrics
from backend.catalogue.service import in_force
from backend.engine.service import Withheld
from backend.record import service as record
from backend.treatments.tables import RuleFailureRow
from shared.kernel.errors import NotFound

KEPT = timedelta(days=30)
SHOWN = 12
LONGEST_WHY = 300
_FAILURE = db.table_of(RuleFailureRow)
_KEY = ("day", "treatment", "step", "rule_hash")
_MORE = (
    update(_FAILURE)
    .where(*(_FAILURE.c[name] == bindparam(f"of_{name}") for name in _KEY))
    .values(count=_FAILURE.c.count + 1, last_at=bindparam("at"), why=bindparam("reason"))
)


@dataclass(frozen=True, slots=True)
class RuleFailure:
    """One rule that could not be decided: how often in the last 30 days, when last, and why."""

    treatment: str
    name: str
    step: str
    rule: str
    why: str
    count: int
    last_at: datetime


def note_failures(session: Session, withheld: Iterable[Withheld], now: datetime) -> list[Withheld]:
    """Counts the failures of a decision in the transaction that stores it, and gives them.

    Rows are locked in the order of their keys, so that decisions that fail alike wait for each other and never for ever.
    """
    failed = sorted((w for w in withheld if w.failed), key=lambda w: (w.treatment, w.step, _hash(w.rule)))
    new = False
    for w in failed:
        key = {"day": now.date(), "treatment": w.treatment, "step": w.step, "rule_hash": _hash(w.rule)}
        row = {**key, "rule": w.rule, "why": w.detail[:LONGEST_WHY], "count": 0, "last_at": now}
        new = bool(db.upsert(session, RuleFailureRow, [row], key=_KEY)) or new
        session.execute(_MORE, {f"of_{name}": value for name, value in key.items()} | {"at": now, "reason": row["why"]})
    if new:
        session.execute(delete(_FAILURE).where(_FAILURE.c.day < (now - KEPT).date()))
        record.changed(session, "rules", now=now)
    return failed


def measure_failures(failed: Iterable[Withheld]) -> None:
    """Counts them in the metrics: once the decision is stored, and not before."""
    for w in failed:
        metrics.RULE_FAILURES.labels(w.treatment, w.step).inc()


def failures(session: Session, now: datetime, most: int = SHOWN) -> tuple[RuleFailure, ...]:
    """The rules that failed in the last 30 days, the one that failed last first."""
    grouped = (
        select(
            _FAILURE.c.treatment, _FAILURE.c.step, _FAILURE.c.rule_hash, func.sum(_FAILURE.c.count).label("times"),
            func.max(_FAILURE.c.last_at).label("last_at"),
        )
        .where(_FAILURE.c.day >= (now - KEPT).date())
        .group_by(_FAILURE.c.treatment, _FAILURE.c.step, _FAILURE.c.rule_hash)
        .subquery()
    )  # fmt: skip
    latest = (
        select(
            _FAILURE.c.treatment, _FAILURE.c.step, _FAILURE.c.rule, _FAILURE.c.why, grouped.c.times, _FAILURE.c.last_at
        )
        .join(
            grouped,
            (_FAILURE.c.treatment == grouped.c.treatment)
            & (_FAILURE.c.step == grouped.c.step)
            & (_FAILURE.c.rule_hash == grouped.c.rule_hash)
            & (_FAILURE.c.last_at == grouped.c.last_at),
        )
        .order_by(_FAILURE.c.last_at.desc(), _FAILURE.c.treatment, _FAILURE.c.step, _FAILURE.c.rule_hash)
        .limit(most)
    )
    names = _names(session)
    return tuple(
        RuleFailure(
            row.treatment,
            names.get(row.treatment, row.treatment),
            row.step,
            row.rule,
            row.why,
            int(row.times),
            row.last_at,
        )
        for row in session.execute(latest)
    )


def _names(session: Session) -> dict[str, str]:
    try:
        return {key: t.name for key, t in in_force(session).catalogue.treatments.items()}
    except NotFound:
        return {}


def _hash(rule: str) -> str:
    return hashlib.sha256(rule.encode()).hexdigest()[:32]
