"""Shares and their intervals, days and those before, and lines as they are drawn."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_ui.supervision import report_words as words
from backend.reporting.groups import age_of, loyalty_of
from backend.reporting.intervals import Share, apart
from backend.reporting.service import Point
from backend.reporting.spans import span_of
from shared.kernel.errors import Invalid
from shared.kernel.sheets import as_csv

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(("many", "of", "low", "high"), [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (1, 1000, 0.0002, 0.0056)])  # fmt: skip
def test_wilsons_interval_is_as_published(many: int, of: int, low: float, high: float) -> None:
    share = Share(many, of)
    assert (round(share.low, 4), round(share.high, 4)) == (low, high)


@given(st.integers(0, 500), st.integers(0, 500))
def test_an_interval_holds_its_share_and_stays_between_nothing_and_all(many: int, more: int) -> None:
    share = Share(many, many + more)
    assert 0 <= share.low <= (share.share or 0) + 1e-9
    assert (share.share if share.share is not None else 1) - 1e-9 <= share.high <= 1


def test_only_what_chance_hardly_explains_is_told_apart() -> None:
    assert apart(Share(1, 3), Share(20, 100)) == 0
    assert apart(Share(60, 100), Share(20, 100)) == 1
    assert apart(Share(2, 100), Share(20, 100)) == -1
    assert apart(Share(0, 0), Share(20, 100)) == 0


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_one_is_above_the_other_where_the_other_is_below_it(a: int, b: int, c: int, d: int) -> None:
    one, other = Share(a, a + b), Share(c, c + d)
    assert apart(one, other) == -apart(other, one)


def test_days_are_local_and_the_days_before_are_as_many() -> None:
    span = span_of("7", "", "", "America/Los_Angeles", NOW)
    assert (span.first, span.last) == (date(2026, 11, 16), date(2026, 11, 22))
    assert (span.before.first, span.before.last) == (date(2026, 11, 9), date(2026, 11, 15))
    assert span.begins == datetime(2026, 11, 16, 8, 0, tzinfo=UTC)
    assert span.ends == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    assert span_of("nonsense", "", "", "UTC", NOW).days == 30


@pytest.mark.parametrize(("first", "last", "field"), [("", "2026-01-01", "first"), ("2026-02-30", "2026-03-01", "first"), ("2026-03-02", "2026-03-01", "last"), ("1999-01-01", "2026-03-01", "last"), ("0001-01-01", "0001-01-02", "first")])  # fmt: skip
def test_days_that_are_none_are_named(first: str, last: str, field: str) -> None:
    with pytest.raises(Invalid) as wrong:
        span_of("own", first, last, "UTC", NOW)
    assert field in wrong.value.errors


def test_numbers_are_written_with_their_unit() -> None:
    assert words.shown(380, "seconds") == "6 min 20 s"
    assert words.shown(3700, "seconds") == "1 h 1 min"
    assert words.shown(0.634, "share") == "63.4 %"
    assert words.shown(4.25, "score") in ("4.2 of 5", "4.3 of 5")
    assert words.shown(None, "share") == "–"


def test_a_line_has_gaps_where_there_is_no_value() -> None:
    drawn = words.trend(
        [Point(date(2026, 1, day), value, 1) for day, value in enumerate((1.0, 2.0, None, 3.0, None), 1)]
    )
    assert len(drawn.lines) == 1
    assert len(drawn.dots) == 1
    assert (drawn.low, drawn.high) == (1.0, 3.0)
    assert words.trend([]).last is None


def test_bands_are_those_of_the_day() -> None:
    assert age_of(date(2000, 11, 23), {}, date(2025, 11, 22)) == "under 25"
    assert age_of(date(2000, 11, 23), {}, date(2025, 11, 23)) == "25 to 34"
    assert age_of(None, {"senior_citizen": True}, date(2025, 1, 1)) == "65 or older"
    assert age_of(None, {}, date(2025, 1, 1)) == ""
    assert (loyalty_of({"tenure": 12}), loyalty_of({})) == ("12 to 35", "")


def test_a_cell_is_no_formula() -> None:
    assert as_csv(["a"], [["=1+1"], ["-2"], [-2], [None]]).splitlines()[1:] == ["'=1+1", "'-2", "-2", '""']
