"""Nothing reaches a customer in their night, wherever they live and whatever their clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backend.matrix.service import PackError, QuietHours, pack_from
from backend.treatments.quiet import deliverable_from
from tests.unit.reference import words

NIGHT = QuietHours(**{"from": "21:00", "until": "08:00"})
BERLIN = "Europe/Berlin"
ZONES = (
    BERLIN,
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
    "Pacific/Apia",
    "UTC",
)
START = datetime(2020, 1, 1, tzinfo=UTC)
MINUTES = st.integers(0, 24 * 60 - 1)


def local(*at: int, zone: str = BERLIN, fold: int = 0) -> datetime:
    return datetime(*at, tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (local(2026, 11, 22, 12, 0), local(2026, 11, 22, 12, 0)),
        (local(2026, 11, 22, 20, 59), local(2026, 11, 22, 20, 59)),
        (local(2026, 11, 22, 21, 0), local(2026, 11, 23, 8, 0)),
        (local(2026, 11, 23, 0, 30), local(2026, 11, 23, 8, 0)),
        (local(2026, 11, 23, 7, 59), local(2026, 11, 23, 8, 0)),
        (local(2026, 11, 23, 8, 0), local(2026, 11, 23, 8, 0)),
        # The nights in which clocks change last an hour less, and an hour more.
        (local(2026, 3, 28, 22, 0), datetime(2026, 3, 29, 6, 0, tzinfo=UTC)),
        (local(2026, 10, 24, 22, 0), datetime(2026, 10, 25, 7, 0, tzinfo=UTC)),
    ],
)
def test_what_falls_in_the_night_waits_for_the_morning(now: datetime, due: datetime) -> None:
    assert deliverable_from(NIGHT, BERLIN, now) == due


def test_where_no_hours_are_quiet_nothing_waits() -> None:
    now = local(2026, 11, 22, 3, 0)
    assert deliverable_from(None, BERLIN, now) == now


def test_an_end_that_the_clocks_skip_has_passed_when_they_have() -> None:
    until_half_past_two = QuietHours(**{"from": "22:00", "until": "02:30"})
    due = deliverable_from(until_half_past_two, BERLIN, local(2026, 3, 29, 1, 0))
    assert due.astimezone(ZoneInfo(BERLIN)).time() >= time(3, 0)
    assert due <= local(2026, 3, 29, 3, 30)


def test_an_end_that_comes_twice_is_never_before_now() -> None:
    until_half_past_two = QuietHours(**{"from": "22:00", "until": "02:30"})
    again = local(2026, 10, 25, 2, 15, fold=1)
    assert deliverable_from(until_half_past_two, BERLIN, again) == local(2026, 10, 25, 2, 30, fold=1)


@given(
    now=st.integers(0, 10 * 366 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes)),
    zone=st.sampled_from(ZONES),
    begin=MINUTES,
    until=MINUTES,
)
@example(now=datetime(2026, 10, 25, 1, 15, tzinfo=UTC), zone=BERLIN, begin=22 * 60, until=150)
@example(now=datetime(2026, 3, 29, 0, 0, tzinfo=UTC), zone=BERLIN, begin=180, until=150)
def test_it_is_never_quiet_then_and_never_long_after(now: datetime, zone: str, begin: int, until: int) -> None:
    if begin == until:
        return
    first, last = (time(minutes // 60, minutes % 60) for minutes in (begin, until))
    hours = QuietHours(**{"from": f"{first:%H:%M}", "until": f"{last:%H:%M}"})
    due = deliverable_from(hours, zone, now)
    shown = due.astimezone(ZoneInfo(zone)).time()
    quiet = first <= shown < last if first < last else shown >= first or shown < last
    assert not quiet
    assert now <= due <= now + timedelta(days=2, hours=2)
    assert deliverable_from(hours, zone, due) == due


@pytest.mark.parametrize(
    "wrong", [{"from": "21:00"}, {"from": "9", "until": "08:00"}, {"from": "24:00", "until": "08:00"}, {"from": "08:00", "until": "08:00"},
              {"from": "21:00", "until": "08:00", "on": "Sunday"}, "21:00"],
)  # fmt: skip
def test_hours_that_are_none_are_refused_with_their_place(wrong: object) -> None:
    with pytest.raises(PackError) as refused:
        pack_from(words.body(pack={"quiet_hours": wrong}))
    assert {path[0] for path, _ in refused.value.places} == {"quiet_hours"}
