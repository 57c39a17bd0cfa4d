"""Off-policy evaluation: what another choice of treatments would have earned on decisions that were made by chance. Pure.

A decision that explores gives each treatment a probability of the first place. Where that is stored, the answers to what was
presented tell of any other choice that picks among the same treatments: each answer counts by how much more often the other
would have picked what was presented. Sources of the formulas: Horvitz and Thompson 1952 (inverse propensity), Swaminathan and
Joachims 2015 (self-normalised), Dudík, Langford and Li 2011 (doubly robust), Wang, Agarwal and Dudík 2017 (switch).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Any, TypeAlias

import numpy as np

Column: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.float64]]"
"""A number of each round."""
LEVEL = 0.95
LEAST_EFFECTIVE = 100.0
"""Fewer rounds than this, by their weights, say nothing that anybody should publish by."""
MOST_UNSUPPORTED = 0.05
"""More than this share of a choice that was never made by chance cannot be judged by what was."""
SWITCHES = (0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 1.0)
"""The shares of the rounds, lightest first, at which a switch may part them."""
MODEL_OFF = 0.25
SHRINKAGE = 20.0
"""So many answers as expected each group is believed to have had beside its own: a group with few of its own stays by it."""


@dataclass(frozen=True, slots=True)
class Rounds:
    """Logged rounds as the estimators read them, a number of each; they are compared with one other choice, the target.

    `weight` is the target's probability of what was taken over that of whoever took it; `reward` what it brought; `foreseen`
    what a model foresaw of it, and `foreseen_there` what it foresees of the target's choice. `who` names the rounds that go
    together, such as a customer's: their answers are no independent evidence.
    """

    weight: Column
    reward: Column
    foreseen: Column
    foreseen_there: Column
    who: Sequence[Any] | None = None
    mass: Column | None = None
    """How much of the target's choice is anything at all, where it may be nothing, which brings nothing; None: all of it."""

    def __len__(self) -> int:
        return int(self.weight.shape[0])


@dataclass(frozen=True, slots=True)
class Estimate:
    """An average reward of a round with its interval: normal, by the influence of each person's rounds, at 95 %."""

    value: float
    low: float
    high: float


def rounds_of(
    taken: Sequence[int], propensity: Any, reward: Any, target: Any, foreseen: Any, who: Sequence[Any] | None = None
) -> Rounds:
    """Rounds from a log of few actions: `target` and `foreseen` have a row for each round and a column for each action.

    Raises ValueError where something was taken with a probability that is none.
    """
    chosen, chance = np.asarray(target, float), np.asarray(propensity, float)
    if not ((chance > 0) & (chance <= 1)).all():
        raise ValueError("What was taken had a probability above 0 and at most 1.")
    model, rows, actions = np.asarray(foreseen, float), np.arange(len(chance)), np.asarray(taken, int)
    return Rounds(
        chosen[rows, actions] / chance,
        np.asarray(reward, float),
        model[rows, actions],
        (chosen * model).sum(axis=1),
        who,
    )


def inverse_propensity(rounds: Rounds) -> Estimate:
    """Unbiased wherever the probabilities are right; noisy where they are small."""
    return _mean(rounds.weight * rounds.reward, rounds.who)


def self_normalised(rounds: Rounds) -> Estimate:
    """The same over the weights that there are: hardly biased, steadier, and never outside what was earned. Nothing gives nan."""
    total = float(rounds.weight.mean()) if len(rounds) else 0.0
    if total <= 0:
        return Estimate(float("nan"), float("nan"), float("nan"))
    mass = np.ones(len(rounds)) if rounds.mass is None else rounds.mass
    something = float(mass.mean())
    each = float((rounds.weight * rounds.reward).mean()) / total
    return _mean(mass * each + something * rounds.weight * (rounds.reward - each) / total, rounds.who)


def direct(rounds: Rounds) -> Estimate:
    """What the model foresees of the target's choice: as good as the model. Its interval knows nothing of the model's error."""
    return _mean(rounds.foreseen_there, rounds.who)


