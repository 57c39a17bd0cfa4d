"""The working day at the desk: the inbox, promises, drafts, who else is here; with scripting and without."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from backend import db
from backend.cases import service as cases
from backend.people import service as people
from shared.kernel import clock
from shared.kernel.actors import Actor
from tests.pages import Browser, Page, text_of
from tests.web.test_desk_calls import agent_id, contact, customer_of, opened, started

both_ways = pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])


def me(login: str = "agent1") -> Actor:
    with db.reading() as session:
        actor = people.staff_actor(session, agent_id(login))
    assert actor is not None
    return actor


def promise(page: Page, what: str, hours: float = 2) -> UUID:
    now = clock.now()
    with db.transaction() as session:
        return cases.promise(
            session, customer_of(page), what, now + timedelta(hours=hours), actor=me(), now=now
        ).task_id


def lines(page: Page) -> list[str]:
    return [text_of(one) for one in page.all("li", class_="inbox-line")]


def test_the_first_page_shows_what_waits_for_me_and_says_when_nothing_does(desk: Browser) -> None:
    with db.transaction() as session:
        for one in cases.waiting_for(session, agent_id()):
            if one.kind == "callback":
                cases.done(session, one.customer_id, one.thing_id, actor=me(), now=clock.now())
    assert "Nothing waits for you" in desk.get("/").text
    page = opened(desk)
    promise(page, "Send the contract")
    assert "Send the contract" in lines(desk.get("/"))[0]
    assert "promise due in" in lines(desk.get("/"))[0]
    assert lines(desk.get("/?only=callback")) == []
    assert "Nothing of this kind" in desk.get("/?only=callback").text
    count = desk.get("/inbox/count", htmx=True)
    assert text_of(count.one("a")) == "Inbox 1"
    assert "hx-trigger" not in count.html


@both_ways
def test_a_promise_is_kept_where_it_is_read(desk: Browser, htmx: bool) -> None:
    page = opened(desk)
    task_id = promise(page, "Send the contract")
    after = desk.get("/").submit(f"/tasks/{task_id}/done", htmx=htmx)
    assert all("Send the contract" not in line for line in lines(after))
    shown = desk.get(f"{page.path}/tasks", htmx=htmx)
    assert "kept" in text_of(shown.one(data_task=str(task_id)))
    shown.submit(f"/tasks/{task_id}/again", htmx=htmx)
    shown = desk.get(f"{page.path}/tasks", htmx=htmx)
    to = str(agent_id("agent2"))
    handed = shown.submit(f"/tasks/{task_id}/owner", to=to, htmx=htmx)
    assert handed.status == 200
    with db.reading() as session:
        assert str(cases.task_of(session, customer_of(page), task_id).staff_id) == to
    assert desk.get(f"{page.path}/tasks").submit(f"/tasks/{task_id}/owner", to="", htmx=htmx).status == 422


@both_ways
def test_what_is_promised_at_wrap_up_becomes_tasks(desk: Browser, htmx: bool) -> None:
    page = started(desk)
    sheet = desk.get(f"{page.path}/contacts/{_contact(page)}/wrap-up", htmx=htmx)
    wrong = sheet.submit("/wrap-up", code="solved", promised="Call back", promised_until="", htmx=htmx)
    assert wrong.status == 422
    assert "Say until when: Call back" in wrong.text
    assert wrong.form("/wrap-up").fields["promised"] in ("Call back", "")
    past = wrong.submit("/wrap-up", code="solved", promised="Call back", promised_until="2020-01-01T10:00", htmx=htmx)
    assert past.status == 422
    day = (clock.now() + timedelta(days=3)).date().isoformat()
    past.submit("/wrap-up", code="solved", promised="Call back", promised_until=f"{day}T10:00", htmx=htmx)
    assert any("Call back" in line for line in lines(desk.get("/")))
    assert "Promised" in desk.get(page.path).text


def _contact(page: Page) -> UUID:
    return contact(page).interaction_id


def test_what_was_put_off_is_promised_for_its_day(desk: Browser) -> None:
    page = started(desk)
    day = (clock.now() + timedelta(days=5)).date().isoformat()
    page.submit("/deferral", until=day)
    sheet = desk.get(f"{page.path}/contacts/{_contact(page)}/wrap-up")
    fields = [one.get("value") for one in sheet.all("input", name="promised")]
    assert fields[0]
    assert fields[0].startswith("Come back to: ")
    assert sheet.all("input", name="promised_until")[0].get("value") == f"{day}T12:00"
    assert sheet.one("option", selected="").get("value") == "follow_up"
