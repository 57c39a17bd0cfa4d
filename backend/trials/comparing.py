"""Groups compared: what one look finds, in figures that go into a row and come back. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.proving import service as proving
from backend.proving.service import Group, Interval
from backend.trials.outcomes import METRICS, Sample

ALPHA = 0.05
USUAL_LIFT = 0.1
"""The difference that a guardrail is made to notice, as a part of what the control group has."""


def compared(
    samples: Mapping[str, Sample],
    expected: Mapping[str, float],
    guardrails: Sequence[str],
    before: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """What is known of each arm against the first, metric by metric. `expected`: metric → the difference that was hoped for.

    `before` is what the look before this one found: once something was found, it stays found.
    """
    control, *others = samples
    alpha = ALPHA / max(1, len(others))
    found: dict[str, Any] = {}
    for metric in METRICS:
        past = (before or {}).get("metrics", {}).get(metric, {})
        found[metric] = {
            "control": figures(samples[control].after[metric]),
            "arms": {
                arm: against(
                    samples[arm], samples[control], metric, expected.get(metric, 0.0), alpha,
                    past.get("arms", {}).get(arm, {}).get("ever", 1.0),
                )
                for arm in others
            },
        }  # fmt: skip
    return {
        "n": {arm: sample.n for arm, sample in samples.items()},
        "alpha": alpha,
        "metrics": found,
        "harmed": harmed(found, guardrails, alpha),
    }


def against(
    treated: Sample, control: Sample, metric: str, expected: float, alpha: float, ever: float = 1.0
) -> dict[str, Any]:
    """One arm against the control: the difference with the interval that may be looked at early, and with that of one look."""
    outcomes = [treated.after[metric], control.after[metric]]
    (ours, theirs), quieter = proving.settled(outcomes, [treated.before[metric], control.before[metric]])
    a, b = proving.group_of(ours), proving.group_of(theirs)
    plain = plainly(treated.after[metric], control.after[metric], shares=METRICS[metric].share)
    enough = not METRICS[metric].share or proving.enough_happened(outcomes)
    width = abs(expected) or USUAL_LIFT * abs(float(b.mean)) or b.variance**0.5 * USUAL_LIFT
    seen = proving.look(a, b, width if enough else 0.0, alpha)
    return {
        "mean": _told(a.mean),
        "plain_mean": float(treated.after[metric].mean()) if treated.n else 0.0,
        "difference": _told(seen.interval.estimate),
        "low": _told(seen.interval.low),
        "high": _told(seen.interval.high),
        "p": seen.p,
        "ever": min(ever, seen.p),
        "plain": [_told(one) for one in plain],
        "quieter": round(quieter, 4),
    }


def plainly(
    treated: NDArray[np.float64], control: NDArray[np.float64], *, shares: bool, level: float = 0.95
) -> Interval:
    """The difference with the interval of one look at the end."""
    if shares:
        return proving.newcombe((int(treated.sum()), len(treated)), (int(control.sum()), len(control)), level)
    return proving.welch(proving.group_of(treated), proving.group_of(control), level)


def figures(outcomes: NDArray[np.float64]) -> dict[str, Any]:
    """One group's mean and spread."""
    group: Group = proving.group_of(outcomes)
    return {"mean": group.mean, "deviation": group.variance**0.5}


def harmed(found: Mapping[str, Any], guardrails: Sequence[str], alpha: float) -> dict[str, str]:
    """Arm → the guardrail by which it surely does worse than the control."""
    part = alpha / max(1, len(guardrails))
    worse: dict[str, str] = {}
    for metric in guardrails:
        for arm, seen in found[metric]["arms"].items():
            if seen["p"] < part and seen["difference"] < 0:
                worse.setdefault(arm, metric)
    return worse


def verdict(seen: Mapping[str, Any], alpha: float) -> str:
    """`better`, `worse` or `open`: whether any look so far found a difference, by where it stands now."""
    if seen["ever"] >= alpha:
        return "open"
    return "better" if seen["difference"] > 0 else "worse"


def _told(number: float) -> float | None:
    """A number for a row; None where nothing bounds it."""
    return float(number) if isfinite(number) else None
