"""What other systems tell is on the next page of every face, and on those that are open; and two customers become one by a person's act."""

from __future__ import annotations

import base64
import json
import re
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from backend import db
from backend.people import service as people
from backend.profiles import service as profiles
from e2e.conftest import NARROW
from e2e.people import Person
from e2e.servers import Server
from e2e.steps import agent_opens, at_the_desk, customer_opens, timeline
from shared.kernel import clock
from tests.cast import SUPERVISOR
from tests.databases import opened

Visit = Callable[..., Page]
Tell = Callable[..., dict[str, Any]]
SOON = 5_000


@pytest.fixture
def tell(server: Server) -> Tell:
    """Sends one call of the Segment specification as a website does; fails where it was not taken."""
    with opened(server.database_url, server.log.parent), db.transaction() as session:
        key = people.create_key(session, ["events:write"], clock.now(), "web")[1]
    head = {
        "Authorization": f"Basic {base64.b64encode(f'{key}:'.encode()).decode()}",
        "Content-Type": "application/json",
    }

    def send(call: str, **message: Any) -> dict[str, Any]:
        request = urllib.request.Request(f"{server.address}/v1/{call}", json.dumps(message).encode(), head)
        with urllib.request.urlopen(request, timeout=10) as answer:
            told: dict[str, Any] = json.load(answer)
        assert (told["taken"], told["refused"]) == (1, [])
        return told

    return send


@pytest.fixture
def user(server: Server, person: Person) -> Iterator[str]:
    """The id by which the website knows the person."""
    with opened(server.database_url, server.log.parent), db.transaction() as session:
        customer_id = profiles.owner(session, "number", person.number)
        assert customer_id is not None
        profiles.be_known_by(session, customer_id, "external", f"web-{person.number}")
    return f"web-{person.number}"


def test_an_event_is_on_the_open_pages_of_both_faces_and_changes_what_is_said_first(
    visit: Visit, person: Person, tell: Tell, user: str
) -> None:
    desk, portal = visit(), visit(size=NARROW)
    agent_opens(desk, person)
    customer_opens(portal, person, "/activity")
    before = desk.locator("#who").get_by_text(re.compile(r"^\d+ of 100$")).first.inner_text()

    tell("track", userId=user, event="Service Outage", properties={"hours": 9})
    expect(timeline(desk).filter(has_text="Their service was down").first).to_be_visible(timeout=SOON)
    expect(desk.locator("#who")).to_contain_text("Their service was down", timeout=SOON)
    after = desk.locator("#who").get_by_text(re.compile(r"^\d+ of 100$")).first.inner_text()
    assert int(after.split()[0]) < int(before.split()[0])
    portal.reload()
    expect(timeline(portal).filter(has_text="Your service was down").first).to_be_visible()

    tell("page", anonymousId=f"device-{user}", name="Cancel plan")
    tell("identify", userId=user, anonymousId=f"device-{user}")
    expect(desk.locator("#moment")).to_contain_text("Wants to leave", timeout=SOON)
    expect(timeline(desk).filter(has_text="Looked at the page for cancelling").first).to_be_visible(timeout=SOON)


def test_two_customers_become_one_and_two_again(visit: Visit, people: Iterator[Person], tell: Tell) -> None:
    stays, goes = next(people), next(people)
    page = visit()
    at_the_desk(page, SUPERVISOR, "/desk/duplicates")
    page.get_by_label("Customer number", exact=True).fill(stays.number)
    page.get_by_label("Another customer number").fill(goes.number)
    page.get_by_role("button", name="Compare them").press("Enter")
    expect(page.locator("h1")).to_have_text("Are these one person?")
    page.get_by_role("button", name="Merge them").click()
    expect(page).to_have_url(re.compile("/desk/duplicates/"))
    page.get_by_label("They are the same person.").check()
    page.get_by_role("button", name="Merge them").click()
    expect(page.locator(".notice.good").first).to_be_visible()

    page.goto(goes.desk_page)
    expect(page.locator("h1")).to_have_text(stays.name)
    page.goto("/desk/duplicates")
    line = page.locator(".merge-line").filter(has_text=goes.number)
    line.locator("summary").click()
    line.get_by_role("button", name="Take the merge back").click()
    expect(page.locator(".merge-line").filter(has_text=goes.number)).to_contain_text("taken back")
    page.goto(goes.desk_page)
    expect(page.locator("h1")).to_have_text(goes.name)
