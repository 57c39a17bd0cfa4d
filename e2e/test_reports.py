"""A number of the reports, from the act at the desk to the supervisor who asks what stands behind it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import Watched
from e2e.people import Person
from e2e.steps import agent_opens, at_the_desk, cards, headline, they_accept

Visit = Callable[..., Page]
SUPERVISOR = "supervisor@demo.example"
PATIENCE_SECONDS = 90
OVER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def counted(page: Page, address: str, words: str | re.Pattern[str]) -> None:
    """The page once the worker has counted what it is to show."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        page.goto(address)
        found = page.locator("main").filter(has_text=words).count()
        if found or time.monotonic() > until:
            break
        page.wait_for_timeout(1000)
    expect(page.locator("main")).to_contain_text(words)


def test_what_an_agent_does_is_in_the_reports_and_leads_back_to_the_customer(visit: Visit, person: Person) -> None:
    desk, boss = visit(), visit()
    agent_opens(desk, person)
    first = cards(desk)[0]
    assert headline(first)
    they_accept(desk, first.offer)

    at_the_desk(boss, SUPERVISOR, "/desk/reports")
    expect(boss.locator("h1")).to_have_text("The floor in numbers")
    counted(boss, "/desk/reports/treatments/accepted?span=today", person.name)
    boss.get_by_role("link", name="Treatments at work").first.click()
    expect(boss.locator("h1")).to_have_text("Treatments at work")
    boss.get_by_role("navigation", name="Split by").get_by_role("link", name="Agent").click()
    line = boss.locator("tr").filter(has_text="Avery Quinn").first
    expect(line).to_be_visible()
    line.locator("td[data-name='Accepted'] a").click()
    boss.get_by_role("link", name=person.name).first.click()
    expect(boss.locator("h1")).to_have_text(person.name)


@pytest.mark.parametrize(
    "path", ["/desk/reports", "/desk/reports/treatments", "/desk/reports/dealing", "/desk/reports/contacts"]
)
def test_a_report_is_read_at_every_width(visit: Visit, watched: Watched, size: dict[str, int], path: str) -> None:
    watched.expect_status(422)
    page = visit(size=size)
    at_the_desk(page, SUPERVISOR, path)
    assert page.evaluate(OVER) <= 0
    own = page.get_by_label("Own dates")
    if own.count():
        own.check()
        page.get_by_label("From", exact=True).fill("2026-01-01")
        page.get_by_label("To", exact=True).fill("2025-01-01")
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_role("alert")).to_contain_text("The last day comes before the first.")
        expect(page.get_by_label("From", exact=True)).to_have_value("2026-01-01")


def test_a_table_is_taken_as_a_file(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    at_the_desk(page, SUPERVISOR, "/desk/reports")
    with page.expect_download() as told:
        page.get_by_role("button", name="Day by day as CSV").click()
    told.value.save_as(tmp_path / "days.csv")
    assert (tmp_path / "days.csv").read_text().startswith("Day,Contacts")
