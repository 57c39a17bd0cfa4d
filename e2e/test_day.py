"""A whole day's work: a call from ring to wrap-up, terms that a supervisor allows, put through to a colleague who keeps a
promise, a case with its answers, a callback; each step read again after a reload."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from playwright.sync_api import Page, expect

from e2e.conftest import NARROW
from e2e.people import Person
from e2e.steps import at_the_desk, cards, customer_opens, press, ready, set_moment, sign_in, timeline
from e2e.telephone import Telephone
from e2e.test_altered_terms import BEYOND, WHY, alter, the_answered
from e2e.test_cases import NOOR, opens
from tests.cast import SUPERVISOR

Visit = Callable[..., Page]
SOON = 3_000


def again(page: Page) -> None:
    """The page is loaded anew, as impatient people do."""
    page.reload()
    expect(page.locator("h1")).to_be_visible()


def test_a_day_from_the_first_ring_to_the_last_promise(
    visit: Visit, promised: Iterator[Person], telephone: Telephone
) -> None:
    person = next(promised)
    desk, other, boss, portal = visit(), visit(), visit(), visit(size=NARROW)
    at_the_desk(desk)
    ready(desk)
    at_the_desk(other, NOOR)
    ready(other)

    call = telephone.rings(person.phone, "agent1")
    expect(desk).to_have_url(re.compile(person.desk_page), timeout=SOON)
    again(desk)
    expect(desk.locator("#contact")).to_contain_text("Calling you")
    telephone.answered(call, "agent1")
    expect(desk.locator("#contact")).to_contain_text("Talking", timeout=SOON)
    desk.locator("textarea[name=notes]").fill("Was promised a call twice.")
    expect(desk.locator("#notes")).to_contain_text("Saved", timeout=SOON)
    again(desk)
    expect(desk.locator("textarea[name=notes]")).to_have_value("Was promised a call twice.")

    # Beyond their authority, without leaving the page: the answer arrives by itself.
    alter(desk, BEYOND, WHY)
    expect(the_answered(desk, "$24.00 off your next bill")).to_be_visible()
    at_the_desk(boss, SUPERVISOR, "/desk/approvals")
    boss.locator(".approval").filter(has_text=person.name).get_by_role("button", name="Approve").click()
    expect(the_answered(desk, "$24.00 off your next bill")).to_contain_text("Arranged", timeout=SOON)
    customer_opens(portal, person)
    expect(portal.locator("main")).to_contain_text("$24.00 off your next bill")

    # Put through: the colleague has all that was said and done, and the first desk is free.
    telephone.answered(call, "agent2")
    expect(desk.locator("#my-state")).to_contain_text("Ready", timeout=SOON)
    expect(other).to_have_url(re.compile(person.desk_page), timeout=SOON)
    expect(other.locator("#contact")).to_contain_text("Talking", timeout=SOON)
    expect(other.locator("textarea[name=notes]")).to_have_value("Was promised a call twice.")
    expect(the_answered(other, "$24.00 off your next bill")).to_contain_text("Arranged")
    expect(timeline(other).filter(has_text="Call put through")).to_have_count(1)
    set_moment(other, "bill_question")
    telephone.ended(call)
    expect(other.locator("#contact")).to_contain_text("Call ended", timeout=SOON)
    again(other)
    other.locator("#contact-wrap-up").click()
    expect(other.locator("#wrap-up #summary")).not_to_have_value("")
    other.locator("#wrap-up #promised").fill("Send the bill with every line explained")
    other.locator("#wrap-up #promised-until").fill("2031-03-01T10:00")
    other.locator("#wrap-up #code").select_option("explained")
    other.locator("#wrap-up #summary").focus()
    other.keyboard.press("Control+Enter")
    expect(other.locator("#my-state")).to_contain_text("Ready", timeout=SOON)
    again(other)
    expect(other.locator("#tasks")).to_contain_text("Send the bill with every line explained")

    # A case, its answer, and the customer's.
    opens(other, person, "The second line is dead")
    other.locator("#text").fill("We measure your line tomorrow.")
    other.get_by_role("button", name="Send, wait for them").click()
    expect(other.locator(".case-state")).to_have_text("Pending")
    portal.goto("/")
    row = portal.get_by_role("listitem").filter(has_text="The second line is dead")
    row.get_by_role("link", name="Read or write").click()
    portal.get_by_label("Write to us").fill("Please call before you come.")
    portal.get_by_role("button", name="Send").click()
    expect(other.locator(".letter.customer").last).to_contain_text("Please call before you come.")

    # What waits is in one list; the promise is kept, the case is answered, the customer is called back.
    other.goto("/desk/")
    mine = other.locator(".inbox-line").filter(has_text=person.name)
    expect(mine.filter(has_text="customer wrote")).to_contain_text("The second line is dead")
    mine.filter(has_text="Send the bill").get_by_role("button", name=re.compile("^Done")).click()
    expect(mine.filter(has_text="Send the bill")).to_have_count(0)
    portal.goto("/")
    ask = portal.locator("form[action='/callback']")
    portal.locator("details").filter(has=ask).first.locator("> summary").click()
    ask.get_by_label("What is it about?").fill("When will they come?")
    ask.get_by_role("button", name="Ask for a call").click()
    expect(portal.locator("[data-case]").filter(has_text="When will they come?")).to_be_visible()
    other.goto("/desk/callbacks")
    line = other.locator(".call-line").filter(has_text="When will they come?")
    line.get_by_role("button", name="Call now").click()
    expect(other.locator("h1")).to_have_text(person.name)
    first = cards(other)[0]
    press(other, first.offer, "decline")
    expect(other.locator("#do .notice.good")).to_be_visible()
    called = other.locator("#open-work [data-case]").filter(has_text="When will they come?")
    called.get_by_text("Close", exact=True).click()
    called.get_by_label("How it came out").fill("Tomorrow at nine")
    called.get_by_role("button", name="Called").click()
    again(other)
    other.locator("#contact-wrap-up").click()
    other.locator("#wrap-up #code").select_option("solved")
    other.locator("#wrap-up").get_by_role("button", name="Finish").click()
    expect(other.locator(".notice.good")).to_contain_text("Wrapped up")
    expect(other.locator("#my-state")).to_contain_text("Ready", timeout=SOON)

    other.locator(".me summary").click()
    other.get_by_role("button", name="Sign out").click()
    expect(other).to_have_url(re.compile("/desk/sign-in"))
    other.go_back()
    sign_in(other, NOOR)
    expect(other.locator("h1")).to_be_visible()
    portal.goto("/activity")
    for told in ("You called us", "Tomorrow at nine"):
        expect(portal.locator("main")).to_contain_text(told)
