"""The desk from a small screen to a wall of one, and at twice its size: nothing is cut, and what to do is in sight."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from e2e.people import Person
from e2e.steps import agent_opens, card, cards

Visit = Callable[..., Page]
OVER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1440, 900), (1920, 1080), (2560, 1440)])
def test_what_to_offer_is_in_sight(visit: Visit, person: Person, width: int, height: int) -> None:
    page = visit(size={"width": width, "height": height})
    agent_opens(page, person)
    first = cards(page)[0]
    headline = card(page, first.offer).locator("[data-part=headline]")
    expect(headline).to_be_in_viewport(ratio=1)
    expect(page.locator("h1")).to_be_in_viewport(ratio=1)
    for path in (person.desk_page, "/desk/", "/desk/cases"):
        page.goto(path)
        assert page.evaluate(OVER) <= 0, path


def test_at_twice_its_size_all_is_there_one_below_the_other(visit: Visit, person: Person) -> None:
    page = visit(size={"width": 720, "height": 450})
    agent_opens(page, person)
    assert page.evaluate(OVER) <= 0
    jump = page.get_by_role("navigation", name="Parts of this page")
    jump.get_by_role("link", name="Do").click()
    expect(page.locator("#do-title")).to_be_in_viewport()
    first = cards(page)[0]
    accept = card(page, first.offer).get_by_role("button", name="Accept", exact=False).first
    accept.scroll_into_view_if_needed()
    expect(accept).to_be_in_viewport(ratio=1)
    bars = page.evaluate("document.elementFromPoint(innerWidth / 2, 20).closest('header') !== null")
    assert bars, "the top of the page left"
