"""Worked customers: each shows one thing of the decision, and says by hand what it must show."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from tests.unit.reference import words

NOW = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
"""Noon in New York, a Sunday."""
TODAY = date(2026, 11, 22)


@dataclass
class Case:
    """`first`, `order` (some of it), `withheld` and `figures` are what a person expects; the reference says the rest."""

    name: str
    profile: dict[str, Any]
    offers: list[dict[str, Any]] = field(default_factory=list)
    configuration: dict[str, Any] = field(default_factory=dict)
    now: datetime = NOW
    first: str | None = None
    order: tuple[str, ...] = ()
    withheld: dict[str, tuple[str, str]] = field(default_factory=dict)
    terms: dict[str, dict[str, Any]] = field(default_factory=dict)
    channels: dict[str, dict[str, str | None]] = field(default_factory=dict)
    """channel → treatment → the rule that keeps it there, None where it is delivered."""
    figures: dict[str, dict[str, float]] = field(default_factory=dict)
    """Parts of a priority, worked out by hand."""


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def ahead(days: int) -> date:
    return TODAY + timedelta(days=days)


def person(**more: Any) -> dict[str, Any]:
    """A settled customer with fibre who consents to offers everywhere; `more` overrides attributes or parts of the profile."""
    parts = {name: more.pop(name) for name in ("moment", "consents", "facts", "timezone", "holdings") if name in more}
    calls = more.pop("calls", 0)
    complaints = more.pop("complaints", 0)
    facts: dict[str, Any] = {"days": {}, "values": {}, "dates": {}}
    if calls:
        facts["days"]["calls"] = {ago(3).isoformat(): calls}
    if complaints:
        facts["days"]["complaints"] = {ago(100).isoformat(): complaints}
    if "open_complaints" in more:
        facts["values"]["open_complaints"] = more.pop("open_complaints")
    attributes = {"tenure": 24, "monthly": 70.0, "contract": "yearly", "fibre": True, "owed": 0.0, "age": 40, **more}
    consents = {f"marketing/{c}": "granted" for c in ("phone", "portal", "email", "sms")}
    return {"attributes": attributes, "facts": facts, "consents": consents, "moment": None, **parts}


def moment(
    stage: str, intent: str | None = None, source: str = "stated", hours: float = 24, version: int = 3
) -> dict[str, Any]:
    """A moment that fades after so many hours; negative: it has faded."""
    return {
        "version": version, "stage": stage, "intent": intent, "source": source,
        "set_at": NOW - timedelta(hours=30), "fades_at": NOW + timedelta(hours=hours),
    }  # fmt: skip


def offer(treatment: str, state: str, days_ago: int, **more: Any) -> dict[str, Any]:
    """An offer presented so many days ago, under version 1, in no moment; `valid` days from then."""
    day = ago(days_ago)
    valid = more.pop("valid", 30)
    return {
        "treatment": treatment, "state": state, "version": 1, "terms": [], "moment": "0", "first": False,
        "presented_on": day, "presented_at": f"{day.isoformat()}T15:00:00+00:00", "valid_until": day + timedelta(days=valid),
        **more,
    }  # fmt: skip


@cache
def _plain() -> dict[str, Any]:
    return words.body()


def setting(
    version: int = 1,
    older: dict[int, Any] | None = None,
    levers: Any = None,
    prices: Any = None,
    exhausted: str = "",
    **changes: Any,
) -> dict[str, Any]:
    """What is published. `exhausted`: the budgets of which nothing is left, by key."""
    body = words.body(**changes) if changes else _plain()
    return {
        "version": version, "catalogue": body, "older": older or {}, "levers": levers or {}, "prices": prices or {},
        "exhausted": set(exhausted.split()),
    }  # fmt: skip


def line(holding_id: str, **attributes: Any) -> dict[str, Any]:
    """One of the customer's lines."""
    return {"holding_id": holding_id, "kind": "line", "attributes": attributes}


@cache
def cases() -> tuple[Case, ...]:
    """All of them; the first ones without a ledger, then those with."""
    from tests.unit.reference import cases_held, cases_ledger, cases_limits, cases_person, cases_together

    return (*cases_person.CASES, *cases_ledger.CASES, *cases_limits.CASES, *cases_together.CASES, *cases_held.CASES)
