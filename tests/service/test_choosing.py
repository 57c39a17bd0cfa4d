"""What customers choose when they accept: kept with it, booked, told, given back; a time that went is nobody's acceptance."""

from __future__ import annotations

import json
import threading
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from backend import db
from backend.cases import service as cases
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.treatments import service as treatments
from shared.kernel.actors import SYSTEM
from shared.kernel.errors import EvenhandError, Invalid
from tests.fulfilling import open_work, undo
from tests.small_company import ADA, BY_ADA, KIM, NOW, answer, decide, enter, offer_of, open_company, row_of, work
from tests.unit.reference import words

WHEN = {"key": "when", "kind": "slot", "used_for": "time", "calendar": "visits", "label": "When shall we come?"}
PLACE = {"key": "place", "kind": "address", "label": "Where?", "prefill": "contract"}
PART = {
    "key": "part", "kind": "choice", "label": "Which?", "required": False, "labels": {"es": "¿Cuál?"},
    "option": [{"key": "old", "label": "The old one"}, {"key": "new", "label": "A new one"}],
}  # fmt: skip
VISIT = {"kind": "booking", "what": "Visit", "lead_days": 1, "undo_days": 14, "promise": "Someone comes."}
HOURS = [{"days": [1, 2, 3, 4, 5], "from": "08:00", "until": "12:00"}]
CALENDAR = {"key": "visits", "label": "Visits", "places": 1, "days_ahead": 7, "slot_minutes": 120, "hours": HOURS}
TUESDAY = datetime.fromisoformat("2026-11-24T13:00:00+00:00")
"""Eight in the morning in New York, two days after the small company's Sunday."""
AT = TUESDAY.isoformat()
ALL = {"when": AT, "place": " 1 Main St\n Springfield ", "part": "new"}


@pytest.fixture(autouse=True)
def company(database: str) -> str:
    open_company()
    ask()
    return database


def ask(*inputs: dict[str, Any], fulfilment: dict[str, Any] = VISIT, budget: int = 30, **treatment: Any) -> None:
    """The catalogue from now on: its autumn treatment is a visit that asks for these."""
    change = {"fulfilment": fulfilment, "input": list(inputs or (WHEN, PLACE, PART)), **treatment}
    body = json.loads(json.dumps(words.body(autumn=change), default=str))
    body["pack"]["timezone"] = "America/New_York"
    body["pack"]["budget"][1] |= {"amount": budget}
    body["cases"] = {"calendar": [CALENDAR], "team": [{"key": "care", "label": "Care"}]}
    body["cases"] |= {"hours": HOURS, "callbacks": {"team": "care", "places": 1, "slot_minutes": 60}}
    with db.transaction() as session:
        catalogues.publish(session, body, SYSTEM, NOW)


def visit(customer_id: UUID = ADA) -> UUID:
    return offer_of(decide(customer_id=customer_id), "autumn")


def accept(offer: UUID, actor: Any = KIM, **given: str) -> Any:
    return answer(offer, "accepted", actor=actor, given=given)


def asked(offer: UUID) -> dict[str, Any]:
    with db.reading() as session:
        return {one.key: one for one in treatments.asked_with(session, offer, KIM, NOW)}


def free() -> list[str]:
    with db.reading() as session:
        return [
            one.at.isoformat() for one in cases.free_times(session, catalogues.pack_in_force(session), "visits", NOW)
        ]


def last_event(kind: str) -> dict[str, Any]:
    with db.reading() as session:
        return next(e.data for e in interactions.timeline(session, ADA, limit=50).items if e.kind == kind)


def test_what_is_asked_is_prefilled_and_has_the_times_that_are_free_from_the_earliest_day() -> None:
    found = asked(visit())
    assert found["place"].value == "yearly", "what the profile knows stands there already"
    assert [a.label for a in found["part"].answers] == ["The old one", "A new one"]
    days = [day for day, _ in found["when"].days]
    assert days[0] == date(2026, 11, 23)
    assert [a.value for a in dict(found["when"].days)[date(2026, 11, 24)]] == [
        AT, (TUESDAY + timedelta(hours=2)).isoformat(),
    ]  # fmt: skip


def test_a_telephone_number_stands_there_as_people_write_it() -> None:
    ask({"key": "reach", "kind": "text", "label": "Telephone on the day", "prefill": "phone", "required": False})
    with db.transaction() as session:
        session.connection().execute(text("UPDATE customer SET phone = '+13415550132', version = version + 1"))
    assert asked(visit())["reach"].value == "+1 341-555-0132"


