"""A small vertical of a telephone company, made so that each step of the funnel has something to catch."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

Names = Mapping[str, Any]


class Rule(str):
    """CEL text for the engine; `by_hand` is the same rule in Python, and `reads` the names that it reads."""

    by_hand: Callable[[Names], Any]
    reads: tuple[str, ...]

    def __new__(cls, text: str, by_hand: Callable[[Names], Any], reads: str = "") -> Rule:
        rule = super().__new__(cls, text)
        rule.by_hand, rule.reads = by_hand, tuple(reads.split())
        return rule

    def __deepcopy__(self, memo: Any) -> Rule:
        return self


ALWAYS = Rule("true", lambda c: True)

PACK: dict[str, Any] = {
    "name": "small",
    "label": "A small telephone company",
    "currency": "USD",
    "timezone": "America/New_York",
    "language": "en",
    "phone": "+1 212 555 0100",
    "default_stage": "use",
    "policies": {
        "epsilon": 0.05,
        "beta": 0.5,
        "beta_floor": 0.2,
        "attention_cost": 0.1,
        "attention_per_recent": 0.05,
        "concession_cap": 60,
    },
    "cap": [{"key": "sales_30d", "of": "issue", "name": "sales", "outcome": "presented", "days": 30, "most": 2}],
    "gap": [{"key": "sales", "of": "issue", "name": "sales", "days": 5}],
    "budget": [
        {"key": "goodwill", "label": "Goodwill", "unit": "money", "per": "month", "amount": 20000},
        {"key": "visits", "label": "Visits of the technician", "unit": "places", "per": "day", "amount": 30},
    ],
    "purpose": [
        {"key": "service", "label": "Running your service", "needed": False},
        {"key": "marketing", "label": "Offers and news", "needed": True},
    ],
    "protective": [
        {
            "key": "open_complaint",
            "label": "Complaint still open",
            "rule": Rule("open_complaints > 0", lambda c: c["open_complaints"] > 0, "open_complaints"),
            "silences": ["sales", "collections"],
        },
        {
            "key": "bereaved",
            "label": "Bereavement in the family",
            "rule": Rule('care_note == "bereaved"', lambda c: c["care_note"] == "bereaved", "care_note"),
            "silences": ["sales", "collections"],
        },
    ],
    "acknowledgement": [{"kind": "outage", "agent": "I am sorry about the outage.", "customer": "We are sorry."}],
    "decline_reason": [
        {"key": "not_needed", "label": "Doesn't need it"},
        {"key": "not_now", "label": "Not now", "cool_off_days": 30},
        {"key": "never", "label": "Never again", "cool_off_days": 730},
    ],
}

ATTRIBUTES = [
    {"key": "tenure", "label": "Months with us", "type": "int", "visible": ["agent", "customer"]},
    {"key": "monthly", "label": "Monthly charge", "type": "number", "unit": "money", "visible": ["agent", "customer"]},
    {
        "key": "contract",
        "label": "Contract",
        "type": "choice",
        "choices": ["monthly", "yearly"],
        "default": "monthly",
        "actionable": True,
    },
    {"key": "fibre", "label": "Fibre", "type": "bool"},
    {"key": "owed", "label": "Owed", "type": "number", "unit": "money", "default": 0, "actionable": True},
    {"key": "age", "label": "Age", "type": "int", "protected": True, "personal": True, "default": 40},
    {"key": "care_note", "label": "Care note", "type": "choice", "choices": ["", "bereaved"], "default": ""},
]

FACTS = [
    {"key": "calls_30d", "label": "Calls in 30 days", "of": "calls", "window": 30},
    {"key": "complaints_12m", "label": "Complaints in 12 months", "of": "complaints", "window": 365},
    {"key": "open_complaints", "label": "Open complaints", "value": "open_complaints", "actionable": True},
    {"key": "days_since_contact", "label": "Days since contact", "since": "last_contact", "default": 9999},
]

HOLDINGS = [
    {
        "key": "line",
        "label": "Line",
        "attribute": [
            {"key": "speed", "label": "Speed", "type": "int", "default": 50},
            {"key": "price", "label": "A month", "type": "number", "unit": "money"},
            {"key": "kind", "label": "Kind", "type": "choice", "choices": ["home", "mobile"], "default": "home"},
        ],
    },
    {"key": "phone", "label": "Telephone", "attribute": [{"key": "insured", "label": "Insured", "type": "bool"}]},
]

OBJECTIVES = ["inform", "resolve", "retain", "expand", "collect"]


def _weights(*numbers: float) -> dict[str, float]:
    return dict(zip(OBJECTIVES, numbers, strict=True))


def cell(stage: str, channel: str, objectives: str) -> dict[str, Any]:
    return {"stage": stage, "channel": channel, "objectives": objectives.split(), "cost": 1.0, "value": 2.0}


MATRIX = {
    "objectives": OBJECTIVES,
    "stage": [{"key": key, "label": key.title()} for key in ("use", "pay", "support", "leave")],
    "channel": [{"key": key, "label": key.title()} for key in ("phone", "portal", "email", "sms")],
    "cell": [
        cell("use", "phone", "inform resolve retain expand"),
        cell("use", "portal", "inform resolve retain expand collect"),
        cell("use", "email", "inform expand"),
        cell("use", "sms", "collect"),
        cell("pay", "phone", "inform resolve retain collect"),
        cell("pay", "portal", "inform resolve expand collect"),
        cell("pay", "email", "inform resolve collect"),
        cell("pay", "sms", "collect"),
        cell("support", "phone", "inform resolve retain"),
        cell("support", "portal", "inform resolve retain expand"),
        cell("leave", "phone", "inform resolve retain"),
        cell("leave", "portal", "inform resolve retain"),
        cell("leave", "email", "inform"),
    ],
    "stage_weights": [
        {"stage": "use", "weights": _weights(0.6, 0.3, 0.4, 0.8, 0.1)},
        {"stage": "pay", "weights": _weights(0.7, 0.6, 0.2, 0.1, 1.0)},
        {"stage": "support", "weights": _weights(0.5, 1.0, 0.4, 0.0, 0.1)},
        {"stage": "leave", "weights": _weights(0.2, 0.5, 1.0, 0.0, 0.0)},
    ],
}

LIFE_CYCLE = {
    "state": [
        {
            "key": "new",
            "label": "New",
            "rule": Rule("tenure < 3", lambda c: c["tenure"] < 3, "tenure"),
            "weights": _weights(1.0, 0.5, 0.2, 0.1, 0.0),
        },
        {
            "key": "at_risk",
            "label": "At risk",
            "rule": Rule("churn_risk >= 0.5", lambda c: c["churn_risk"] >= 0.5, "churn_risk"),
            "weights": _weights(0.3, 0.8, 1.0, 0.0, 0.1),
        },
        {"key": "active", "label": "Active", "rule": ALWAYS, "weights": _weights(0.5, 0.5, 0.5, 0.7, 0.4)},
    ]
}

INTENTS = {
    "intent": [
        {
            "key": "fault",
            "label": "Something does not work",
            "choice": "Something isn't working",
            "stage": "support",
            "fade_hours": 48,
            "weights": _weights(0.4, 1.0, 0.5, 0.0, 0.1),
        },
        {
            "key": "bill",
            "label": "Question about a bill",
            "choice": "I have a question about my bill",
            "stage": "pay",
            "fade_hours": 72,
            "weights": _weights(0.9, 1.0, 0.3, 0.05, 0.4),
        },
        {
            "key": "leaving",
            "label": "Wants to leave",
            "choice": "I'm thinking of leaving",
            "stage": "leave",
            "fade_hours": 168,
            "weights": _weights(0.2, 0.6, 1.0, 0.0, 0.0),
        },
    ]
}

SEGMENTS = {
    "segment": [
        {
            "key": "quiet",
            "label": "Never calls",
            "rule": Rule("calls_30d == 0", lambda c: c["calls_30d"] == 0, "calls_30d"),
        },
        {
            "key": "loyal",
            "label": "Five years with us",
            "rule": Rule("tenure >= 60", lambda c: c["tenure"] >= 60, "tenure"),
            "beta": 0.1,
        },
        {
            "key": "gold",
            "label": "Pays the most",
            "rule": Rule("monthly >= 80.0", lambda c: c["monthly"] >= 80, "monthly"),
            "beta": 0.7,
            "cell": [cell("support", "portal", "inform resolve"), cell("use", "sms", "expand collect")],
        },
    ]
}

CHURN = {
    "intercept": -0.4,
    "term": [
        {"attribute": "tenure", "transform": "log1p", "mean": 2.5, "scale": 1.2, "coefficient": -0.8},
        {"attribute": "monthly", "mean": 60, "scale": 25, "coefficient": 0.3},
        {"attribute": "contract", "level": "monthly", "coefficient": 0.9},
        {"attribute": "fibre", "level": True, "coefficient": 0.25},
    ],
}

ACTS = [
    {"key": "pay", "label": "They pay what they owe", "when": "owed > 0.0", "set": {"owed": 0.0}},
    {
        "key": "solve_complaint",
        "label": "We solve the complaint",
        "by": "us",
        "when": "open_complaints > 0",
        "set": {"open_complaints": 0},
    },
    {"key": "sign", "label": "They sign for a year", "when": 'contract == "monthly"', "set": {"contract": "yearly"}},
]
"""What someone can do today; no part of a decision."""


def body(**changes: Any) -> dict[str, Any]:
    """The whole vertical as one body, a fresh copy; `changes` merges into treatments by key, None takes one out.

    `policies` merges into the pack's policies, `pack` into the pack itself, `segments` into segments by key; `holdouts` are the
    pack's. `extras` names
    treatments that the vertical has only when they are asked for.
    """
    from tests.unit.reference.extras import EXTRAS
    from tests.unit.reference.treatments import TREATMENTS

    whole = copy.deepcopy(
        {
            "pack": PACK,
            "attributes": {"attribute": ATTRIBUTES},
            "facts": {"fact": FACTS},
            "holdings": {"holding": HOLDINGS},
            "matrix": MATRIX,
            "lifecycle": LIFE_CYCLE,
            "intents": INTENTS,
            "segments": SEGMENTS,
            "churn": CHURN,
            "acts": {"act": ACTS},
        }
    )
    whole["pack"] |= dict(changes.pop("pack", None) or {})
    whole["pack"]["policies"] |= dict(changes.pop("policies", None) or {})
    for key, change in (changes.pop("segments", None) or {}).items():
        next(s for s in whole["segments"]["segment"] if s["key"] == key).update(change)
    if holdouts := changes.pop("holdouts", None):
        whole["holdouts"] = {"holdout": holdouts}
    chosen = [*TREATMENTS, *(EXTRAS[key] for key in changes.pop("extras", "").split())]
    treatments = [
        _merged(copy.deepcopy(t), changes.get(t["key"], {})) for t in chosen if changes.get(t["key"], {}) is not None
    ]
    unknown = set(changes) - {t["key"] for t in chosen}
    if unknown:
        raise KeyError(f"no treatment is called {', '.join(unknown)}")
    return {**whole, "treatments": {"all": {"treatment": treatments}}}


def _merged(treatment: dict[str, Any], change: Mapping[str, Any] | None) -> dict[str, Any]:
    for key, value in (change or {}).items():
        old = treatment.get(key)
        treatment[key] = {**old, **value} if isinstance(old, dict) and isinstance(value, Mapping) else value
        if value is None:
            del treatment[key]
    return treatment
