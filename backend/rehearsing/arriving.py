"""When calls come in: the five-minute counts of real days, thinned to as many as are wanted. Pure but for reading the file."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from random import Random

from shared.kernel.errors import Invalid

COUNTS = Path(__file__).with_name("arrivals") / "bank_calls.csv.gz"
STEP_SECONDS = 300
STEPS = 169
OPENS = 7 * 3600
CLOSES = OPENS + STEPS * STEP_SECONDS
"""The day goes from 7:00 to 21:05."""


@dataclass(frozen=True, slots=True)
class CallDay:
    """A real day: how many calls came in each of its steps of five minutes, from 7:00 on."""

    day: date
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.counts)

    def arrivals(self, wanted: int, random: Random, begins: int = OPENS, ends: int = CLOSES) -> list[float]:
        """The seconds of the day at which calls come in, in order: about `wanted` over the whole day, those from `begins` to `ends`.

        Each real call is kept with the same chance, and falls anywhere in its five minutes: a thinned Poisson process is one
        again, with the same shape (Lewis and Shedler, 1979). More than there were are made by keeping each several times over.
        """
        share = wanted / self.total
        found = []
        for nth, calls in enumerate(self.counts):
            start = OPENS + nth * STEP_SECONDS
            for _ in range(calls):
                kept = int(share) + (random.random() < share % 1)
                found += [start + STEP_SECONDS * random.random() for _ in range(kept)]
        return sorted(at for at in found if begins <= at < ends)


@cache
def days() -> tuple[CallDay, ...]:
    """All days that are known, in order."""
    with gzip.open(COUNTS, "rt") as lines:
        rows = [line.strip().split(",") for line in lines]
    return tuple(CallDay(date.fromisoformat(row[0]), tuple(map(int, row[1:]))) for row in rows)


def day_of(text: str) -> CallDay:
    """The day by its date or by the name of its weekday (the first such day); empty, an ordinary one. Raises Invalid."""
    known, wanted = days(), text.strip().lower()
    if not wanted:
        return sorted(known, key=lambda one: one.total)[len(known) // 2]
    for one in known:
        if wanted in (one.day.isoformat(), f"{one.day:%A}".lower()):
            return one
    raise Invalid(
        f"There are no counts of {text}.",
        {"day": f"a weekday's name, or a working day from {known[0].day} to {known[-1].day}"},
    )
