"""What an agent does with an offer beyond saying it: other terms within and beyond their authority, and another treatment."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from backend import db
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from shared.kernel import clock
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import AlreadyAnswered, Conflict, Forbidden, Invalid, NoLongerOffered
from tests.representing import record, speak
from tests.small_company import (
    ADA,
    BY_ADA,
    KIM,
    NOW,
    answer,
    decide,
    events,
    left,
    offer_of,
    open_company,
    order,
    publish,
    row_of,
    work,
)

LEE = Actor("staff", str(UUID(int=2)), "Lee")
SENIOR = Actor("staff", str(UUID(int=3)), "Sol", role="senior_agent")
CREDIT = {
    "term": [
        {
            "key": "credit", "label": "Credit", "unit": "money", "value": "20.0", "low": 5, "high": 30, "authority_high": 25,
            "concession": True, "authority": [{"role": "senior_agent", "high": 28}],
        }
    ]
}  # fmt: skip


@pytest.fixture(autouse=True)
def company(database: str) -> str:
    open_company(goodwill=CREDIT)
    with db.transaction() as session:
        profiles.learn(session, ADA, now=NOW, count={"complaints": 1})
    return database


def altered(offer: UUID, amount: float, actor: Actor = KIM, reason: str | None = None, **more: Any) -> Any:
    with clock.frozen(NOW), db.transaction() as session:
        return treatments.alter(
            session, offer, {"credit": amount}, channel="phone", actor=actor, now=NOW, reason=reason, **more
        )


def decided(offer: UUID, *, approved: bool, actor: Actor = LEE, reason: str | None = None) -> Any:
    with clock.frozen(NOW), db.transaction() as session:
        return treatments.decide_terms(session, offer, approved=approved, actor=actor, now=NOW, reason=reason)


def chosen(treatment: str, reason: str | None = "They asked for it.", channel: str = "phone") -> Any:
    with clock.frozen(NOW), db.transaction() as session:
        return treatments.override(session, ADA, treatment, channel=channel, actor=KIM, now=NOW, reason=reason)


def credit(customer: UUID = ADA) -> int | None:
    """The credit that the customer's decision offers them now, in cents."""
    ranked = next((r for r in decide(customer_id=customer).ranked if r.treatment == "goodwill"), None)
    return int(ranked.terms[0].value) if ranked else None


def test_terms_within_authority_are_a_new_offer_in_the_place_of_the_old() -> None:
    offer = offer_of(decide(), "goodwill")
    answer(offer, "presented")
    line = altered(offer, 25)
    assert (line.state, line.terms[0].value) == ("presented", 2500)
    assert row_of(offer).state == "superseded"
    assert row_of(line.offer_id).supersedes == offer
    assert credit() == 2500
    with pytest.raises(NoLongerOffered):
        answer(offer, "accepted", channel="portal", actor=BY_ADA)
    assert answer(line.offer_id, "accepted", channel="portal", actor=BY_ADA).state == "accepted"
    assert ("offer.altered", "phone") in events()


def test_what_was_presented_first_stays_first_on_its_new_terms() -> None:
    first = decide().ranked[0].treatment
    assert first == "goodwill"
    answer(offer_of(decide(), first), "presented")
    altered(offer_of(decide(), first), 24)
    again = decide().ranked[0]
    assert (again.treatment, again.pinned, again.terms[0].value) == ("goodwill", True, 2400)


