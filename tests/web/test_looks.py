"""Every look at a customer by staff, or by a program, is on record: who, when, which page, in which contact."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from backend import db
from backend.oversight import looking
from backend.people import service as people
from backend.profiles import service as profiles
from shared.kernel import clock
from tests.cast import ADMIN, AGENT, PORTAL_CUSTOMER, SUPERVISOR
from tests.pages import Browser


@pytest.fixture
def where(loaded: str) -> str:
    with db.reading() as session:
        found = profiles.search(session, identifier=f"number:{PORTAL_CUSTOMER}").items[0].id
    return f"/customers/{found}"


def rows() -> list[tuple[str, str, bool]]:
    with db.reading() as session:
        found = session.connection().execute(
            text("SELECT actor_name, page, interaction_id FROM look ORDER BY at, page")
        )
        return [(row.actor_name, row.page, row.interaction_id is not None) for row in found]


def test_a_look_is_written_down_once_for_each_page(desk: Browser, where: str) -> None:
    for _ in range(3):
        page = desk.get(where)
    assert rows() == [("Avery Quinn", "customer", False)]
    decision = next(a.get("href", "") for a in page.all("a") if "/decisions/" in (a.get("href") or ""))
    desk.get(decision)
    desk.get(f"{where}/timeline")
    assert {row[1] for row in rows()} == {"customer", "decision", "timeline"}


def test_another_process_writes_the_same_look_no_second_time(desk: Browser, where: str) -> None:
    desk.get(where)
    looking._known.clear()
    desk.get(where)
    assert len(rows()) == 1


def test_a_look_says_whether_a_contact_was_open(desk: Browser, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    page = desk.get(where).submit("/contact")
    closing = next(a.get("href", "") for a in page.all("a") if (a.get("href") or "").endswith("/wrap-up"))
    desk.get(closing)
    assert ("Avery Quinn", "wrap-up", True) in rows()


def test_a_panel_that_fetches_itself_looks_at_nothing_new(desk: Browser, where: str) -> None:
    desk.get(where)
    before = rows()
    for name in ("who", "timeline", "do"):
        assert desk.get(f"{where}/panels/{name}", htmx=True, headers={"X-Live": "yes"}).status == 200
    assert rows() == before


def test_a_panel_alone_is_a_look_whatever_its_request_says(desk: Browser, where: str) -> None:
    """Else who wanted to read unseen would ask as the page's own script does."""
    desk.get(f"{where}/panels/who", htmx=True, headers={"X-Live": "yes"})
    assert rows() == [("Avery Quinn", "customer", False)]


def test_searching_and_a_customer_who_is_not_there_are_no_looks(desk: Browser, where: str) -> None:
    desk.get("/")
    assert desk.get("/customers/01900000-0000-7000-8000-000000000000").status == 404
    assert rows() == []


@pytest.mark.parametrize("who", [SUPERVISOR, ADMIN])
def test_those_who_oversee_read_who_has_looked(desk_as: Callable[[str], Browser], where: str, who: str) -> None:
    desk_as(AGENT).get(where)
    page = desk_as(who).get(where)
    link = next(a.get("href", "") for a in page.all("a") if (a.get("href") or "").endswith("/looks"))
    listed = desk_as(who).get(link)
    assert "Avery Quinn" in listed.text
    assert "Customer page" in listed.text


def test_an_agent_does_not(desk: Browser, where: str) -> None:
    assert desk.get(f"{where}/looks").status == 403
    assert "Who has looked" not in desk.get(where).text


def test_a_bad_cursor_is_said_and_a_good_one_goes_on(desk_as: Callable[[str], Browser], where: str) -> None:
    supervisor = desk_as(SUPERVISOR)
    assert supervisor.get(f"{where}/looks?cursor=nonsense").status == 422
    supervisor.get(where)
    with db.transaction() as session:
        actor = people.staff_actor(session, people.find_staff(session, "agent1")[0])  # type: ignore[index]
        customer_id = profiles.search(session, identifier=f"number:{PORTAL_CUSTOMER}").items[0].id
    assert actor is not None
    for nth in range(120):
        looking.note_look(actor, customer_id, "customer", clock.now() - timedelta(minutes=11 * (nth + 1)))
    seen: list[str] = []
    address = f"{where}/looks"
    for _ in range(10):
        page = supervisor.get(address)
        seen += [row.text or "" for row in page.all("td", data_name="Page")]
        more = [a.get("href", "") for a in page.all("a") if "cursor=" in (a.get("href") or "")]
        if not more:
            break
        address = more[0]
    assert seen.count("Customer page") == 121


def test_a_program_that_reads_a_profile_is_on_record_too(api_app: Flask, where: str) -> None:
    with db.transaction() as session:
        key = people.create_key(session, ["customers:read"], clock.now())[1]
    for _ in range(2):
        api_app.test_client().get(f"/api/v1{where}", headers={"Authorization": f"Bearer {key}"})
    assert [row[1] for row in rows()] == ["profile"]
