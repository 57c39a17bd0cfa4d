"""The normal and the logistic distribution, as far as chances need them. Pure."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

import numpy as np

_UNIT = NormalDist()
_TINY = 1e-12
_TERMS = (0.319381530, -0.356563782, 1.781477937, -1.821255978, 1.330274429)
"""Abramowitz and Stegun 26.2.17: off by at most 7.5e-8."""


def quantile(share: float) -> float:
    """Below which so large a share of a standard normal lies; the ends are kept finite."""
    return _UNIT.inv_cdf(min(max(share, _TINY), 1 - _TINY))


def logit(chance: float) -> float:
    """The log odds of a chance, between 0 and 1."""
    return math.log(chance / (1 - chance))


def chance_of(odds: float) -> float:
    """The chance of these log odds; never overflows."""
    if odds >= 0:
        return 1 / (1 + math.exp(-odds))
    grown = math.exp(odds)
    return grown / (1 + grown)


def chances_of(odds: Any) -> Any:
    """The same for an array."""
    return 1 / (1 + np.exp(-np.clip(odds, -500, 500)))


def nearly_below(z: Any) -> Any:
    """The same to 2e-4, in a third of the time: where thousands are asked for in each decision."""
    return 1 / (1 + np.exp(np.clip(-z * (1.5976 + 0.07056 * z * z), -500, 500)))


def below(z: Any) -> Any:
    """The share of a standard normal below each of an array, to 1e-7."""
    size = np.abs(z)
    t = 1 / (1 + 0.2316419 * size)
    a, b, c, d, e = _TERMS
    upper = np.exp(-0.5 * size * size) * 0.3989422804014327 * t * (a + t * (b + t * (c + t * (d + t * e))))
    return np.where(z > 0, 1 - upper, upper)
