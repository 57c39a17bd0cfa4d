"""The customer serves themself: asks something and is answered, goes on by telephone, says no to offers, and closes the account."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from backend.matrix.service import folder_of, read_body
from e2e.conftest import NARROW, Watched
from e2e.people import Person
from e2e.steps import agent_opens, at_the_desk, card, cards, customer_opens, says, sign_in
from tests.cast import PASSWORD

Visit = Callable[..., Page]
SLOW = "My internet is slow"
SOLD = {
    one["key"]
    for some in read_body(folder_of("telecom"))["treatments"].values()
    for one in some["treatment"]
    if one["purpose"] == "marketing"
}


def test_a_case_is_raised_helped_answered_and_rated(visit: Visit, person: Person, scripting: bool) -> None:
    portal, desk = visit(size=NARROW, scripting=scripting), visit()
    customer_opens(portal, person)
    portal.get_by_role("link", name="Ask us something").click()
    portal.get_by_label("What is it about").fill(SLOW)
    help = portal.get_by_role("link", name=re.compile("^Your internet is slow"))
    if scripting:
        expect(help).to_be_visible()
    portal.get_by_label("Something does not work").check()
    portal.get_by_label("Tell us more").fill("Only in the evening.")
    portal.get_by_role("button", name="Send", exact=True).click()
    if not scripting:
        expect(portal.locator("h1")).to_have_text("Does one of these help?")
        expect(help).to_be_visible()
        portal.get_by_role("button", name="No, send it").click()
    expect(portal.locator("h1")).to_have_text(SLOW)
    expect(portal.locator(".letter")).to_contain_text("Only in the evening.")

    agent_opens(desk, person)
    desk.locator("#open-work").get_by_role("link", name=SLOW).click()
    expect(desk.locator(".letter.customer")).to_contain_text("Only in the evening.")
    desk.locator("#text").fill("We changed the port. It is fast again.")
    desk.get_by_role("button", name="Send, resolve").click()
    expect(desk.locator(".notice").first).to_be_visible()
    desk.goto(person.desk_page)

    portal.reload()
    expect(portal.locator(".letter.agent")).to_contain_text("It is fast again.")
    portal.get_by_role("button", name="Bad", exact=True).click()
    expect(portal.locator("#rating-title")).to_have_text("You told us: bad")
    # The agent who has the customer open reads it by itself.
    warnings = desk.get_by_role("group", name="Warnings")
    expect(warnings).to_contain_text("Rated 2 of 5")
    portal.get_by_role("button", name="Good", exact=True).click()
    expect(portal.locator("#rating-title")).to_have_text("You told us: good")
    expect(desk.locator(".warning").filter(has_text="Rated")).to_have_count(0)


def test_what_was_begun_here_goes_on_by_telephone(visit: Visit, person: Person, scripting: bool) -> None:
    portal, desk = visit(size=NARROW, scripting=scripting), visit()
    customer_opens(portal, person)
    portal.goto("/bills")
    portal.goto("/cases/new")
    portal.get_by_label("What is it about").fill("My bill of November")
    portal.get_by_label("Tell us more").fill("There is a line that I don't know.")
    portal.get_by_role("button", name="Continue by phone").click()
    expect(portal.locator("h1")).to_have_text("Call us, and we go on from here")
    said = portal.locator(".outcome .reference").inner_text()

    at_the_desk(desk)
    desk.locator("#query").fill(said)
    desk.get_by_role("button", name="Search").click()
    expect(desk.locator("h1")).to_have_text(person.name)
    left = desk.locator("#by-phone")
    for words in ("Ask us something", "My bill of November", "There is a line that I don't know.", "Bills"):
        expect(left).to_contain_text(words)


def test_an_account_is_closed_and_kept_after_all(visit: Visit, watched: Watched, person: Person) -> None:
    watched.expect_status(422)
    portal, desk = visit(size=NARROW), visit()
    customer_opens(portal, person, "/me")
    agent_opens(desk, person)
    portal.get_by_role("link", name="Close my account").click()
    expect(portal.locator("main")).to_contain_text("What follows")
    portal.get_by_label("Your password").fill("not this one")
    portal.get_by_role("button", name=re.compile("^Close my account on")).click()
    expect(portal.locator(".error-summary")).to_be_visible()
    portal.get_by_label("Your password").fill(PASSWORD)
    portal.get_by_role("button", name=re.compile("^Close my account on")).click()
    expect(portal.locator("h1")).to_have_text(re.compile("^Your account closes on"))
    expect(desk.get_by_role("group", name="Warnings")).to_contain_text("Asked us to close the account")
    portal.goto("/")
    portal.get_by_role("link", name="Keep it").click()
    portal.get_by_role("button", name="Keep my account").click()
    says(portal, "You keep your account")
    expect(desk.locator(".warning").filter(has_text="close the account")).to_have_count(0)


def test_a_no_to_offers_is_obeyed_at_the_desk_at_once_and_a_yes_again_too(
    visit: Visit, people: Iterator[Person], scripting: bool
) -> None:
    portal, desk = visit(size=NARROW, scripting=scripting), visit()
    at_the_desk(desk)
    for person in people:
        desk.goto(person.desk_page)
        if sold := {one.offer for one in cards(desk) if one.treatment in SOLD}:
            break
    customer_opens(portal, person, "/privacy")
    news = portal.get_by_role("region", name="Offers and news")
    allowed = [box for box in news.get_by_role("checkbox").all() if box.is_checked()]
    for box in allowed:
        box.uncheck()
    news.get_by_role("button").click()
    says(portal, "Saved")

    # The agent's open page knows it by itself; and nothing of it is among what may be offered instead.
    expect(desk.locator("#who .services").filter(has_text="Offers and news")).to_contain_text("Offers and newsnone")
    for offer in sold:
        expect(card(desk, offer).get_by_role("button", name="Accept")).to_have_count(0)
    desk.goto(person.desk_page)
    assert {one.treatment for one in cards(desk)} & SOLD == set()
    why = desk.locator("details.withheld")
    why.locator("summary").click()
    expect(why).to_contain_text("No consent to offers and news.")

    for box in allowed:
        box.check()
    news.get_by_role("button").click()
    says(portal, "Saved")
    desk.goto(person.desk_page)
    assert {one.offer for one in cards(desk)} >= sold


@pytest.mark.parametrize("where", ["/me", "/me/email", "/me/closing", "/cases", "/cases/new", "/help"])
def test_on_the_smallest_screen_nothing_is_cut(visit: Visit, person: Person, where: str) -> None:
    portal = visit(size={"width": 320, "height": 640})
    portal.goto(where)
    if where != "/help":
        sign_in(portal, person.number)
    expect(portal.locator("h1")).to_be_visible()
    assert portal.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
