"""With which chance each of several treatments comes first, over all draws. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from backend.learning.normal import chances_of, nearly_below, quantile

POINTS = 16
_GRID = np.array([quantile((n + 0.5) / POINTS) for n in range(POINTS)])
_FAR = 5.0
"""So many standard deviations away nothing is drawn."""


class Contender(NamedTuple):
    """One that may come first: priority = chance × worth − attention; `spread` 0: it is not drawn.

    `share`: in which share of the moments a draw ranks; in the others its posterior mean, `chance`, does.
    """

    mean: float
    spread: float
    chance: float
    worth: float
    attention: float
    share: float = 1.0


def first_places(contenders: Sequence[Contender]) -> list[float]:
    """The chance of each to have the highest priority, in this order where two are equal; together 1. Empty for none.

    By quadrature over each one's own draw; the others' draws are independent of it.
    """
    many = len(contenders)
    if many < 2:
        return [1.0] * many
    given = np.array(contenders)
    mean, spread, chance, worth, attention, share = given.T
    share = np.where((spread > 0) & (worth > 0), share, 0.0)
    settled = chance * worth - attention
    highest = np.where(share > 0, chances_of(mean + _FAR * spread) * worth - attention, settled)
    lowest = np.where(share > 0, chances_of(mean - _FAR * spread) * worth - attention, settled)
    highest, lowest = np.maximum(highest, settled), np.minimum(lowest, settled)
    floor = lowest.max()
    able = np.flatnonzero(highest >= floor)
    if len(able) == 1:
        return [1.0 if n == able[0] else 0.0 for n in range(many)]
    drawn = share[able] > 0
    kept = (
        mean[able], np.where(drawn, spread[able], 1.0), np.where(worth[able] > 0, worth[able], 1.0), attention[able],
        share[able], settled[able],
    )  # fmt: skip
    found = _among(*kept)
    out = np.zeros(many)
    out[able] = found / found.sum()
    return [round(float(one), 9) for one in out]


def _among(mean: Any, spread: Any, worth: Any, attention: Any, share: Any, settled: Any) -> Any:
    many = len(mean)
    drawn = chances_of(mean[:, None] + spread[:, None] * _GRID) * worth[:, None] - attention[:, None]
    values = np.concatenate([drawn, settled[:, None]], axis=1)
    # beats[j, i, q]: the chance that j stays below what i has at point q; of equal ones the earlier comes first.
    asked = (values[None] + attention[:, None, None]) / worth[:, None, None]
    asked = np.clip(asked, 1e-12, 1 - 1e-12)
    beats = nearly_below((np.log(asked / (1 - asked)) - mean[:, None, None]) / spread[:, None, None])
    steady = np.flatnonzero(share < 1)
    if len(steady):
        order, own = np.arange(many), settled[steady, None]
        steps = np.empty((len(steady), many, POINTS + 1))
        # Of the cell in which another's draw passes it, the part beyond: so that a step between points is no error.
        level = np.clip((own + attention) / worth, 1e-12, 1 - 1e-12)
        passed = nearly_below((np.log(level / (1 - level)) - mean) / spread)
        steps[:, :, :POINTS] = np.clip(np.arange(1, POINTS + 1) - POINTS * passed[:, :, None], 0, 1)
        steps[:, :, POINTS] = np.where(order > steady[:, None], settled > own, settled >= own)
        part = share[steady, None, None]
        beats[steady] = part * beats[steady] + (1 - part) * steps
    beats[np.arange(many), np.arange(many)] = 1.0
    wins = beats.prod(axis=0)
    return np.maximum(share * wins[:, :POINTS].mean(axis=1) + (1 - share) * wins[:, POINTS], 1e-12)
