"""The door of trials: experiments planned, begun, looked at and decided; what holdouts show."""

from __future__ import annotations

from backend.trials.comparing import ALPHA, compared, plainly, verdict
from backend.trials.lifting import WINDOWS, Lift, by_quality, lift_due, lifts, look_at_holdout, measured
from backend.trials.looking import (
    decide,
    forget_looks,
    found_now,
    last_look,
    latest,
    look_at,
    look_due,
    look_until,
    stop,
)
from backend.trials.outcomes import METRICS, Metric, usual
from backend.trials.planning import (
    LONGEST_WINDOW,
    MOST_ARMS,
    READY,
    ask,
    change_plan,
    plan_trial,
    send_back,
    start,
    trial,
    trials,
    withdraw,
)
from backend.trials.types import Plan, PlannedArm, Trial

__all__ = [
    "ALPHA",
    "LONGEST_WINDOW",
    "METRICS",
    "MOST_ARMS",
    "READY",
    "WINDOWS",
    "Lift",
    "Metric",
    "Plan",
    "PlannedArm",
    "Trial",
    "ask",
    "by_quality",
    "change_plan",
    "compared",
    "decide",
    "forget_looks",
    "found_now",
    "last_look",
    "latest",
    "lift_due",
    "lifts",
    "look_at",
    "look_at_holdout",
    "look_due", "look_until",
    "measured",
    "plainly",
    "plan_trial",
    "send_back",
    "start",
    "stop",
    "trial",
    "trials",
    "usual",
    "verdict",
    "withdraw",
]  # fmt: skip
