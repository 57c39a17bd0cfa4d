"""What an acceptance asks for, in the browser: opened in place at the desk, on the page that sums up at the portal, and taken back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from playwright.sync_api import Locator, Page, expect

from backend import db
from backend.catalogue import service as catalogues
from backend.engine import service as engine
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from e2e.conftest import Watched
from e2e.people import Person
from e2e.servers import Server
from e2e.steps import act, agent_opens, card, cards, customer_opens, press
from e2e.test_axe import Looking
from shared.kernel import clock
from shared.kernel.actors import SYSTEM
from tests.databases import opened

Visit = Callable[..., Page]
CALL = "callback"


@pytest.fixture
def caller(server: Server, people: Iterator[Person]) -> Person:
    """Somebody whose line does not work, and to whom a call back at a time of their choice is offered."""
    for person in people:
        with opened(server.database_url, server.log.parent):
            found, now = UUID(person.customer_id), clock.now()
            with db.transaction() as session:
                pack = catalogues.pack_in_force(session)
                profiles.set_moment(session, found, "support", "not_working", "stated", "phone", SYSTEM, now, pack)
            decided = treatments.preview(found, now)
            inputs = decided.inputs
            here = [
                engine.deliver(decided.ranked, inputs.snapshot, inputs.configuration, channel).here[:3]
                for channel in ("phone", "portal")
            ]
        if all(CALL in [item.treatment for item in some] for some in here):
            return person
    pytest.fail("nobody is offered a call back")


def offer_of(page: Page) -> str:
    return next(shown.offer for shown in cards(page) if shown.treatment == CALL)


def time_gone(form: Locator) -> None:
    """The time that is chosen went while the form stood open."""
    select = form.locator("select[name=input-when]")
    select.evaluate("list => { list.options[3].value = '2020-01-01T10:00:00+00:00'; list.selectedIndex = 3; }")


def test_the_agent_asks_for_the_time_in_place_and_takes_it_back(
    visit: Visit, watched: Watched, caller: Person, size: dict[str, int]
) -> None:
    watched.expect_status(422)
    desk, portal = visit(size=size), visit()
    agent_opens(desk, caller)
    offer = offer_of(desk)
    press(desk, offer, "acceptance")
    form = desk.locator(f"#agree-{offer}")
    expect(form.locator("h3")).to_be_focused()
    look = Looking(desk)
    look.at("asked in place")
    form.locator("input[name=input-about]").fill("The line is dead since Monday")
    time_gone(form)
    form.get_by_role("button", name="They accept").click()
    expect(form.locator(".field .wrong-text")).to_contain_text("That time was just taken")
    expect(form.locator("input[name=input-about]")).to_have_value("The line is dead since Monday")
    look.at("a time that went")
    form.locator("select[name=input-when]").select_option(index=4)
    form.get_by_role("button", name="They accept").click()
    expect(desk.locator("#do .notice.good")).to_contain_text("When shall we call? ")
    work = desk.locator("#open-work li").filter(has_text="The line is dead since Monday")
    expect(work).to_be_visible()
    look.at("booked")
    customer_opens(portal, caller)
    expect(portal.locator("#home li[data-case]").filter(has_text="We call you on")).to_be_visible()
    desk.locator(f"li[data-answered='{offer}']").get_by_role("button", name="Take it back").click()
    expect(desk.locator("#do .notice.good")).to_contain_text("Taken back")
    expect(work).to_have_count(0)
    assert look.faults == []


def test_the_customer_chooses_on_the_page_that_sums_up(
    visit: Visit, watched: Watched, caller: Person, size: dict[str, int], scripting: bool
) -> None:
    watched.expect_status(422)
    portal = visit(size=size, scripting=scripting)
    customer_opens(portal, caller, "/offers")
    offer = offer_of(portal)
    card(portal, offer).get_by_role("link", name="Choose a time").click()
    form = act(portal, offer, "acceptance")
    form.locator("input[name=input-about]").fill("The line is dead")
    look = Looking(portal) if scripting else None
    if look:
        time_gone(form)
        form.get_by_role("button").click()
        expect(portal.locator(".error-summary")).to_contain_text("That time was just taken")
        expect(form.locator("input[name=input-about]")).to_have_value("The line is dead")
        look.at("a time that went")
    form.locator("select[name=input-when]").select_option(index=2)
    form.get_by_role("button").click()
    expect(portal.locator("h1")).to_have_text(re.compile("It's yours|Arranged"))
    expect(portal.locator("[aria-labelledby=chosen]")).to_contain_text("The line is dead")
    assert look is None or look.faults == []
