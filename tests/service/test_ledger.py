"""The ledger: each answer counts once, everywhere, and what was offered is honoured, on both databases."""

from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy import update

from backend import db
from backend.treatments import service as treatments
from backend.treatments.tables import OfferRow
from shared.kernel.errors import AlreadyAnswered, Conflict, Expired, Invalid, NoLongerOffered, NotFound
from tests.small_company import (
    ADA,
    BY_ADA,
    BY_GRACE,
    DAY,
    KIM,
    NOW,
    TODAY,
    answer,
    decide,
    events,
    learn,
    left,
    offer_of,
    offers,
    open_company,
    order,
    publish,
    row_of,
    tell,
    work,
)

_OFFER = OfferRow.__table__  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def company(database: str) -> str:
    open_company()
    return database


def test_an_acceptance_counts_once_and_is_fulfilled_once() -> None:
    learn(attributes={"contract": "monthly"})
    tell("leave", "leaving")
    made = decide()
    offer = offer_of(made, "loyalty")
    line = answer(offer, "accepted", channel="portal", actor=BY_ADA)
    assert (line.state, line.channel) == ("accepted", "portal")
    assert decide().inputs.ledger.version == made.inputs.ledger.version + 1
    with pytest.raises(AlreadyAnswered) as told:
        answer(offer, "declined")
    extra = told.value.extra
    assert (extra["who"], extra["when"], extra["where"]) == ("Ada Lovelace", NOW, "portal")
    assert extra["offer"].state == "accepted"
    before = decide().inputs.profile
    assert (work(), work()) == (1, 0)
    assert offers()["loyalty"] == "fulfilled"
    after = decide()
    assert (before.attributes["contract"], after.inputs.profile.attributes["contract"]) == ("monthly", "yearly")
    with db.transaction() as session:
        treatments.fulfil(session, ADA, {"offer_id": str(offer)}, NOW)
    assert decide().decision_id == after.decision_id
    with pytest.raises(AlreadyAnswered):
        answer(offer, "accepted")
    assert [kind for kind, _ in events()] == [
        "offer.accepted", "profile.changed", "offer.fulfilled", "life_cycle.changed",
    ]  # fmt: skip


def test_what_was_accepted_is_not_offered_again_within_its_time() -> None:
    answer(offer_of(decide(), "autumn"), "accepted")
    assert left(decide())["autumn"] == ("contact_policy", "repeat")


def test_presented_is_written_once_whoever_says_it_again() -> None:
    offer = offer_of(decide(), "faster")
    first = answer(offer, "presented", channel="portal", actor=BY_ADA)
    again = answer(offer, "presented", now=NOW + DAY)
    assert (first.state, again.state, again.version) == ("presented", "presented", first.version)
    row = row_of(offer)
    assert (row.presented_channel, row.presented_on, row.presented_first) == ("portal", TODAY, True)
    assert events() == [("offer.presented", "portal")]


def test_an_answer_implies_that_it_was_presented() -> None:
    offer = offer_of(decide(), "films")
    answer(offer, "declined", reason="  too dear ")
    row = row_of(offer)
    assert (row.state, row.presented_at, row.presented_first, row.reason) == ("declined", NOW, False, "too dear")


def test_a_decline_here_is_reversed_there_until_the_terms_date() -> None:
    offer = offer_of(decide(), "faster")
    terms = row_of(offer).terms
    answer(offer, "declined", channel="phone")
    assert left(decide())["faster"] == ("contact_policy", "cool_off")
    for again in ("declined", "deferred", "presented"):
        with pytest.raises(AlreadyAnswered, match="declined already"):
            answer(offer, again, now=NOW + DAY)
    publish(now=NOW + DAY, faster={"term": [], "acceptance": 0.01})
    line = answer(offer, "accepted", now=NOW + 14 * DAY, channel="portal", actor=BY_ADA)
    assert (line.state, row_of(offer).terms) == ("accepted", terms)
    assert work(NOW + 14 * DAY) == 1
    assert offers()["faster"] == "fulfilled"
    assert [kind for kind, _ in events()] == ["offer.declined", "offer.accepted", "offer.fulfilled"]


