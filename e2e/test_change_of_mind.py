"""A change of mind in the browser, seen at once in the other channel; work that is closed; the page of webhooks."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from e2e.people import Person
from e2e.servers import free_port
from e2e.steps import agent_opens, at_the_desk, cards, customer_opens, open_menu, press
from e2e.test_axe import Looking
from tests.cast import ADMIN

Visit = Callable[..., Page]


def accepted(portal: Page) -> str:
    """Takes up the first of the customer's offers that may be taken back, and gives its id."""
    portal.goto("/offers")
    for shown in cards(portal):
        portal.goto(f"/offers/{shown.offer}")
        press(portal, shown.offer, "acceptance")
        expect(portal.locator(".outcome")).to_be_visible()
        if portal.locator("#mind").count():
            return shown.offer
    raise AssertionError("nothing that they could take back")


def test_what_the_customer_takes_back_the_agent_sees_at_once(
    visit: Visit, person: Person, size: dict[str, int]
) -> None:
    portal, desk = visit(size=size), visit()
    customer_opens(portal, person)
    offer = accepted(portal)
    agent_opens(desk, person)
    mine = desk.locator(f"li[data-answered='{offer}']")
    expect(mine).to_contain_text("They can change their mind until")
    expect(portal.locator("#mind")).to_be_visible()
    seen, there = Looking(portal), Looking(desk)
    seen.at("accepted, with its window")
    there.at("the desk, with what can be taken back")
    portal.get_by_role("button", name="Take it back").click()
    expect(portal.locator("h1")).to_have_text(re.compile("^Taken back"))
    expect(mine).to_contain_text("Taken back")
    expect(mine.get_by_role("button")).to_have_count(0)
    seen.at("taken back")
    assert seen.faults + there.faults == []


def test_the_agent_takes_it_back_and_the_customer_sees_it_at_once(visit: Visit, person: Person) -> None:
    portal, desk = visit(), visit()
    customer_opens(portal, person)
    offer = accepted(portal)
    portal.goto("/offers")
    mine = portal.locator(f"li[data-answered='{offer}']")
    expect(mine).to_contain_text("You can change your mind until")
    agent_opens(desk, person)
    desk.locator(f"li[data-answered='{offer}']").get_by_role("button", name="Take it back").click()
    expect(desk.locator("#do .notice.good")).to_contain_text("Taken back")
    expect(mine).to_contain_text("Taken back")
    expect(mine).not_to_contain_text("You can change your mind")


def test_a_call_that_was_asked_for_is_closed_where_it_stands(
    visit: Visit, person: Person, size: dict[str, int]
) -> None:
    portal, desk = visit(), visit(size=size)
    customer_opens(portal, person)
    form = portal.locator("form[action='/callback']")
    open_menu(portal, form)
    form.locator("input[name=about]").fill("The last bill")
    form.get_by_role("button").click()
    here = portal.locator("#home li[data-case]").filter(has_text="The last bill")
    expect(here).to_be_visible()
    agent_opens(desk, person)
    work = desk.locator("#open-work li").filter(has_text="The last bill")
    seen = Looking(desk)
    seen.at("with work that is open")
    work.locator("summary").click()
    work.locator("input[name=outcome]").fill("Explained.")
    work.get_by_role("button", name="Called").click()
    expect(work).to_have_count(0)
    said = desk.locator("#who .notice.good")
    expect(said).to_contain_text("Callback: called")
    expect(desk.locator(".warning").filter(has_text="Asked us to call")).to_have_count(0)
    expect(here).to_have_count(0)
    # What comes next draws the panel anew; the words about what was done stay.
    open_menu(portal, form)
    form.locator("input[name=about]").fill("The next bill")
    form.get_by_role("button").click()
    expect(desk.locator(".warning").filter(has_text="Asked us to call")).to_contain_text("The next bill")
    expect(said).to_contain_text("Callback: called")
    assert seen.faults == []


def test_the_page_of_webhooks(visit: Visit, watched: object, person: Person, size: dict[str, int]) -> None:
    watched.expect_status(422)  # type: ignore[attr-defined]
    page, portal = visit(size=size), visit()
    at_the_desk(page, ADMIN, "/desk/webhooks")
    seen = Looking(page)
    seen.at("webhooks")
    page.locator("#url").fill("nowhere")
    page.get_by_role("button", name="Add the endpoint").click()
    expect(page.locator(".error-summary")).to_be_visible()
    seen.at("an address that is none")
    page.locator("#url").fill(f"http://127.0.0.1:{free_port()}/hook")
    page.get_by_role("button", name="Add the endpoint").click()
    expect(page.locator("#secret")).to_contain_text("whsec_")
    seen.at("added")
    customer_opens(portal, person)
    accepted(portal)
    page.goto("/desk/webhooks")
    expect(page.locator("main")).to_contain_text("offer.accepted")
    seen.at("with what is on its way")
    page.locator("details").filter(has_text="Remove").last.locator("summary").click()
    page.get_by_role("button", name="Remove it").last.click()
    expect(page.locator(".notice.good")).to_contain_text("Endpoint removed")
    assert seen.looked == 4
    assert seen.faults == []
