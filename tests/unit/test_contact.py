"""Contact policy: windows of whole days, caps, and what counts against them."""

from datetime import date

import pytest

from backend.engine import contact
from backend.engine.facts import Configuration, Ledger
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


def refused(
    treatment: str, given: Ledger, today: date = TODAY, subject: str = "", by: Configuration = CONFIGURATION
) -> str | None:
    """The rule against putting it to them."""
    history = contact.history_of(given, by.catalogue.pack, by, today)
    found = contact.refusal(by.catalogue.treatments[treatment], subject, history)
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
    history = contact.history_of(given, CONFIGURATION.catalogue.pack, CONFIGURATION, TODAY)
    found = contact.too_much_conceded(history, concession, 60.0)
    assert (found[0] if found else None) == rule


@pytest.mark.parametrize(
    ("margin", "most"), [(None, 60.0), (1000.0, 60.0), (240.0, 60.0), (239.0, 59.75), (0.0, 0.0), (-50.0, 0.0)]
)
def test_at_most_a_share_of_the_margin_is_conceded_and_never_more_than_the_cap(
    margin: float | None, most: float
) -> None:
    policies = CONFIGURATION.catalogue.pack.policies.model_copy(update={"concession_share": 0.25})
    assert contact.most_conceded(policies, margin) == most


def test_a_limit_of_none_over_all_lets_nothing_be_said() -> None:
    cap = {"key": "none", "of": "all", "outcome": "presented", "days": 1, "most": 0}
    shut = bridge.configuration_of(setting(pack={"cap": [cap]}))
    assert refused("autumn", ledger(), by=shut) == "cap:none"
    assert refused("autumn", ledger()) is None


@pytest.mark.parametrize(("subject", "rule"), [("a", "cool_off"), ("b", None), ("", None)])
def test_an_answer_counts_for_its_own_subject(subject: str, rule: str | None) -> None:
    given = ledger(("autumn", "declined", 9, {"answered_on": ago(9), "subject": "a"}))
    assert refused("autumn", given, subject=subject) == rule


@pytest.mark.parametrize(("mine", "rule"), [("a", "beside:films"), ("", "beside:films"), ("b", None)])
def test_what_was_taken_stands_against_its_own_subject_and_the_whole_customer(mine: str, rule: str | None) -> None:
    """`sport` cannot be had beside `films`."""
    by = bridge.configuration_of(setting(extras="sport", pack={"cap": [], "gap": []}))
    given = ledger(("films", "accepted", 9, {"answered_on": ago(9), "subject": "a"}))
    assert refused("sport", given, subject=mine, by=by) == rule
    whole = ledger(("films", "accepted", 9, {"answered_on": ago(9)}))
    assert refused("sport", whole, subject=mine, by=by) == "beside:films"
