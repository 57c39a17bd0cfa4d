"""Terms that an agent alters: at once within their authority, beyond it by a second person; the portal says each step."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from playwright.sync_api import Locator, Page, expect

from e2e.conftest import NARROW, Watched
from e2e.people import Person
from e2e.steps import act, agent_opens, at_the_desk, card, cards, customer_opens, open_menu, press, says, timeline
from tests.cast import SUPERVISOR

Visit = Callable[..., Page]
BEYOND = "24"
WHY = "They were told twice that we call back."


def alter(desk: Page, credit: str, why: str = "") -> None:
    """Writes another credit into the first offer's terms, with the keyboard, and sends it."""
    form = act(desk, cards(desk)[0].offer, "terms")
    open_menu(desk, form)
    form.get_by_label("Credit").fill(credit)
    if why:
        desk.keyboard.press("Tab")
        desk.keyboard.type(why)
    desk.keyboard.press("Enter")


def the_answered(page: Page, headline: str) -> Locator:
    return page.locator("[data-answered]").filter(has_text=headline)


def test_terms_within_authority_stand_at_once_and_beyond_it_when_a_second_person_agrees(
    visit: Visit, promised: Iterator[Person]
) -> None:
    person = next(promised)
    desk, portal, supervisor = visit(), visit(size=NARROW), visit()
    agent_opens(desk, person)
    customer_opens(portal, person)
    alter(desk, "14")
    says(desk, "New terms: $14.00 off your next bill")
    first = cards(desk)[0]
    expect(card(portal, first.offer)).to_contain_text("$14.00")
    assert [shown.offer for shown in cards(portal)] == [first.offer]

    alter(desk, BEYOND, WHY)
    says(desk, "Sent for approval: $24.00 off your next bill")
    mine = the_answered(portal, "$24.00 off your next bill")
    expect(mine).to_contain_text("Being confirmed")
    expect(card(portal, first.offer)).to_have_count(0)
    mine.get_by_role("link").click()
    expect(portal.locator("h1")).to_contain_text("Being confirmed: $24.00")
    expect(portal.locator("main")).not_to_contain_text("The credit is on your next bill")

    at_the_desk(supervisor, SUPERVISOR, "/desk/approvals")
    asked = supervisor.locator(".approval").filter(has_text=person.name)
    expect(asked).to_contain_text(WHY)
    expect(asked.get_by_role("row").filter(has_text="Credit")).to_contain_text("$14.00")
    asked.get_by_role("button", name="Approve").click()
    says(supervisor, "Approved: $24.00 off your next bill")
    expect(portal.locator("h1")).to_contain_text("Arranged: $24.00")
    expect(the_answered(desk, "$24.00 off your next bill")).to_contain_text("Arranged")
    expect(timeline(desk).filter(has_text="Approved: $24.00 off your next bill")).to_have_count(1)
    portal.goto("/bills")
    expect(portal.locator("main")).to_contain_text("$24.00")


def test_terms_that_are_refused_give_way_to_the_offer_before(
    visit: Visit, watched: Watched, promised: Iterator[Person]
) -> None:
    watched.expect_status(422)
    person = next(promised)
    desk, portal, supervisor = visit(), visit(size=NARROW), visit()
    agent_opens(desk, person)
    customer_opens(portal, person)
    first = cards(portal)[0]
    alter(desk, BEYOND)
    expect(act(desk, first.offer, "terms").get_by_role("alert")).to_contain_text("Say why")
    alter(desk, BEYOND, WHY)
    expect(the_answered(portal, "$24.00 off your next bill")).to_contain_text("Being confirmed")
    expect(card(portal, first.offer)).to_have_count(0)

    at_the_desk(supervisor, SUPERVISOR, "/desk/approvals")
    asked = supervisor.locator(".approval").filter(has_text=person.name)
    asked.get_by_role("button", name="Refuse").click()
    expect(asked.get_by_role("alert")).to_contain_text("Say why")
    expect(asked.get_by_role("textbox")).to_be_focused()
    supervisor.keyboard.type("Fifteen is what we give.")
    asked.get_by_role("button", name="Refuse").click()
    says(supervisor, "Not approved: $24.00 off your next bill")
    expect(the_answered(desk, "$24.00 off your next bill")).to_contain_text("Not approved: Fifteen is what we give.")
    expect(card(portal, first.offer)).to_be_visible()
    assert cards(portal)[0] == first, "it is another offer than before"
    expect(portal.locator("main")).not_to_contain_text("Fifteen")
    portal.goto(f"/offers/{first.offer}")
    press(portal, first.offer, "acceptance")
    expect(the_answered(desk, dict(first.words)["headline"])).to_contain_text("by " + person.name)
