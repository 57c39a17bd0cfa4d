"""Random worlds for properties: a catalogue, a customer with a moment, a ledger and a day, all of them possible together.

Hypothesis chooses seeds and sizes, and plain seeded chance fills in the rest: thousands of single choices would cost more time
than the decisions that they are made for.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.unit.reference import words
from tests.unit.reference.extras import EXTRAS
from tests.unit.reference.treatments import TREATMENTS
from tests.unit.reference.words import Rule

WORDS = {t["key"]: t for t in (*TREATMENTS, *EXTRAS.values())}
PLAIN = tuple(t["key"] for t in TREATMENTS)
KEYS = tuple(WORDS)
BUDGETS = ("visits", "goodwill")
CHANNELS = ("phone", "portal", "email", "sms")
STAGES = ("use", "pay", "support", "leave")
INTENTS = ("fault", "bill", "leaving")
CATALOGUES = 60
"""So many different ones: compiling a catalogue is what takes time."""
_FIRST_DAY = datetime(2026, 11, 5, 4, 30, tzinfo=UTC)
_SEEDS = st.integers(0, 2**32)
_STATES = (
    "presented", "presented", "presented", "deferred", "declined", "declined", "accepted", "fulfilled", "fulfilled", "expired",
    "undone", "pending_approval", "superseded",
)  # fmt: skip
_UNANSWERED = ("presented", "expired", "superseded")
_MARGINS = (
    None,
    Rule("1.5 * monthly", lambda c: 1.5 * c["monthly"], "monthly"),
    Rule("monthly - 60.0", lambda c: c["monthly"] - 60, "monthly"),
    Rule("900.0 / owed", lambda c: 900 / c["owed"], "owed"),
)
_AMOUNTS = (
    1,
    2.5,
    Rule("0.1 * monthly", lambda c: 0.1 * c["monthly"], "monthly"),
    Rule("10.0 / owed", lambda c: 10 / c["owed"], "owed"),
)


@lru_cache(CATALOGUES)
def body(seed: int) -> dict[str, Any]:
    """A catalogue of some treatments, with a matrix, limits and bonds of its own."""
    chance = Random(seed)
    plain, extras = chance.sample(PLAIN, chance.randint(4, 8)), chance.sample(tuple(EXTRAS), chance.randint(2, 6))
    kept = [*plain, *extras]
    changes: dict[str, Any] = {key: _changed(key, chance) if chance.random() < 0.6 else {} for key in kept}
    for key in kept:
        changes[key] = changes[key] | _bound(key, kept, chance)
    changes |= dict.fromkeys(set(PLAIN) - set(plain))
    margin = chance.choice(_MARGINS)
    changes["policies"] = {
        "attention_cost": chance.choice([0.0, 0.1, 0.1, 1.0]),
        "concession_cap": chance.choice([0, 30, 60]),
        "concession_share": chance.choice([0.1, 0.25, 1.0]),
        "exclusive_groups": chance.sample(["channels", "sales", "care"], chance.choice([0, 0, 1, 2])),
        **({"margin": margin} if margin else {}),
    }
    changes["pack"] = {
        "cap": [_cap(nth, kept, chance) for nth in range(chance.randint(0, 3))],
        "gap": [
            {"key": f"g{nth}", **_scope(kept, chance), "days": chance.randint(1, 9)}
            for nth in range(chance.randint(0, 2))
        ],
    }
    changes["segments"] = {key: _own_weights(chance) for key in ("quiet", "loyal", "gold") if chance.random() < 0.5}
    made = words.body(extras=" ".join(extras), **changes)
    made["matrix"]["cell"] = [
        words.cell(stage, channel, " ".join(chance.sample(words.OBJECTIVES, size)))
        for stage in STAGES
        for channel in CHANNELS
        if (size := chance.choice([0, 3, 4, 4, 5, 5, 5]))
    ]
    return made


def _changed(key: str, chance: Random) -> dict[str, Any]:
    """One treatment made another: what it is for, how likely, how good, for which purpose, and in which channels it has words."""
    main, other = chance.sample(words.OBJECTIVES, 2)
    has = {c for c in CHANNELS if c in WORDS[key]}
    return {
        "objective": main,
        "objectives": {main: chance.choice([0.3, 0.45, 0.6, 0.8]), other: chance.choice([0.0, 0.2])},
        "acceptance": chance.uniform(0.05, 0.95),
        "issue": chance.choice(["retention", "service", "sales", "sales", "collections", "care"]),
        "purpose": chance.choice(["service", "marketing"]),
        "resolves": chance.sample(INTENTS, chance.randint(0, 2)),
        "value": {"equity": chance.uniform(-10, 60), "experience": chance.uniform(-2, 60)},
        **dict.fromkeys(sorted(has & set(chance.sample(CHANNELS, chance.choice([0, 0, 1, 2]))))),
    }


def _bound(key: str, kept: list[str], chance: Random) -> dict[str, Any]:
    """What binds it to others and to budgets, now and then; a bundle is made of what is in the catalogue."""
    others = [other for other in kept if other != key]
    bound: dict[str, Any] = {}
    parts = WORDS[key].get("bundle", [])
    if not set(parts) <= set(kept):
        bound["bundle"] = [part for part in parts if part in kept]
    elif chance.random() < 0.1:
        bound["bundle"] = chance.sample(others, chance.randint(1, 2))
    if chance.random() < 0.25:
        bound["excludes"] = chance.sample(others, chance.randint(1, 2))
    if chance.random() < 0.1:
        bound["requires"] = chance.sample(others, 1)
    if chance.random() < 0.1:
        first = chance.randint(0, 5)
        bound["follows"] = {
            "after": chance.choice(others),
            "from_days": first,
            "within_days": chance.randint(first + 1, 40),
        }
    if chance.random() < 0.2:
        bound["use"] = [
            {"budget": budget, "amount": chance.choice(_AMOUNTS)}
            for budget in chance.sample(BUDGETS, chance.randint(1, 2))
        ]
    if chance.random() < 0.15 and not WORDS[key].get("subject"):
        bound["subject"] = "line"
    if chance.random() < 0.2:
        bound["group"] = "channels"
    return bound


def _scope(kept: list[str], chance: Random) -> dict[str, Any]:
    of = chance.choice(["all", "issue", "issue", "group", "treatment"])
    names = {"issue": ["sales", "sales", "care"], "group": ["channels", "care", "sales"], "treatment": kept}
    return {"of": of, "name": chance.choice(["", *names[of]]) if of != "all" else ""}


def _cap(nth: int, kept: list[str], chance: Random) -> dict[str, Any]:
    scope = _scope(kept, chance)
    return {
        "key": f"c{nth}",
        **scope,
        "outcome": chance.choice(["presented", "presented", "declined", "accepted"]),
        "days": chance.choice([7, 30, 90]),
        "most": chance.randint(0 if scope["name"] else 1, 3),
    }


def _own_weights(chance: Random) -> dict[str, Any]:
    """A segment's version of some weights; never all of a vector nothing."""

    def vector() -> dict[str, float]:
        return {
            o: chance.choice([0.0, 0.2, 1.0] if o == "expand" else [0.1, 0.5, 1.0])
            for o in chance.sample(words.OBJECTIVES, 2)
        }

    return {
        "stage_weights": {stage: vector() for stage in chance.sample(STAGES, 2)},
        "life_cycle_weights": {state: vector() for state in chance.sample(["new", "at_risk", "active"], 2)},
        "intent_weights": {intent: vector() for intent in chance.sample(INTENTS, 1)},
    }


