"""The page of telephones, for administrators alone; and the same by commands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from typer.testing import CliRunner

from backend import cli, db
from backend.interactions import service as interactions
from backend.people import service as people
from shared.kernel import clock
from shared.kernel.actors import SYSTEM
from tests.calls import agent, answer, customer, hang_up, ring
from tests.cast import ADMIN, AGENT, AUTHOR, SUPERVISOR
from tests.pages import Browser, text_of


@pytest.fixture
def admin(desk_as: Callable[[str], Browser]) -> Browser:
    return desk_as(ADMIN)


def known() -> list[tuple[str, str]]:
    with db.reading() as session:
        return [(one.extension, one.email) for one in people.extensions(session)]


def test_a_telephone_is_given_changes_hands_and_is_taken_away(admin: Browser) -> None:
    page = admin.get("/telephones")
    assert "No telephones yet." in page.text
    page.submit("/telephones", extension=" 1 01 ", email="agent1@demo.example")
    assert known() == [("101", "agent1@demo.example")]
    admin.get("/telephones").submit("/telephones", extension="101", email="agent2@demo.example")
    admin.get("/telephones").submit("/telephones", extension="SIP/7", email="agent1@demo.example")
    page = admin.get("/telephones")
    assert known() == [("101", "agent2@demo.example"), ("sip/7", "agent1@demo.example")]
    assert "Noor Haddad" in text_of(page.one("table"))
    page.submit("/telephones/removal")
    assert known() == [("sip/7", "agent1@demo.example")]
    token = page.form("/telephones").fields["csrf_token"]
    gone = admin.post("/telephones/removal", {"csrf_token": token, "extension": "101"})
    assert gone.status == 404


@pytest.mark.parametrize(
    ("extension", "email", "says"),
    [
        ("", "agent1@demo.example", "Digits or letters"),
        ("x" * 61, "agent1@demo.example", "Digits or letters"),
        ("<b>", "agent1@demo.example", "Digits or letters"),
        ("101", "", "Choose whose telephone it is."),
        ("101", "nobody@demo.example", "Choose whose telephone it is."),
    ],
)
def test_what_cannot_be_taken_comes_back_as_typed(admin: Browser, extension: str, email: str, says: str) -> None:
    page = admin.get("/telephones").submit("/telephones", extension=extension, email=email)
    assert page.status == 422
    assert says in page.text
    assert page.form("/telephones").fields["extension"] == extension
    assert known() == []


@pytest.mark.parametrize("who", [AGENT, SUPERVISOR, AUTHOR])
def test_nobody_else_sees_telephones(desk_as: Callable[[str], Browser], who: str) -> None:
    browser = desk_as(who)
    assert browser.get("/telephones").status == 403
    assert browser.post("/telephones", {"extension": "101", "email": AGENT}).status == 403
    assert known() == []


def test_both_desks_show_a_call_that_is_put_through(desk_as: Callable[[str], Browser]) -> None:
    now = clock.now()
    one, two = desk_as("agent1@demo.example"), desk_as("agent2@demo.example")
    agent("agent1", now)
    agent("agent2", now)
    name = customer().name
    ring(str(customer().phone), now, "agent1")
    answer(now, "agent1")
    assert name in text_of(one.get("/").one(id="rail"))
    assert name not in text_of(two.get("/").one(id="rail"))
    answer(clock.now(), "agent2")
    assert name not in text_of(one.get("/").one(id="rail"))
    assert name in text_of(two.get("/").one(id="rail"))
    assert "Call put through" in two.get(f"/customers/{customer().customer_id}").text


def test_the_call_page_tells_why_it_ended(desk: Browser) -> None:
    now = clock.now()
    agent("agent1", now)
    call = ring("+12025550199", now, "agent1")
    with db.transaction() as session:
        interactions.hung_up(session, "c1", "busy", now)
    assert "Rang, and was not answered: the line was busy" in text_of(
        desk.get(f"/calls/{call.call_id}").one(id="call-now")
    )
    ring("+12025550198", now, "agent1", external="c2")
    talked = answer(now, "agent1", external="c2")
    hang_up(now, external="c2")
    assert "ago: hung up" in text_of(desk.get(f"/calls/{talked.call_id}").one(id="call-now"))


def test_who_left_answers_no_telephone(admin: Browser) -> None:
    with db.transaction() as session:
        made = people.assign_extension(session, "101", AGENT, SYSTEM, clock.now())
        assert people.whose_extension(session, "1-01") == (made.staff_id, made.name)
        session.connection().exec_driver_sql("UPDATE staff SET is_active = FALSE WHERE email = 'agent1@demo.example'")
        assert people.whose_extension(session, "101") is None
        assert people.find_staff(session, "101") is None
        assert isinstance(made.staff_id, UUID)
    assert AGENT not in str(admin.get("/telephones").one("select"))


def test_the_commands_do_the_same(loaded: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"HOME": str(tmp_path), "DATABASE_URL": loaded, "ENV": "test"}.items():
        monkeypatch.setenv(f"EVENHAND_{name}", value)
    run = CliRunner()
    assert run.invoke(cli.app, ["staff", "extension", "101", AGENT]).exit_code == 0
    listed = run.invoke(cli.app, ["staff", "extensions", "--json"])
    assert json.loads(listed.stdout.splitlines()[-1])["extensions"] == [
        {"extension": "101", "name": "Avery Quinn", "email": AGENT}
    ]
    assert run.invoke(cli.app, ["staff", "extension", "101", "--remove"]).exit_code == 0
    assert known() == []
    for words in (["101"], ["101", AGENT, "--remove"]):
        assert run.invoke(cli.app, ["staff", "extension", *words]).exit_code == 2
    assert run.invoke(cli.app, ["staff", "extension", "101", "nobody@demo.example"]).exit_code == 1
