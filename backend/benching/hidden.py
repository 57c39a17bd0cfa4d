"""A world whose effects are hidden from whoever learns in it: customers who answer to treatments by chances known here alone.

The chances hold what a linear model cannot say (pairs of qualities that matter together, bends, thresholds), they drift, have
seasons, differ by channel, and answers come late. So what is learned can be compared with the best that anybody could do.
Everything is a function of the seed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

TREATMENTS = 24
GROUPS = 6
QUALITIES = 8
"""Of which the last two are unknown of some customers."""
UNKNOWN = 2
CHANNELS = ("phone", "portal", "email")
SHARES = (0.35, 0.5, 0.15)
PER_DAY = 100
YEAR = 365.0
SILENT = 0.6
"""Of those who do not take it, so many never say so: that counts once the window is over."""
WINDOW = 7.0
"""Days after which what was presented and not answered counts as not taken."""
SLOW = 1.5
"""Days until an answer comes, on average."""
Numbers = Any
"""An array of floats, a row for each visit."""


@dataclass(frozen=True)
class Visits:
    """Customers as they come, one row each: what is known of them, what is not, when and where they come, and their luck."""

    known: Numbers
    """(n, QUALITIES) from -1 to 1; nan where nobody knows."""
    whole: Numbers
    """(n, QUALITIES) as it truly is."""
    day: Numbers
    channel: Numbers
    luck: Numbers
    """(n,) They take what is put to them where this lies below its chance."""
    later: Numbers
    """(n, 2) Days until they say yes, and until their no is known."""


@dataclass(frozen=True)
class World:
    """The hidden truth, by treatment; log odds unless said otherwise."""

    base: Numbers
    straight: Numbers
    drift: Numbers
    """(treatments, QUALITIES) What `straight` changes by in a year."""
    pairs: Numbers
    """(treatments, 2, 2) Two times two qualities that matter together, and `together` how much."""
    together: Numbers
    """(treatments, 2)"""
    bent: Numbers
    """(treatments,) The quality that matters beyond a threshold alone, and `bend` how much."""
    bend: Numbers
    season: Numbers
    """(treatments, 2) Height, and the day of the year of it."""
    reach: Numbers
    """(treatments, channels) How much more, or less, a channel's customers answer to it."""
    worth: Numbers
    """(treatments,) Money where it is taken."""
    fits: Numbers
    """(treatments, QUALITIES) How far its worth differs among customers."""
    guessed: Numbers
    """(treatments,) The chance which its author wrote down beforehand."""
    shares: tuple[float, ...] = SHARES

    @property
    def many(self) -> int:
        return len(self.base)

    def chances(self, visits: Visits, channel: Numbers | None = None) -> Numbers:
        """(n, treatments) The true chances; in that channel, else over the channels as customers come by them."""
        odds = self._odds(visits)
        if channel is not None:
            return _chance(odds + self.reach[:, channel].T)
        return sum(share * _chance(odds + self.reach[:, place]) for place, share in enumerate(self.shares))

    def values(self, visits: Visits) -> Numbers:
        """(n, treatments) What each would be worth if it were taken: known to everybody."""
        return self.worth * (1 + 0.5 * np.tanh(visits.whole @ self.fits.T))

    def _odds(self, visits: Visits) -> Numbers:
        x, year = visits.whole, visits.day / YEAR
        odds = self.base + x @ self.straight.T + (x @ self.drift.T) * year[:, None]
        for nth in range(self.together.shape[1]):
            odds += self.together[:, nth] * x[:, self.pairs[:, nth, 0]] * x[:, self.pairs[:, nth, 1]]
        odds += self.bend * (x[:, self.bent] > 0.3)
        return odds + self.season[:, 0] * np.cos(2 * np.pi * (year[:, None] - self.season[:, 1] / YEAR))

    def turned(self, treatment: int, by: float) -> World:
        """The same world, where everybody likes a treatment so much more, or less."""
        base = self.base.copy()
        base[treatment] += by
        return replace(self, base=base)


def world(seed: int, many: int = TREATMENTS) -> World:
    """A world of its own for each seed: treatments of a group are alike, and their authors guessed beforehand, not well."""
    rng = np.random.default_rng((seed, 1))
    group = np.arange(many) % GROUPS
    kin = rng.normal(0, 0.7, (GROUPS, QUALITIES))
    base = rng.normal(-2.0, 0.7, many)
    return World(
        base=base,
        straight=kin[group] + rng.normal(0, 0.4, (many, QUALITIES)),
        drift=rng.normal(0, 0.5, (many, QUALITIES)),
        pairs=np.array([rng.permutation(QUALITIES)[:4].reshape(2, 2) for _ in range(many)]),
        together=rng.normal(0, 0.6, (many, 2)),
        bent=rng.integers(0, QUALITIES, many),
        bend=rng.normal(0, 0.7, many),
        season=np.stack([np.abs(rng.normal(0, 0.4, GROUPS))[group], rng.uniform(0, YEAR, GROUPS)[group]], axis=1),
        reach=np.array([0.5, 0.0, -0.7]) + rng.normal(0, 0.3, (many, len(CHANNELS))),
        worth=np.exp(rng.normal(3.0, 0.5, many)),
        fits=rng.normal(0, 0.4, (many, QUALITIES)),
        guessed=_chance(base + rng.normal(0, 0.8, many)).clip(0.01, 0.9),
    )


def visits(seed: int, n: int, shares: tuple[float, ...] = SHARES, from_day: float = 0.0) -> Visits:
    """So many customers, PER_DAY of them a day, by the channels in these shares."""
    rng = np.random.default_rng((seed, 2, int(from_day)))
    whole = rng.uniform(-1, 1, (n, QUALITIES))
    whole[:, :3] = np.where(whole[:, :3] > 0.2, 1.0, -1.0)  # three of them are yes or no
    known = whole.copy()
    known[:, -UNKNOWN:][rng.random((n, UNKNOWN)) < 0.25] = np.nan
    says_no = np.where(rng.random(n) < SILENT, WINDOW, rng.exponential(SLOW, n).clip(max=WINDOW))
    return Visits(
        known,
        whole,
        from_day + np.arange(n) / PER_DAY,
        rng.choice(len(shares), n, p=shares),
        rng.random(n),
        np.stack([rng.exponential(SLOW, n).clip(max=WINDOW), says_no], axis=1),
    )


def columns() -> tuple[str, ...]:
    """The names of a vector's places, as a learner is given them."""
    qualities = tuple(f"quality_{nth}" for nth in range(QUALITIES))
    return ("", *qualities, *(f"{name}_unknown" for name in qualities[-UNKNOWN:]))


def vectors(seen: Visits) -> Numbers:
    """(n, columns) What is known, beginning with 1; what is not known is 0 and said to be unknown."""
    unknown = np.isnan(seen.known[:, -UNKNOWN:])
    return np.hstack([np.ones((len(seen.known), 1)), np.nan_to_num(seen.known), unknown.astype(float)])


def _chance(odds: Numbers) -> Numbers:
    return 1 / (1 + np.exp(-odds))
