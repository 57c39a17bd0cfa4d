"""How sure a share is: Wilson's interval, which stays within 0 and 1 and holds for few as well. Pure.

E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

Z = 1.959964
"""Nineteen times of twenty."""


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, and between which shares the true one lies, nineteen times of twenty; of nothing, nothing is said."""

    many: int
    of: int

    @property
    def share(self) -> float | None:
        return self.many / self.of if self.of else None

    @property
    def low(self) -> float:
        return self._bounds()[0]

    @property
    def high(self) -> float:
        return self._bounds()[1]

    def _bounds(self) -> tuple[float, float]:
        if not self.of:
            return 0.0, 1.0
        n, p = self.of, min(1.0, self.many / self.of)
        middle = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
        half = Z / (1 + Z * Z / n) * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
        return max(0.0, middle - half), min(1.0, middle + half)


def apart(one: Share, others: Share) -> int:
    """1 where the one is surely above the others, -1 where surely below, 0 where chance alone may tell them apart.

    Sure: their difference's interval, by Newcombe's method from the two Wilson intervals, does not hold zero (R. G. Newcombe,
    Statistics in Medicine 17, 1998, method 10).
    """
    if one.share is None or others.share is None:
        return 0
    difference = one.share - others.share
    below = sqrt((one.share - one.low) ** 2 + (others.high - others.share) ** 2)
    above = sqrt((one.high - one.share) ** 2 + (others.share - others.low) ** 2)
    return 1 if difference - below > 0 else -1 if difference + above < 0 else 0
