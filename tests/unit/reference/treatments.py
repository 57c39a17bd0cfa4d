"""The small vertical's treatments."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.unit.reference.words import ALWAYS, Rule


def treatment(key: str, issue: str, objective: str, objectives: dict[str, float], **more: Any) -> dict[str, Any]:
    """A treatment with plain words in the named channels; what is not given always holds and is worth little."""
    channels = more.pop("channels", "phone portal email sms").split()
    words: dict[str, Any] = {
        "phone": {"script": f"May I tell you about {key}?"},
        "portal": {"headline": f"About {key}", "body": "In short.", "accept": "Yes"},
        "email": {"text": f"About {key}"},
        "sms": {"text": f"About {key}"},
    }
    rules = {"eligible": ALWAYS, "applicable": ALWAYS, "suitable": ALWAYS} | more.pop("rules", {})
    value = {"equity": 1.0, "cost": 0, "experience": 1.0} | more.pop("value", {})
    return {
        "key": key,
        "name": key.replace("_", " ").title(),
        "issue": issue,
        "group": issue,
        "purpose": "service",
        "owner": "Customer care",
        "metric": "Calls about the same matter",
        "objective": objective,
        "objectives": objectives,
        "acceptance": 0.3,
        "acceptance_evidence": "Set for the test.",
        "valid_days": 30,
        "cool_off_days": 60,
        "repeat_days": 365,
        "reason": [{"agent": "It fits.", "customer": "It fits you."}],
        "fulfilment": {"kind": "message", "promise": "You will hear from us."},
        **more,
        "rules": rules,
        "value": {**value, "equity_evidence": "Set for the test.", "experience_evidence": "Set for the test."},
        **{channel: words[channel] for channel in channels},
    }


_CREDIT = Rule("least(0.3 * monthly, 25.0)", lambda c: min(0.3 * c["monthly"], 25.0), "monthly")
_RECENT = Rule("tenure < 8", lambda c: c["tenure"] < 8, "tenure")

TREATMENTS: list[dict[str, Any]] = [
    treatment(
        "explain_bill", "service", "resolve", {"inform": 0.5, "resolve": 0.4},
        resolves=["bill"], acceptance=0.55, channels="phone portal email",
        rules={"applicable": Rule('calls_30d >= 1 || intent == "bill"', lambda c: c["calls_30d"] >= 1 or c["intent"] == "bill", "calls_30d intent")},
        value={"equity": Rule("4.0 + 0.5 * double(calls_30d)", lambda c: 4 + 0.5 * c["calls_30d"], "calls_30d"), "cost": 1.5, "experience": 6.0},
    ),
    treatment(
        "technician", "service", "resolve", {"resolve": 0.8, "retain": 0.2},
        resolves=["fault"], acceptance=0.6, channels="phone portal",
        rules={
            "eligible": Rule("fibre", lambda c: c["fibre"], "fibre"),
            "applicable": Rule('calls_30d >= 2 || intent == "fault"', lambda c: c["calls_30d"] >= 2 or c["intent"] == "fault", "calls_30d intent"),
        },
        value={"equity": Rule("10.0 * churn_risk", lambda c: 10 * c["churn_risk"], "churn_risk"), "cost": 20, "experience": 45.0},
        term=[
            {"key": "wait", "label": "Days to wait", "unit": "days", "value": Rule("calls_30d > 4 ? 1 : 3", lambda c: 1 if c["calls_30d"] > 4 else 3, "calls_30d")},
            {"key": "hours", "label": "When", "unit": "text", "value": Rule('"mornings"', lambda c: "mornings")},
        ],
    ),
    treatment(
        "faster", "sales", "expand", {"expand": 0.7, "inform": 0.1},
        purpose="marketing", acceptance=0.12, valid_days=14,
        rules={
            "eligible": Rule("fibre", lambda c: c["fibre"], "fibre"),
            "applicable": Rule('stage != "leave"', lambda c: c["stage"] != "leave", "stage"),
            "suitable": Rule("owed == 0.0", lambda c: c["owed"] == 0, "owed"),
        },
        value={
            "equity": Rule("12.0 * monthly * 0.1", lambda c: 12 * c["monthly"] * 0.1, "monthly"),
            "cost": 8,
            "experience": Rule("tenure >= 12 ? 20.0 : -3.0", lambda c: 20.0 if c["tenure"] >= 12 else -3.0, "tenure"),
        },
        term=[{"key": "price", "label": "A month", "unit": "money", "low": 5.0, "high": 12.5, "value": Rule("monthly * 0.07", lambda c: c["monthly"] * 0.07, "monthly")}],
    ),
    treatment(
        "films", "sales", "expand", {"expand": 0.6},
        purpose="marketing", acceptance=0.2, channels="portal sms",
        value={"equity": Rule("0.3 * monthly + 9.0", lambda c: 0.3 * c["monthly"] + 9, "monthly"), "cost": 2.0, "experience": 12.0},
        term=[
            {"key": "price", "label": "A month", "unit": "money", "value": 7.995},
            {"key": "months", "label": "Months", "unit": "months", "low": 1, "high": 24, "value": Rule("double(tenure) / 4.0", lambda c: c["tenure"] / 4, "tenure")},
        ],
    ),
    treatment(
        "goodwill", "retention", "retain", {"retain": 0.7, "resolve": 0.3},
        concession=True, acceptance=0.7, repeat_days=90,
        rules={"applicable": Rule("calls_30d >= 6 || complaints_12m > 0", lambda c: c["calls_30d"] >= 6 or c["complaints_12m"] > 0, "calls_30d complaints_12m")},
        value={"equity": Rule("churn_risk * 6.0 * monthly", lambda c: c["churn_risk"] * 6 * c["monthly"], "churn_risk monthly"), "cost": _CREDIT, "experience": _CREDIT},
        term=[{"key": "credit", "label": "Credit", "unit": "money", "value": _CREDIT, "concession": True}],
        fulfilment={"kind": "credit", "term": "credit", "promise": "The credit is on your next bill."},
    ),
    treatment(
        "loyalty", "retention", "retain", {"retain": 0.9},
        resolves=["leaving"], acceptance=0.35, channels="phone portal email",
        rules={
            "eligible": Rule('contract == "monthly"', lambda c: c["contract"] == "monthly", "contract"),
            "applicable": Rule('churn_risk > 0.3 || intent == "leaving"', lambda c: c["churn_risk"] > 0.3 or c["intent"] == "leaving", "churn_risk intent"),
        },
        value={
            "equity": Rule("churn_risk * monthly * 5.0", lambda c: c["churn_risk"] * c["monthly"] * 5, "churn_risk monthly"),
            "cost": Rule("monthly * 0.6", lambda c: c["monthly"] * 0.6, "monthly"),
            "experience": Rule("monthly * 0.6", lambda c: c["monthly"] * 0.6, "monthly"),
        },
        term=[
            {"key": "discount", "label": "Discount", "unit": "percent", "low": 5, "high": 12, "value": Rule("5.0 + 10.0 * churn_risk", lambda c: 5 + 10 * c["churn_risk"], "churn_risk")},
            {"key": "months", "label": "For", "unit": "months", "value": 12},
        ],
        fulfilment={"kind": "attributes", "set": {"contract": "yearly"}, "promise": "Your new contract starts today."},
    ),
    treatment(
        "payment_plan", "collections", "collect", {"collect": 0.6, "resolve": 0.3},
        acceptance=0.5, channels="phone portal email",
        rules={"eligible": Rule("owed > 0.0", lambda c: c["owed"] > 0, "owed")},
        value={"equity": Rule("0.4 * owed", lambda c: 0.4 * c["owed"], "owed"), "cost": 3.0, "experience": 15.0},
        term=[
            {"key": "instalment", "label": "Each", "unit": "money", "value": Rule("owed / 3.0", lambda c: c["owed"] / 3, "owed")},
            {"key": "instalments", "label": "Instalments", "unit": "count", "value": 3},
        ],
    ),
    treatment(
        "reminder", "collections", "collect", {"collect": 0.9},
        acceptance=0.4, channels="phone email sms",
        rules={"eligible": Rule("owed > 0.0", lambda c: c["owed"] > 0, "owed")},
        value={
            "equity": Rule("0.2 * owed", lambda c: 0.2 * c["owed"], "owed"),
            "cost": 0.5,
            "experience": Rule("owed > 100.0 ? -5.0 : 3.0", lambda c: -5.0 if c["owed"] > 100 else 3.0, "owed"),
        },
    ),
    treatment(
        "senior_help", "care", "inform", {"inform": 0.4, "resolve": 0.3},
        benefit="Help that takes more time.", channels="phone portal",
        rules={"eligible": Rule("age >= 65", lambda c: c["age"] >= 65, "age")},
        value={"equity": 1.0, "cost": 0.5, "experience": 30.0},
    ),
    treatment("tip", "care", "inform", {"inform": 0.2}, acceptance=0.05, value={"equity": 0.1, "experience": 0.2}),
    treatment(
        "autumn", "care", "inform", {"inform": 0.3},
        acceptance=0.25, in_force_from=date(2026, 11, 10), in_force_until=date(2026, 11, 30),
        value={"equity": 12.0, "experience": 60.0},
    ),
    treatment(
        "broken_rule", "care", "inform", {"inform": 0.3},
        rules={"eligible": _RECENT, "applicable": Rule("10 / (tenure - 5) >= 0", lambda c: 10 // (c["tenure"] - 5) >= 0, "tenure")},
        value={"equity": 5.0, "experience": 5.0},
    ),
    treatment(
        "broken_value", "care", "inform", {"inform": 0.3},
        rules={"eligible": _RECENT}, value={"equity": Rule("10.0 / owed", lambda c: 10 / c["owed"], "owed"), "experience": 5.0},
    ),
    treatment(
        "broken_terms", "care", "inform", {"inform": 0.3},
        rules={"eligible": _RECENT}, value={"equity": 5.0, "experience": 5.0},
        term=[{"key": "bonus", "label": "Bonus", "unit": "money", "value": Rule("10.0 / owed", lambda c: 10 / c["owed"], "owed")}],
    ),
    *(
        treatment(
            key, "service", "inform", {"inform": 0.5},
            rules={"eligible": Rule("calls_30d == 0", lambda c: c["calls_30d"] == 0, "calls_30d")},
            value={"equity": 3.0, "cost": 1.0, "experience": 4.0},
        )
        for key in ("twin_b", "twin_a")
    ),
]  # fmt: skip
