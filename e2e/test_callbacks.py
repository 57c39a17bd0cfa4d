"""A call back from the asking to the end: booked in the portal, due at the desk, not reached, called again, done."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from e2e.conftest import NARROW
from e2e.people import Person
from e2e.steps import at_the_desk, customer_opens, open_menu

Visit = Callable[..., Page]


def test_a_call_is_booked_tried_and_made(visit: Visit, person: Person) -> None:
    portal, desk = visit(size=NARROW), visit()
    customer_opens(portal, person)
    form = portal.locator("form[action='/callback']")
    open_menu(portal, form)
    form.get_by_label("At a time that I choose:").check()
    slot = form.locator("#slot")
    chosen = slot.locator("option").nth(2)
    words = (chosen.text_content() or "").partition(" ")[2]
    slot.select_option(chosen.get_attribute("value"))
    form.get_by_label("What is it about?").fill("About the router")
    form.get_by_role("button", name="Ask for a call").click()
    work = portal.locator("[data-case]").filter(has_text="About the router")
    expect(work).to_contain_text(words.rpartition(", ")[2].replace(" to ", " and "))

    at_the_desk(desk)
    desk.goto("/desk/callbacks")
    line = desk.locator(".call-line").filter(has_text="About the router")
    expect(line).to_contain_text(person.name)
    line.get_by_role("button", name="Call now").click()
    expect(desk.locator("h1")).to_have_text(person.name)
    expect(desk.locator("#contact-wrap-up")).to_be_visible()
    desk.locator("#open-work [data-case]").filter(has_text="About the router").get_by_role(
        "button", name="Not reached"
    ).click()
    expect(desk.locator("#notice")).to_contain_text("Try 1 noted")
    portal.reload()
    expect(work).not_to_contain_text(words.rpartition(", ")[2].replace(" to ", " and "))

    desk.goto("/desk/callbacks?view=mine")
    expect(line).to_contain_text("try 2 of 3")
    line.get_by_role("button", name="Call now").click()
    mine = desk.locator("#open-work [data-case]").filter(has_text="About the router")
    mine.get_by_text("Close", exact=True).click()
    mine.get_by_label("How it came out").fill("Explained")
    mine.get_by_role("button", name="Called").click()
    expect(desk.locator("#who .notice.good")).to_contain_text("Callback: called")
    portal.goto("/activity")
    expect(portal.locator("main")).to_contain_text("We called you and did not reach you")
    expect(portal.locator("main")).to_contain_text("Explained")
