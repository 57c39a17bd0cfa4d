"""Calls back on the pages: chosen in the portal, booked and moved at the desk, called, not reached, missed."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import update

from backend import db
from backend.cases import service as cases
from backend.cases.tables import CaseRow
from backend.cases.types import Case
from backend.casework import service as casework
from backend.profiles import service as profiles
from shared.kernel import clock
from tests.cast import PORTAL_CUSTOMER
from tests.pages import Browser, Page, elements, text_of


def customer() -> UUID:
    with db.reading() as session:
        found = profiles.find_by_sign_in(session, PORTAL_CUSTOMER)
    assert found is not None
    return found


def waiting() -> list[Case]:
    with db.reading() as session:
        return [one for one in cases.of_customer(session, customer()) if one.kind == "callback"]


def options(page: Page, id: str) -> list[str]:
    return [option.get("value", "") for option in elements(page.one("select", id=id)) if option.tag == "option"]


def test_a_customer_chooses_a_free_time_moves_it_and_calls_it_off(portal: Browser) -> None:
    page = portal.get("/")
    times = options(page, "slot")
    page = page.submit("/callback", when="at", slot=times[3], about="The bill")
    assert page.status == 200
    (call,) = waiting()
    assert call.slot_at is not None
    assert call.slot_at.isoformat() == times[3]
    work = page.one(data_case=str(call.case_id))
    assert "between" in text_of(work)
    moved = portal.get(f"/callbacks/{call.case_id}/time").submit("/time", when=times[5])
    assert waiting()[0].slot_at.isoformat() == times[5]  # type: ignore[union-attr]
    wrong = portal.get(f"/callbacks/{call.case_id}/time").submit("/time", when="2026-01-01T00:00:00+00:00")
    assert (wrong.status, "just taken" in wrong.text) == (422, True)
    moved.submit("/cancellation")
    assert waiting() == []
    assert options(portal.get("/"), "slot")[5] == times[5], "it is free again"
    odd = portal.get("/").submit("/callback", when="at", slot="no time")
    assert odd.status == 422


def test_an_agent_books_moves_and_calls_and_nobody_answers(desk: Browser) -> None:
    where = f"/customers/{customer()}"
    page = desk.get(f"{where}/callbacks/new")
    times = options(page, "when")
    page = page.submit("/callbacks/new", when=times[0], about="The router")
    assert "Callback booked" in page.text
    (call,) = waiting()
    one = f"{where}/callbacks/{call.case_id}"
    assert "Callback moved" in desk.get(f"{one}/time").submit("/time", when=times[2]).text
    listed = desk.get("/callbacks")
    assert "The router" in listed.text
    page = listed.submit("/call")
    assert page.path == where
    assert page.all(id="contact-wrap-up"), "a contact is open for it"
    assert "The router" in desk.get("/callbacks?view=mine").text
    assert "Try 1 noted" in page.submit("/unreached").text
    assert waiting()[0].slot_at > clock.now() + timedelta(hours=2)  # type: ignore[operator]
    assert "try 2 of 3" in desk.get("/callbacks").text
    done = desk.get(where).submit(f"/cases/{call.case_id}/closing", outcome="Explained")
    assert "Callback: called" in done.text
    assert "Nobody waits for a call" in desk.get("/callbacks").text
    assert "Not called" in desk.post(f"{one}/call", {"csrf_token": listed.form("/call").fields["csrf_token"]}).text


def test_a_missed_call_is_on_the_supervisors_list(desk: Browser, portal: Browser) -> None:
    portal.get("/").submit("/callback", when="soon", about="The bill")
    (call,) = waiting()
    past = clock.now() - timedelta(hours=2)
    with db.transaction() as session:
        late = update(db.table_of(CaseRow)).where(db.table_of(CaseRow).c.case_id == call.case_id)
        session.execute(late.values(slot_at=past, slot_until=past + timedelta(minutes=30)))
    assert "late" in desk.get("/callbacks").text
    casework.miss_due(clock.now(), 10)
    missed = desk.get("/callbacks?view=missed")
    assert "missed" in text_of(missed.all(class_="call-line")[0])
    assert "Nobody" in missed.text


def test_another_team_has_its_own_free_times(desk: Browser) -> None:
    page = desk.get(f"/customers/{customer()}/callbacks/new?team=technical")
    assert "(2 free)" in page.text
    assert "(3 free)" in desk.get(f"/customers/{customer()}/callbacks/new?team=nobody").text
    page.submit("/callbacks/new", when=options(page, "when")[0])
    assert "Technical support" in desk.get("/callbacks").text
