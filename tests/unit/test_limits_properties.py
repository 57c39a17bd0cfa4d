"""What limits treatments holds over time: day after day whatever is ranked is put to the customer and answered, in random worlds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from backend.engine import contact
from backend.engine import deciding as engine
from backend.engine.deciding import Ranked
from tests import strategies
from tests.unit import bridge
from tests.unit.reference import facts
from tests.unit.reference.customer import customer_of

DAYS = 24
TAKEN = facts.TAKEN
World = dict[str, Any]
Offer = dict[str, Any]


def check(property_: Callable[[World, int], None], *, examples: int = 60) -> None:
    """Tries the property on many worlds, each with a seed of its own. Raises AssertionError where one breaks it."""

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategies.worlds(), st.integers(0, 2**32))
    def tried(world: World, seed: int) -> None:
        property_(world, seed)

    tried()


def lived(world: World, seed: int) -> Iterator[tuple[date, Offer]]:
    """Each day one new treatment after the other is put to the customer, some answered at once, some left to stand.

    Gives the day and each offer, when it has been put and answered. The ledger is the world's own, and begins empty.
    """
    chance, ledger = Random(seed), world["offers"]
    ledger.clear()
    for day in range(DAYS):
        now = world["now"] + timedelta(days=day)
        for nth in range(3):
            fresh = [r for r in ranked_of(world, now) if not r.live]
            if not fresh:
                break
            ledger.append(put(world, chance.choice(fresh[:2]), now + timedelta(minutes=nth), chance))
            yield ledger[-1]["presented_on"], ledger[-1]


def ranked_of(world: World, now: datetime) -> tuple[Ranked, ...]:
    return bridge.ruling_of(world["profile"], world["offers"], world["configuration"], now)[1].ranked


def put(world: World, r: Ranked, at: datetime, chance: Random) -> Offer:
    """What becomes of it: an answer of the same day, or none."""
    state = chance.choice(["presented", "presented", "declined", "accepted", "fulfilled"])
    customer = customer_of(world["profile"], world["configuration"]["catalogue"], at)
    t = bridge.configuration_of(world["configuration"]).catalogue.treatments[r.treatment]
    return {
        "treatment": r.treatment,
        "subject": r.subject,
        "version": r.catalogue_version,
        "state": state,
        "terms": [(term.key, term.value) for term in r.terms],
        "presented_at": at.isoformat(),
        "presented_on": customer.today,
        "valid_until": r.valid_until,
        "first": False,
        "moment": customer.moment_key,
        "answered_on": None if state == "presented" else customer.today,
        "until": None,
        "reason": "not_now" if state == "declined" else None,
        "concession": engine.concession_of(t, r.terms, "USD"),
    }


def happened_on(o: Offer, outcome: str) -> date | None:
    if outcome == "presented":
        return o["presented_on"]  # type: ignore[no-any-return]
    return o["answered_on"] if o["state"] in (TAKEN if outcome == "accepted" else {"declined"}) else None


def scope_of(world: World, o: Offer, limit: dict[str, Any]) -> str | None:
    """Among which offers the limit counts this one; None where it does not concern it."""
    if limit["of"] == "all":
        return ""
    t = next(t for t in facts.treatments_in(world["configuration"]["catalogue"]) if t["key"] == o["treatment"])
    name = str(t[{"treatment": "key"}.get(limit["of"], limit["of"])])
    return name if limit["name"] in ("", name) else None


def assert_no_cap_is_passed(world: World, seed: int) -> None:
    """In any window, of any cap, there are never more than it allows."""
    for today, _ in lived(world, seed):
        for cap in world["configuration"]["catalogue"]["pack"]["cap"]:
            counts: dict[str, int] = {}
            for o in world["offers"]:
                day, name = happened_on(o, cap["outcome"]), scope_of(world, o, cap)
                if name is not None and day is not None and (today - day).days < cap["days"]:
                    counts[name] = counts.get(name, 0) + 1
            assert all(n <= cap["most"] for n in counts.values()), (cap, counts)


def assert_the_gaps_are_kept(world: World, seed: int) -> None:
    """Between two presentations of one scope lie the days of its gap."""
    for _ in lived(world, seed):
        for gap in world["configuration"]["catalogue"]["pack"]["gap"]:
            days: dict[str, list[date]] = {}
            for o in world["offers"]:
                if (name := scope_of(world, o, gap)) is not None:
                    days.setdefault(name, []).append(o["presented_on"])
            assert all((b - a).days >= gap["days"] for met in days.values() for a, b in pairwise(met)), (gap, days)


def assert_no_more_is_conceded(world: World, seed: int) -> None:
    """What was given away and what is still promised stays below the cap in money and below the share of the margin."""
    policies = world["configuration"]["catalogue"]["pack"]["policies"]
    for today, offer in lived(world, seed):
        if not offer["concession"]:
            continue
        given_away = sum(
            o["concession"]
            for o in world["offers"]
            if o["state"] in TAKEN or (o["state"] == "presented" and o["valid_until"] >= today)
        )
        most = policies["concession_cap"]
        if "margin" in policies:
            names = customer_of(world["profile"], world["configuration"]["catalogue"], world["now"]).names
            most = min(most, policies["concession_share"] * max(policies["margin"].by_hand(names), 0.0))
        assert given_away <= most + 1e-9


def assert_nothing_is_taken_beside_its_opposite(world: World, seed: int) -> None:
    """Of two that exclude each other for one subject, both are never taken within the time of the first."""
    body = world["configuration"]["catalogue"]
    conflicts = bridge.configuration_of(world["configuration"]).catalogue.conflicts
    lasts = {t["key"]: t["repeat_days"] for t in facts.treatments_in(body)}
    for today, offer in lived(world, seed):
        if offer["state"] not in TAKEN:
            continue
        for o in world["offers"][:-1]:
            if o["state"] in TAKEN and facts.touching(o["subject"], offer["subject"]):
                beside = o["treatment"] in conflicts[offer["treatment"]]
                assert not beside or (today - o["answered_on"]).days >= lasts[o["treatment"]]


def assert_what_was_answered_stays_away(world: World, seed: int) -> None:
    """The same treatment for the same subject is not put again before its time: accepted or declined, for whatever reason."""
    reasons = {
        r["key"]: r.get("cool_off_days", 0) for r in world["configuration"]["catalogue"]["pack"]["decline_reason"]
    }
    treatments = {t["key"]: t for t in facts.treatments_in(world["configuration"]["catalogue"])}
    for today, offer in lived(world, seed):
        t = treatments[offer["treatment"]]
        for o in world["offers"][:-1]:
            if (o["treatment"], o["subject"]) != (offer["treatment"], offer["subject"]):
                continue
            if o["state"] in TAKEN:
                assert (today - o["answered_on"]).days >= t["repeat_days"]
            if o["state"] == "declined":
                assert (today - o["answered_on"]).days >= max(t["cool_off_days"], reasons["not_now"])


HELD = [
    assert_no_cap_is_passed,
    assert_the_gaps_are_kept,
    assert_no_more_is_conceded,
    assert_nothing_is_taken_beside_its_opposite,
    assert_what_was_answered_stays_away,
]


@pytest.mark.parametrize("property_", HELD, ids=lambda p: p.__name__.removeprefix("assert_"))
def test_day_after_day(property_: Callable[[World, int], None]) -> None:
    check(property_)


def blind(patch: pytest.MonkeyPatch, *rules: str) -> None:
    """The contact policy overlooks these rules."""
    real = contact.refusal

    def kinder(*args: Any) -> Any:
        found = real(*args)
        return None if found and found[0].split(":")[0] in rules else found

    patch.setattr(engine.contact, "refusal", kinder)


@pytest.mark.parametrize(
    ("property_", "rule"),
    [
        (assert_no_cap_is_passed, "cap"),
        (assert_the_gaps_are_kept, "gap"),
        (assert_nothing_is_taken_beside_its_opposite, "beside"),
        (assert_what_was_answered_stays_away, "repeat"),
        (assert_what_was_answered_stays_away, "cool_off"),
    ],
)
def test_a_rule_that_is_overlooked_is_found_out(
    property_: Callable[[World, int], None], rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    blind(monkeypatch, rule)
    with pytest.raises(AssertionError):
        check(property_, examples=300)


def test_a_concession_too_many_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine.contact, "too_much_conceded", lambda *_: None)
    with pytest.raises(AssertionError):
        check(assert_no_more_is_conceded, examples=150)


def assert_none_shown_beside_its_opposite(world: World, _: int) -> None:
    """Of two that exclude each other for one subject, both are shown only where both were promised already."""
    catalogue = bridge.configuration_of(world["configuration"]).catalogue
    ranked = ranked_of(world, world["now"])
    for nth, r in enumerate(ranked):
        for other in ranked[:nth]:
            if facts.touching(r.subject, other.subject) and other.treatment in catalogue.conflicts.get(r.treatment, ()):
                assert r.live and other.live, (r, other)  # noqa: PT018 (one fact)


def test_no_decision_shows_what_cannot_be_had_together() -> None:
    check(assert_none_shown_beside_its_opposite, examples=200)


def test_a_decision_that_shows_both_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "first_of_each", lambda ordered, _: (tuple(ordered), []))
    with pytest.raises(AssertionError):
        check(assert_none_shown_beside_its_opposite, examples=200)
