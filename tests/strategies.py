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
from tests.unit.reference.treatments import TREATMENTS

KEYS = tuple(t["key"] for t in TREATMENTS)
CHANNELS = ("phone", "portal", "email", "sms")
STAGES = ("use", "pay", "support", "leave")
INTENTS = ("fault", "bill", "leaving")
CATALOGUES = 60
"""So many different ones: compiling a catalogue is what takes time."""
_FIRST_DAY = datetime(2026, 11, 5, 4, 30, tzinfo=UTC)
_SEEDS = st.integers(0, 2**32)
_STATES = ("presented", "presented", "presented", "deferred", "declined", "accepted", "fulfilled", "expired")


@lru_cache(CATALOGUES)
def body(seed: int) -> dict[str, Any]:
    """A catalogue of a few treatments, with a matrix and policies of its own."""
    chance = Random(seed)
    kept = chance.sample(KEYS, chance.randint(5, 10))
    changes: dict[str, Any] = {key: _changed(key, chance) if chance.random() < 0.6 else {} for key in kept}
    changes |= dict.fromkeys(set(KEYS) - set(kept))
    changes["policies"] = {
        "attention_cost": chance.choice([0.0, 0.1, 0.1, 1.0]),
        "sales_cap_30d": chance.randint(0, 3),
        "sales_min_gap_days": chance.randint(0, 6),
        "concession_cap": chance.choice([0, 30, 60]),
    }
    made = words.body(**changes)
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
    has = {c for t in TREATMENTS if t["key"] == key for c in CHANNELS if c in t}
    return {
        "objective": main,
        "objectives": {main: chance.choice([0.3, 0.45, 0.6, 0.8]), other: chance.choice([0.0, 0.2])},
        "acceptance": chance.uniform(0.05, 0.95),
        "issue": chance.choice(["retention", "service", "sales", "sales", "collections", "care"]),
        "purpose": chance.choice(["service", "marketing"]),
        "resolves": chance.sample(INTENTS, chance.randint(0, 2)),
        "value": {"equity": chance.uniform(-10, 60), "experience": chance.uniform(-2, 60)},
        **dict.fromkeys(has & set(chance.sample(CHANNELS, chance.choice([0, 0, 1, 2])))),
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
    given = {f"marketing/{c}": chance.choice([None, "granted", "granted", "denied"]) for c in CHANNELS}
    given |= {f"service/{c}": chance.choice([None, None, None, "denied"]) for c in CHANNELS}
    consents = {key: state for key, state in given.items() if state}
    return {"attributes": attributes, "facts": facts, "consents": consents, "moment": _moment(chance, now)}


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
        standing = {o["treatment"] for o in offers if o["state"] in ("presented", "deferred")}
        if state in ("presented", "deferred") and t["key"] in standing:
            continue
        at = now - timedelta(days=chance.randint(0, 45), minutes=5 * nth + 600)
        day, valid_until = at.date(), at.date() + timedelta(days=t["valid_days"])
        offers.append(
            {
                "treatment": t["key"],
                "version": version,
                "state": state,
                "terms": [(term["key"], "soon" if term["unit"] == "text" else 7) for term in t.get("term", ())],
                "presented_at": at.isoformat(),
                "presented_on": day,
                "valid_until": valid_until,
                "first": chance.random() < 0.6,
                "moment": chance.choice(["0", "3", "3", "3", "3/faded", "2"]),
                "answered_on": None if state in ("presented", "expired") else day,
                "until": min(day + timedelta(days=chance.randint(1, 20)), valid_until) if state == "deferred" else None,
                "concession": chance.choice([0.0, 20.0]) if t["key"] == "goodwill" else 0.0,
            }
        )
    return sorted(offers, key=lambda o: str(o["presented_at"]))


class World(dict[str, Any]):
    """All arguments of one decision, as the reference takes them; a failing one is told without its catalogues' text."""

    def __repr__(self) -> str:
        configuration = self["configuration"]
        keys = [t["key"] for t in configuration["catalogue"]["treatments"]["all"]["treatment"]]
        dials = {name: configuration[name] for name in ("version", "levers", "prices")}
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
            "prices": {key: chance.uniform(0, 2) for key in chance.sample(KEYS, 1)},
        },
    )
