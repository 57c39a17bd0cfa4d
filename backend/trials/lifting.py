"""What holdouts show: treated against control, as a whole and by what customers were like when they came to it.

Reckoned by a worker each hour and kept, since it goes over everyone who was assigned.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite, sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, insert
from sqlmodel import Session

from backend import db
from backend.catalogue import service as catalogues
from backend.matrix.service import Holdout
from backend.proving import service as proving
from backend.proving.service import CONTROL, TREATED
from backend.reporting import service as reporting
from backend.trials.comparing import plainly
from backend.trials.looking import LOOK, last_look, latest
from backend.trials.outcomes import METRICS, Outcome, columns, over_all
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
        at, seen = last_look(session, rule) or (None, None)
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
    windows = [timedelta(days=days) for days in WINDOWS]
    with db.reading() as session:
        samples = over_all(session, rule, windows, now)
        found = {
            "windows": {
                str(window.days): _over(session, people, window)
                for window, people in zip(windows, samples, strict=True)
            },
            "split": _split(session, rule, holdout),
        }
    with db.transaction() as session:
        session.execute(delete(LOOK).where(LOOK.c.rule == rule))
        session.execute(insert(LOOK).values(rule=rule, at=now, found=found))
        kept = latest(session, rule)
    return kept or found


def _over(session: Session, people: Sequence[Outcome], window: timedelta) -> dict[str, Any]:
    seen = Seen.of(people)
    every = np.ones(len(people), dtype=bool)
    return {
        "n": seen.sizes(every),
        "metrics": measured(seen, every),
        "segments": by_quality(seen, [one.who.segments for one in people]),
        "states": by_quality(seen, [(one.who.life_cycle,) for one in people]),
        "channels": by_quality(seen, [(one.channel,) for one in people]),
        "treatments": _by_treatment(session, people, window),
    }


@dataclass(frozen=True, slots=True)
class Seen:
    """Outcomes as columns, and who of them was treated."""

    treated: NDArray[np.bool_]
    after: Mapping[str, NDArray[np.float64]]

    @classmethod
    def of(cls, people: Sequence[Outcome]) -> Seen:
        return cls(np.array([one.who.arm == TREATED for one in people], dtype=bool), columns(people).after)

    def groups(self, metric: str, among: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The outcomes of the treated and of the control group, of these customers."""
        return self.after[metric][self.treated & among], self.after[metric][~self.treated & among]

    def sizes(self, among: NDArray[np.bool_]) -> dict[str, int]:
        treated = int((self.treated & among).sum())
        return {TREATED: treated, CONTROL: int(among.sum()) - treated}

    def enough(self, among: NDArray[np.bool_]) -> bool:
        return min(self.sizes(among).values()) >= proving.LEAST


def measured(seen: Seen, among: NDArray[np.bool_]) -> dict[str, Any]:
    """Treated against control by each metric, with the interval of the difference. Pure."""
    found = {}
    for metric in METRICS:
        ours, theirs = seen.groups(metric, among)
        if not len(ours) or not len(theirs):
            continue
        lift = plainly(ours, theirs, shares=METRICS[metric].share)
        flat = not METRICS[metric].share and unvaried(ours) and unvaried(theirs)
        found[metric] = {
            "treated": float(ours.mean()), "control": float(theirs.mean()), "difference": lift.estimate,
            "low": lift.low if isfinite(lift.low) and not flat else None,
            "high": lift.high if isfinite(lift.high) and not flat else None, "unvaried": flat,
        }  # fmt: skip
    return found


def unvaried(amounts: NDArray[np.float64]) -> bool:
    """Whether it is the same for every single one: then nothing tells how much chance does. (Of shares their number tells it.)"""
    return bool(len(amounts) and (amounts == amounts[0]).all())


def by_quality(seen: Seen, qualities: Sequence[Collection[str]]) -> list[dict[str, Any]]:
    """The same for each kind of customer with enough of them in both groups, the largest first. Pure.

    `apart`: metric → whether the lift surely differs from that of all others, at the level that so many comparisons ask for.
    """
    keys = sorted({key for own in qualities for key in own if key})
    kinds = {key: np.array([key in own for own in qualities], dtype=bool) for key in keys}
    large = {key: among for key, among in kinds.items() if seen.enough(among)}
    level = 1 - 0.05 / max(1, len(large))
    return [
        {
            "key": key,
            "n": seen.sizes(among),
            "metrics": measured(seen, among),
            "apart": {metric: _apart(seen, among, metric, level) for metric in METRICS} if seen.enough(~among) else {},
        }
        for key, among in sorted(large.items(), key=lambda kind: (-int(kind[1].sum()), kind[0]))
    ]


def _apart(seen: Seen, among: NDArray[np.bool_], metric: str, level: float) -> bool:
    """Whether two lifts differ by more than chance at this level: the difference of the differences against its own spread."""
    lifts, spread = [], 0.0
    for part in (among, ~among):
        ours, theirs = (proving.group_of(group) for group in seen.groups(metric, part))
        lifts.append(ours.mean - theirs.mean)
        spread += ours.of_mean + theirs.of_mean
    return spread > 0 and abs(lifts[0] - lifts[1]) > _NORMAL.inv_cdf((1 + level) / 2) * sqrt(spread)


def _by_treatment(session: Session, people: Sequence[Outcome], window: timedelta) -> list[dict[str, Any]]:
    """What each group took up, treatment by treatment, the share of customers: what the control took instead shows here."""
    taken: dict[str, dict[str, set[Any]]] = {}
    n = {group: sum(one.who.arm == group for one in people) for group in (TREATED, CONTROL)}
    for start in range(0, len(people), 1_000):
        piece = {one.who.customer_id: one.who for one in people[start : start + 1_000]}
        for customer_id, facts in reporting.kept_offers(session, list(piece)).items():
            who = piece[customer_id]
            for fact in facts:
                if who.at <= fact.at <= who.at + window:
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
