"""How well chances come true: calibration, discrimination, and whether people or their answers have changed. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backend.learning.normal import below

BINS = 10
IN_A_BIN = 25
"""Fewer answers in a bin differ by accident alone."""
_SMOOTH = 0.5
"""Counted in each bin beforehand, so that an empty one tells little."""


@dataclass(frozen=True, slots=True)
class Bin:
    """The answers to which about the same chance was given: how many, which chance on average, and which share was taken."""

    many: int
    chance: float
    taken: float


@dataclass(frozen=True, slots=True)
class Judged:
    """How chances that were given before the answers compare with them. None: too few answers to say."""

    many: int
    taken: int
    chance: float | None
    """The mean of what was given."""
    gap: float | None
    """Expected calibration error: Σ share of the answers × |chance − share taken|, over the bins."""
    surprise: float | None
    """How many standard deviations more were taken than the chances say; below zero: fewer."""
    area: float | None
    """The area under the curve: how often one taken had the higher chance than one not taken; 0.5 tells nothing."""
    curve: tuple[Bin, ...] = ()


def judged(chance: Any, taken: Any) -> Judged:
    """Given chances (n,) and what came of them (n,), 1.0 where taken. Bins hold equally many, and enough to tell anything."""
    p, y = np.asarray(chance, dtype=float), np.asarray(taken, dtype=float)
    many = len(p)
    if not many:
        return Judged(0, 0, None, None, None, None)
    order = np.argsort(p, kind="stable")
    curve = tuple(
        Bin(len(part), float(p[part].mean()), float(y[part].mean()))
        for part in np.array_split(order, min(BINS, max(1, many // IN_A_BIN)))
    )
    gap = sum(one.many * abs(one.chance - one.taken) for one in curve) / many
    variance = float((p * (1 - p)).sum())
    surprise = float((y - p).sum()) / math.sqrt(variance) if variance > 0 else None
    return Judged(many, int(y.sum()), float(p.mean()), gap, surprise, area(p, y), curve)


def area(chance: Any, taken: Any) -> float | None:
    """The area under the receiver's curve, by ranks, equal chances counting half; None where all answers are alike."""
    p, y = np.asarray(chance, dtype=float), np.asarray(taken, dtype=float)
    yes = int(y.sum())
    no = len(y) - yes
    if not yes or not no:
        return None
    _, place, counts = np.unique(p, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks = (ends - (counts - 1) / 2)[place]
    return float((ranks[y > 0].sum() - yes * (yes + 1) / 2) / (yes * no))


def stability(before: Sequence[float], now: Sequence[float]) -> float:
    """Population stability index of two histograms over the same bins: Σ (now − before)·ln(now / before), as shares.

    Below 0.1 nothing has changed to speak of; above 0.25 much has.
    """
    a = (np.asarray(before, dtype=float) + _SMOOTH) / (sum(before) + _SMOOTH * len(before))
    b = (np.asarray(now, dtype=float) + _SMOOTH) / (sum(now) + _SMOOTH * len(now))
    return float(((b - a) * np.log(b / a)).sum())


def histogram(values: Any, bins: int = BINS) -> list[int]:
    """How many of scaled values, from −1 to 1, fall into each of the bins of equal width."""
    counts, _ = np.histogram(np.clip(values, -1, 1), bins=bins, range=(-1, 1))
    return [int(one) for one in counts]


def shifted(taken_before: int, many_before: int, taken: int, many: int) -> float | None:
    """By how many standard deviations the share taken differs from the one before; None where neither says anything."""
    if not many or not many_before:
        return None
    share = (taken + taken_before) / (many + many_before)
    error = math.sqrt(share * (1 - share) * (1 / many + 1 / many_before))
    return (taken / many - taken_before / many_before) / error if error > 0 else None


def by_chance(deviations: float) -> float:
    """How often chance alone gives so large a difference, either way."""
    return 2 * (1 - float(below(np.array(abs(deviations)))))
