"""The clock: aware instants, local days, and the nights in which clocks change."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from shared.kernel import clock


def test_now_is_aware_and_in_utc() -> None:
    assert clock.now().utcoffset() == timedelta(0)


def test_a_frozen_clock_stands_and_goes_on_afterwards() -> None:
    noon = datetime(2026, 11, 22, 12, tzinfo=timezone(timedelta(hours=2)))
    with clock.frozen(noon):
        assert clock.now() == noon
        assert clock.now().utcoffset() == timedelta(0)
        with clock.frozen(noon + timedelta(days=1)):
            assert clock.now() == noon + timedelta(days=1)
        assert clock.now() == noon
    assert clock.now() != noon


def test_a_naive_instant_cannot_be_frozen() -> None:
    with pytest.raises(ValueError, match="no time zone"), clock.frozen(datetime(2026, 11, 22)):  # noqa: DTZ001
        pass


def test_the_local_day_is_that_of_the_zone() -> None:
    instant = datetime(2026, 11, 22, 7, 59, tzinfo=UTC)
    assert clock.local_day(instant, "America/Los_Angeles") == date(2026, 11, 21)
    assert clock.local_day(instant + timedelta(minutes=1), "America/Los_Angeles") == date(2026, 11, 22)
    assert clock.local_day(instant, "Asia/Tokyo") == date(2026, 11, 22)


@pytest.mark.parametrize(
    ("day", "zone", "ends"),
    [
        (date(2026, 11, 22), "America/Los_Angeles", "2026-11-23T08:00:00+00:00"),
        # The night in which clocks go back, and the one in which they go forward.
        (date(2026, 11, 1), "America/Los_Angeles", "2026-11-02T08:00:00+00:00"),
        (date(2026, 10, 31), "America/Los_Angeles", "2026-11-01T07:00:00+00:00"),
        (date(2026, 3, 8), "America/Los_Angeles", "2026-03-09T07:00:00+00:00"),
        # Where midnight itself is skipped, the next day begins at one o'clock.
        (date(2018, 11, 3), "America/Sao_Paulo", "2018-11-04T03:00:00+00:00"),
        (date(2026, 12, 31), "UTC", "2027-01-01T00:00:00+00:00"),
    ],
)
def test_a_local_day_ends_where_the_next_begins(day: date, zone: str, ends: str) -> None:
    end = clock.midnight_after(day, zone)
    assert end == datetime.fromisoformat(ends)
    assert clock.local_day(end, zone) == day + timedelta(days=1)
    assert clock.local_day(end - timedelta(microseconds=1), zone) == day


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd"])
def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    with pytest.raises(ValueError, match="not a time zone"):
        clock.local_day(datetime(2026, 1, 1, tzinfo=UTC), zone)
