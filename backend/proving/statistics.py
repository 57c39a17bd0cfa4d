"""The arithmetic of proof: intervals, looking early without sin, how many customers it takes. Pure, numpy alone.

Sources: Wilson (1927); Newcombe, "Interval estimation for the difference between independent proportions", Statistics in
Medicine 17 (1998), method 10; Welch (1947); Hill, algorithm 396, CACM 13 (1970); Johari, Koomen, Pekelis and Walsh, "Always
valid inference: continuous monitoring of A/B tests", Operations Research 70 (2022): the mixture sequential probability ratio
test with a normal mixture, and the confidence sequence that belongs to it; Deng, Xu, Kohavi and Walker, "Improving the
sensitivity of online controlled experiments by utilizing pre-experiment data" (WSDM 2013): CUPED.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, erfc, exp, inf, isfinite, lgamma, log, pi, sin, sqrt
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95
LEAST = 100
"""So few of a group say nothing yet: an interval over less leans on a normal distribution that is not there."""
LEAST_EVENTS = 10
"""Of something that happened or not, so many of both kinds among all."""
SPLIT_ALARM = 0.001
"""Under this chance the groups are not as large as they were meant to be, and nothing that is found is to be trusted."""
MOST = 10_000_000
_NORMAL = NormalDist()


class Interval(NamedTuple):
    """An estimate and what bounds it; a bound that nothing bounds is infinite."""

    low: float
    estimate: float
    high: float


class Group(NamedTuple):
    """Outcomes of one group, summed: how many customers, their mean, and the variance of one customer's outcome."""

    n: int
    mean: float
    variance: float

    @property
    def of_mean(self) -> float:
        """The variance of the mean."""
        return self.variance / self.n if self.n else inf


class Look(NamedTuple):
    """One look at two groups. `p` may be read after every look: the chance that it ever falls under α without a difference is at most α."""

    interval: Interval
    p: float


def group_of(outcomes: NDArray[np.float64]) -> Group:
    """The outcomes of one group, in figures."""
    n = len(outcomes)
    return Group(n, float(outcomes.mean()) if n else 0.0, float(outcomes.var(ddof=1)) if n > 1 else 0.0)


def wilson(happened: int, n: int, level: float = LEVEL) -> Interval:
    """The interval of a share."""
    if n == 0:
        return Interval(0.0, 0.0, 1.0)
    z, share = _z(level), happened / n
    middle, half = share + z * z / (2 * n), z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    whole = 1 + z * z / n
    # At the ends the formula gives the ends, but for the rounding of floats.
    low = 0.0 if happened == 0 else (middle - half) / whole
    return Interval(low, share, 1.0 if happened == n else (middle + half) / whole)


def newcombe(treated: tuple[int, int], control: tuple[int, int], level: float = LEVEL) -> Interval:
    """The interval of the difference of two shares; each given as (happened, n)."""
    a, b = wilson(*treated, level), wilson(*control, level)
    found = a.estimate - b.estimate
    return Interval(
        found - sqrt((a.estimate - a.low) ** 2 + (b.high - b.estimate) ** 2),
        found,
        found + sqrt((a.high - a.estimate) ** 2 + (b.estimate - b.low) ** 2),
    )


def welch(treated: Group, control: Group, level: float = LEVEL) -> Interval:
    """The interval of the difference of two means, of groups that may vary differently."""
    found = treated.mean - control.mean
    a, b = treated.of_mean, control.of_mean
    if treated.n < 2 or control.n < 2:
        return Interval(-inf, found, inf)
    spread = a + b
    if spread == 0:
        return Interval(found, found, found)
    freedom = spread**2 / (a * a / (treated.n - 1) + b * b / (control.n - 1))
    half = student(1 - (1 - level) / 2, freedom) * sqrt(spread)
    return Interval(found - half, found, found + half)


def look(treated: Group, control: Group, expected: float, alpha: float = 1 - LEVEL) -> Look:
    """What is known of the difference of two means now; as many looks as one likes, at any time, spend no more than α together.

    `expected` is the difference that one hopes to find, the mixture's width: it makes the test keen on differences of that size,
    and is chosen before the first look. With too few customers, nothing is known.
    """
    found, spread = treated.mean - control.mean, treated.of_mean + control.of_mean
    if min(treated.n, control.n) < LEAST or spread <= 0 or not expected:
        return Look(Interval(-inf, found, inf), 1.0)
    half = radius(spread, expected, alpha)
    width = expected * expected
    evidence = 0.5 * log(spread / (spread + width)) + width * found * found / (2 * spread * (spread + width))
    return Look(Interval(found - half, found, found + half), min(1.0, exp(-min(evidence, 700.0))))


def radius(spread: float, expected: float, alpha: float) -> float:
    """Half the width of the confidence sequence where the difference's estimate has this variance."""
    width = expected * expected
    return sqrt(spread * (spread + width) / width * (2 * log(1 / alpha) + log((spread + width) / spread)))