def test_after_the_terms_date_a_decline_stands_and_cools_off() -> None:
    offer = offer_of(decide(), "faster")
    answer(offer, "declined")
    with pytest.raises(Expired):
        answer(offer, "accepted", now=NOW + 15 * DAY)
    assert "faster" in left(decide(NOW + 59 * DAY))
    assert "faster" in order(decide(NOW + 60 * DAY))
    assert offer_of(decide(NOW + 60 * DAY), "faster") != offer


def test_a_deferred_offer_comes_back_on_its_day_as_it_was() -> None:
    offer = offer_of(decide(), "faster")
    answer(offer, "presented")
    terms = row_of(offer).terms
    for bad in (TODAY, TODAY - DAY, date(2026, 12, 7)):
        with pytest.raises(Invalid):
            answer(offer, "deferred", until=bad)
    answer(offer, "deferred", until=TODAY + 4 * DAY)
    assert left(decide())["faster"] == ("contact_policy", "deferred")
    publish(now=NOW + DAY, faster={"term": []})
    assert "faster" in left(decide(NOW + 3 * DAY))
    back = decide(NOW + 4 * DAY)
    assert order(back)[0] == "faster"
    assert (offer_of(back, "faster"), row_of(offer).terms) == (offer, terms)
    assert answer(offer, "accepted", now=NOW + 4 * DAY).state == "accepted"


def test_a_deferral_without_a_day_is_for_a_week_within_the_offers_date() -> None:
    offer = offer_of(decide(), "faster")
    answer(offer, "deferred")
    assert row_of(offer).until == TODAY + 7 * DAY
    answer(offer, "accepted", now=NOW + DAY)
    assert offers()["faster"] == "accepted"


@pytest.mark.parametrize("by", ["worker", "decision"])
def test_after_its_last_day_an_offer_has_ended(by: str) -> None:
    made = decide()
    known, unknown = offer_of(made, "faster"), offer_of(made, "autumn")
    answer(known, "presented")
    last, after = NOW + 14 * DAY, NOW + 15 * DAY
    assert order(decide(last))[0] == "faster"
    version = decide(last).inputs.ledger.version
    if by == "worker":
        assert treatments.expire_due(last) == 0
        assert treatments.expire_due(after) == 1
        assert treatments.expire_due(after) == 0
    decided = decide(after)
    assert decided.inputs.ledger.version == version + 1
    assert row_of(known).state == "expired"
    assert offer_of(decided, "faster") != known
    for response in ("accepted", "declined", "presented"):
        with pytest.raises(Expired):
            answer(known, response, now=after)  # type: ignore[arg-type]
    assert events() == [("offer.presented", "phone"), ("offer.expired", None)]
    assert row_of(unknown).state == "open"
    treatments.expire_due(NOW + 40 * DAY)
    with pytest.raises(NotFound):
        answer(unknown, "accepted", now=NOW + 40 * DAY)


def test_an_offer_never_presented_goes_with_what_it_was_made_from() -> None:
    offer = offer_of(decide(), "faster")
    learn(attributes={"owed": 40.0})
    with pytest.raises(NoLongerOffered):
        answer(offer, "accepted")
    assert row_of(offer).state == "open"


def test_a_presented_offer_is_hidden_when_it_is_no_longer_good_and_never_void() -> None:
    offer = offer_of(decide(), "faster")
    answer(offer, "presented")
    learn(attributes={"owed": 40.0})
    assert left(decide())["faster"][0] == "suitable"
    learn(attributes={"owed": 0.0})
    assert order(decide())[0] == "faster"
    learn(attributes={"fibre": False})
    assert answer(offer, "accepted").state == "accepted"


def test_terms_are_honoured_though_the_catalogue_changed() -> None:
    offer = offer_of(decide(), "faster")
    answer(offer, "presented")
    before = row_of(offer)
    publish(faster={"term": [], "valid_days": 1})
    decided = decide()
    assert (order(decided)[0], decided.ranked[0].catalogue_version) == ("faster", 1)
    line = answer(offer, "accepted", now=NOW + 9 * DAY, channel="portal", actor=BY_ADA)
    after = row_of(offer)
    assert (after.terms, after.valid_until, after.catalogue_version) == (before.terms, before.valid_until, 1)
    assert [t.text for t in line.terms] == ["$5.00"]