def person(seed: int, now: datetime) -> dict[str, Any]:
    """A customer: attributes, facts of the last weeks, consents, and a moment that may have faded."""
    chance = Random(seed)
    attributes = {
        "tenure": chance.choice([0, 2, 5, 7, 12, 30, 61]),
        "monthly": chance.uniform(15, 130),
        "contract": chance.choice(["monthly", "yearly"]),
        "fibre": chance.random() < 0.6,
        "owed": chance.choice([0.0, 0.0, 55.5, 140.0]),
        "age": chance.choice([30, 70]),
        "care_note": chance.choice(["", "", "", "", "bereaved"]),
    }
    days = [(now.date() - timedelta(days=chance.randint(0, 40))).isoformat() for _ in range(chance.randint(0, 3))]
    facts = {
        "days": {"calls": {day: chance.randint(1, 4) for day in days}},
        "values": {"open_complaints": chance.choice([0, 0, 0, 0, 1])},
    }
    said = [None, "granted", "granted", "denied"] if chance.random() < 0.85 else [None, "denied"]
    given = {f"marketing/{c}": chance.choice(said) for c in CHANNELS}
    given |= {f"service/{c}": chance.choice([None, None, None, "denied"]) for c in CHANNELS}
    consents = {key: state for key, state in given.items() if state}
    return {
        "attributes": attributes,
        "facts": facts,
        "consents": consents,
        "moment": _moment(chance, now),
        "holdings": _holdings(chance),
    }


