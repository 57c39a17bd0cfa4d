"""What holdouts show: treated against control, as a whole and by what customers were like when they came to it.

Reckoned by a worker each hour and kept, since it goes over everyone who was assigned.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite, sqrt
from statistics import NormalDist
from typing import Any

from sqlalchemy import delete, insert
from sqlmodel import Session

from backend import db
from backend.catalogue import service as catalogues
from backend.matrix.service import Holdout
from backend.proving import service as proving
from backend.proving.service import CONTROL, TREATED
from backend.reporting import service as reporting
from backend.trials.comparing import plainly
from backend.trials.looking import LOOK, latest, looks
from backend.trials.outcomes import METRICS, Outcome, columns, outcomes
from shared.kernel.errors import NotFound

WINDOWS = (7, 30, 90)
"""Days over which outcomes are counted."""
EVERY = timedelta(hours=1)
MOST_TREATMENTS = 60
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Lift:
    """One holdout, and what the last look at it found; None before the first."""

    holdout: Holdout
    rule: str
    at: datetime | None
    found: Mapping[str, Any] | None
    assigned: Mapping[str, int]


def lifts(session: Session) -> tuple[Lift, ...]:
    """Every holdout in force, with what is known of it."""
    try:
        holdouts = catalogues.pack_in_force(session).holdouts
    except NotFound:
        return ()
    rules = {one.key: proving.rule_of(one) for one in holdouts}
    assigned = proving.counts(session, rules.values())
    found = []
    for one in holdouts:
        rule = rules[one.key]
        last = looks(session, rule)[-1:]
        at, seen = last[0] if last else (None, None)
        found.append(Lift(one, rule, at, seen, assigned.get(rule, {})))
    return tuple(found)


def lift_due(now: datetime) -> int:
    """Looks at the holdouts that were not looked at for an hour; gives how many. A worker's chore."""
    with db.reading() as session:
        due = [one for one in lifts(session) if one.at is None or one.at <= now - EVERY]
    for one in due:
        look_at_holdout(one.holdout, now)
    return len(due)


def look_at_holdout(holdout: Holdout, now: datetime) -> Mapping[str, Any]:
    """What is found now; kept in place of what was found before."""
    rule = proving.rule_of(holdout)
    with db.reading() as session:
        found = {
            "windows": {str(days): _over(session, rule, timedelta(days=days), now) for days in WINDOWS},
            "split": _split(session, rule, holdout),
        }
    with db.transaction() as session:
        session.execute(delete(LOOK).where(LOOK.c.rule == rule))
        session.execute(insert(LOOK).values(rule=rule, at=now, found=found))
        kept = latest(session, rule)
    return kept or found


def _over(session: Session, rule: str, window: timedelta, now: datetime) -> dict[str, Any]:
    people = list(outcomes(session, rule, window, now))
    return {
        "n": {group: sum(one.who.arm == group for one in people) for group in (TREATED, CONTROL)},
        "metrics": measured(people),
        "segments": by_quality(people, lambda one: one.who.segments),
        "states": by_quality(people, lambda one: (one.who.life_cycle,)),
        "channels": by_quality(people, lambda one: (one.who.channel,)),
        "treatments": _by_treatment(session, people, window),
    }


def measured(people: Sequence[Outcome], level: float = 0.95) -> dict[str, Any]:
    """Treated against control by each metric, with the interval of the difference. Pure."""
    treated, control = (columns([one for one in people if one.who.arm == group]) for group in (TREATED, CONTROL))
    found = {}
    for metric in METRICS:
        ours, theirs = treated.after[metric], control.after[metric]
        if not len(ours) or not len(theirs):
            continue
        seen = plainly(ours, theirs, shares=METRICS[metric].share, level=level)
        found[metric] = {
            "treated": float(ours.mean()), "control": float(theirs.mean()), "difference": seen.estimate,
            "low": seen.low if isfinite(seen.low) else None, "high": seen.high if isfinite(seen.high) else None,
        }  # fmt: skip
    return found


