"""What was learned up to one instant, immutable and named by decisions: chances, how sure they are, and draws of them. Pure."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from backend.learning.fitting import Arm, Fit
from backend.learning.normal import chance_of, logit, quantile

DIGITS = 12
"""To so many decimals log odds are kept: however a machine adds up, a decision made again is the same."""


class Odds(NamedTuple):
    """The log odds of acceptance: their mean and their standard deviation."""

    mean: float
    spread: float

    @property
    def chance(self) -> float:
        """The posterior mean of the chance: the logistic of a normal, by MacKay's approximation."""
        return chance_of(self.mean / math.sqrt(1 + math.pi * self.spread**2 / 8))

    def draw(self, share: float) -> float:
        """The chance that a share of what is believed lies below."""
        return chance_of(self.mean + self.spread * quantile(share))


class Exploring(NamedTuple):
    """How far a group is explored: in which share of the moments a draw ranks, and how sure a draw may be at most."""

    share: float = 1.0
    floor: float = 0.0
    """The least standard deviation of a draw's log odds: so that a change is noticed one day."""


NOT = Exploring(0.0)


@dataclass(frozen=True)
class Epoch:
    """What was learned, by arm and column. Epoch 0 knows nothing: every chance is the catalogue's.

    Two are equal where number and digest are. `columns` names the vector's places, the first always 1. An arm in `fallen` is not believed: it keeps its prior, and the
    reason is said. `mix`: the share of each channel's column, in whose place ranking puts it: no channel ranks by itself.
    """

    number: int
    columns: tuple[str, ...] = field(default=(), compare=False, repr=False)
    arms: tuple[Arm, ...] = field(default=(), compare=False, repr=False)
    weights: Any = field(default=None, compare=False, repr=False)
    spread: Any = field(default=None, compare=False, repr=False)
    groups: tuple[str, ...] = field(default=(), compare=False, repr=False)
    group_weights: Any = field(default=None, compare=False, repr=False)
    group_spread: Any = field(default=None, compare=False, repr=False)
    mix: Mapping[str, float] = field(default_factory=dict, compare=False, repr=False)
    exploring: Mapping[str, Exploring] = field(default_factory=dict, compare=False, repr=False)
    fallen: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    digest: str = ""
    _aligned: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def learned(self) -> bool:
        """Whether anything was."""
        return self.number > 0

    def exploring_of(self, group: str) -> Exploring:
        return self.exploring.get(group) or self.exploring.get("", NOT)

    def aligned(self, columns: Sequence[str]) -> Aligned:
        """What was learned, for vectors of these columns; made once. A column that was not learned yet weighs nothing."""
        key = tuple(columns)
        found = self._aligned.get(key)
        if found is None:
            found = self._aligned[key] = Aligned(self, key)
        return found


NOTHING_LEARNED = Epoch(0)


class Aligned:
    """An epoch for vectors of one shape, the channels' mix put in their places."""

    __slots__ = ("_groups", "_places", "_rows", "_spread", "_width", "epoch", "offsets", "weights")

    def __init__(self, epoch: Epoch, columns: tuple[str, ...]) -> None:
        """`columns`: those of the vectors to come, without the channels'."""
        self.epoch = epoch
        known = {name: n for n, name in enumerate(epoch.columns)}
        shared = [known.get(name) for name in columns]
        fold = np.zeros((len(epoch.columns), len(columns)))
        for place, source in enumerate(shared):
            if source is not None:
                fold[source, place] = 1.0
        for name, share in epoch.mix.items():
            fold[known[name], 0] = share
        weights = np.concatenate([epoch.weights, epoch.group_weights]) @ fold
        spread = np.concatenate([epoch.spread, epoch.group_spread])
        self.weights = np.ascontiguousarray(weights)
        self._spread = np.ascontiguousarray(np.einsum("ap,nab,bq->npq", fold, spread, fold, optimize=True))
        self._rows, self._width = len(weights), len(columns)
        self._places = {arm.key: n for n, arm in enumerate(epoch.arms)}
        self._groups = {group: n + len(epoch.arms) for n, group in enumerate(epoch.groups)}
        self.offsets = np.array([logit(arm.prior) for arm in epoch.arms] + [0.0] * len(epoch.groups))

    def means_and_spreads(self, x: Any) -> tuple[list[float], list[float]]:
        """Mean and standard deviation of the log odds of every arm, then of every group, for one vector of the customer."""
        means = self.offsets + self.weights @ x
        around = (self._spread.reshape(-1, self._width) @ x).reshape(self._rows, self._width) @ x
        return means.tolist(), np.sqrt(np.maximum(around, 0.0)).tolist()

    def place_of(self, key: str, group: str) -> int | None:
        """Where the arm's numbers stand, or its group's where nobody knows it yet; None where neither is known."""
        place = self._places.get(key)
        return self._groups.get(group) if place is None else place

    def is_kin(self, place: int) -> bool:
        """Whether the place is a group's: then the catalogue's own log odds are to be added."""
        return place >= len(self._places)

    def odds(self, place: int, x: Any, prior: float) -> Odds:
        """The log odds of one arm for its own vector."""
        mean = float(self.weights[place] @ x) + (logit(prior) if self.is_kin(place) else float(self.offsets[place]))
        return Odds(round(mean, DIGITS), round(math.sqrt(max(float(x @ self._spread[place] @ x), 0.0)), DIGITS))

    def contributions(self, place: int, x: Any) -> list[float]:
        """What each column adds to the log odds."""
        return [float(one) for one in self.weights[place] * x]


def lots(customer: str, treatment: str, subject: str, moment: str) -> tuple[float, float]:
    """Two numbers between 0 and 1 that a customer has for a treatment in a moment: the same in every channel, at every asking.

    The first is the draw's; the second says whether a draw ranks, where only a share of the moments explores.
    """
    text = "\x1f".join((customer, treatment, subject, moment))
    digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
    return (
        (int.from_bytes(digest[:8], "big") + 0.5) / 2**64,
        (int.from_bytes(digest[8:], "big") + 0.5) / 2**64,
    )


def epoch_of(
    number: int,
    columns: Sequence[str],
    arms: Sequence[Arm],
    found: Fit,
    mix: Mapping[str, float],
    exploring: Mapping[str, Exploring],
    fallen: Mapping[str, str] | None = None,
) -> Epoch:
    """The epoch that a fit makes."""
    return Epoch(
        number, tuple(columns), tuple(arms), found.weights, found.spread, found.groups, found.group_weights,
        found.group_spread, dict(mix), dict(exploring), dict(fallen or {}),
    )  # fmt: skip
