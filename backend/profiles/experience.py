"""The running score of a customer's experience, out of moments of truth. Pure.

score = start + Σ weight · 0.5^(days since / half life), kept between 0 and 100: an exponentially weighted sum, so that one bad
experience is seen at once, however long the good years before it, and fades with time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from backend.matrix.service import Experience

MOST = 60
"""So many moments of truth are kept; older ones have faded, or are many of a kind."""
Kept = Sequence[Sequence[Any]]
"""[ISO day, key] of each moment of truth, oldest first."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One moment of truth, and how much of the score it moves today."""

    key: str
    label: str
    day: date
    points: float


def score(kept: Kept, plan: Experience, today: date) -> float:
    """The customer's experience today, 0 to 100; `plan.start` where nothing is known. What is still to come counts nothing."""
    moved = sum(one.points for one in moves(kept, plan, today))
    return max(0.0, min(100.0, plan.start + moved))


def moves(kept: Kept, plan: Experience, today: date) -> tuple[Moved, ...]:
    """What moves the score today, newest first; what the pack no longer knows moves nothing."""
    found = []
    for iso, key in reversed(list(kept)):
        truth, day = plan.by_key.get(key), date.fromisoformat(iso)
        if truth is not None and day <= today:
            faded = 0.5 ** ((today - day).days / plan.half_life_days)
            found.append(Moved(key, truth.label, day, truth.weight * faded))
    return tuple(found)


def with_truths(facts: Mapping[str, Any], truths: Iterable[tuple[date, str]]) -> dict[str, Any]:
    """The facts with these moments of truth besides, in the order of their days."""
    kept = sorted([*map(tuple, facts.get("truths", ())), *((day.isoformat(), key) for day, key in truths)])
    return {**facts, "truths": [list(one) for one in kept[-MOST:]]}


def without_truth(facts: Mapping[str, Any], day: date, keys: Collection[str]) -> dict[str, Any]:
    """The facts with one moment of truth less of each of these that came on that day, where there is one."""
    kept = [list(one) for one in facts.get("truths", ())]
    for key in keys:
        if [day.isoformat(), key] in kept:
            kept.remove([day.isoformat(), key])
    return {**facts, "truths": kept}


def lately(kept: Kept, key: str, today: date, days: int) -> bool:
    """Whether this moment of truth came within so many days before."""
    first = (today - timedelta(days=days)).isoformat()
    return any(iso >= first and one == key for iso, one in kept)
