"""Treatments that the small vertical has only when a case asks for them: after others, with others, for each line, out of a budget."""

from __future__ import annotations

from typing import Any

from tests.unit.reference.treatments import treatment
from tests.unit.reference.words import Rule

_LIST: list[dict[str, Any]] = [
    treatment(
        "duo", "sales", "expand", {"expand": 0.8},
        purpose="marketing", acceptance=0.2, bundle=["faster", "films"],
        value={"equity": 60.0, "cost": 5.0, "experience": 30.0},
        term=[{"key": "price", "label": "A month", "unit": "money", "value": 11.0}],
    ),
    treatment(
        "sport", "sales", "expand", {"expand": 0.5},
        purpose="marketing", acceptance=0.15, group="channels", excludes=["films"], value={"equity": 40.0, "experience": 20.0},
    ),
    treatment(
        "music", "sales", "expand", {"expand": 0.4},
        purpose="marketing", acceptance=0.15, group="channels", value={"equity": 35.0, "experience": 15.0},
    ),
    treatment(
        "news", "care", "inform", {"inform": 0.4},
        group="channels", acceptance=0.3, repeat_days=90, value={"equity": 9.0, "experience": 12.0},
    ),
    treatment("upgrade", "service", "inform", {"inform": 0.6}, requires=["films"], value={"equity": 20.0, "experience": 20.0}),
    treatment(
        "checkup", "service", "resolve", {"resolve": 0.6},
        follows={"after": "technician", "from_days": 3, "within_days": 10}, value={"equity": 15.0, "experience": 25.0},
    ),
    treatment(
        "speed", "service", "inform", {"inform": 0.5},
        subject="line", acceptance=0.4, repeat_days=100,
        rules={
            "eligible": Rule("line_speed < 100", lambda c: c["line_speed"] < 100, "line_speed"),
            "suitable": Rule('fibre || line_kind == "home"', lambda c: c["fibre"] or c["line_kind"] == "home", "line_kind fibre"),
        },
        value={
            "equity": Rule("0.2 * line_price + 3.0", lambda c: 0.2 * c["line_price"] + 3, "line_price"),
            "experience": Rule("0.1 * double(100 - line_speed)", lambda c: 0.1 * (100 - c["line_speed"]), "line_speed"),
        },
        term=[{"key": "price", "label": "A month", "unit": "money", "value": Rule("line_price + 2.0", lambda c: c["line_price"] + 2, "line_price")}],
    ),
    treatment(
        "insure", "care", "inform", {"inform": 0.5},
        subject="phone", rules={"eligible": Rule("!phone_insured", lambda c: not c["phone_insured"], "phone_insured")},
        value={"equity": 8.0, "experience": 9.0},
    ),
    treatment(
        "visit", "service", "resolve", {"resolve": 0.7},
        acceptance=0.5, use=[{"budget": "visits"}], value={"equity": 30.0, "cost": 5.0, "experience": 40.0},
    ),
    treatment(
        "refund", "retention", "retain", {"retain": 0.8},
        concession=True, acceptance=0.6,
        use=[{"budget": "visits", "amount": 2}, {"budget": "goodwill", "amount": Rule("0.25 * monthly", lambda c: 0.25 * c["monthly"], "monthly")}],
        value={"equity": 60.0, "cost": Rule("0.25 * monthly", lambda c: 0.25 * c["monthly"], "monthly"), "experience": 20.0},
        term=[{"key": "refund", "label": "Refund", "unit": "money", "concession": True, "value": Rule("0.25 * monthly", lambda c: 0.25 * c["monthly"], "monthly")}],
    ),
]  # fmt: skip

EXTRAS = {t["key"]: t for t in _LIST}