def doubly_robust(rounds: Rounds) -> Estimate:
    """The model, corrected by what it missed of what was taken: right where either the model or the probabilities are."""
    return _mean(rounds.foreseen_there + rounds.weight * (rounds.reward - rounds.foreseen), rounds.who)


def switch(rounds: Rounds, most_weight: float | None = None) -> Estimate:
    """Doubly robust where the weight is at most this, the model alone elsewhere; None: the one that `best_switch` finds."""
    most = best_switch(rounds) if most_weight is None else most_weight
    missed = np.where(rounds.weight <= most, rounds.weight * (rounds.reward - rounds.foreseen), 0.0)
    return _mean(rounds.foreseen_there + missed, rounds.who)


def best_switch(rounds: Rounds) -> float:
    """The weight beyond which trusting the model costs less than the noise: least variance plus squared bias.

    Chosen by the weights alone: a choice by the answers would make their intervals too narrow. The model is believed to be off
    by at most MODEL_OFF of the spread of what it missed.
    """
    weight = rounds.weight

    def risk(most: float) -> float:
        kept = weight <= most
        return float((weight[kept] ** 2).sum()) + (MODEL_OFF * float(weight[~kept].sum())) ** 2

    candidates: list[float] = np.unique(np.quantile(weight, SWITCHES)).tolist() if len(rounds) else []
    return min(reversed(candidates), key=risk, default=float("inf"))


ESTIMATORS: dict[str, Callable[[Rounds], Estimate]] = {
    "inverse_propensity": inverse_propensity,
    "self_normalised": self_normalised,
    "direct": direct,
    "doubly_robust": doubly_robust,
    "switch": switch,
}


def effective_size(weight: Column) -> float:
    """How many rounds of equal weight would say as much (Kish): few where a handful of rounds outweigh all others."""
    squares = float((weight**2).sum())
    return float(weight.sum()) ** 2 / squares if squares > 0 else 0.0


def calibrated(
    foreseen: Any, reward: Any, groups: Sequence[Any], folds: Sequence[int]
) -> Callable[[Any, Sequence[Any], Sequence[int]], Column]:
    """A model's foresight, put right group by group by what came of it, each round by the rounds of other folds alone.

    A group's factor is what it brought over what was foreseen, drawn towards 1 by SHRINKAGE answers as they were expected.
    The function that comes back does the same to any foresight, given its groups and folds.
    """
    expected, came = np.asarray(foreseen, float), np.asarray(reward, float)
    usual = float(np.abs(expected).mean()) if len(expected) else 0.0
    sums: dict[Any, list[float]] = {}
    for group, fold, one, other in zip(groups, folds, expected.tolist(), came.tolist(), strict=True):
        for key in (group, (group, fold)):
            held = sums.setdefault(key, [0.0, 0.0])
            held[0] += one
            held[1] += other

    def factor(group: Any, fold: int) -> float:
        of_all, of_fold = sums.get(group, (0.0, 0.0)), sums.get((group, fold), (0.0, 0.0))
        base = SHRINKAGE * usual
        below = of_all[0] - of_fold[0] + base
        return max(0.0, (of_all[1] - of_fold[1] + base) / below) if below > 0 else 1.0

    def put_right(given: Any, of: Sequence[Any], at: Sequence[int]) -> Column:
        right: Column = np.asarray(given, float) * np.array([factor(*pair) for pair in zip(of, at, strict=True)], float)
        return right

    return put_right


def _mean(influence: Column, who: Sequence[Any] | None) -> Estimate:
    if not len(influence):
        return Estimate(float("nan"), float("nan"), float("nan"))
    value, reach = float(influence.mean()), _Z * _error(influence, who)
    return Estimate(value, value - reach, value + reach)


def _error(influence: Column, who: Sequence[Any] | None) -> float:
    """The standard error of the mean, where a person's rounds may go together in any way; infinite for one person alone."""
    off = influence - influence.mean()
    if who is not None:
        _, place = np.unique(np.asarray(who), return_inverse=True)
        off = np.bincount(place, weights=off)
    people = len(off)
    if people < 2:
        return float("inf")
    return sqrt(float((off**2).sum()) * people / (people - 1)) / len(influence)


_Z = NormalDist().inv_cdf((1 + LEVEL) / 2)