def _holdings(chance: Random) -> list[dict[str, Any]]:
    """Some lines, and perhaps a telephone."""
    lines = chance.sample(["a", "b", "c"], chance.choice([0, 1, 2, 2, 3]))
    known = [
        {"speed": chance.choice([10, 50, 100]), "price": chance.uniform(0, 60)} if chance.random() < 0.8 else {}
        for _ in lines
    ]
    found = [
        {"holding_id": name, "kind": "line", "attributes": {**of, "kind": chance.choice(["home", "mobile"])}}
        for name, of in zip(lines, known, strict=True)
    ]
    if chance.random() < 0.5:
        found.append({"holding_id": "p", "kind": "phone", "attributes": {"insured": chance.random() < 0.3}})
    return found


def _moment(chance: Random, now: datetime) -> dict[str, Any] | None:
    if chance.random() < 0.25:
        return None
    set_at = now - timedelta(hours=chance.randint(0, 70))
    return {
        "version": 3,
        "stage": chance.choice(STAGES),
        "intent": chance.choice([None, *INTENTS]),
        "source": chance.choice(["stated", "stated", "inferred"]),
        "set_at": set_at,
        "fades_at": set_at + timedelta(hours=48),
    }


def ledger(seed: int, size: int, bodies: dict[int, dict[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """At most so many offers, oldest first; at most one of a treatment is not settled."""
    chance = Random(seed)
    offers: list[dict[str, Any]] = []
    for nth in range(size):
        version = chance.choice(sorted(bodies))
        t = chance.choice(bodies[version]["treatments"]["all"]["treatment"])
        state = chance.choice(_STATES)
        subject = {"line": chance.choice("abc"), "phone": "p"}.get(t.get("subject", ""), "")
        standing = {(o["treatment"], o["subject"]) for o in offers if o["state"] in ("presented", "deferred")}
        if state in ("presented", "deferred") and (t["key"], subject) in standing:
            continue
        at = now - timedelta(days=chance.randint(0, 45), minutes=5 * nth + 600)
        day, valid_until = at.date(), at.date() + timedelta(days=t["valid_days"])
        offers.append(
            {
                "treatment": t["key"],
                "subject": subject,
                "version": version,
                "state": state,
                "terms": [(term["key"], "soon" if term["unit"] == "text" else 7) for term in t.get("term", ())],
                "presented_at": at.isoformat(),
                "presented_on": day,
                "valid_until": valid_until,
                "first": chance.random() < 0.6,
                "moment": chance.choice(["0", "3", "3", "3", "3/faded", "2"]),
                "answered_on": None
                if state in _UNANSWERED
                else min(day + timedelta(days=chance.choice([0, 0, 0, 2, 9])), now.date()),
                "reason": chance.choice([None, "never", "not_now", "in my own words"])
                if state in ("declined", "undone")
                else None,
                "until": min(day + timedelta(days=chance.randint(1, 20)), valid_until) if state == "deferred" else None,
                "concession": chance.choice([0.0, 20.0]) if t.get("concession") else 0.0,
            }
        )
    return sorted(offers, key=lambda o: str(o["presented_at"]))


class World(dict[str, Any]):
    """All arguments of one decision, as the reference takes them; a failing one is told without its catalogues' text."""

    def __repr__(self) -> str:
        configuration = self["configuration"]
        keys = [t["key"] for t in configuration["catalogue"]["treatments"]["all"]["treatment"]]
        dials = {name: configuration[name] for name in ("version", "levers", "prices", "exhausted")}
        return f"World({self['profile']}, offers={self['offers']}, now={self['now']}, {keys}, {dials})"


@st.composite
def worlds(draw: st.DrawFn) -> World:
    now = _FIRST_DAY + timedelta(hours=draw(st.integers(0, 24 * 40)))
    first, second = draw(st.tuples(st.integers(0, CATALOGUES - 1), st.integers(0, 2 * CATALOGUES)))
    bodies = {1: body(first)}
    if second < CATALOGUES and second != first:
        bodies[2] = body(second)
    version = max(bodies)
    chance = Random(draw(_SEEDS))
    return World(
        profile=person(draw(_SEEDS), now),
        offers=ledger(draw(_SEEDS), draw(st.integers(0, 5)), bodies, now),
        now=now,
        configuration={
            "version": version,
            "catalogue": bodies[version],
            "older": {v: old for v, old in bodies.items() if v != version},
            "levers": {key: chance.uniform(0, 3) for key in chance.sample(KEYS, 2)},
            "prices": {budget: chance.uniform(0, 2) for budget in chance.sample(BUDGETS, chance.choice([0, 1, 2]))},
            "exhausted": set(chance.sample(BUDGETS, chance.choice([0, 0, 0, 1, 2]))),
        },
    )
