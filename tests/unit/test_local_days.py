"""Days are the customer's own: across midnights, changes of the clocks and time zones, and until the very instant told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from backend.engine import contact
from backend.profiles.service import snapshot
from backend.treatments.asking import stands_until
from shared.kernel import clock
from tests import strategies
from tests.unit import bridge
from tests.unit.reference import decision as reference
from tests.unit.reference.cases import moment, offer, person, setting

ZONES = (
    "America/New_York", "America/Los_Angeles", "America/Havana", "America/Sao_Paulo", "America/St_Johns", "Europe/London",
    "Europe/Berlin", "Africa/Cairo", "Asia/Beirut", "Asia/Kathmandu", "Asia/Tokyo", "Australia/Lord_Howe", "Pacific/Auckland",
    "Pacific/Chatham", "Pacific/Kiritimati", "Pacific/Apia", "UTC",
)  # fmt: skip
"""Zones whose clocks change by an hour or by half of one, at night or at midnight itself, on other days than each other, or never."""
SPRING = {"America/New_York": date(2026, 3, 8), "Europe/Berlin": date(2026, 3, 29), "Africa/Cairo": date(2026, 4, 24),
          "Asia/Beirut": date(2026, 3, 29), "Australia/Lord_Howe": date(2026, 10, 4)}  # fmt: skip
"""Days that are shorter: in Cairo and Beirut midnight itself does not exist."""
AUTUMN = {"America/New_York": date(2026, 11, 1), "Europe/Berlin": date(2026, 10, 25), "America/Havana": date(2026, 11, 1),
          "Australia/Lord_Howe": date(2026, 4, 5)}  # fmt: skip
"""Days that are longer: in Havana midnight happens twice."""
INSTANTS = st.integers(
    int(datetime(2018, 1, 1, tzinfo=UTC).timestamp()), int(datetime(2030, 1, 1, tzinfo=UTC).timestamp())
)
STEADY = settings(max_examples=300, deadline=None, derandomize=True, database=None)
TICK = timedelta(microseconds=1)


@STEADY
@given(INSTANTS, st.sampled_from(ZONES))
@example(int(datetime(2018, 11, 4, 12, tzinfo=UTC).timestamp()), "America/Sao_Paulo")
@example(int(datetime(2026, 11, 1, 4, 30, tzinfo=UTC).timestamp()), "America/Havana")
def test_a_day_ends_at_the_instant_that_is_told(seconds: int, zone: str) -> None:
    now = datetime.fromtimestamp(seconds, UTC)
    today = clock.local_day(now, zone)
    end = clock.midnight_after(today, zone)
    assert now < end
    assert clock.local_day(end - TICK, zone) == today
    assert clock.local_day(end, zone) > today
    assert timedelta(hours=22) <= end - clock.midnight_after(today - timedelta(days=1), zone) <= timedelta(hours=26)


@pytest.mark.parametrize(("zone", "day"), [*SPRING.items(), *AUTUMN.items()])
def test_the_day_on_which_clocks_change_is_one_day(zone: str, day: date) -> None:
    begin = clock.midnight_after(day - timedelta(days=1), zone)
    hours = (clock.midnight_after(day, zone) - begin) / timedelta(hours=1)
    assert (hours < 24) is (SPRING.get(zone) == day)
    assert (hours > 24) is (AUTUMN.get(zone) == day)
    at = begin
    while at < begin + timedelta(hours=hours):
        assert clock.local_day(at, zone) == day
        at += timedelta(minutes=10)


@pytest.mark.parametrize(("zone", "day"), [*SPRING.items(), *AUTUMN.items()])
def test_windows_count_local_days_across_the_change(zone: str, day: date) -> None:
    """Thirty days are thirty days, though one of them has 23 hours, or 25."""
    profile = person(timezone=zone, facts={"days": {"calls": {(day - timedelta(days=1)).isoformat(): 5}}})
    pack = bridge.configuration_of(setting()).catalogue.pack
    last = clock.midnight_after(day + timedelta(days=28), zone)
    seen = [snapshot(bridge.profile_of(profile, setting()["catalogue"]), at, pack) for at in (last - TICK, last)]
    assert [s.facts["calls_30d"] for s in seen] == [5, 0]


@pytest.mark.parametrize(("zone", "day"), [*SPRING.items(), *AUTUMN.items()])
def test_a_cool_off_ends_at_the_customers_midnight_across_the_change(zone: str, day: date) -> None:
    """Declined the day before the clocks changed: back sixty days later, at midnight where the customer is."""
    on = day - timedelta(days=1)
    declined = {
        **offer("tip", "declined", 0),
        "presented_on": on,
        "answered_on": on,
        "valid_until": on,
        "presented_at": on.isoformat(),
    }
    end = clock.midnight_after(on + timedelta(days=59), zone)
    given_ = setting(tip={"value": {"equity": 90.0}})
    for at, ranked in ((end - TICK, False), (end, True)):
        _, ruling = bridge.ruling_of(person(timezone=zone), [declined], given_, at)
        assert ("tip" in [r.treatment for r in ruling.ranked]) is ranked


@pytest.mark.parametrize(("zone", "day"), [*SPRING.items(), *AUTUMN.items()])
def test_a_cap_forgets_at_the_customers_midnight_across_the_change(zone: str, day: date) -> None:
    given_ = bridge.configuration_of(setting())
    sold = [
        {**offer("films", "expired", 0, terms=[("price", 800), ("months", 6)]), "presented_on": day - timedelta(days=n)}
        for n in (1, 2)
    ]
    ledger = bridge.ledger_of(sold, given_)
    end = clock.midnight_after(day + timedelta(days=27), zone)
    for at, rule in ((end - TICK, "cap:sales_30d"), (end, None)):
        today = clock.local_day(at, zone)
        history = contact.history_of(ledger, given_.catalogue.pack, given_, today)
        found = contact.refusal(given_.catalogue.treatments["faster"], "", history)
        assert (found[0] if found else None) == rule


def test_the_same_instant_is_another_day_further_east() -> None:
    now = datetime(2026, 11, 1, 4, 30, tzinfo=UTC)
    pack = bridge.configuration_of(setting()).catalogue.pack
    days = {
        zone: snapshot(bridge.profile_of(person(timezone=zone), setting()["catalogue"]), now, pack).today
        for zone in ZONES
    }
    assert days["America/New_York"] == "2026-11-01"
    assert days["America/Los_Angeles"] == "2026-10-31"
    assert days["Pacific/Kiritimati"] == "2026-11-01"
    assert days["America/Havana"] == "2026-11-01"


def until(world: dict[str, Any], now: datetime) -> datetime:
    """Until when the decision of this instant stands, by the product's word."""
    profile = bridge.profile_of(world["profile"], world["configuration"]["catalogue"])
    seen = SimpleNamespace(profile=profile, today=clock.local_day(now, profile.timezone))
    return stands_until(seen, now)  # type: ignore[arg-type]


