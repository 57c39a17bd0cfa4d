"""A change of the catalogue as its people make it: written, mended, checked, simulated, approved, in force, and taken back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from playwright.sync_api import Locator, Page, expect

from e2e.conftest import NARROW
from e2e.people import Person
from e2e.steps import agent_opens, at_the_desk, cards, customer_opens, headline, says
from tests.cast import AUTHOR, SUPERVISOR

Visit = Callable[..., Page]
FILE = "treatments/retention.toml"
MINUTES = 120_000
RULE = 'applicable = "churn_risk >= 0.45"'
MISTAKEN = 'applicable = "churn_rsk >= 0.4"'
MENDED = 'applicable = "churn_risk >= 0.4"'
WORDS = 'headline = "{credit} off your next bill"'
WARMER = 'headline = "With our thanks: {credit} off your next bill"'


def overwrite(field: Locator, old: str, new: str) -> None:
    """Selects some words of a text and types others in their place."""
    field.focus()
    field.evaluate(
        """(field, old) => {
            const start = field.value.indexOf(old);
            field.setSelectionRange(start, start + old.length);
        }""",
        old,
    )
    field.page.keyboard.insert_text(new)


def written(author: Page, person: Person) -> str:
    """A draft that changes a rule and a headline, with a mistake that is told and mended; gives its address."""
    at_the_desk(author, AUTHOR, "/desk/catalogue")
    author.get_by_label("What will it change?").fill(f"Warmer words, asked for by {person.name}")
    author.keyboard.press("Enter")
    expect(author.locator("h1")).to_contain_text("Warmer words")
    address = author.url
    author.get_by_role("link", name=FILE).click()
    text = author.get_by_label(f"Text of {FILE}")
    before = text.input_value()
    assert before.count(RULE) == 1
    overwrite(text, RULE, MISTAKEN)
    overwrite(text, WORDS, WARMER)
    author.get_by_role("button", name="Save and check").click()
    says(author, "1 problem in this file")
    line = before[: before.index(RULE)].count("\n") + 1
    problem = author.locator(".problems li")
    expect(problem).to_contain_text("loyalty_credit.applicable nothing is called churn_rsk; did you mean churn_risk?")
    assert text.input_value() == before.replace(RULE, MISTAKEN).replace(WORDS, WARMER)
    # The problem leads to its line, which is selected: what is typed takes its place.
    problem.get_by_role("link", name=f"Line {line}", exact=True).press("Enter")
    expect(text).to_be_focused()
    author.keyboard.insert_text(MENDED)
    author.get_by_role("button", name="Save and check").click()
    says(author, "nothing is wrong with the draft")
    assert text.input_value() == before.replace(RULE, MENDED).replace(WORDS, WARMER)
    return address


def version_named(desk: Page) -> str:
    """The catalogue's version in the decision that stands on the customer's page; the page is there again afterwards."""
    desk.get_by_role("link", name="How this was decided").click()
    named = re.search(r"catalogue (\d+)", desk.locator("main").inner_text())
    assert named
    desk.go_back()
    return named[1]


def test_a_change_is_written_checked_simulated_approved_by_another_in_force_at_once_and_taken_back(
    visit: Visit, promised: Iterator[Person]
) -> None:
    person, told_before = next(promised), next(promised)
    author, supervisor, desk, portal = visit(), visit(), visit(), visit(size=NARROW)
    customer_opens(portal, told_before)
    promise = cards(portal)[0]
    agent_opens(desk, person)
    before = cards(desk)[0]
    version = version_named(desk)

    address = written(author, person)
    author.goto(address)
    author.get_by_text(re.compile(r"All \d+ get what they should")).press("Enter")
    expect(author.locator(".personas li").first).to_contain_text("Dana: fibre, no contract")
    author.get_by_role("button", name="Simulate it").click()
    expect(author.locator("#simulation progress")).to_be_visible()
    expect(author.get_by_role("button", name="Ask for approval")).to_be_visible(timeout=MINUTES)
    report = author.locator("#simulation")
    expect(report.get_by_role("row").filter(has_text="Credit for staying with us").first).to_contain_text("+")
    expect(report.get_by_text("Loyal against at risk:").first).to_be_attached()
    author.get_by_role("button", name="Ask for approval").click()
    says(author, "A second person is asked")
    expect(author.get_by_role("button", name="Approve it")).to_have_count(0)

    at_the_desk(supervisor, SUPERVISOR, "/desk/catalogue")
    supervisor.get_by_role("link", name=person.name).click()
    supervisor.get_by_role("button", name="Approve it").click()
    supervisor.get_by_role("button", name="Put it in force now").click()
    # Nobody loads this page anew by hand.
    expect(supervisor.locator("#next-acts")).to_contain_text("In force as version")
    desk.reload()
    assert headline(cards(desk)[0]) == f"With our thanks: {headline(before)}"
    assert version_named(desk) != version
    portal.reload()
    assert cards(portal)[0] == promise, "what was presented keeps its words and terms"

    supervisor.goto("/desk/catalogue")
    supervisor.get_by_role("link", name=f"Version {version}", exact=True).click()
    supervisor.get_by_text("Roll back to this").press("Enter")
    supervisor.get_by_role("button", name=f"Put version {version} in force now").click()
    says(supervisor, f"Version {version} is in force again")
    desk.reload()
    assert headline(cards(desk)[0]) == headline(before)
    assert version_named(desk) == version
