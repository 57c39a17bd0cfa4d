"""Whose data it is: masked until the caller is verified, every look on record, handed over whole, erased for good."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from playwright.sync_api import Download, Page, expect

from e2e.conftest import NARROW, Watched
from e2e.people import Person
from e2e.steps import agent_opens, at_the_desk, cards, customer_opens, press, says, sign_in
from tests.cast import ADMIN, PASSWORD

Visit = Callable[..., Page]


def text_of(download: Download, folder: Path) -> str:
    path = folder / download.suggested_filename
    download.save_as(path)
    return path.read_text(encoding="utf-8")


def test_a_caller_is_verified_and_what_was_masked_is_shown_and_the_looks_are_on_record(
    visit: Visit, person: Person
) -> None:
    desk, admin = visit(), visit()
    agent_opens(desk, person)
    who = desk.locator("#who")
    expect(who).to_contain_text("Masked until you have verified who speaks")
    expect(who).not_to_contain_text(person.email)
    expect(who).to_contain_text(f"•••• {person.phone[-3:]}")
    desk.locator("form[action$='/contact']").get_by_role("button").first.click()
    form = desk.locator("form[action$='/verification']")
    expect(form).to_have_count(1)
    desk.locator("details").filter(has=form).last.locator("> summary").click()
    form.get_by_role("button", name="Telephone password").click()
    expect(who).to_contain_text(person.email)
    expect(desk.locator("main")).to_contain_text("Verified: telephone password")

    at_the_desk(admin, ADMIN)
    admin.goto(f"{person.desk_page}/looks")
    looks = admin.get_by_role("row").filter(has_text="Avery Quinn")
    expect(looks.filter(has_text="Customer page").first).to_be_visible()
    admin.goto(person.desk_page)
    expect(admin.locator("#who")).not_to_contain_text(person.email)
    desk.locator("#contact-wrap-up").click()
    desk.locator("#wrap-up #code").select_option("solved")
    desk.locator("#wrap-up").get_by_role("button", name="Finish").click()
    expect(desk.get_by_role("button", name="Start a contact")).to_be_visible()
    desk.goto(person.desk_page)
    expect(desk.locator("#who")).not_to_contain_text(person.email)


def test_all_that_is_held_is_handed_over_and_then_erased(
    visit: Visit, watched: Watched, people: Iterator[Person], tmp_path: Path, size: dict[str, int]
) -> None:
    person, other = next(people), next(people)
    portal, admin = visit(size=NARROW), visit(size=size)
    customer_opens(portal, person)
    offer = cards(portal)[0].offer
    portal.goto(f"/offers/{offer}")
    press(portal, offer, "acceptance")
    expect(portal.locator(".outcome")).to_be_visible()

    # The customer takes their own, by their password.
    watched.expect_status(422)
    portal.goto("/privacy")
    portal.get_by_role("button", name="For a program (JSON)").click()
    expect(portal.locator(".error-summary")).to_contain_text("Enter your password")
    portal.get_by_label("Your password, once more").fill(PASSWORD)
    with portal.expect_download() as taken:
        portal.get_by_role("button", name="For a program (JSON)").click()
    own = json.loads(text_of(taken.value, tmp_path))
    assert own["number"] == person.number
    assert offer in {row["offer_id"] for row in own["tables"]["offer"]}

    # Those who handle such requests hand it over as well: the same rows, to read.
    at_the_desk(admin, ADMIN)
    admin.goto(f"{person.desk_page}/data")
    with admin.expect_download() as handed:
        admin.get_by_role("button", name="As a page to read").click()
    page = visit(size=NARROW)
    page.set_content(text_of(handed.value, tmp_path))
    expect(page.locator("h1")).to_have_text(f"What is held of {person.name}")
    expect(page.locator("#offer ~ dl, section:has(#offer) dl").first).to_contain_text(offer)
    with admin.expect_download() as handed:
        admin.get_by_role("button", name="As JSON").click()
    told = json.loads(text_of(handed.value, tmp_path))
    assert {table: len(rows) for table, rows in told["tables"].items() if table in ("offer", "bill", "event")} == {
        table: len(rows) for table, rows in own["tables"].items() if table in ("offer", "bill", "event")
    }

    # The number has to be typed, and the right one.
    for typed, words in (("", "Type the customer's number."), (other.number, "exactly as it stands above")):
        admin.get_by_label(f"Type {person.number} to confirm").fill(typed)
        admin.get_by_role("button", name="for good").click()
        expect(admin.locator(".error-summary")).to_contain_text(words)
    admin.get_by_label(f"Type {person.number} to confirm").fill(person.number)
    admin.get_by_role("button", name="for good").click()
    says(admin, "Erased")
    watched.expect_status(410)
    admin.goto(person.desk_page)
    expect(admin.locator("body")).not_to_contain_text(person.name)
    portal.goto("/")
    expect(portal).to_have_url(re.compile("/sign-in"))
    sign_in(portal, person.number)
    expect(portal.locator(".error-summary, .notice").first).to_be_visible()


def test_an_administrator_reads_how_long_things_are_kept(visit: Visit, watched: Watched, size: dict[str, int]) -> None:
    admin, agent = visit(size=size), visit()
    at_the_desk(admin, ADMIN, "/desk/retention")
    rules = admin.get_by_role("region", name="Table of rules")
    for words in ("Anonymous visitors", "90 days", "Decisions and what they were made from", "until its own last day"):
        expect(rules).to_contain_text(words)
    watched.expect_status(403)
    at_the_desk(agent)
    agent.goto("/desk/retention")
    expect(agent.locator("h1")).not_to_have_text("Retention")