def essence(world: dict[str, Any], now: datetime) -> Any:
    seen, ruling = bridge.ruling_of(world["profile"], world["offers"], world["configuration"], now)
    return seen.today, seen.moment_key, ruling


@settings(STEADY, max_examples=60)
@given(strategies.worlds(), st.sampled_from(ZONES), st.floats(0, 1))
def test_a_decision_stands_until_the_instant_told_whatever_the_world(
    world: dict[str, Any], zone: str, part: float
) -> None:
    world["profile"]["timezone"] = zone
    now = world["now"]
    end = until(world, now)
    first = essence(world, now)
    for at in (now + (end - now) * part, end - TICK):
        if at < end:
            assert essence(world, at) == first
    assert essence(world, end)[:2] != first[:2]


def test_a_moment_that_fades_before_midnight_ends_the_decision_with_it() -> None:
    now = datetime(2026, 11, 22, 17, tzinfo=UTC)
    world = {
        "profile": person(moment=moment("support", "fault", hours=2)),
        "offers": [],
        "configuration": setting(),
        "now": now,
    }
    assert until(world, now) == now + timedelta(hours=2)
    world["profile"]["moment"]["fades_at"] = now + timedelta(hours=40)
    assert until(world, now) == datetime(2026, 11, 23, 5, tzinfo=UTC)


@settings(STEADY, max_examples=60)
@given(strategies.worlds(), st.sampled_from(ZONES))
def test_the_engine_decides_as_the_reference_does_in_every_zone(world: dict[str, Any], zone: str) -> None:
    world["profile"]["timezone"] = zone
    arguments = world["profile"], world["offers"], world["configuration"], world["now"]
    wanted = reference.decide(*arguments)
    seen, ruling = bridge.ruling_of(*arguments)
    assert seen.today == wanted.customer.today.isoformat()
    assert [(r.treatment, r.subject) for r in ruling.ranked] == [(p.treatment, p.subject) for p in wanted.ranked]
