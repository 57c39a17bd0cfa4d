"""The snapshot: what a decision reads of a customer, on a day, from facts that are kept by day."""

import json
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from backend.matrix.service import Pack, Score, ScoreTerm, folder_of, load_pack
from backend.profiles import identity, risk
from backend.profiles.snapshot import Snapshot, snapshot
from backend.profiles.types import Consent, Moment, Profile
from backend.profiles.value import VERSION, lifetime_value

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
PACK: Pack = load_pack(folder_of("telecom"))


def profile(**more: Any) -> Profile:
    known: dict[str, Any] = {
        "customer_id": UUID(int=1),
        "number": "C100001",
        "name": "María Dávila",
        "attributes": {"tenure": 12, "contract": "Month-to-month", "monthly_charges": 70},
        "facts": {},
        "version": 4,
        "timezone": "America/Los_Angeles",
        "language": "en",
        "made_up": True,
        "moment": None,
    }
    return Profile(**(known | more))


def moment(**more: Any) -> Moment:
    known: dict[str, Any] = {
        "version": 3,
        "stage": "support",
        "intent": "not_working",
        "source": "stated",
        "channel": "portal",
        "set_at": NOW - timedelta(hours=1),
        "fades_at": NOW + timedelta(hours=1),
    }
    return Moment(**(known | more))


@pytest.mark.parametrize(
    ("day", "counted"), [("2026-11-22", 2), ("2026-10-24", 2), ("2026-10-23", 0), ("2026-11-23", 0)]
)
def test_a_window_of_30_days_holds_today_and_the_29_days_before_it(day: str, counted: int) -> None:
    seen = snapshot(profile(facts={"days": {"calls": {day: 2}}}), NOW, PACK)
    assert seen.facts["calls_30d"] == counted


def test_a_window_sums_its_days_and_leaves_no_fact_out() -> None:
    days = {"calls": {"2026-11-22": 1, "2026-11-02": 2, "2026-09-20": 4}}
    seen = snapshot(profile(facts={"days": days}), NOW, PACK)
    assert (seen.facts["calls_30d"], seen.facts["calls_90d"]) == (3, 7)
    assert set(seen.facts) == set(PACK.facts)


def test_today_is_the_day_where_the_customer_lives() -> None:
    late = datetime(2026, 11, 22, 7, 30, tzinfo=UTC)
    assert snapshot(profile(), late, PACK).today == "2026-11-21"
    assert snapshot(profile(timezone="Europe/Berlin"), late, PACK).today == "2026-11-22"


def test_days_since_count_whole_days_and_have_a_default() -> None:
    facts = {"dates": {"last_contact": "2026-11-12"}}
    seen = snapshot(profile(facts=facts), NOW, PACK)
    assert seen.facts["days_since_contact"] == 10
    assert snapshot(profile(), NOW, PACK).facts["days_since_contact"] == 9999


def test_attributes_have_their_schema_s_types_and_defaults() -> None:
    seen = snapshot(profile(attributes={"monthly_charges": 70, "tenure": 12.0}), NOW, PACK)
    assert set(seen.attributes) == set(PACK.attributes)
    assert type(seen.attributes["monthly_charges"]) is float
    assert type(seen.attributes["tenure"]) is int
    assert seen.attributes["churned"] is False
    assert seen.attributes["care_note"] == "none"
    assert seen.attributes["left_on"] == ""


def test_an_attribute_that_the_schema_does_not_know_is_not_seen() -> None:
    assert "shoe_size" not in snapshot(profile(attributes={"shoe_size": 42}), NOW, PACK).attributes


def test_a_live_moment_is_seen_and_a_faded_one_only_remembered() -> None:
    live = snapshot(profile(moment=moment()), NOW, PACK)
    assert (live.stage, live.intent, live.stated, live.moment_key) == ("support", "not_working", True, "3")
    assert live.moment_fades_at == "2026-11-22T19:00:00+00:00"
    gone = snapshot(profile(moment=moment(fades_at=NOW)), NOW, PACK)
    assert (gone.stage, gone.intent, gone.stated, gone.moment_key) == (None, None, False, "3/faded")
    assert gone.moment_version == 3
    assert snapshot(profile(), NOW, PACK).moment_key == "0"


def test_an_inferred_moment_is_not_stated() -> None:
    assert snapshot(profile(moment=moment(source="inferred")), NOW, PACK).stated is False


def test_the_snapshot_survives_json_without_loss() -> None:
    consents = (Consent("marketing", "sms", "denied", "form", "words", NOW),)
    facts = {
        "days": {"calls": {"2026-11-20": 1}},
        "values": {"overdue_amount": 0.1},
        "bad_experience": {"kind": "outage"},
    }
    seen = snapshot(profile(facts=facts, moment=moment(), consents=consents), NOW, PACK)
    again = Snapshot.from_json(json.loads(json.dumps(seen.to_json())))
    assert again == seen
    assert [type(v) for v in again.facts.values()] == [type(v) for v in seen.facts.values()]
    assert seen.consents == {"marketing/sms": "denied"}


def test_equal_profiles_at_two_instants_of_one_day_give_equal_snapshots() -> None:
    assert snapshot(profile(), NOW, PACK) == snapshot(profile(), NOW + timedelta(hours=3), PACK)


