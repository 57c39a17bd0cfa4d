"""A case's whole life in two browsers and at the portal: opened, answered, waiting, solved; nobody's words are lost."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from e2e.conftest import NARROW, Watched
from e2e.people import Person
from e2e.steps import at_the_desk, customer_opens, sign_in
from tests.cast import AGENT

Visit = Callable[..., Page]
NOOR = "agent2@demo.example"


def opens(desk: Page, person: Person, subject: str) -> str:
    """Opens a case on the customer's page; gives its address."""
    desk.goto(person.desk_page)
    desk.get_by_role("link", name="Open a case").click()
    desk.get_by_label("What is it about?").fill(subject)
    desk.get_by_label("Type", exact=True).select_option("fault")
    desk.get_by_label("What is there to know?").fill("It hums at night.")
    desk.get_by_label("words, which they read again").check()
    desk.get_by_role("button", name="Open the case").click()
    expect(desk.locator("h1")).to_have_text(subject)
    return desk.url


def comes_to(page: Page, address: str, who: str) -> None:
    """Signs in on the way to the case."""
    page.goto(address)
    sign_in(page, who)
    expect(page.locator("#case-talk")).to_be_visible()


def test_a_case_lives_from_the_first_word_to_the_last(visit: Visit, person: Person) -> None:
    desk, portal = visit(), visit(size=NARROW)
    at_the_desk(desk)
    opens(desk, person, "The line hums at night")
    state = desk.locator(".case-state")
    expect(state).to_have_text("Open")
    expect(desk.locator(".case-facts")).to_contain_text("answer due")

    desk.locator("#reply").select_option("line_checked")
    desk.get_by_role("button", name="Insert", exact=True).click()
    box = desk.locator("#text")
    expect(box).to_have_value(re.compile("we have measured your line"))
    box.press("Control+End")
    box.press_sequentially(" Until soon.")
    desk.get_by_role("button", name="Send, wait for them").click()
    expect(state).to_have_text("Pending")

    customer_opens(portal, person)
    portal.get_by_role("listitem").filter(has_text="The line hums at night").get_by_role(
        "link", name="Read or write"
    ).click()
    expect(portal.locator(".letter").last).to_contain_text("Until soon.")
    portal.get_by_label("Write to us").fill("It still hums.")
    portal.get_by_role("button", name="Send").click()
    # What the customer wrote is on the agent's open page by itself, and an answer upon it counts.
    expect(desk.locator(".letter.customer").last).to_contain_text("It still hums.")
    expect(state).to_have_text("Open")
    box.fill("A technician is on the way.")
    desk.get_by_role("button", name="Send, resolve").click()
    expect(state).to_have_text("Resolved")
    portal.reload()
    expect(portal.locator("main")).to_contain_text("Solved")
    portal.get_by_label(re.compile("Is it not solved")).fill("Nobody came.")
    portal.get_by_role("button", name="Send").click()
    expect(state).to_have_text("Reopened")

    desk.goto("/desk/cases")
    desk.keyboard.press("j")
    expect(desk.locator(".case-link:focus")).to_have_count(1)
    desk.get_by_role("link", name="The line hums at night", exact=True).press("Enter")
    expect(desk.locator("h1")).to_have_text("The line hums at night")


def test_two_agents_at_one_case_and_a_draft_that_outlives_the_browser(
    visit: Visit, watched: Watched, person: Person
) -> None:
    watched.expect_status(409)
    one, two, again = visit(), visit(), visit()
    at_the_desk(one)
    where = opens(one, person, "The bill is wrong")
    box = one.locator("#text")
    box.fill("Dear customer, we look into ")
    expect(one.locator("#draft-state")).to_contain_text("Draft kept")
    one.reload()
    expect(box).to_have_value("Dear customer, we look into ")
    box.press("End")
    box.press_sequentially("it")  # and the page is left in the middle of a word
    one.goto("/desk/cases")
    comes_to(again, where, AGENT)
    expect(again.locator("#text")).to_have_value("Dear customer, we look into it")

    two.route("**/stream?*", lambda route: route.abort())
    comes_to(two, where, NOOR)
    two.locator("#text").fill("I answer as well.")
    again.get_by_role("button", name="Send the answer").click()
    expect(again.locator(".letter.agent")).to_have_count(1)
    two.get_by_role("button", name="Send the answer").click()
    expect(two.locator(".notice.warn")).to_contain_text("Avery Quinn changed this case meanwhile")
    expect(two.locator("#text")).to_have_value("I answer as well.")
    expect(two.locator(".letter.agent")).to_have_count(1)
    two.get_by_role("button", name="Send the answer").click()
    expect(two.locator(".letter.agent")).to_have_count(2)