def test_terms_beyond_authority_wait_for_somebody_else() -> None:
    offer = offer_of(decide(), "goodwill")
    with pytest.raises(Invalid, match="Say why"):
        altered(offer, 30)
    line = altered(offer, 30, reason="Nine hours without a line.")
    assert (line.state, line.state_label) == ("pending_approval", "Being confirmed")
    assert left(decide())["goodwill"] == ("contact_policy", "repeat")
    with pytest.raises(AlreadyAnswered):
        answer(line.offer_id, "declined", channel="portal", actor=BY_ADA)
    with pytest.raises(Forbidden, match="Nobody approves their own"):
        decided(line.offer_id, approved=True, actor=KIM)
    with db.reading() as session:
        (one,) = treatments.waiting_terms(session, LEE, NOW)
    assert (one.customer_name, one.asked_by, one.reason) == ("Ada Lovelace", "Kim", "Nine hours without a line.")
    assert one.before is not None
    assert (one.before.terms[0].value, one.offer.terms[0].value) == (2000, 3000)
    assert decided(line.offer_id, approved=True).state == "accepted"
    assert work() == 1
    assert row_of(line.offer_id).state == "fulfilled"
    with pytest.raises(AlreadyAnswered):
        decided(line.offer_id, approved=False, reason="Too late.")
    with db.reading() as session:
        assert treatments.waiting_terms(session, LEE, NOW) == ()


def test_who_heard_of_other_terms_in_the_customers_place_is_named_whoever_approves_them() -> None:
    speak(record())
    offer = offer_of(decide(), "goodwill")
    within = altered(offer, 24)
    assert (within.state, within.person.name) == ("presented", "Rosa Marín")
    assert row_of(offer).presented_with == row_of(within.offer_id).presented_with
    beyond = altered(within.offer_id, 30, reason="Nine hours without a line.")
    with db.reading() as session:
        (waiting,) = treatments.waiting_terms(session, LEE, NOW)
        own = treatments.offer_page(session, beyond.offer_id, BY_ADA, NOW).line
    assert waiting.offer.person == within.person
    assert own.answer_text.startswith("Asked for by Rosa Marín, for you, on ")
    approved = decided(beyond.offer_id, approved=True)
    assert (approved.state, approved.person) == ("accepted", within.person)


def test_what_is_chosen_for_someone_who_acts_for_the_customer_names_them() -> None:
    speak(record())
    assert chosen("autumn").person.name == "Rosa Marín"


def test_refused_terms_give_way_to_the_offer_before() -> None:
    offer = offer_of(decide(), "goodwill")
    answer(offer, "presented")
    line = altered(offer, 30, reason="They insist.")
    with pytest.raises(Invalid, match="Say why"):
        decided(line.offer_id, approved=False)
    assert decided(line.offer_id, approved=False, reason="Twenty is what we give.").state == "withdrawn"
    assert row_of(offer).state == "presented"
    assert credit() == 2000
    assert answer(offer, "accepted").state == "accepted"
    assert [kind for kind, _ in events() if kind.startswith("offer.")] == [
        "offer.presented", "offer.asked", "offer.refused", "offer.accepted",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "said"), [(4.99, "at least 5"), (30.01, "at most 30"), (20, "are the terms already")]
)
def test_terms_beyond_their_bounds_or_unchanged_are_refused(amount: float, said: str) -> None:
    offer = offer_of(decide(), "goodwill")
    with pytest.raises(Invalid) as wrong:
        altered(offer, amount, reason="Why not?")
    assert said in f"{wrong.value} {wrong.value.errors}"
    assert row_of(offer).state == "open"


def test_a_term_that_nobody_may_alter_is_refused() -> None:
    offer = offer_of(decide(), "faster")
    with db.transaction() as session, pytest.raises(Invalid) as wrong:
        treatments.alter(session, offer, {"price": 6.0}, channel="phone", actor=KIM, now=NOW)
    assert wrong.value.errors == {"price": "is not to be altered"}


def test_altered_terms_stay_below_what_a_customer_may_get_in_a_year() -> None:
    open_company(goodwill=CREDIT, policies={"concession_cap": 22})
    offer = offer_of(decide(), "goodwill")
    with pytest.raises(Conflict, match="more than one customer may get in a year"):
        altered(offer, 25)
    assert altered(offer, 21).state == "presented"


def test_an_answered_offer_and_a_page_that_is_behind_alter_nothing() -> None:
    offer = offer_of(decide(), "goodwill")
    answer(offer, "presented")
    with pytest.raises(Conflict, match="changed since this page"):
        altered(offer, 25, seen=row_of(offer).version + 1)
    answer(offer, "accepted")
    with pytest.raises(AlreadyAnswered):
        altered(offer, 25)


