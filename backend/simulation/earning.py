"""What a draft would have earned on what was decided by chance: each logged decision made again with the draft's catalogue.

Everything is measured by the yardstick of the decisions that were made: what was taken is worth the value that it had there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np

from backend import db
from backend.catalogue import service as catalogues
from backend.engine import service as engine
from backend.engine.catalogue import Catalogue
from backend.engine.ruling import Ranked
from backend.learning import off_policy
from backend.learning.off_policy import ESTIMATORS, LEAST_EFFECTIVE, MOST_UNSUPPORTED, Estimate, Rounds
from backend.matrix.service import Body
from backend.simulation.batch import DRAFT, Progress, Range, drafted, summed
from backend.treatments import service as treatments
from backend.treatments.service import Logged

DAYS = 90
"""So far back the log is read."""
FOLDS = 5
HEADLINE = "doubly_robust"
FARTHEST = 4.0
"""Weights that are further from 1 on average than so many of their standard errors, and by a tenth, are wrong."""
MOST_NAMED = 5
Report = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Round:
    """One logged decision beside what the draft would have chosen. Money in major units."""

    customer_id: UUID
    treatment: str
    taken: bool
    value: float
    propensity: float
    weight: float
    targets: tuple[tuple[str, float, float, float], ...]
    """Of what the draft chooses: treatment, how likely, its chance of acceptance, its value."""
    missing: tuple[tuple[str, float], ...]
    """Of that, what could not have come first there by any draw: treatment, how likely."""


@dataclass(slots=True)
class Earned:
    """The rounds of some customers, and what was left out of their log."""

    rounds: list[Round] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    def add(self, other: Earned) -> None:
        self.rounds += other.rounds
        self.left_out += other.left_out


def earned(
    body: Body,
    now: datetime,
    processes: int,
    *,
    progress: Progress | None = None,
    stopped: Callable[[], bool] = lambda: False,
    kindly: bool = False,
) -> Report:
    """What the catalogue of this body would have earned, or why nobody can say. Raises PackError, NotFound, Stopped, CrewFailed."""
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
    catalogue = Catalogue(DRAFT, body)
    until = now - timedelta(days=pack.learning.window_days)
    since = until - timedelta(days=DAYS)
    found = summed(
        begin, (body, since, until), Earned(), processes, progress=progress, stopped=stopped, kindly=kindly
    )  # fmt: skip
    names = {key: t.name for key, t in catalogue.treatments.items()}
    return {
        "since": since.date().isoformat(),
        "until": until.date().isoformat(),
        "currency": pack.currency,
    } | report_of(found, names)


def begin(body: Body, since: datetime, until: datetime) -> Callable[[Range], tuple[int, Earned]]:
    """In one process: the log of a chunk of customers, each decision made again with the body's catalogue."""
    draft = Catalogue(DRAFT, body)

    def chunk(wanted: Range) -> tuple[int, Earned]:
        with db.reading() as session:
            log = treatments.log(session, *wanted, since, until)
        rounds = [round_of(one, draft) for one in log.found]
        return len({one.customer_id for one in rounds}), Earned(rounds, Counter(log.left_out))

    return chunk


def round_of(one: Logged, draft: Catalogue) -> Round:
    """The decision beside the draft's. Another subject or other terms make another choice, which the answer tells nothing of."""
    ruling = engine.decide(one.snapshot, one.ledger, drafted(one.configuration, draft))
    known = {_what(ranked): ranked for ranked in one.ranked if ranked.first > 0}
    first = one.ranked[0]
    chosen = [ranked for ranked in ruling.ranked if ranked.first > 0]
    likely = sum(ranked.first for ranked in chosen if _what(ranked) == _what(first))
    return Round(
        one.customer_id,
        first.treatment,
        one.taken,
        first.factors.value,
        first.factors.propensity,
        likely / first.first,
        tuple(_target(known.get(_what(ranked), ranked), ranked.first) for ranked in chosen),
        tuple((ranked.treatment, ranked.first) for ranked in chosen if _what(ranked) not in known),
    )


def _what(ranked: Ranked) -> tuple[Any, ...]:
    """What a customer would be told: the same in whichever catalogue it stands."""
    return ranked.treatment, ranked.subject, tuple((term.key, term.unit, term.value) for term in ranked.terms)


def _target(ranked: Ranked, likely: float) -> tuple[str, float, float, float]:
    return ranked.treatment, likely, ranked.factors.propensity, ranked.factors.value


