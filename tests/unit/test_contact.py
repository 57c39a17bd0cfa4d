"""Contact policy: windows of whole days, caps, and what counts against them."""

from datetime import date

import pytest

from backend.treatments import contact
from backend.treatments.facts import Ledger
from tests.unit import bridge
from tests.unit.reference.cases import TODAY, ago, ahead, offer, setting

CONFIGURATION = bridge.configuration_of(setting())
TERMS = {
    "loyalty": [("discount", 5.0), ("months", 12)],
    "films": [("price", 800), ("months", 6)],
    "goodwill": [("credit", 2500)],
    "faster": [("price", 490)],
}


def ledger(*offers: tuple[str, str, int, dict[str, object]]) -> Ledger:
    return bridge.ledger_of(
        [offer(t, state, days, terms=TERMS.get(t, []), **more) for t, state, days, more in offers], CONFIGURATION
    )


def refused(treatment: str, given: Ledger, today: date = TODAY, concession: float = 0.0) -> str | None:
    found = contact.refusal(
        CONFIGURATION.catalogue.treatments[treatment],
        given,
        CONFIGURATION.catalogue.pack.policies,
        CONFIGURATION,
        today,
        concession,
    )
    return found[0] if found else None


@pytest.mark.parametrize(("days", "counted"), [(0, 1), (29, 1), (30, 0), (400, 0)])
def test_presentations_of_the_last_thirty_days_count(days: int, counted: int) -> None:
    assert contact.presentations(ledger(("tip", "expired", days, {})), TODAY) == counted


@pytest.mark.parametrize(
    ("state", "days", "counted"),
    [
        ("accepted", 0, 25.0),
        ("fulfilled", 364, 25.0),
        ("fulfilled", 365, 0.0),
        ("pending_approval", 1, 25.0),
        ("declined", 1, 0.0),
    ],
)
def test_what_was_given_away_within_the_year_counts(state: str, days: int, counted: float) -> None:
    assert (
        contact.concessions(ledger(("goodwill", state, days, {"answered_on": ago(days), "concession": 25.0})), TODAY)
        == counted
    )


@pytest.mark.parametrize(
    ("state", "days", "more", "counted"),
    [
        ("presented", 30, {}, 25.0),
        ("presented", 31, {}, 0.0),
        ("deferred", 3, {"answered_on": ago(3), "until": ahead(9)}, 25.0),
        ("deferred", 31, {"answered_on": ago(31), "until": ago(2)}, 0.0),
        ("expired", 40, {}, 0.0),
        ("withdrawn", 4, {}, 0.0),
    ],
)
def test_what_is_still_promised_counts_beside_it(
    state: str, days: int, more: dict[str, object], counted: float
) -> None:
    given = ledger(("goodwill", state, days, {"concession": 25.0, **more}))
    assert contact.committed(given, TODAY) == counted
    assert contact.committed(given, TODAY, without=given.offers[0].offer_id) == 0.0


@pytest.mark.parametrize(("days", "rule"), [(0, "gap:sales"), (4, "gap:sales"), (5, None)])
def test_some_days_lie_between_two_sales(days: int, rule: str | None) -> None:
    assert refused("faster", ledger(("films", "expired", days, {}))) == rule
    assert refused("autumn", ledger(("films", "expired", days, {}))) is None


@pytest.mark.parametrize(("older", "rule"), [(29, "cap:sales_30d"), (30, None)])
def test_sales_in_thirty_days_are_capped(older: int, rule: str | None) -> None:
    assert refused("faster", ledger(("films", "expired", older, {}), ("films", "expired", 9, {}))) == rule


@pytest.mark.parametrize(
    ("state", "days", "rule"),
    [
        ("declined", 59, "cool_off"),
        ("declined", 60, None),
        ("accepted", 364, "repeat"),
        ("accepted", 365, None),
        ("expired", 1, None),
    ],
)
def test_an_answer_keeps_the_treatment_away_for_its_time(state: str, days: int, rule: str | None) -> None:
    answered = {"answered_on": ago(days)} if state != "expired" else {}
    assert refused("autumn", ledger(("autumn", state, days, answered))) == rule
    assert refused("senior_help", ledger(("autumn", state, days, answered))) is None


@pytest.mark.parametrize(("concession", "rule"), [(35.0, None), (35.01, "concession_cap"), (0.0, None)])
def test_the_cap_of_the_year_is_reached_and_not_passed(concession: float, rule: str | None) -> None:
    given = ledger(("loyalty", "fulfilled", 100, {"answered_on": ago(100), "concession": 25.0}))
    assert refused("goodwill", given, concession=concession) == rule
