"""What is known reaches the customer: searched at a case, put into the reply where the cursor stands, sent, and read."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from e2e.conftest import NARROW
from e2e.people import Person
from e2e.steps import at_the_desk, customer_opens
from e2e.test_cases import opens

Visit = Callable[..., Page]


def test_an_article_goes_into_the_reply_and_the_customer_reads_it(visit: Visit, person: Person) -> None:
    desk, portal = visit(), visit(size=NARROW)
    at_the_desk(desk)
    opens(desk, person, "The lights are red")
    box = desk.locator("#text")
    box.fill("Dear customer,\n\nYours, Avery")
    expect(desk.locator("#draft-state")).to_contain_text("Draft kept")
    for _ in range(2):
        box.press("ArrowUp")
    box.press("End")
    query = desk.get_by_role("searchbox", name="Search the articles")
    query.fill("restrat the ruoter")
    query.press("Enter")
    # The search shows more than what fits by itself.
    expect(desk.locator(".knowing-one")).to_have_count(6)
    one = desk.locator("[data-article=restart-your-router]")
    expect(one.locator("mark").first).to_be_attached()
    with desk.expect_response(re.compile("/draft$")):
        one.get_by_role("button", name="Insert into reply").click()
    expect(box).to_have_value(
        re.compile(r"^Dear customer,\n\nMost faults.+/help/restart-your-router\n\nYours, Avery$", re.DOTALL)
    )
    one.locator("summary").click()
    one.get_by_role("button", name="Helpful", exact=True).click()
    expect(one.locator(".helped")).to_contain_text("It helped")
    desk.get_by_role("button", name="Send the answer").click()
    expect(desk.locator(".letter.agent")).to_have_count(1)

    customer_opens(portal, person)
    line = portal.get_by_role("listitem").filter(has_text="The lights are red")
    line.get_by_role("link", name="Read or write").click()
    portal.locator(".letter.agent").get_by_role("link", name="/help/restart-your-router").click()
    expect(portal.locator("h1")).to_have_text("Restart your router, and what to try next")
    portal.get_by_role("button", name="Yes").click()
    expect(portal.locator(".helped")).to_contain_text("This helped you")