def customers_needed(
    mean: float, variance: float, lift: float, *, power: float = 0.8, alpha: float = 1 - LEVEL, shares: bool = False
) -> int | None:
    """How many customers each group needs, so that a true lift is found with this power by then; None: more than ten million.

    `lift` is a part of the mean (0.1: a tenth more). `shares`: the outcome happens or not, so that its variance moves with its
    mean. The number is that of the test that may be looked at early: about half as many again as one that is looked at once.
    """
    expected = mean * lift
    lifted = (mean + expected) * (1 - mean - expected) if shares else variance
    if expected == 0 or variance <= 0 or lifted <= 0:
        return None
    z = _NORMAL.inv_cdf(power)

    def enough(n: int) -> bool:
        spread = (variance + lifted) / n
        return radius(spread, expected, alpha) + z * sqrt(spread) <= abs(expected)

    low, high = LEAST, MOST
    if not enough(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return low


def enough_happened(outcomes: Sequence[NDArray[np.float64]]) -> bool:
    """Whether it happened, and did not happen, often enough over all groups to reckon with a normal distribution."""
    happened = sum(int((one != 0).sum()) for one in outcomes)
    whole = sum(len(one) for one in outcomes)
    return min(happened, whole - happened) >= LEAST_EVENTS


def settled(
    outcomes: Sequence[NDArray[np.float64]], before: Sequence[NDArray[np.float64]]
) -> tuple[list[NDArray[np.float64]], float]:
    """Outcomes less what was to be expected of each customer by what they did before; and the share of variance that this took away.

    Each outcome is shifted by θ(x − x̄) with θ = cov(y, x) / var(x) over all groups: what was before the assignment cannot differ by
    it, so that the difference stays what it is and only its noise becomes less.
    """
    y, x = np.concatenate(outcomes), np.concatenate(before)
    if len(y) < 2 or (spread := float(x.var())) == 0 or (noise := float(y.var())) == 0:
        return list(outcomes), 0.0
    theta, middle = float(((y - y.mean()) * (x - x.mean())).mean()) / spread, float(x.mean())
    shifted = [own - theta * (theirs - middle) for own, theirs in zip(outcomes, before, strict=True)]
    return shifted, max(0.0, theta * theta * spread / noise)


def split_chance(counts: Sequence[int], shares: Sequence[float]) -> float:
    """The chance of groups as uneven as these, or more so, were they filled by these shares: the sample-ratio check."""
    whole, part = sum(counts), sum(shares)
    if not whole or len(counts) < 2:
        return 1.0
    wanted = [whole * share / part for share in shares]
    off = sum((n - e) ** 2 / e for n, e in zip(counts, wanted, strict=True))
    return chi_square_above(off, len(counts) - 1)


def chi_square_above(value: float, freedom: int) -> float:
    """The chance of a χ² of so many degrees of freedom above this value, by recursion over the degrees."""
    if value <= 0:
        return 1.0
    half = value / 2
    if freedom % 2:
        chance, at = erfc(sqrt(half)), 0.5
    else:
        chance, at = exp(-half), 1.0
    while at < freedom / 2:
        chance += exp(at * log(half) - half - lgamma(at + 1))
        at += 1
    return min(1.0, chance)


def student(chance: float, freedom: float) -> float:
    """The quantile of Student's distribution; `freedom` may be broken, and is at least 1."""
    if chance < 0.5:
        return -student(1 - chance, freedom)
    n, p = max(1.0, freedom), 2 * (1 - chance)
    if not isfinite(n) or n > 1e7:
        return _NORMAL.inv_cdf(chance)
    if n <= 1:
        return cos(p * pi / 2) / sin(p * pi / 2)
    if n == 2:
        return sqrt(2 / (p * (2 - p)) - 2)
    a = 1 / (n - 0.5)
    b = 48 / a**2
    c = ((20700 * a / b - 98) * a - 16) * a + 96.36
    d = ((94.5 / (b + c) - 3) / b + 1) * sqrt(a * pi / 2) * n
    x = d * p
    y = x ** (2 / n)
    if y > 0.05 + a:
        z = _NORMAL.inv_cdf(p / 2)
        y = z * z
        c += 0.3 * (n - 4.5) * (z + 0.6) if n < 5 else 0.0
        c = (((0.05 * d * z - 5) * z - 7) * z - 2) * z + b + c
        y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * z
        y = a * y * y
        y = exp(y) - 1 if y > 0.002 else 0.5 * y * y + y
    else:
        y = ((1 / (((n + 6) / (n * y) - 0.089 * d - 0.822) * (n + 2) * 3) + 0.5 / (n + 4)) * y - 1) * (n + 1) / (
            n + 2
        ) + 1 / y
    return sqrt(n * y)


def _z(level: float) -> float:
    return _NORMAL.inv_cdf(1 - (1 - level) / 2)
