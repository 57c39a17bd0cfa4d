"""Chances fitted to answers: Bayesian logistic regression per arm, with its group as its kin. Pure.

The log odds of arm t for the vector x are logit(prior_t) + u_t·x. Of the weights u_t is believed beforehand: they are their
group's, u_t ~ N(u_g, kin⁻¹), and the group's are near nothing, u_g ~ N(0, prior⁻¹): so a new arm starts from its kin. An answer
weighs 0.5^(age / half-life). The fit is the posterior's mode with the curvature there (Laplace): for each round every arm's answers
are summed to H = Σ v·p(1−p)·xxᵀ and b = Σ v·(p(1−p)·x(u·x) + (y−p)·x), and the two levels are solved exactly as one Gaussian.
The sums are additive: in whatever parts and order the answers are added, by whichever process, the fit is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backend.learning.normal import chances_of, logit

MOST_ROUNDS = 60
CLOSE = 1e-11
"""The weights stand once no round moves any of them by more."""
FARTHEST = 3.0
"""By how much a round may move anybody's log odds: a full step from a small chance would overshoot by far."""


@dataclass(frozen=True, slots=True)
class Arm:
    """What chances are learned for: its group, and the chance that is believed before any answer."""

    key: str
    group: str
    prior: float


@dataclass(frozen=True, slots=True)
class Believed:
    """What is believed before any answer, by column: how near to nothing a group's weights are, and an arm's to its group's."""

    group: Any
    """(d,) precision of a group's weights."""
    kin: Any
    """(d,) precision of an arm's about its group's."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers as numbers: of which arm, with which vector, whether it was taken, and how much it weighs."""

    arm: Any
    """(n,) place of the arm."""
    x: Any
    """(n, d)"""
    y: Any
    """(n,) 1.0 where taken."""
    weight: Any
    """(n,) 0.5^(age / half-life), at most 1."""


@dataclass(frozen=True, slots=True)
class Fit:
    """The weights of each arm and of each group for an arm that nobody knows yet, and how sure they are."""

    weights: Any
    """(arms, d)"""
    spread: Any
    """(arms, d, d) covariance."""
    groups: tuple[str, ...]
    group_weights: Any
    group_spread: Any
    rounds: int


def decayed(age_days: Any, half_life: float) -> Any:
    """How much answers of this age weigh."""
    return np.power(0.5, np.maximum(age_days, 0.0) / half_life)


def fit(arms: Sequence[Arm], answers: Answers, believed: Believed, start: Any = None) -> Fit:
    """The posterior of all arms. `start`: weights to begin from, (arms, d); they change how soon it is found, not what."""
    many, width = len(arms), len(believed.group)
    groups = tuple(sorted({arm.group for arm in arms}))
    order = np.argsort(answers.arm, kind="stable")
    x = np.ascontiguousarray(np.asarray(answers.x, dtype=float).reshape(-1, width)[order])
    y = np.asarray(answers.y, dtype=float)[order]
    v = np.asarray(answers.weight, dtype=float)[order]
    ends = np.searchsorted(np.asarray(answers.arm)[order], np.arange(many + 1))
    parts = [slice(ends[n], ends[n + 1]) for n in range(many)]
    offsets = np.array([logit(arm.prior) for arm in arms])
    u = np.zeros((many, width)) if start is None else np.array(start, dtype=float)
    members = [[n for n, arm in enumerate(arms) if arm.group == group] for group in groups]
    rounds, moved = 0, np.ones_like(u)
    while rounds < MOST_ROUNDS and np.max(np.abs(moved), initial=0.0) >= CLOSE:
        rounds += 1
        curved, pulled = sums(x, y, v, parts, offsets, u)
        solved = _solve(curved, pulled, members, believed)
        moved = solved[0] - u
        u = u + _damped(moved, x, parts)
    return Fit(u, solved[1], groups, solved[2], solved[3], rounds)


def sums(x: Any, y: Any, v: Any, parts: Sequence[slice], offsets: Any, u: Any) -> tuple[Any, Any]:
    """The curvature H (arms, d, d) and the pull b (arms, d) of the answers at the weights u: what each part adds, added up."""
    many, width = u.shape
    curved, pulled = np.zeros((many, width, width)), np.zeros((many, width))
    for n, part in enumerate(parts):
        own = x[part]
        if not len(own):
            continue
        linear = own @ u[n]
        p = chances_of(offsets[n] + linear)
        w = v[part] * p * (1 - p)
        curved[n] = (own * w[:, None]).T @ own
        pulled[n] = own.T @ (w * linear + v[part] * (y[part] - p))
    return curved, pulled


def _solve(curved: Any, pulled: Any, members: Sequence[Sequence[int]], believed: Believed) -> tuple[Any, Any, Any, Any]:
    """The two levels solved exactly: each arm's prior is what its kin without itself tell of the group."""
    many, width = pulled.shape
    kin, prior = np.diag(believed.kin), np.diag(believed.group)
    apart = np.linalg.inv(curved + kin)
    # What one arm tells of its group, its own deviation integrated out.
    tells = kin - kin @ apart @ kin
    told = np.einsum("ij,njk,nk->ni", kin, apart, pulled)
    mean, spread = np.zeros((many, width)), np.zeros((many, width, width))
    group_mean, group_spread = np.zeros((len(members), width)), np.zeros((len(members), width, width))
    deviation = np.diag(1 / believed.kin)
    for g, own in enumerate(members):
        all_tell, all_told = prior + tells[own].sum(axis=0), told[own].sum(axis=0)
        known = np.linalg.inv(all_tell)
        group_mean[g], group_spread[g] = known @ all_told, known + deviation
        for n in own:
            others = np.linalg.inv(all_tell - tells[n])
            before = np.linalg.inv(others + deviation)
            spread[n] = np.linalg.inv(before + curved[n])
            mean[n] = spread[n] @ (before @ (others @ (all_told - told[n])) + pulled[n])
    return mean, (spread + spread.transpose(0, 2, 1)) / 2, group_mean, group_spread


def _damped(moved: Any, x: Any, parts: Sequence[slice]) -> Any:
    """The step, shortened where it would move somebody's log odds too far."""
    out = moved.copy()
    for n, part in enumerate(parts):
        far = max(np.max(np.abs(x[part] @ moved[n]), initial=0.0), abs(moved[n, 0]))
        if far > FARTHEST:
            out[n] *= FARTHEST / far
    return out
