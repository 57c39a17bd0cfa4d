"""Answering for it: what was done stands on the trail and is proved, and who asks why gets a letter with the reason."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from e2e.conftest import Watched
from e2e.people import Person
from e2e.steps import agent_opens, at_the_desk, cards, customer_opens, press
from e2e.test_axe import Looking
from tests.cast import SUPERVISOR

Visit = Callable[..., Page]


def says(page: Page, *words: str) -> None:
    """The page, in its main part, has all of these words."""
    for word in words:
        expect(page.locator("main")).to_contain_text(word)


def test_what_an_agent_did_is_found_opened_and_proved(
    visit: Visit, watched: Watched, person: Person, tmp_path: Path, size: dict[str, int]
) -> None:
    watched.expect_status(422)
    desk, boss = visit(), visit(size=size)
    agent_opens(desk, person)
    press(desk, cards(desk)[0].offer, "decline")
    expect(desk.locator("#do .notice.good")).to_be_visible()

    at_the_desk(boss, SUPERVISOR)
    seen = Looking(boss)
    boss.goto("/desk/audit")
    seen.at("trail")
    boss.get_by_label("To", exact=True).fill("2020-01-01")
    boss.get_by_label("From", exact=True).fill("2020-01-02")
    boss.get_by_role("button", name="Find", exact=True).click()
    expect(boss.get_by_role("alert")).to_contain_text("The last day comes before the first.")
    seen.at("trail, wrong days")
    boss.get_by_label("To", exact=True).fill("")
    boss.get_by_label("From", exact=True).fill("")
    boss.get_by_label("Customer no. or e-mail").fill(person.number)
    boss.get_by_label("Who", exact=True).select_option("Avery Quinn")
    boss.get_by_role("button", name="Find", exact=True).click()
    says(boss, "Found, the last first", "Offer declined", "Looked at a customer")
    assert person.number not in boss.url
    with boss.expect_download() as taken:
        boss.get_by_role("button", name="As CSV").click()
    file = tmp_path / "audit.csv"
    taken.value.save_as(file)
    with file.open(encoding="utf-8", newline="") as lines:
        assert {row["actor"] for row in csv.DictReader(lines)} == {"Avery Quinn"}

    boss.get_by_role("link", name="Offer declined").first.click()
    says(boss, "Before and after", "declined", "In the chain")
    seen.at("entry")
    boss.goto("/desk/audit")
    boss.get_by_role("button", name="Verify now").click()
    expect(boss.locator(".notice.good")).to_contain_text("The chain holds")
    says(boss, "Verified until entry", "by Sam Okafor")
    seen.at("trail, verified")
    assert seen.faults == []


def test_who_asks_why_gets_the_reason_in_plain_words(
    visit: Visit, watched: Watched, person: Person, size: dict[str, int]
) -> None:
    watched.expect_status(422)
    portal, boss = visit(), visit(size=size)
    customer_opens(portal, person)
    at_the_desk(boss, SUPERVISOR, "/desk/enquiry")
    seen = Looking(boss)
    seen.at("whose question")
    boss.get_by_label("Customer number or e-mail address").fill(person.number)
    boss.get_by_role("button", name="Find their days").click()
    expect(boss.locator("h1")).to_have_text("Why, on that day?")
    says(boss, "identical", "Published by")
    seen.at("the day")
    offered = boss.locator(".trail-ranked strong").all_inner_texts()
    other = next(name for name in boss.locator("#about option").all_inner_texts()[1:] if name.strip() not in offered)
    boss.get_by_label("About").select_option(other)
    boss.get_by_role("button", name="Look into it").click()
    expect(boss.locator(".trail-answer")).to_contain_text("removed")
    seen.at("why not")
    boss.get_by_label("Text").fill("Your risk score was too high.")
    boss.get_by_role("button", name="Send the letter").click()
    expect(boss.get_by_role("alert")).to_contain_text("risk, score")
    seen.at("a letter that cannot go out")
    boss.get_by_label("Text").fill("Dear customer,\n\nit was not for you on that day.")
    with boss.expect_popup() as opened:
        boss.get_by_role("button", name="To print").click()
    paper = Looking(opened.value)
    says(opened.value, "it was not for you on that day.")
    paper.at("on paper")
    expect(boss.get_by_label("Text")).to_have_value("Dear customer,\n\nit was not for you on that day.")
    boss.get_by_role("button", name="Send the letter").click()
    says(boss, "The letter is on its way", "it was not for you on that day.")
    portal.goto("/cases")
    portal.get_by_role("link", name="Your question about").first.click()
    expect(portal.locator("main")).to_contain_text("it was not for you on that day.")
    assert seen.faults + paper.faults == []