def test_a_visit_that_is_moved_may_be_called_off_until_the_day_before_it() -> None:
    ask(WHEN)
    offer = visit()
    accept(offer, when=AT)
    work()
    [case] = open_work()
    first = row_of(offer).undo_until
    assert case.day is not None
    assert first == case.day - timedelta(days=1)
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
        later = [one.at for one in cases.visit_times(session, ADA, case.case_id, pack, NOW) if one.at.date() > case.day]
    for at in (later[-1], datetime.fromisoformat(AT)):
        with db.transaction() as session:
            zone = "America/New_York"
            moved = treatments.move_visit(
                session, ADA, case.case_id, at, zone=zone, pack=pack, actor=BY_ADA, now=NOW, channel="portal"
            )
        assert moved.day is not None
        assert row_of(offer).undo_until == moved.day - timedelta(days=1)
    assert row_of(offer).undo_until == first


def test_a_visit_is_moved_only_to_what_could_still_be_planned_now() -> None:
    """Three working days ahead are Wednesday, whenever the calendar itself has times."""
    ask(WHEN, fulfilment={**VISIT, "lead_days": 3})
    wednesday = TUESDAY + timedelta(days=1)
    offer = visit()
    accept(offer, when=wednesday.isoformat())
    work()
    [case] = open_work()
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
        sooner = [one.at for one in cases.visit_times(session, ADA, case.case_id, pack, NOW) if one.at < wednesday]
        offered = [one.at for one in treatments.visit_times(session, ADA, case.case_id, pack, NOW)]
    assert sooner
    assert min(offered) == wednesday + timedelta(hours=2)
    with pytest.raises(Invalid), db.transaction() as session:
        treatments.move_visit(
            session,
            ADA,
            case.case_id,
            sooner[0],
            zone="America/New_York",
            pack=pack,
            actor=BY_ADA,
            now=NOW,
            channel="portal",
        )
    assert open_work()[0].slot_at == wednesday


def test_without_what_is_required_nothing_is_accepted_and_all_of_it_is_named() -> None:
    offer = visit()
    with pytest.raises(Invalid) as refused:
        accept(offer, part="neither")
    assert set(refused.value.errors) == {"input-when", "input-place", "input-part"}
    assert row_of(offer).state == "open"


@pytest.mark.parametrize("given", [{"colour": "red"}, {**ALL, "when": "soon"}, {**ALL, "place": "x" * 401}])
def test_what_is_not_asked_or_no_answer_is_refused(given: dict[str, str]) -> None:
    offer = visit()
    with pytest.raises(Invalid):
        accept(offer, **given)
    assert AT in free()


def test_what_was_chosen_stands_with_the_acceptance_and_is_told_and_booked() -> None:
    offer = visit()
    line = accept(offer, **ALL)
    assert [(one.label, one.text) for one in line.chosen] == [
        ("When shall we come?", "Tuesday 24 November, 08:00 to 10:00"), ("Where?", "1 Main St, Springfield"), ("Which?", "A new one"),
    ]  # fmt: skip
    assert AT not in free()
    assert last_event("offer.accepted")["chosen"][1] == {"label": "Where?", "text": "1 Main St, Springfield"}
    work()
    [case] = open_work()
    assert (case.kind, case.day, case.slot_at) == ("appointment", date(2026, 11, 24), TUESDAY)
    assert case.particulars == (("Where?", "1 Main St, Springfield"), ("Which?", "A new one"))
    assert last_event("appointment.planned")["slot_text"] == "Tuesday 24 November, 08:00 to 10:00"
    assert AT not in free(), "booked once, not twice"


@pytest.mark.parametrize("fulfilled", [False, True])
def test_taking_it_back_gives_the_time_back(fulfilled: bool) -> None:
    offer = visit()
    accept(offer, **ALL)
    if fulfilled:
        work()
    undo(offer)
    work()
    assert AT in free()
    assert not open_work()


def test_erasing_the_customer_gives_the_time_back_that_nobody_booked_yet() -> None:
    accept(visit(), **ALL)
    with db.transaction() as session:
        treatments.erase_customer(session, ADA)
    assert AT in free()