def by_quality(people: Sequence[Outcome], of: Callable[[Outcome], Collection[str]]) -> list[dict[str, Any]]:
    """The same for each kind of customer with enough of them in both groups, the largest first. Pure.

    `apart`: metric → whether the lift surely differs from that of all others, at the level that so many comparisons ask for.
    """
    kinds: dict[str, list[Outcome]] = {}
    for one in people:
        for key in of(one):
            if key:
                kinds.setdefault(key, []).append(one)
    large = {key: own for key, own in kinds.items() if _enough(own)}
    level = 1 - 0.05 / max(1, len(large))
    found = []
    for key, own in sorted(large.items(), key=lambda kind: (-len(kind[1]), kind[0])):
        mine = {id(one) for one in own}
        rest = [one for one in people if id(one) not in mine]
        found.append(
            {
                "key": key,
                "n": {group: sum(one.who.arm == group for one in own) for group in (TREATED, CONTROL)},
                "metrics": measured(own),
                "apart": {metric: _apart(own, rest, metric, level) for metric in METRICS} if _enough(rest) else {},
            }
        )
    return found


def _enough(people: Iterable[Outcome]) -> bool:
    groups = [one.who.arm for one in people]
    return min(groups.count(TREATED), groups.count(CONTROL)) >= proving.LEAST


def _apart(own: Sequence[Outcome], rest: Sequence[Outcome], metric: str, level: float) -> bool:
    """Whether two lifts differ by more than chance at this level: the difference of the differences against its own spread."""
    lifts, spread = [], 0.0
    for people in (own, rest):
        groups = [
            proving.group_of(columns([one for one in people if one.who.arm == arm]).after[metric])
            for arm in (TREATED, CONTROL)
        ]
        lifts.append(groups[0].mean - groups[1].mean)
        spread += groups[0].of_mean + groups[1].of_mean
    return spread > 0 and abs(lifts[0] - lifts[1]) > _NORMAL.inv_cdf((1 + level) / 2) * sqrt(spread)


def _by_treatment(session: Session, people: Sequence[Outcome], window: timedelta) -> list[dict[str, Any]]:
    """What each group took up, treatment by treatment, the share of customers: what the control took instead shows here."""
    taken: dict[str, dict[str, set[Any]]] = {}
    n = {group: sum(one.who.arm == group for one in people) for group in (TREATED, CONTROL)}
    for start in range(0, len(people), 1_000):
        piece = {one.who.customer_id: one.who for one in people[start : start + 1_000]}
        for customer_id, facts in reporting.offer_facts(session, list(piece)).items():
            who = piece[customer_id]
            for fact in facts:
                if fact.act == "accepted" and not fact.undone and who.at <= fact.at <= who.at + window:
                    taken.setdefault(fact.treatment, {TREATED: set(), CONTROL: set()})[who.arm].add(customer_id)
    lines: list[dict[str, Any]] = []
    for treatment, groups in taken.items():
        many = {group: len(groups[group]) for group in (TREATED, CONTROL)}
        if not n[TREATED] or not n[CONTROL]:
            continue
        seen = proving.newcombe((many[TREATED], n[TREATED]), (many[CONTROL], n[CONTROL]))
        lines.append(
            {
                "treatment": treatment, "treated": many[TREATED] / n[TREATED], "control": many[CONTROL] / n[CONTROL],
                "difference": seen.estimate, "low": seen.low, "high": seen.high,
            }
        )  # fmt: skip
    lines.sort(key=lambda line: (-abs(line["difference"]), line["treatment"]))
    return lines[:MOST_TREATMENTS]


def _split(session: Session, rule: str, holdout: Holdout) -> float:
    """The chance of groups as uneven as these; 1 where there are too few to say. A changed share is a changed split: then it tells."""
    assigned = proving.counts(session, [rule]).get(rule, {})
    counts = [assigned.get(CONTROL, 0), assigned.get(TREATED, 0)]
    return proving.split_chance(counts, [holdout.share, 1 - holdout.share]) if sum(counts) >= proving.LEAST else 1.0
