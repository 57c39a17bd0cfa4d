"""A supervisor reads the matrix as it goes, draws a customer's way on it, and opens a cell."""

from __future__ import annotations

import re
from collections.abc import Callable

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from e2e.people import Person
from e2e.steps import at_the_desk

Visit = Callable[..., Page]


def test_a_supervisor_goes_from_the_matrix_to_a_cell_and_to_a_customer(
    visit: Visit, person: Person, size: dict[str, int]
) -> None:
    page = visit(size=size)
    at_the_desk(page, "supervisor@demo.example", "/desk/matrix")
    expect(page.get_by_role("heading", level=1, name="The matrix")).to_be_visible()
    page.get_by_label("Span").select_option("90")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page).to_have_url(re.compile("days=90"))
    assert faults(page) == []

    page.get_by_label("Draw the way of a customer").fill(person.number)
    page.get_by_role("button", name="Draw", exact=True).click()
    expect(page.get_by_role("link", name=person.name)).to_be_visible()
    page.emulate_media(color_scheme="dark")
    assert faults(page) == []

    page.get_by_text("The same as a table").click()
    page.locator("#live-table tbody a").first.click()
    expect(page.get_by_role("heading", name="Where they went")).to_be_visible()
    assert faults(page) == []
    # The page itself never has to be scrolled sideways.
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.locator(".cell-contacts a[href*='/customers/']").first.click()
    expect(page).to_have_url(re.compile("/desk/customers/"))


def faults(page: Page) -> list[str]:
    return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in Axe().run(page).response["violations"]]
