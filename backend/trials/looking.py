"""A running experiment is looked at, each hour and whenever somebody asks: what it found is kept, and an arm that harms is stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import insert, select, update
from sqlmodel import Session

from backend import db, tidying
from backend.catalogue import service as catalogues
from backend.people.permissions import Permission
from backend.proving import service as proving
from backend.trials.comparing import compared
from backend.trials.outcomes import METRICS, Outcome, columns, outcomes
from backend.trials.planning import EXPERIMENT, change, in_words, open_trial, told, trial, trials
from backend.trials.tables import LookRow
from backend.trials.types import Trial
from shared.kernel import clock
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import Conflict, EvenhandError, Invalid, NotFound

LOOK = db.table_of(LookRow)
EVERY = timedelta(hours=1)
PAUSE_SECONDS = 5.0
PATIENCE = timedelta(hours=1)
"""So long a look stays that somebody may be reading, or another look begun before it was written may go on from."""
BATCH = 500
_log = structlog.stdlib.get_logger("evenhand.trials")


def look_due(now: datetime) -> int:
    """Looks at the experiments that run and were not looked at for an hour; gives how many. A worker's chore."""
    with db.reading() as session:
        running = [one for one in trials(session) if one.state == "running"]
        published = {one.key for one in catalogues.in_force(session).experiments} if running else set()
    done = 0
    for one in running:
        try:
            if one.key not in published:
                _overtaken(one.experiment_id, now)
            elif one.looked_at is None or one.looked_at <= now - EVERY:
                look_at(one.experiment_id, now)
            else:
                continue
        except EvenhandError as lost:
            _log.warning("an experiment was not looked at; it is tried again", experiment=str(one.experiment_id), error=str(lost))  # fmt: skip
            continue
        done += 1
    return done


def look_until(ended: threading.Event, looks: Sequence[Callable[[datetime], int]]) -> None:
    """Looks in a thread of its own until told to end: going over many customers must not hold up what takes a moment."""
    while not ended.wait(PAUSE_SECONDS):
        for one in looks:
            try:
                one(clock.now())
            except Exception as failure:
                _log.exception("looking failed", error=type(failure).__name__)


def look_at(experiment_id: UUID, now: datetime) -> dict[str, Any]:
    """What is found now; kept, and an arm that harms is stopped. Reckoned outside any lock. Raises NotFound, Conflict."""
    with db.reading() as session:
        known = trial(session, experiment_id)
        found = found_now(session, known, now)
    with db.transaction() as session:
        held = open_trial(session, experiment_id, known.revision)
        session.execute(insert(LOOK).values(rule=known.rule, at=now, found=found))
        session.execute(update(EXPERIMENT).where(EXPERIMENT.c.experiment_id == experiment_id).values(looked_at=now))
        if held.state == "running":
            _guard(session, held, found, now)
    return found


def found_now(session: Session, known: Trial, now: datetime) -> dict[str, Any]:
    """What one look finds, with the groups as large as they are. Writes nothing."""
    plan, until = known.plan, min(now, known.ended_at or now)
    by_arm: dict[str, list[Outcome]] = {arm.key: [] for arm in plan.arms}
    counted = known.treatments if known.trigger == "ranked" else ()
    for one in outcomes(session, known.rule, timedelta(days=plan.window_days), now, counted):
        if one.who.arm in by_arm and one.who.at <= until:
            by_arm[one.who.arm].append(one)
    samples = {arm: columns(found) for arm, found in by_arm.items()}
    assigned = proving.counts(session, [known.rule]).get(known.rule, {})
    counts = [assigned.get(arm, 0) for arm in by_arm]
    last = latest(session, known.rule)
    found = compared(samples, {plan.metric: plan.usual * plan.lift}, plan.guardrails, last)
    return {
        **found,
        "assigned": dict(zip(by_arm, counts, strict=True)),
        "split": proving.split_chance(counts, [1.0] * len(counts)) if sum(counts) >= proving.LEAST else 1.0,
        "customers": len([1 for people in by_arm.values() for _ in people]),
    }


def latest(session: Session, rule: str) -> Mapping[str, Any] | None:
    """What the last look found; None before the first."""
    rows = select(LOOK.c.found).where(LOOK.c.rule == rule).order_by(LOOK.c.at.desc()).limit(1)
    found: Mapping[str, Any] | None = session.execute(rows).scalar()
    return found


def last_look(session: Session, rule: str) -> tuple[datetime, Mapping[str, Any]] | None:
    """The last look and when it was; None before the first."""
    rows = select(LOOK.c.at, LOOK.c.found).where(LOOK.c.rule == rule).order_by(LOOK.c.at.desc()).limit(1)
    found = session.execute(rows).one_or_none()
    return (found.at, found.found) if found else None