def report_of(found: Earned, names: Mapping[str, str]) -> Report:
    """What was earned by each presentation, what would have been, and by how much they differ; or the reasons for no answer."""
    rounds = found.rounds
    weight = np.array([one.weight for one in rounds], float)
    missing: dict[str, float] = {}
    for one in rounds:
        for treatment, likely in one.missing:
            missing[treatment] = missing.get(treatment, 0.0) + likely
    unsupported = sum(missing.values()) / len(rounds) if rounds else 0.0
    report: Report = {
        "rounds": len(rounds),
        "people": len({one.customer_id for one in rounds}),
        "effective": round(off_policy.effective_size(weight), 1),
        "unsupported": round(unsupported, 4),
        "missing": [
            {"treatment": key, "name": names.get(key, key), "share": round(part / len(rounds), 4)}
            for key, part in sorted(missing.items(), key=lambda pair: (-pair[1], pair[0]))
        ],
        "left_out": dict(sorted(found.left_out.items())),
        "headline": HEADLINE,
    }
    reasons = list(_reasons(report, rounds, weight))
    measured = {name: _measured(rounds, weight, worth) for name, worth in (("value", True), ("taken", False))}
    report["refused"] = reasons
    report["earned"] = {name: one["earned"] for name, one in measured.items()} if rounds else None
    report["would"] = None if reasons else {name: one["would"] for name, one in measured.items()}
    report["difference"] = None if reasons else {name: one["difference"] for name, one in measured.items()}
    return report


def _reasons(report: Report, rounds: list[Round], weight: Any) -> Iterator[str]:
    """In words, why nobody can say what the draft would have earned."""
    if not rounds:
        yield "Nothing that was presented in this time was chosen with a known probability and is decided by now."
        return
    if report["unsupported"] > MOST_UNSUPPORTED:
        named = report["missing"][:MOST_NAMED]
        those = ", ".join(f"{one['name']} ({one['share']:.0%})" for one in named)
        more = len(report["missing"]) - len(named)
        yield (
            f"In {report['unsupported']:.0%} of the decisions the draft puts first what could not have come first there, by any"
            f" draw: {those}{f' and {more} more' if more > 0 else ''}. How customers answer to that is not known: try it on some of"
            " them first."
        )
    if report["effective"] < LEAST_EFFECTIVE:
        yield (
            f"What is known of the draft's choices weighs as much as {report['effective']:,.0f} answers;"
            f" {LEAST_EFFECTIVE:,.0f} are the least that says anything."
        )
    off = off_policy.inverse_propensity(_rounds(rounds, weight, np.ones(len(rounds)), np.zeros(len(rounds)), None))
    mass = float(np.mean([sum(target[1] for target in one.targets) - sum(m[1] for m in one.missing) for one in rounds]))
    reach = (off.high - off.value) / 2
    if len(rounds) > 1 and abs(off.value - mass) > max(0.1 * mass, FARTHEST * reach):
        yield (
            f"The probabilities that were kept do not fit what was presented: the weights are {off.value:.2f} on average,"
            f" where {mass:.2f} was to be expected."
        )


def _measured(rounds: list[Round], weight: Any, money: bool) -> dict[str, Any]:
    """The estimates of one measure: the value of what was taken, or the share that was."""
    if not rounds:
        return {"earned": None, "would": None, "difference": None}
    reward = np.array([one.taken * (one.value if money else 1.0) for one in rounds], float)
    model = np.array([one.propensity * (one.value if money else 1.0) for one in rounds], float)
    folds = [one.customer_id.int % FOLDS for one in rounds]
    put_right = off_policy.calibrated(model, reward, [one.treatment for one in rounds], folds)
    flat = [(n, *target) for n, one in enumerate(rounds) for target in one.targets]
    foreseen_there = np.zeros(len(rounds))
    if flat:
        raw = np.array([chance * (value if money else 1.0) for _, _, _, chance, value in flat])
        right = put_right(raw, [key for _, key, *_ in flat], [folds[n] for n, *_ in flat])
        likely = np.array([part for _, _, part, _, _ in flat])
        foreseen_there += np.bincount([n for n, *_ in flat], right * likely, len(rounds))
    foreseen = put_right(model, [one.treatment for one in rounds], folds)
    seen = _rounds(rounds, weight, reward, foreseen, foreseen_there)
    influence = foreseen_there + weight * (reward - foreseen) - reward
    none = np.zeros(len(rounds))
    return {
        "earned": _told(off_policy.direct(_rounds(rounds, weight, none, none, reward))),
        "would": {name: _told(estimator(seen)) for name, estimator in ESTIMATORS.items()},
        "difference": _told(off_policy.direct(_rounds(rounds, weight, none, none, influence))),
    }


def _rounds(rounds: list[Round], weight: Any, reward: Any, foreseen: Any, there: Any) -> Rounds:
    mass = np.array([sum(target[1] for target in one.targets) for one in rounds])
    return Rounds(
        weight, reward, foreseen, np.zeros(len(rounds)) if there is None else there,
        [one.customer_id.int for one in rounds], mass,
    )  # fmt: skip


def _told(estimate: Estimate) -> list[float] | None:
    """Value, low and high; None where there is no number."""
    numbers = [estimate.value, estimate.low, estimate.high]
    return [round(number, 6) for number in numbers] if all(np.isfinite(numbers)) else None
