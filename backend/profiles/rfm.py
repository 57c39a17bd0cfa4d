"""Recency, frequency and monetary value as scores of 1 to 5, against the whole base of customers. Pure.

The base is sorted by each of the three and cut into five equal parts; the best fifth (who paid last, most often, the most) has 5,
the poorest 1 (A. M. Hughes, Strategic Database Marketing, Probus 1994, the chapter on recency, frequency and monetary analysis).
Equal values always have equal scores: who stands exactly on a cut-off belongs to the better part. The base is everyone who ever
paid; of the others there is no score, which is 0.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from backend.matrix.types import Pack, Rfm
from backend.profiles.snapshot import kept_fact

VERSION = 1
"""Of the way in which cut-offs and scores are worked out."""
NAMES = ("recency", "frequency", "monetary")
FACTS = {name: f"rfm_{name}" for name in NAMES}
"""Under which names the scores are kept among a profile's values."""
FIFTHS = 5
Values = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Cuts:
    """The four cut-offs of each of the three, ascending, as of a day: over so many customers, by a version of the formula.

    `of` names the facts that they were worked out of: cut-offs of other facts say nothing.
    """

    day: date
    version: int
    customers: int
    of: Mapping[str, str]
    recency: tuple[float, ...]
    frequency: tuple[float, ...]
    monetary: tuple[float, ...]

    def fits(self, plan: Rfm) -> bool:
        return self.version == VERSION and dict(self.of) == plan.facts()


def values_of(facts: Mapping[str, Any], today: date, pack: Pack) -> Values | None:
    """Days since the last, how many, and how much, as the pack's facts have it today; None for who never was in the base."""
    plan = pack.rfm
    if plan is None or not facts.get("dates", {}).get(pack.facts[plan.recency].since):
        return None
    recency, frequency, monetary = (
        float(kept_fact(pack.facts[key], facts, today, pack)) for key in (plan.recency, plan.frequency, plan.monetary)
    )
    return recency, frequency, monetary


def cuts_of(base: Iterable[Values], plan: Rfm, day: date) -> Cuts:
    """The cut-offs of this base; none where nobody is in it."""
    columns = tuple(array("d") for _ in NAMES)
    for values in base:
        for column, value in zip(columns, values, strict=True):
            column.append(value)
    recency, frequency, monetary = (_fifths(column) for column in columns)
    return Cuts(day, VERSION, len(columns[0]), plan.facts(), recency, frequency, monetary)


def scores_of(values: Values | None, cuts: Cuts) -> dict[str, int]:
    """The three scores by the names of `FACTS`; of days the fewer are the better, of the rest the more."""
    if values is None or not cuts.customers:
        return dict.fromkeys(FACTS.values(), 0)
    days, many, much = values
    return {
        FACTS["recency"]: 1 + sum(days <= cut for cut in cuts.recency),
        FACTS["frequency"]: 1 + sum(many >= cut for cut in cuts.frequency),
        FACTS["monetary"]: 1 + sum(much >= cut for cut in cuts.monetary),
    }


def _fifths(column: array[float]) -> tuple[float, ...]:
    """Where each further fifth of the sorted values begins."""
    if not column:
        return ()
    ordered = sorted(column)
    return tuple(ordered[len(ordered) * part // FIFTHS] for part in range(1, FIFTHS))
