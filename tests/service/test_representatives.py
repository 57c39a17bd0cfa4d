"""Who acts for a customer: authority on record, by the customer's own days; the person named on each act."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from backend import db
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.profiles import service as profiles
from backend.record.tables import AuditEntryRow
from backend.treatments import service as treatments
from backend.treatments.service import OfferLine
from shared.kernel.actors import Actor
from shared.kernel.errors import AlreadyAnswered, Conflict, Invalid, NoAuthority, NotFound
from shared.kernel.money import Money
from tests.representing import record, speak
from tests.small_company import (
    ADA,
    BY_ADA,
    DAY,
    GRACE,
    KIM,
    NOW,
    TODAY,
    answer,
    decide,
    offer_of,
    offers,
    open_company,
    order,
    row_of,
    work,
)


@pytest.fixture(autouse=True)
def company(database: str) -> str:
    open_company()
    return database


def latest(own: bool = False) -> tuple[interactions.Event, str, str]:
    """The last event, with its words for an agent or for the customer."""
    with db.reading() as session:
        event = interactions.timeline(session, ADA, limit=1).items[0]
    words = interactions.in_words(event, "customer" if own else "agent")
    return event, words.title, words.detail


def payload(action: str) -> dict[str, Any]:
    with db.reading() as session:
        entry = session.execute(
            select(AuditEntryRow.payload).where(AuditEntryRow.action == action).order_by(AuditEntryRow.entry_id.desc())  # type: ignore[call-overload, attr-defined]
        )
        found: dict[str, Any] = entry.scalars().first()
    return found


def test_who_may_act_stands_on_record_with_what_was_seen_and_both_read_of_it() -> None:
    rosa = record(until=date(2026, 12, 31))
    assert (rosa.name, rosa.relation, rosa.from_day, rosa.recorded_by) == ("Rosa Marín", "carer", TODAY, "Kim")
    event, title, detail = latest()
    assert (event.kind, title, detail) == (
        "representative.recorded", "Rosa Marín may act for them", "carer · until 31 December 2026 · by Kim",
    )  # fmt: skip
    assert latest(own=True)[1:] == ("Rosa Marín may act for you", "your carer · until 31 December 2026 · with Kim")
    assert "authority" not in event.data
    assert payload("representative.recorded")["authority"] == "Power of attorney of 3 May, seen"


def test_authority_holds_by_the_days_of_the_place_where_the_customer_lives() -> None:
    # Half past three in the night of 23 November in Greenwich is still the evening of the 22nd in New York.
    late = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)
    rosa = record(from_day=date(2026, 11, 22), until=date(2026, 11, 22))
    speak(rosa, late)
    tomorrow = record(name="Tom", from_day=date(2026, 11, 23))
    with pytest.raises(NoAuthority, match="Tom does not hold today"):
        speak(tomorrow, late)
    midnight = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
    with pytest.raises(NoAuthority, match="Rosa Marín does not hold today"):
        speak(rosa, midnight)
    speak(tomorrow, midnight)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "R" * 121}, "name"),
        ({"relation": "neighbour"}, "relation"),
        ({"authority": ""}, "authority"),
        ({"authority": "x" * 301}, "authority"),
        ({"from_day": TODAY + DAY, "until": TODAY}, "until"),
        ({"from_day": TODAY - 9 * DAY, "until": TODAY - DAY}, "until"),
    ],
)
def test_what_cannot_stand_on_record_is_refused_with_the_reason(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        record(**wrong)
    assert set(refused.value.errors) == {field}
    with db.reading() as session:
        assert profiles.representatives(session, ADA) == ()


def test_nobody_represents_a_customer_who_is_not_there_nor_another_one() -> None:
    with pytest.raises(NotFound):
        record(uuid4())
    of_grace = record(GRACE)
    with pytest.raises(NotFound):
        speak(of_grace)
    with pytest.raises(NotFound), db.transaction() as session:
        interactions.end_representative(session, ADA, of_grace.representative_id, actor=KIM, now=NOW)


def test_each_act_of_the_contact_names_the_person_in_the_event_and_in_the_trail() -> None:
    rosa = record()
    speak(rosa)
    second = order(decide())[1]
    person = {"id": str(rosa.representative_id), "name": "Rosa Marín", "relation": "carer"}
    answer(offer_of(decide(), second), "declined")
    event, title, detail = latest()
    assert event.data["person"] == person
    assert title.startswith("Declined: ")
    assert detail.startswith("with Rosa Marín, carer · by Kim, by phone")
    assert latest(own=True)[1].startswith("Rosa Marín declined: ")
    assert latest(own=True)[2] == "Rosa Marín, your carer · with Kim, by phone"
    assert payload("offer.declined")["person"] == person
    first = order(decide())[0]
    answer(offer_of(decide(), first), "accepted")
    assert latest()[0].data["person"] == person
    assert payload("offer.accepted")["person"] == person


def line_of(offer_id: UUID, viewer: Actor = KIM) -> OfferLine:
    with db.reading() as session:
        return treatments.offer_page(session, offer_id, viewer, NOW).line


def test_an_offers_own_line_names_who_heard_it_and_who_answered_to_both() -> None:
    rosa = record()
    speak(rosa)
    offer = offer_of(decide(), order(decide())[1])
    heard = answer(offer, "presented")
    assert heard.person is not None
    assert (heard.person.id, heard.person.name, heard.person.relation) == (
        str(rosa.representative_id), "Rosa Marín", "carer",
    )  # fmt: skip
    answered = answer(offer, "declined")
    assert answered.person == heard.person
    assert answered.answer_text == "Declined on 22 November 2026 at 12:00 by phone, by Kim with Rosa Marín, carer."
    own = line_of(offer, BY_ADA)
    assert own.answer_text == "Declined by Rosa Marín, for you, on 22 November 2026 at 12:00 by phone."
    assert own.person == heard.person
    # The decline is reversed by the customer alone: from now on it is theirs, and who heard it first is still known.
    after = answer(offer, "accepted", channel="portal", actor=BY_ADA)
    assert (after.person, after.answer_text) == (None, "Accepted on 22 November 2026 at 12:00 online, by you.")
    assert row_of(offer).presented_with == {"id": heard.person.id, "name": "Rosa Marín", "relation": "carer"}


def test_what_a_carer_accepted_is_theirs_when_it_is_arranged_and_when_somebody_asks_again() -> None:
    speak(record(relation="executor"))
    offer = offer_of(decide(), order(decide())[0])
    answer(offer, "accepted")
    work()
    assert row_of(offer).state == "fulfilled"
    assert line_of(offer, BY_ADA).answer_text.startswith("Accepted by Rosa Marín, for you, on ")
    assert line_of(offer).answer_text.endswith("by phone, by Kim with Rosa Marín, executor.")
    with pytest.raises(AlreadyAnswered, match="by Rosa Marín, for you, on"):
        answer(offer, "accepted", channel="portal", actor=BY_ADA)


def test_the_wrap_up_names_the_person_and_the_next_contact_is_with_the_customer_again() -> None:
    contact = speak(record())
    with db.transaction() as session:
        interactions.wrap_up(
            session, ADA, contact, code="solved", label="Solved", summary="All well.", actor=KIM, now=NOW + DAY / 24
        )
    _, title, detail = latest(own=True)
    assert (title, detail) == ("Rosa Marín called us", "Rosa Marín, your carer · 60 minutes · with Kim")
    offer = offer_of(decide(), order(decide())[0])
    answer(offer, "accepted")
    assert "person" not in latest()[0].data
    assert "person" not in payload("offer.accepted")


def test_what_the_customer_does_alone_meanwhile_names_nobody_else() -> None:
    speak(record(may_act=False))
    offer = offer_of(decide(), order(decide())[0])
    answer(offer, "accepted", channel="portal", actor=BY_ADA)
    event, title, _ = latest(own=True)
    assert "person" not in event.data
    assert title.startswith("You accepted: ")


@pytest.mark.parametrize("response", ["accepted", "declined", "deferred"])
def test_who_may_only_be_told_answers_nothing_in_the_customers_place(response: str) -> None:
    speak(record(may_act=False))
    treatment = order(decide())[0]
    offer = offer_of(decide(), treatment)
    answer(offer, "presented")
    assert latest()[0].data["person"]["name"] == "Rosa Marín"
    with pytest.raises(NoAuthority, match="may be told but not answer"):
        answer(offer, response)
    assert offers()[treatment] == "presented"
    speak(None)
    answer(offer, response)
    assert offers()[treatment] == response


def test_authority_that_ends_in_the_middle_of_a_contact_is_over_at_once() -> None:
    rosa = record()
    speak(rosa)
    with db.transaction() as session:
        ended = interactions.end_representative(session, ADA, rosa.representative_id, actor=KIM, now=NOW)
    assert (ended.ended_by, ended.ended_at) == ("Kim", NOW)
    assert latest(own=True)[1] == "Rosa Marín no longer acts for you"
    offer = offer_of(decide(), order(decide())[0])
    with pytest.raises(NoAuthority, match="no longer holds"):
        answer(offer, "accepted")
    with pytest.raises(NoAuthority):
        speak(rosa)
    with pytest.raises(Conflict, match="ended already, by Kim"), db.transaction() as session:
        interactions.end_representative(session, ADA, rosa.representative_id, actor=KIM, now=NOW)


def test_a_colleagues_contact_is_not_mine_to_say_with_whom_it_is() -> None:
    contact = speak(None)
    rosa = record()
    other = type(KIM)("staff", str(uuid4()), "Lee")
    with pytest.raises(Conflict, match="Kim's"), db.transaction() as session:
        interactions.speak_with(session, ADA, contact, rosa.representative_id, other, NOW)


def test_the_desk_reads_credits_and_representatives_in_one_as_it_would_alone() -> None:
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
        assert profiles.beside(session, ADA, pack) == profiles.Beside((), (), belongs=False, cuts=None)
    record()
    record(GRACE)
    tom = record(name="Tom")
    with db.transaction() as session:
        for cents in (100, 250):
            profiles.book_credit(session, ADA, uuid4(), "A credit", Money(cents, "USD"), NOW + timedelta(seconds=cents))
        interactions.end_representative(session, ADA, tom.representative_id, actor=KIM, now=NOW)
        found = profiles.beside(session, ADA, pack)
        assert found.credits == profiles.waiting_credits(session, ADA)
        assert found.representatives == profiles.representatives(session, ADA)
    assert [c.amount.minor for c in found.credits] == [100, 250]
    assert [p.name for p in found.representatives] == ["Rosa Marín", "Tom"]
    assert not found.belongs
    with db.transaction() as session:
        profiles.join(session, ADA, "h-1", kind="household", name="", traits={}, source="crm", since=NOW, now=NOW)
        assert profiles.beside(session, ADA, pack).belongs


def test_export_gives_who_may_act_and_erasure_takes_them() -> None:
    rosa = record()
    with db.transaction() as session:
        (row,) = profiles.export_customer(session, ADA)["representative"]
        assert (row["name"], row["authority"]) == (rosa.name, rosa.authority)
        interactions.erase_customer(session, ADA)
        profiles.erase_customer(session, ADA)
        assert profiles.representatives(session, ADA) == ()
