"""When something that was cancelled ends: with a month that is billed, and never sooner than the notice."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from backend.cancelling.working_out import UNBILLED_DAYS, last_day

DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))


@given(today=DAYS, billed_on=DAYS, notice=st.integers(0, 60))
def test_the_last_day_is_the_first_end_of_a_billed_month_after_the_notice(
    today: date, billed_on: date, notice: int
) -> None:
    ends = last_day(today, billed_on, notice)
    earliest = today + timedelta(days=notice)
    assert (ends + timedelta(days=1)).day == min(billed_on.day, 28), "the next bill comes on the day after"
    assert earliest <= ends < earliest + timedelta(days=32)


@given(today=DAYS, notice=st.integers(0, 60))
def test_who_was_never_billed_leaves_after_a_month_or_the_notice(today: date, notice: int) -> None:
    assert last_day(today, None, notice) == today + timedelta(days=max(UNBILLED_DAYS, notice))
