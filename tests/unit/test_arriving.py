"""When calls come in: the counts as they were published, and as many of them as are wanted in the same shape."""

from __future__ import annotations

import hashlib
from pathlib import Path
from random import Random

import pytest

from backend.rehearsing import arriving
from backend.rehearsing.arrivals import export_arrivals
from backend.rehearsing.arriving import CLOSES, OPENS, STEP_SECONDS, STEPS, day_of
from shared.kernel.errors import Invalid


def test_the_counts_are_as_they_were_published() -> None:
    known = arriving.days()
    assert (len(known), {len(one.counts) for one in known}) == (164, {STEPS})
    assert (known[0].day.isoformat(), known[-1].day.isoformat()) == ("2003-03-03", "2003-10-24")
    assert known[0].counts[:10] == (111, 113, 76, 82, 91, 87, 75, 89, 99, 125)
    assert {one.day.isoweekday() for one in known} == {1, 2, 3, 4, 5}
    assert max(max(one.counts) for one in known) == 465


def test_the_file_is_made_again_from_the_data_set(tmp_path: Path) -> None:
    made = export_arrivals.export(tmp_path / "again.csv.gz")
    assert made == hashlib.sha256(arriving.COUNTS.read_bytes()).hexdigest()
    assert made in (arriving.COUNTS.parent / "README.md").read_text()


@pytest.mark.parametrize("wanted", [200, 5_000, 100_000])
def test_as_many_are_kept_as_are_wanted_in_the_shape_of_the_day(wanted: int) -> None:
    day = day_of("monday")
    found = day.arrivals(wanted, Random(7))
    assert found == sorted(found)
    assert OPENS <= found[0] < found[-1] < CLOSES
    assert abs(len(found) - wanted) < 5 * wanted**0.5 + 1, "a thinned count is about the wanted one"
    noon = OPENS + 60 * STEP_SECONDS
    share = sum(day.counts[:60]) / day.total
    early = sum(at < noon for at in found)
    assert abs(early - share * wanted) < 5 * (share * wanted) ** 0.5 + 1


def test_a_part_of_the_day_has_its_own_calls_alone() -> None:
    day = day_of("2003-03-04")
    found = day.arrivals(2_000, Random(1), 9 * 3600, 10 * 3600)
    assert found
    assert all(9 * 3600 <= at < 10 * 3600 for at in found)
    assert found == day.arrivals(2_000, Random(1), 9 * 3600, 10 * 3600), "the same seed, the same day"


def test_which_day_it_is() -> None:
    assert day_of("Friday").day.isoformat() == "2003-03-07"
    totals = sorted(one.total for one in arriving.days())
    assert day_of("").total == totals[len(totals) // 2]
    for text in ("sunday", "2003-03-08", "tomorrow"):
        with pytest.raises(Invalid):
            day_of(text)
