"""Where weights come from: chances of agreement estimated from pairs of which nobody says which are one person. Pure.

The m of each level and the share of true pairs by expectation maximisation, with u taken from pairs drawn at random: W. E.
Winkler, "Using the EM Algorithm for Weight Computation in the Fellegi-Sunter Model of Record Linkage" (1988).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from backend.identities.comparing import UNKNOWN, Levels

FLOOR = 1e-5
"""No level is impossible among a few thousand pairs only because none of them had it."""


@dataclass(frozen=True)
class Estimate:
    """By field the chance of each level among pairs of one person, and the share of such pairs among those compared."""

    m: Mapping[str, tuple[float, ...]]
    share: float


def chances(levels: Levels, sizes: Mapping[str, int], weight: Any = None) -> dict[str, tuple[float, ...]]:
    """How often each level occurs, pairs counted by `weight` if given; what is unknown is left out. For u: of pairs at random."""
    out = {}
    for key, size in sizes.items():
        known = levels[key] != UNKNOWN
        counted = np.bincount(levels[key][known], None if weight is None else weight[known], size) + FLOOR
        out[key] = tuple(float(one) for one in counted / counted.sum())
    return out


def estimate(
    levels: Levels,
    u: Mapping[str, tuple[float, ...]],
    sizes: Mapping[str, int],
    *,
    share: float = 0.1,
    rounds: int = 50,
) -> Estimate:
    """The m that makes the compared pairs likeliest, fields taken as independent; `share` is where the search begins."""
    m = {key: tuple(np.geomspace(1, 0.02, size) / np.geomspace(1, 0.02, size).sum()) for key, size in sizes.items()}
    for _ in range(rounds):
        bits = sum(np.log([*np.divide(m[key], u[key]), 1.0])[levels[key]] for key in sizes)
        odds = np.exp(np.clip(bits + np.log(share / (1 - share)), -500, 500))
        belief = odds / (1 + odds)
        m, share = chances(levels, sizes, belief), float(belief.mean())
    return Estimate(m, share)