def forget_looks(now: datetime, most: int = BATCH) -> int:
    """Forgets looks that a newer one took the place of, and those at holdouts that are no more; gives how many. Opens its own transactions.

    The newest of each rule is all that anybody reads: what was found before stays found in it, and what an arm was stopped by is on
    the audit trail. The last look at an experiment stays as long as the experiment, whatever its state.
    """
    newer = LOOK.alias()
    with db.reading() as session:
        try:
            held_out = [proving.rule_of(one) for one in catalogues.pack_in_force(session).holdouts]
        except NotFound:
            held_out = []
        replaced = select(newer.c.rule).where(newer.c.rule == LOOK.c.rule, newer.c.at > LOOK.c.at).exists()
        gone = LOOK.c.rule.startswith(proving.HOLDOUT) & LOOK.c.rule.not_in(held_out)
        old = (LOOK.c.at < now - PATIENCE) & (replaced | gone)
        if session.execute(select(LOOK.c.rule).where(old).limit(1)).first() is None:
            return 0
    with db.transaction() as session:
        return tidying.delete_some(session, LOOK, old, most)


def stop(session: Session, experiment_id: UUID, seen: int, words: str, actor: Actor, now: datetime) -> None:
    """Everybody gets what is in force again from their next decision on. Raises Invalid, Conflict, Forbidden."""
    catalogues.require(actor, Permission.AUTHOR if actor.may(Permission.AUTHOR) else Permission.APPROVE_CATALOGUE)
    words = in_words(words, "Say why it ends.")
    catalogues.hold(session)
    held = open_trial(session, experiment_id, seen)
    if held.state != "running":
        raise Conflict(f"This experiment is {held.state}: it does not run.")
    _end(session, held, words, actor, now)


def decide(
    session: Session, experiment_id: UUID, seen: int, winner: str, words: str, actor: Actor, now: datetime
) -> None:
    """Says which arm it was, of an experiment that has ended. What is in force changes by its draft alone. Raises as `stop`."""
    catalogues.require(actor, Permission.APPROVE_CATALOGUE)
    words = in_words(words, "Say why.")
    held = open_trial(session, experiment_id, seen)
    if held.state != "stopped":
        raise Conflict("Stop the experiment first: what runs is not decided.")
    if winner not in {arm.key for arm in held.plan.arms}:
        raise Invalid("Choose one of its arms.", {"winner": "one of its arms"})
    change(session, held, state="decided", winner=winner, ended_words=words)
    told(session, experiment_id, "experiment.decided", actor, now, winner=winner, words=words)


def _guard(session: Session, held: Trial, found: Mapping[str, Any], now: datetime) -> None:
    """Stops the arms that surely harm, on the record; the experiment itself where none is left beside the control."""
    harming = {arm: metric for arm, metric in found["harmed"].items() if not _arm(held, arm).stopped}
    if not harming:
        return
    catalogues.hold(session)
    arms = []
    for arm in held.plan.arms:
        metric = harming.get(arm.key)
        arms.append(arm.to_json() | ({"stopped": True, "stopped_words": f"{METRICS[metric].label} was surely worse."} if metric else {}))  # fmt: skip
    now_held = change(session, held, arms=arms)
    for arm, metric in harming.items():
        seen = found["metrics"][metric]["arms"][arm]
        told(
            session, held.experiment_id, "experiment.arm_stopped", SYSTEM, now, arm=arm, metric=metric, difference=seen["difference"],
            low=seen["low"], high=seen["high"], customers=found["n"][arm],
        )  # fmt: skip
    if all(arm.stopped for arm in now_held.plan.arms[1:]):
        _end(session, now_held, "Every arm did harm and was stopped.", SYSTEM, now)
        return
    published = catalogues.in_force(session).experiments
    same = [now_held.published() if one.key == held.key else one for one in published]
    catalogues.run_experiments(session, same, SYSTEM, now)


def _overtaken(experiment_id: UUID, now: datetime) -> None:
    """The catalogue that it compared with is no more: it was taken out with the new one."""
    with db.transaction() as session:
        held = open_trial(session, experiment_id)
        if held.state == "running":
            _end(session, held, "Another catalogue came in force that has the same treatments otherwise.", SYSTEM, now)


def _end(session: Session, held: Trial, words: str, actor: Actor, now: datetime) -> None:
    change(session, held, state="stopped", ended_at=now, ended_by=actor.name, ended_words=words)
    published = catalogues.in_force(session).experiments
    if any(one.key == held.key for one in published):
        catalogues.run_experiments(session, [one for one in published if one.key != held.key], actor, now)
    told(session, held.experiment_id, "experiment.stopped", actor, now, words=words)


def _arm(held: Trial, key: str) -> Any:
    return next(arm for arm in held.plan.arms if arm.key == key)
