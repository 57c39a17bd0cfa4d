"""A customer leaves by themselves, and the agent who is called next knows; then they stay after all."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from e2e.people import Person
from e2e.steps import agent_opens, customer_opens, timeline
from e2e.test_axe import Looking

Visit = Callable[..., Page]


@pytest.fixture
def person(visit: Visit, people: Iterator[Person]) -> Person:
    """A customer whose plan has something in it: not everyone's has, and only then may it be cancelled."""
    for one in people:
        page = visit(scripting=False)
        customer_opens(page, one, "/services")
        if page.get_by_role("link", name="Cancel my plan").count():
            return one
    raise LookupError("Nobody has anything to cancel.")


def test_a_customer_cancels_in_plain_steps_the_agent_knows_and_they_take_it_back(
    visit: Visit, person: Person, size: dict[str, int], scripting: bool
) -> None:
    portal, desk = visit(size=size, scripting=scripting), visit(scripting=scripting)
    customer_opens(portal, person, "/services")
    portal.get_by_role("link", name="Cancel my plan").click()
    seen = Looking(portal) if scripting else None
    if seen:
        seen.at("what to cancel")
    portal.get_by_label("My whole plan").check()
    portal.get_by_role("button", name="Continue").click()
    expect(portal.locator("h1")).to_have_text("Cancel: My whole plan")
    assert portal.locator("article.offer").count() <= 1
    cancel = portal.locator("form[action='/services/cancel'] button")
    others = portal.locator("article.offer a.button")
    assert others.count() == 0 or others.evaluate(WEIGHT) == cancel.evaluate(WEIGHT), "each way weighs the same"
    if seen:
        seen.at("what it would mean")
    cancel.click()
    expect(portal.locator("h1")).to_have_text("Cancelled: My whole plan")
    number = portal.locator(".outcome .reference").inner_text()
    if seen:
        seen.at("cancelled")

    agent_opens(desk, person)
    expect(desk.locator("body")).to_contain_text("Cancelled everything: the last day is")
    expect(timeline(desk).filter(has_text="Cancelled by the customer: My whole plan").first).to_contain_text(number)

    portal.get_by_role("button", name="Take it back").click()
    expect(portal.locator("h1")).to_have_text("Taken back: My whole plan")
    desk.reload()
    expect(timeline(desk).filter(has_text="Cancellation taken back").first).to_be_visible()
    expect(desk.locator("body")).not_to_contain_text("Cancelled everything")
    assert not seen or seen.faults == []


WEIGHT = """one => {
    const style = getComputedStyle(one);
    return [style.backgroundColor, style.color, style.borderColor, style.fontWeight, style.fontSize, style.minHeight].join();
}"""