def test_of_two_who_take_the_last_place_at_once_exactly_one_has_accepted() -> None:
    other, _ = enter(1)
    offers = [visit(), visit(other)]
    came: list[Any] = [None, None]
    ready = threading.Barrier(2)

    def one(nth: int) -> None:
        ready.wait()
        try:
            came[nth] = accept(offers[nth], **ALL)
        except EvenhandError as refused:
            came[nth] = refused

    threads = [threading.Thread(target=one, args=(nth,)) for nth in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [lost] = [nth for nth in range(2) if isinstance(came[nth], Exception)]
    assert isinstance(came[lost], Invalid), came[lost]
    assert came[lost].errors == {"input-when": "That time was just taken. Choose another."}
    assert row_of(offers[lost]).state == "open"
    assert row_of(offers[1 - lost]).state == "accepted"
    assert AT not in [a.value for a in asked(offers[lost])["when"].answers], "the others are offered"


def test_the_day_that_was_chosen_is_the_day_of_which_the_budget_gives_a_place() -> None:
    ask(WHEN, budget=1, use=[{"budget": "visits"}])
    accept(visit(), when=AT)
    other, _ = enter(1)
    days = [day for day, _ in asked(visit(other))["when"].days]
    assert date(2026, 11, 24) not in days, "the other time of that day is free, but nobody is"
    with pytest.raises(Invalid, match="just taken"):
        accept(visit(other), when=(TUESDAY + timedelta(hours=2)).isoformat())


def test_the_place_of_a_day_moves_along_with_the_visit() -> None:
    ask(WHEN, budget=1, use=[{"budget": "visits"}])
    offer = visit()
    accept(offer, when=AT)
    work()
    [case] = open_work()
    wednesday = TUESDAY + timedelta(days=1)
    with db.transaction() as session:
        pack = catalogues.pack_in_force(session)
        treatments.move_visit(
            session,
            ADA,
            case.case_id,
            wednesday,
            zone="America/New_York",
            pack=pack,
            actor=BY_ADA,
            now=NOW,
            channel="portal",
        )
    other, _ = enter(1)
    days = [day for day, _ in asked(visit(other))["when"].days]
    assert date(2026, 11, 24) in days
    assert date(2026, 11, 25) not in days


def test_staff_ask_first_though_all_of_it_may_be_left_empty() -> None:
    ask({**WHEN, "required": False})
    offer = visit()
    with pytest.raises(Invalid) as refused:
        answer(offer, "accepted")
    assert set(refused.value.errors) == {"input-when"}
    assert accept(offer, when="").chosen == ()
    other, themselves = enter(1)
    assert answer(visit(other), "accepted", channel="portal", actor=themselves).state == "accepted"


def test_where_nothing_is_free_nobody_is_kept_from_accepting() -> None:
    ask(WHEN, fulfilment={**VISIT, "lead_days": 60})
    offer = visit()
    assert not asked(offer)["when"].required
    accept(offer)
    work()
    [case] = open_work()
    assert case.slot_at is None


def test_a_call_back_is_booked_into_the_time_that_the_customer_chose_alone() -> None:
    call = {"kind": "callback", "what": "A call", "undo_days": 14, "promise": "We call."}
    ask({**WHEN, "calendar": "callbacks"}, fulfilment=call)
    offer = visit()
    [_, second, *_] = asked(offer)["when"].answers
    answer(offer, "accepted", channel="portal", actor=BY_ADA, given={"when": second.value})
    work()
    [case] = open_work()
    assert case.slot_at is not None
    assert case.slot_at.isoformat() == second.value
    assert second.value not in [a.value for a in asked_of_another()], "one place, and it is taken"
    undo(offer)
    assert second.value in [a.value for a in asked_of_another()]


def asked_of_another() -> Any:
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
        found = cases.free_times(session, pack, "callbacks", NOW)
    return [treatments.Chosen("when", "slot", "", one.at.isoformat(), "") for one in found]


def test_a_day_that_was_chosen_is_the_day_of_the_visit() -> None:
    ask({"key": "day", "kind": "date", "used_for": "time", "label": "Which day?", "days_ahead": 7})
    offer = visit()
    with pytest.raises(Invalid) as refused:
        accept(offer, day="2026-12-31")
    assert "input-day" in refused.value.errors
    accept(offer, day="2026-11-25")
    work()
    [case] = open_work()
    assert case.day == date(2026, 11, 25)


def test_an_offer_of_an_older_catalogue_asks_what_that_one_asked() -> None:
    open_company(autumn={"fulfilment": VISIT})
    offer = visit()
    answer(offer, "presented")
    ask()
    assert asked(offer) == {}
    assert accept(offer).state == "accepted"
