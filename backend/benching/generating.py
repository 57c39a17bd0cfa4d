"""Catalogues of any size over a real pack's attributes: made up by a seed, so that each run measures the same."""

from __future__ import annotations

import random
from typing import Any

from backend.engine.catalogue import Catalogue
from backend.matrix.service import Attribute, Body, Pack, pack_from

SEED = 2026
ISSUES = ("retention", "service", "care", "retention", "service", "collections")


def generated(body: Body, pack: Pack, size: int) -> Catalogue:
    """The pack with this many treatments in place of its own: three rules, terms, two values and two reasons each."""
    return Catalogue(0, _with(body, pack, size))


def generated_body(body: Body, size: int) -> Body:
    """The same as a body, to be published."""
    return _with({key: value for key, value in body.items() if key != "personas"}, pack_from(body), size)


def _with(body: Body, pack: Pack, size: int) -> Body:
    made = [_treatment(pack, number, random.Random(SEED * 10_000 + number)) for number in range(size)]
    return {**body, "treatments": {"generated": {"treatment": made}}}


def _treatment(pack: Pack, number: int, rand: random.Random) -> dict[str, Any]:
    objective = pack.objectives[number % len(pack.objectives)]
    return {
        "key": f"generated_{number:04}",
        "name": f"Generated {number}",
        "issue": ISSUES[number % len(ISSUES)],
        "group": f"group_{number % 12}",
        "purpose": next(purpose.key for purpose in pack.purposes if not purpose.needed),
        "owner": "Bench",
        "metric": "None: it is only measured",
        "objective": objective,
        "acceptance": round(rand.uniform(0.2, 0.9), 3),
        "acceptance_evidence": "Made up.",
        "valid_days": 30,
        "cool_off_days": 30,
        "repeat_days": 180,
        "objectives": {objective: round(rand.uniform(0.5, 0.9), 2)},
        "rules": {
            "eligible": _likely(pack, rand),
            "applicable": f"{_likely(pack, rand)} && tenure >= {rand.randint(0, 4)}",
            "suitable": f"{_likely(pack, rand)} || churn_risk < {rand.uniform(0.3, 0.9):.2f}",
        },
        "value": {
            "equity": f"greatest(churn_risk, 0.1) * {rand.uniform(4, 12):.2f} * monthly_charges + {rand.uniform(5, 40):.1f}",
            "cost": f"greatest(1.0, monthly_charges * {rand.uniform(0.01, 0.1):.3f})",
            "equity_evidence": "Made up.",
            "experience": f"{rand.uniform(5, 60):.1f} + double(tenure) * 0.1",
            "experience_evidence": "Made up.",
        },
        "term": [{"key": "amount", "label": "Amount", "unit": "money", "value": "monthly_charges * 0.25", "low": 1}],
        "phone": {"script": "It would be {amount}."},
        "portal": {"headline": "A generated treatment", "body": "It would be {amount}.", "accept": "Take it"},
        "reason": [
            {"when": _likely(pack, rand), "agent": "A reason.", "customer": "A reason."},
            {"agent": "Another reason.", "customer": "Another reason."},
        ],
        "fulfilment": {"kind": "message", "what": "nothing", "promise": "Nothing happens."},
    }


def _likely(pack: Pack, rand: random.Random) -> str:
    """A condition that many customers meet, over an attribute that is known of each and that any rule may name."""
    measurable = ("bool", "choice", "int", "number")
    known = [a for a in pack.attributes.values() if a.column and not a.protected and a.type in measurable]
    return _condition(rand.choice(known), rand)


def _condition(attribute: Attribute, rand: random.Random) -> str:
    key = attribute.key
    match attribute.type:
        case "bool":
            return key if rand.random() < 0.5 else f"!{key}"
        case "choice":
            return f'{key} != "{rand.choice(attribute.choices)}"'
        case "int":
            return f"{key} >= {rand.randint(0, 24)}"
        case _:
            return f"{key} > {rand.uniform(0, 60):.1f}"
