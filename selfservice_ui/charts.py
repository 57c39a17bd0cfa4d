"""Charts as numbers for drawing: bars from zero, one below the other, each beside its own words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 1000


@dataclass(frozen=True, slots=True)
class Bar:
    """How long one bar is, of `WIDTH`: what is more than nothing can be seen."""

    length: int


def bars(values: Sequence[float]) -> tuple[Bar, ...]:
    """The bars of these values, the largest as long as can be; nothing and less than nothing have none."""
    largest = max([*values, 0.0])
    return tuple(Bar(max(4, round(WIDTH * value / largest)) if value > 0 else 0) for value in values)
