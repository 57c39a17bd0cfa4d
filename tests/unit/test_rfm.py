"""Scores by recency, frequency and monetary value: five equal parts, equal values alike, the best fifth has 5."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.matrix import service as matrix
from backend.matrix.service import Pack, Rfm
from backend.profiles.rfm import Cuts, cuts_of, scores_of, values_of

PLAN = Rfm(recency="days_since_payment", frequency="payments_12m", monetary="paid_12m")
DAY = date(2026, 11, 22)
FIGURES = st.tuples(*(st.integers(0, 400).map(float) for _ in range(3)))


def scores(values: tuple[float, float, float] | None, cuts: Cuts) -> tuple[int, ...]:
    return tuple(scores_of(values, cuts).values())


def test_ten_customers_are_cut_into_fifths_of_two() -> None:
    base = [(float(days), float(11 - days), days * 10.0) for days in range(1, 11)]
    cuts = cuts_of(base, PLAN, DAY)
    assert (cuts.recency, cuts.customers) == ((3, 5, 7, 9), 10)
    assert scores((1, 10, 100), cuts) == (5, 5, 5)
    assert scores((10, 1, 10), cuts) == (1, 1, 1)
    assert [scores(values, cuts)[1] for values in base] == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]
    assert [scores(values, cuts)[2] for values in base] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_where_all_are_alike_all_have_the_best_score() -> None:
    cuts = cuts_of([(12.0, 12.0, 500.0)] * 7, PLAN, DAY)
    assert scores((12.0, 12.0, 500.0), cuts) == (5, 5, 5)


def test_who_never_paid_has_no_score_and_neither_has_anybody_without_a_base() -> None:
    assert scores(None, cuts_of([(1.0, 1.0, 1.0)], PLAN, DAY)) == (0, 0, 0)
    assert scores((1.0, 1.0, 1.0), cuts_of([], PLAN, DAY)) == (0, 0, 0)


@given(st.lists(FIGURES, min_size=1, max_size=60))
def test_nobody_who_is_better_has_a_lower_score(base: list[tuple[float, float, float]]) -> None:
    cuts = cuts_of(base, PLAN, DAY)
    found = sorted((values, scores(values, cuts)) for values in base)
    for one, theirs in found:
        assert all(1 <= score <= 5 for score in theirs)
        for other, its in found:
            assert not (one[0] < other[0] and theirs[0] < its[0])
            assert not (one[1] > other[1] and theirs[1] < its[1])
            assert not (one[2] > other[2] and theirs[2] < its[2])
    assert cuts_of(reversed(base), PLAN, DAY) == cuts, "the order in which they are read does not matter"


def test_cut_offs_of_other_facts_or_of_an_older_formula_do_not_fit() -> None:
    cuts = cuts_of([(1.0, 1.0, 1.0)], PLAN, DAY)
    assert cuts.fits(PLAN)
    assert not cuts.fits(Rfm(recency="days_since_contact", frequency="payments_12m", monetary="paid_12m"))


def test_the_values_come_from_the_windows_of_the_pack() -> None:
    pack = telecom()
    facts: dict[str, Any] = {
        "days": {"payments": {"2026-11-01": 1, "2025-11-01": 1}, "paid": {"2026-11-01": 70.5, "2025-11-01": 60.0}},
        "dates": {"last_payment": "2026-11-01"},
    }
    assert values_of(facts, DAY, pack) == (21.0, 1.0, 70.5)
    assert values_of({"days": facts["days"]}, DAY, pack) is None


def telecom() -> Pack:
    pack, problems = matrix.check(matrix.texts_of(matrix.folder_of("telecom")))
    assert problems == []
    assert pack is not None
    return pack


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            'kind = "descriptive"\nrule = "rfm_recency >= 4',
            'kind = "descriptive"\nrule = "tenure >= 4',
            "tenure is none",
        ),
        ('label = "Champions"', 'label = "Champions"\nbeta = 0.6', "it has no beta of its own"),
        ('recency = "days_since_payment"', 'recency = "no_such"', "no fact is called no_such"),
        ('recency = "days_since_payment"', 'recency = "paid_12m"', "is no fact that counts the days"),
        ('monetary = "paid_12m"', 'monetary = "last_bill_amount"', "is no fact that has a window"),
        ('label = "Champions"\nkind = "descriptive"', 'label = "Champions"\nkind = "other"', "'rule' or 'descriptive'"),
    ],
)
def test_a_pack_that_describes_by_anything_else_is_told_so(before: str, after: str, said: str) -> None:
    texts = matrix.texts_of(matrix.folder_of("telecom"))
    assert before in texts["segments.toml"]
    _, problems = matrix.check({**texts, "segments.toml": texts["segments.toml"].replace(before, after, 1)})
    assert any(said in problem.message and problem.file == "segments.toml" for problem in problems), problems
