"""A contact is reviewed: drawn by lot, answered question by question, read and answered by the agent whose it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from e2e.people import Person
from e2e.steps import agent_opens, at_the_desk

Visit = Callable[..., Page]


def test_a_review_goes_from_the_lot_to_the_agent_who_answers_it(visit: Visit, person: Person) -> None:
    agent = visit()
    agent_opens(agent, person)
    agent.get_by_role("button", name="Start a contact", exact=True).click()
    agent.locator("#contact-wrap-up").click()
    agent.locator("#wrap-up #code").select_option("solved")
    agent.locator("#wrap-up #summary").fill("Asked about the bill")
    agent.locator("#wrap-up").get_by_role("button", name="Finish").click()
    expect(agent.locator("#wrap-up")).to_be_hidden()
    name = agent.locator(".me-text").inner_text()

    page = visit()
    at_the_desk(page, "supervisor@demo.example", "/desk/quality")
    today = datetime.now(ZoneInfo("America/Los_Angeles")).date()
    page.get_by_label("A day of the week").fill(today.isoformat())
    page.get_by_role("button", name="Draw", exact=True).click()
    assert faults(page) == []
    # Other journeys have contacts too: whichever of this agent's was drawn.
    row = page.get_by_role("row").filter(has_text=name).filter(has_not_text="two reviewers").first
    row.get_by_role("button").click()
    making = page.locator("#making")
    expect(making).to_contain_text("7 questions open")
    for question in page.locator("fieldset.review-question").all():
        question.get_by_label("Yes").check()
    expect(making).to_contain_text("100 of 100 so far")
    with page.expect_response(lambda one: one.url.endswith("/draft") and "Very." in (one.request.post_data or "")):
        page.get_by_label("Note on: Was patient and kind?").fill("Very.")
    expect(making).to_contain_text("Draft kept")
    page.reload()
    expect(page.get_by_label("Note on: Was patient and kind?")).to_have_value("Very.")
    assert faults(page) == []
    page.get_by_label("What to keep, what to change").fill("Keep it up.")
    page.get_by_role("button", name="Give the review").click()
    expect(page.get_by_text("Review given")).to_be_visible()

    agent.goto(page.url.replace("/quality", "/my-reviews"))
    agent.locator(".quality tbody a").first.click()
    expect(agent.get_by_text("Keep it up.")).to_be_visible()
    assert faults(agent) == []
    agent.get_by_label("What you say to it, once").fill("Thank you.")
    agent.get_by_role("button", name="Send the answer").click()
    expect(agent.get_by_text("Thank you.")).to_be_visible()
    expect(agent.get_by_label("What you say to it, once")).to_have_count(0)


def faults(page: Page) -> list[str]:
    return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in Axe().run(page).response["violations"]]