def test_whoever_saw_other_terms_is_asked_to_look_again() -> None:
    offer = offer_of(decide(), "faster")
    seen = row_of(offer).version
    learn(attributes={"monthly": 120.0})
    decide()
    assert row_of(offer).version == seen + 1
    with pytest.raises(Conflict, match="terms"):
        answer(offer, "accepted", seen=seen)
    assert answer(offer, "accepted", seen=seen + 1).state == "accepted"


def test_whoever_did_not_see_the_decline_has_lost_the_race() -> None:
    offer = offer_of(decide(), "faster")
    seen = answer(offer, "presented").version
    declined = answer(offer, "declined", seen=seen)
    with pytest.raises(AlreadyAnswered):
        answer(offer, "accepted", now=NOW + DAY, seen=seen)
    assert answer(offer, "accepted", now=NOW + DAY, seen=declined.version).state == "accepted"


def test_another_customers_offer_does_not_exist() -> None:
    offer = offer_of(decide(), "faster")
    with pytest.raises(NotFound):
        answer(offer, "accepted", actor=BY_GRACE, channel="portal")
    with pytest.raises(NotFound):
        answer(offer, "accepted", customer_id=BY_GRACE.customer_id)
    with pytest.raises(NotFound):
        answer(uuid4(), "accepted")
    assert row_of(offer).state == "open"


def test_an_answer_by_no_channel_or_with_a_novel_for_a_reason_is_refused() -> None:
    offer = offer_of(decide(), "faster")
    for wrong in ({"channel": "telegraph"}, {"reason": "x" * 501}):
        with pytest.raises(Invalid):
            answer(offer, "declined", **wrong)  # type: ignore[arg-type]
    assert row_of(offer).state == "open"


def test_states_that_others_set_are_final() -> None:
    offer = offer_of(decide(), "faster")
    answer(offer, "presented")
    refused = {
        "withdrawn": NoLongerOffered, "superseded": NoLongerOffered, "pending_approval": AlreadyAnswered, "expired": Expired,
    }  # fmt: skip
    for state, error in refused.items():
        with db.transaction() as session:
            session.execute(update(_OFFER).where(_OFFER.c.offer_id == offer).values(state=state, answered_on=TODAY))
        for response in ("accepted", "declined", "deferred", "presented"):
            with pytest.raises(error):
                answer(offer, response)  # type: ignore[arg-type]
        assert row_of(offer).state == state


def test_what_the_portal_shows_is_presented_and_a_prefetch_is_not() -> None:
    shown = treatments.recommend_for_customer(ADA, "portal", BY_ADA, NOW, present=False)
    assert [row_of(c.offer_id).state for c in shown.cards] == ["open"]
    shown = treatments.recommend_for_customer(ADA, "portal", BY_ADA, NOW)
    assert [row_of(c.offer_id).state for c in shown.cards] == ["presented"]
    looked = treatments.recommend_for_agent(ADA, "phone", KIM, NOW)
    assert looked.cards[0].card.offer_id == shown.cards[0].offer_id
    assert [row_of(c.card.offer_id).state for c in looked.cards[1:]] == ["open"] * (len(looked.cards) - 1)
    assert events() == [("offer.presented", "portal")]


def test_concessions_promised_together_stay_within_the_years_cap() -> None:
    learn(count={"calls": 7}, attributes={"monthly": 70.0})
    credit = {"term": [{"key": "credit", "label": "Credit", "unit": "money", "value": 45.0, "concession": True}]}
    publish(goodwill=credit, autumn={**credit, "concession": True})
    made = decide()
    first, second = offer_of(made, "goodwill"), offer_of(made, "autumn")
    answer(first, "deferred", until=TODAY + 3 * DAY)
    with pytest.raises(NoLongerOffered):
        answer(second, "accepted")
    assert left(decide())["autumn"] == ("contact_policy", "concession_cap")
