"""Rules that fail at run time: the treatment is withheld with the reason, the rest stands, and supervisors hear of it, once per decision."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from backend import db, metrics
from backend.treatments import service as treatments
from backend.treatments.parity import compare_channels
from tests import small_company as company
from tests.small_company import ADA, DAY, NOW

BROKEN: dict[str, Any] = {"rules": {"eligible": "monthly / (owed - owed) > 'x'"}}


@pytest.fixture(autouse=True)
def opened(database: str) -> None:
    company.open_company(films={"rules": {"applicable": "contract > 3"}})


def counted(treatment: str = "films", step: str = "applicable") -> float:
    return metrics.RULE_FAILURES.labels(treatment, step)._value.get()


def told(now: Any = NOW) -> list[tuple[str, str, str, int]]:
    with db.reading() as session:
        return [(f.treatment, f.step, f.rule, f.count) for f in treatments.failures(session, now)]


def test_a_rule_that_fails_withholds_its_treatment_and_the_rest_of_the_decision_stands() -> None:
    decided = company.decide()
    failed = [w for w in treatments.withheld_of(decided) if w.failed]
    assert [(w.treatment, w.step, w.rule) for w in failed] == [("films", "applicable", "contract > 3")]
    assert "could not be decided" in failed[0].detail
    assert decided.ranked


def test_it_is_counted_once_for_each_stored_decision_and_for_nothing_else() -> None:
    before = counted()
    decided = company.decide()
    assert (counted() - before, told()) == (1, [("films", "applicable", "contract > 3", 1)])
    company.decide()
    treatments.preview(ADA, NOW)
    treatments.withheld_of(decided)
    compare_channels(ADA, ["phone", "portal"], NOW)
    assert decided.decision_id is not None
    with db.reading() as session:
        treatments.replay(session, decided.decision_id)
        page = treatments.decision_page(session, decided.decision_id, NOW)
    treatments.what_would_change(page, "films")
    assert (counted() - before, told()) == (1, [("films", "applicable", "contract > 3", 1)])
    company.tell("pay", "bill")
    company.decide()
    assert (counted() - before, told()[0][3]) == (2, 2)


@pytest.mark.parametrize(
    ("change", "step", "rule"),
    [
        ({"rules": {"eligible": "contract > 3"}}, "eligible", "contract > 3"),
        ({"rules": {"suitable": "contract > 3"}}, "suitable", "contract > 3"),
        ({"value": {"experience": "monthly / (owed - owed)"}}, "suitable", "experience"),
        ({"value": {"equity": "monthly / (owed - owed)"}}, "arbitration", "value"),
        ({"term": [{"key": "price", "label": "Price", "unit": "money", "value": "monthly / (owed - owed)"}]}, "contact_policy", "terms"),
    ],
)  # fmt: skip
def test_each_place_where_a_rule_can_fail_says_that_it_failed(change: dict[str, Any], step: str, rule: str) -> None:
    company.publish(faster=change)
    failed = [(w.treatment, w.step, w.rule) for w in treatments.withheld_of(company.decide()) if w.failed]
    assert failed == [("faster", step, rule)]
    assert told() == [("faster", step, rule, 1)]


def test_all_failures_of_thirty_days_are_one_line_and_older_ones_are_forgotten() -> None:
    company.decide()
    company.decide(NOW + 3 * DAY)
    assert told(NOW + 3 * DAY) == [("films", "applicable", "contract > 3", 2)]
    assert told(NOW + 32 * DAY) == [("films", "applicable", "contract > 3", 1)]
    company.decide(NOW + 60 * DAY)
    assert told(NOW + 60 * DAY) == [("films", "applicable", "contract > 3", 1)]
    with db.reading() as session:
        rows = session.connection().exec_driver_sql("SELECT count(*) FROM rule_failure").scalar_one()
    assert rows == 1, "rows are bounded: what is older than 30 days is gone"


def test_decisions_that_fail_alike_at_once_are_all_counted() -> None:
    company.publish(faster=BROKEN, films={"rules": {"applicable": "contract > 3"}})
    people = [company.enter(nth)[0] for nth in range(12)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda one: company.decide(NOW + timedelta(seconds=1), one), people))
    assert {(t, n) for t, _, _, n in told()} == {("faster", 12), ("films", 12)}