def test_an_open_complaint_is_a_protective_state() -> None:
    seen = snapshot(profile(facts={"values": {"open_complaints": 1}}), NOW, PACK)
    assert "open_complaint" in seen.protective
    assert snapshot(profile(), NOW, PACK).protective == ()


def test_who_has_left_is_in_another_state_of_life_than_who_has_not() -> None:
    here, gone = ({"churned": False, "tenure": 30}, {"churned": True, "tenure": 30})
    states = {snapshot(profile(attributes=a), NOW, PACK).life_cycle for a in (here, gone)}
    assert len(states) == 2
    assert states <= {s.key for s in PACK.life_cycle}


def test_the_names_that_rules_read_are_all_there() -> None:
    seen = snapshot(profile(moment=moment()), NOW, PACK).names()
    ledger = {"accepted", "declined", "presentations_30d", "concessions_12m"}
    assert set(seen) == set(PACK.names) - ledger


SCORE = Score(
    intercept=-1.0,
    term=(
        ScoreTerm(
            attribute="tenure", transform="log1p", mean=2.0, scale=0.5, coefficient=-0.8, reason="Short time with us"
        ),
        ScoreTerm(
            attribute="tenure", mean=30, scale=10, coefficient=0.1, reason="Long time", reason_low="Not long with us"
        ),
        ScoreTerm(attribute="contract", level="Month-to-month", coefficient=1.5, reason="No contract"),
        ScoreTerm(attribute="contract", level="One year", coefficient=0.9, reason="One year only"),
        ScoreTerm(attribute="paperless", level=True, coefficient=0.2, reason="Paperless"),
        ScoreTerm(attribute="charge", mean=50, scale=20, coefficient=0.4, reason="Pays a lot"),
    ),
)


def test_churn_risk_is_the_logistic_of_the_sum_and_names_the_three_strongest_drivers() -> None:
    known = {"tenure": 1, "contract": "Month-to-month", "paperless": True, "charge": 90.0}
    tenure = -0.8 * (math.log(2) - 2) / 0.5 + 0.1 * (1 - 30) / 10
    z = -1.0 + tenure + 1.5 + 0.2 + 0.4 * 2
    score, reasons = risk.churn_risk(SCORE, known)
    assert score == pytest.approx(1 / (1 + math.exp(-z)), abs=1e-12)
    assert [a for a, _ in reasons] == ["tenure", "contract", "charge"]
    assert dict(reasons)["tenure"] == pytest.approx(tenure, abs=1e-12)
    assert risk.in_words(SCORE, known, reasons) == ("Short time with us", "No contract", "Pays a lot")


def test_what_lowers_the_risk_is_no_reason_for_it() -> None:
    _, reasons = risk.churn_risk(SCORE, {"tenure": 60, "contract": "Two year", "paperless": False, "charge": 20.0})
    assert reasons == ()


def test_no_protected_attribute_enters_the_score() -> None:
    assert PACK.churn is not None
    assert not {t.attribute for t in PACK.churn.term} & {a.key for a in PACK.attributes.values() if a.protected}
    base = profile(attributes={"tenure": 5, "contract": "One year", "gender": "Male", "senior_citizen": False})
    other = replace(base, attributes={**base.attributes, "gender": "Female", "senior_citizen": True, "partner": True})
    assert snapshot(base, NOW, PACK).churn_risk == snapshot(other, NOW, PACK).churn_risk


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        ("phone", "(213) 555-0101", "+12135550101"),
        ("phone", "+1 213 555 0101", "+12135550101"),
        ("phone", "+49 30 901820", "+4930901820"),
        ("phone", "12", None),
        ("phone", "call me", None),
        ("email", " Maria@Example.COM ", "maria@example.com"),
        ("email", "maria", None),
        ("number", "c100001", "C100001"),
        ("number", "", None),
        ("shoe", "42", None),
    ],
)
def test_two_spellings_of_an_identifier_meet(kind: str, typed: str, kept: str | None) -> None:
    assert identity.normalise(kind, typed) == kept


def test_names_meet_without_case_accents_and_apostrophes() -> None:
    assert identity.fold("  María  D'ÁVILA ") == identity.fold("maria davila")
    assert identity.fold("O’Neil") == identity.fold("ONeil")


def test_lifetime_value_follows_its_formula_and_says_which_and_of_when() -> None:
    seen = replace(snapshot(profile(), NOW, PACK), churn_risk=0.25)
    worth = lifetime_value(seen, PACK, has_left=False)
    assert worth is not None
    margin, kept = 12 * 70 * 0.55, 0.75
    assert worth.margin == pytest.approx(margin)
    assert worth.earned == pytest.approx(margin), "of twelve months with us"
    assert worth.to_come == pytest.approx(margin * kept / (1 + PACK.policies.discount - kept))
    assert (worth.version, worth.as_of) == (VERSION, NOW.date())
    left = lifetime_value(seen, PACK, has_left=True)
    assert left is not None
    assert (left.earned, left.to_come) == (worth.earned, 0)
    rule = PACK.policies.model_copy(update={"margin": None})
    assert lifetime_value(seen, PACK.model_copy(update={"policies": rule}), has_left=False) is None
