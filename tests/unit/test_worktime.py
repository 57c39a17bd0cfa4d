"""Hours of work: nights, weekends, holidays, changes of clocks, pauses."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.cases import levels
from backend.cases.worktime import WorkTime
from backend.matrix.service import Priority, folder_of, load_pack

LA = ZoneInfo("America/Los_Angeles")
BERLIN = ZoneInfo("Europe/Berlin")
NINE_TO_FIVE = {day: [(time(9), time(17))] for day in range(1, 6)}
HOUR = timedelta(hours=1)


def at(text: str, zone: ZoneInfo = LA) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def office(*holidays: str) -> WorkTime:
    return WorkTime(LA, NINE_TO_FIVE, frozenset(date.fromisoformat(day) for day in holidays))


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-11-23T10:00", 2, "2026-11-23T12:00"),
        ("2026-11-23T16:00", 1, "2026-11-23T17:00"),  # the end of the day is still that day
        ("2026-11-23T16:00", 2, "2026-11-24T10:00"),
        ("2026-11-23T03:00", 1, "2026-11-23T10:00"),  # at night nothing passes
        ("2026-11-23T22:00", 1, "2026-11-24T10:00"),
        ("2026-11-20T16:30", 1, "2026-11-23T09:30"),  # over a weekend
        ("2026-11-21T12:00", 8, "2026-11-23T17:00"),
        ("2026-11-23T09:00", 40, "2026-11-27T17:00"),
        ("2026-11-23T09:00", 40.5, "2026-11-30T09:30"),
    ],
)
def test_hours_pass_only_while_somebody_works(start: str, hours: float, end: str) -> None:
    assert office().after(at(start), timedelta(hours=hours)) == at(end)


def test_nobody_works_on_a_holiday() -> None:
    assert office("2026-11-26", "2026-11-27").after(at("2026-11-25T16:00"), 2 * HOUR) == at("2026-11-30T10:00")
    assert office().after(at("2026-11-25T16:00"), 2 * HOUR) == at("2026-11-26T10:00"), "the check itself"


def test_without_hours_work_goes_on_day_and_night() -> None:
    always = WorkTime(LA, {}, frozenset({date(2026, 11, 23)}))
    assert always.after(at("2026-11-21T12:00"), 30 * HOUR) == at("2026-11-22T18:00")
    assert always.between(at("2026-11-21T12:00"), at("2026-11-21T12:30")) == timedelta(minutes=30)
    assert always.open_at(at("2026-11-23T03:00"))
    assert always.opens(at("2026-11-23T03:00")) == at("2026-11-23T03:00")


def test_a_shift_that_passes_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    nights = WorkTime(LA, {5: [(time(22), time(6))]}, frozenset())
    assert nights.between(at("2026-11-20T00:00"), at("2026-11-23T00:00")) == 8 * HOUR
    assert nights.after(at("2026-11-20T23:00"), 2 * HOUR) == at("2026-11-21T01:00")
    assert nights.open_at(at("2026-11-21T05:59"))
    assert not nights.open_at(at("2026-11-21T06:00"))
    saturday = WorkTime(LA, {5: [(time(22), time(6))]}, frozenset({date(2026, 11, 21)}))
    assert saturday.open_at(at("2026-11-21T05:59")), "the night shift of a working Friday is worked to its end"
    friday = WorkTime(LA, {5: [(time(22), time(6))]}, frozenset({date(2026, 11, 20)}))
    assert not friday.open_at(at("2026-11-21T05:59"))


def test_a_shift_that_ends_when_it_begins_lasts_a_whole_day() -> None:
    weekdays = WorkTime(LA, {day: [(time(0), time(0))] for day in range(1, 6)})
    assert weekdays.between(at("2026-11-20T12:00"), at("2026-11-23T12:00")) == 24 * HOUR


def test_shifts_that_overlap_count_once() -> None:
    double = WorkTime(LA, {1: [(time(9), time(13)), (time(12), time(17)), (time(10), time(11))]})
    assert double.between(at("2026-11-23T00:00"), at("2026-11-24T00:00")) == 8 * HOUR
    assert double.after(at("2026-11-23T09:00"), 5 * HOUR) == at("2026-11-23T14:00")


def test_hours_are_those_that_pass_where_clocks_are_changed() -> None:
    nights = {day: [(time(0), time(6))] for day in range(1, 8)}
    berlin = WorkTime(BERLIN, nights)
    day = timedelta(days=1)
    forward, back, plain = (at(f"{text}T00:00", BERLIN) for text in ("2026-03-29", "2026-10-25", "2026-06-07"))
    assert berlin.between(forward, forward + day / 2) == 5 * HOUR
    assert berlin.between(back, back + day / 2) == 7 * HOUR
    assert berlin.between(plain, plain + day / 2) == 6 * HOUR
    assert berlin.after(forward, 5 * HOUR) == at("2026-03-29T06:00", BERLIN)
    assert berlin.after(back, 7 * HOUR) == at("2026-10-25T06:00", BERLIN)
    # Nine o'clock stays nine o'clock.
    assert office().after(at("2026-03-06T16:00"), 2 * HOUR) == at("2026-03-09T10:00")
    assert office().after(at("2026-10-30T16:00"), 2 * HOUR) == at("2026-11-02T10:00")


def test_what_nobody_can_wait_for_is_never_due() -> None:
    one_day = WorkTime(LA, {1: [(time(9), time(10))]}, frozenset())
    assert one_day.after(at("2026-11-23T09:00"), timedelta(hours=1)) == at("2026-11-23T10:00")
    assert one_day.after(at("2026-11-23T09:00"), timedelta(hours=400)) is None


def test_no_time_at_all_is_over_at_once_and_backwards_none_passes() -> None:
    assert office().after(at("2026-11-22T12:00"), timedelta(0)) == at("2026-11-22T12:00")
    assert office().between(at("2026-11-23T12:00"), at("2026-11-23T11:00")) == timedelta(0)


def test_work_begins_again_when_the_next_shift_does() -> None:
    assert office("2026-11-23").opens(at("2026-11-21T00:00")) == at("2026-11-24T09:00")
    assert office().opens(at("2026-11-23T10:10")) == at("2026-11-23T10:10")


instants = st.integers(0, 365 * 24 * 60).map(lambda minutes: at("2026-01-01T00:00") + timedelta(minutes=minutes))
calendars = st.builds(
    WorkTime,
    st.sampled_from([LA, BERLIN, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("UTC")]),
    st.dictionaries(st.integers(1, 7), st.lists(st.tuples(st.times(), st.times()), min_size=1, max_size=3), min_size=1),
    st.frozensets(st.dates(date(2026, 1, 1), date(2027, 1, 31)), max_size=20),
)


@given(calendars, instants, st.timedeltas(timedelta(minutes=1), timedelta(days=6)))
def test_as_much_work_time_lies_before_the_due_time_as_was_asked_for(
    work: WorkTime, start: datetime, worked: timedelta
) -> None:
    due = work.after(start, worked)
    if due is not None:
        assert work.between(start, due) == worked
        assert work.between(start, due - timedelta(microseconds=1)) < worked


@given(calendars, instants, instants, instants)
def test_work_time_adds_up(work: WorkTime, one: datetime, two: datetime, three: datetime) -> None:
    first, middle, last = sorted((one, two, three))
    assert work.between(first, middle) + work.between(middle, last) == work.between(first, last)


def test_a_pause_leaves_as_much_work_time_as_there_was() -> None:
    work = office()
    due = at("2026-11-24T12:00")
    # Paused on Monday at four with four hours left; open again on Wednesday at ten.
    assert levels.moved_on(work, due, at("2026-11-23T16:00"), at("2026-11-25T10:00")) == at("2026-11-25T14:00")
    # A pause over a night and a weekend alone moves nothing.
    assert levels.moved_on(work, at("2026-11-23T10:00"), at("2026-11-20T18:00"), at("2026-11-22T12:00")) == at(
        "2026-11-23T10:00"
    )


def test_what_was_late_before_the_pause_stays_late() -> None:
    due = at("2026-11-23T10:00")
    assert levels.moved_on(office(), due, at("2026-11-23T11:00"), at("2026-11-30T11:00")) == due
    assert levels.moved_on(office(), None, due, due) is None


def test_a_priority_says_by_when_and_a_pause_is_added_to_it() -> None:
    urgent = Priority(key="urgent", label="Urgent", first_answer=1, resolution=8)
    work, began = office(), at("2026-11-23T09:00")
    assert levels.due_times(work, urgent, began) == (at("2026-11-23T10:00"), at("2026-11-23T17:00"))
    assert levels.due_times(work, urgent, began, 3600) == (at("2026-11-23T11:00"), at("2026-11-24T10:00"))
    assert levels.due_times(work, Priority(key="none", label="None"), began) == (None, None)


def test_the_pack_of_the_demo_has_hours_as_it_says() -> None:
    pack = load_pack(folder_of("telecom"))
    work = WorkTime.of(pack.casework, pack.timezone)
    assert work.zone == LA
    assert work.between(at("2026-11-23T00:00"), at("2026-11-30T00:00")) == timedelta(hours=4 * 12 + 8), "Thanksgiving"
    assert work.between(at("2026-11-16T00:00"), at("2026-11-23T00:00")) == timedelta(hours=5 * 12 + 8)


def test_lists_are_sorted_by_what_is_due_next() -> None:
    first, solve = at("2026-11-23T10:00"), at("2026-11-24T10:00")
    assert levels.burns("new", first, solve, False) == first
    assert levels.burns("open", first, solve, True) == solve
    assert levels.burns("snoozed", None, solve, False) == solve
    assert levels.burns("pending", first, solve, False) == levels.FAR == levels.burns("open", None, None, True)