def test_a_customer_alters_nothing_and_chooses_nothing_for_themselves() -> None:
    offer = offer_of(decide(), "goodwill")
    with db.transaction() as session, pytest.raises(Forbidden):
        treatments.alter(session, offer, {"credit": 25.0}, channel="portal", actor=BY_ADA, now=NOW)
    with db.transaction() as session, pytest.raises(Forbidden):
        treatments.override(session, ADA, "tip", channel="portal", actor=BY_ADA, now=NOW, reason="Please.")


def test_an_agent_may_choose_what_is_not_relevant_or_not_worth_it() -> None:
    assert left(decide())["explain_bill"][0] == "applicable"
    line = chosen("explain_bill")
    assert (line.state, line.channel) == ("presented", "phone")
    assert "explain_bill" in order(decide())
    assert ("offer.overridden", "phone") in events()
    assert answer(line.offer_id, "accepted", channel="portal", actor=BY_ADA).state == "accepted"


def test_what_stood_open_in_the_decision_is_chosen_once() -> None:
    offer_of(decide(), "faster")
    line = chosen("faster")
    assert [str(line.offer_id)] == [r.offer_id for r in decide().ranked if r.treatment == "faster"]
    with pytest.raises(NoLongerOffered):
        chosen("faster")


def test_a_choice_needs_a_reason_and_a_channel_that_can() -> None:
    with pytest.raises(Invalid):
        chosen("explain_bill", reason=" ")
    with pytest.raises(NoLongerOffered, match="no words for phone"):
        chosen("films")


def test_what_is_unsuitable_silenced_not_consented_to_or_declined_lately_cannot_be_chosen() -> None:
    answer(offer_of(decide(), "autumn"), "declined")
    with db.transaction() as session:
        profiles.learn(session, ADA, now=NOW, attributes={"owed": 12.0})
    with db.reading() as session:
        able = {one.treatment for one in treatments.alternatives(session, ADA, "phone", KIM, NOW)}
    assert able >= {"explain_bill", "technician"}
    assert not able & {"autumn", "faster", "films", "senior_help"}
    for treatment in ("autumn", "faster", "senior_help"):
        with pytest.raises(NoLongerOffered):
            chosen(treatment)


def test_what_cannot_be_had_beside_what_was_taken_is_offered_no_longer() -> None:
    open_company(goodwill=CREDIT, autumn={"excludes": ["tip"]})
    live = chosen("tip")
    both = decide()
    assert left(both)["autumn"] == ("arbitration", "excludes:tip")
    with pytest.raises(NoLongerOffered):
        chosen("autumn")
    answer(live.offer_id, "accepted")
    assert left(decide())["autumn"] == ("contact_policy", "beside:tip")


def test_a_live_offer_is_withdrawn_when_what_excludes_it_is_taken() -> None:
    tip, autumn = chosen("tip").offer_id, offer_of(decide(), "autumn")
    answer(autumn, "presented")
    publish(goodwill=CREDIT, autumn={"excludes": ["tip"]})
    answer(autumn, "accepted")
    assert row_of(tip).state == "withdrawn"
    with pytest.raises(NoLongerOffered):
        answer(tip, "accepted", channel="portal", actor=BY_ADA)
    assert ("offer.withdrawn", None) in events()


def test_the_house_itself_approves_nothing_that_was_decided() -> None:
    offer = offer_of(decide(), "goodwill")
    with db.transaction() as session, pytest.raises(AlreadyAnswered):
        treatments.decide_terms(session, offer, approved=True, actor=SYSTEM, now=NOW)


def test_a_senior_agent_gives_at_once_what_an_agent_must_ask_for() -> None:
    asked = altered(offer_of(decide(), "goodwill"), 28, reason="Long outage")
    assert asked.state == "pending_approval"


def test_beyond_their_own_authority_a_senior_agent_asks_too() -> None:
    offer = offer_of(decide(), "goodwill")
    given = altered(offer, 28, SENIOR)
    assert given.state == "presented"
    assert altered(given.offer_id, 29, SENIOR, "Long outage").state == "pending_approval"
