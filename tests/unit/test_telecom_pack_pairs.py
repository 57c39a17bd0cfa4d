"""Over all 7,043 customers and all eight stages (the full run, in two processes): everybody is served, nobody crowds out."""

import pytest

from tests.unit.telecom_pairs import NOTHING, Table, as_text, configuration, whole


@pytest.fixture(scope="module")
def table() -> Table:
    return whole()


def test_the_run_covers_all_pairs(table: Table) -> None:
    assert sum(n for (stage, _), n in table.first.items() if stage == "support") == 7_043
    assert len({stage for stage, _ in table.first}) == 9  # eight stages and no moment at all


def test_each_treatment_is_first_in_half_a_percent_of_the_pairs_of_some_stage(table: Table) -> None:
    rare = [key for key in configuration().catalogue.treatments if table.best(key) < 0.005]
    assert rare == [], as_text(table)


def test_a_follow_up_is_first_for_nobody_for_whom_nothing_was_done_and_was_counted_for_those_for_whom_it_was(
    table: Table,
) -> None:
    """Its half a percent is that of the customers to whom what comes before it was offered, after it was done for them."""
    following = {key for key, t in configuration().catalogue.treatments.items() if t.follows is not None}
    assert following == {"first_bill_check"}
    assert [key for key in following if table.share(key)] == []
    assert table.followed["first_bill_check"] >= 500
    assert {first for _, first in table.after} == following


def test_none_is_first_in_more_than_a_quarter_of_all_pairs(table: Table) -> None:
    crowding = [key for key in configuration().catalogue.treatments if table.share(key) > 0.25]
    assert crowding == [], as_text(table)


def test_silence_is_sometimes_the_answer(table: Table) -> None:
    assert 0 < table.share(NOTHING) < 0.05


def test_everyone_who_needs_help_can_be_helped_by_phone_and_by_portal(table: Table) -> None:
    assert table.unhelped == []
    assert table.helped[True] == 7_043


def test_without_a_moment_phone_and_portal_begin_alike_for_95_in_100(table: Table) -> None:
    assert table.same[True] / table.same.total() >= 0.95
