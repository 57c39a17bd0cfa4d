"""Both faces are live: what one does the other shows within a second, nothing moves under a hand, a broken line heals."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from e2e.conftest import Watched
from e2e.people import Person, people_of
from e2e.servers import free_port, kill, serving
from e2e.steps import (
    act,
    agent_opens,
    card,
    cards,
    customer_opens,
    headline,
    open_menu,
    press,
    says,
    set_moment,
    timeline,
)
from tests.databases import fresh

Visit = Callable[..., Page]
A_SECOND = 1000


def live(page: Page) -> None:
    """The page says that it is."""
    expect(page.locator("[data-line=on]")).to_have_text("Live")


def not_reloaded(page: Page) -> None:
    """Marks the page, so that `still_the_same` can tell."""
    page.evaluate("window.sameAsBefore = true")


def still_the_same(page: Page) -> None:
    assert page.evaluate("window.sameAsBefore") is True, "the page was loaded anew"


def test_what_an_agent_settles_stands_on_the_open_portal_within_a_second(visit: Visit, person: Person) -> None:
    desk, portal = visit(), visit(size={"width": 390, "height": 844})
    agent_opens(desk, person)
    customer_opens(portal, person)
    live(desk)
    live(portal)
    first = cards(portal)[0]
    not_reloaded(portal)
    press(desk, first.offer, "acceptance")
    says(desk, "Accepted", first.reference)
    expect(card(portal, first.offer)).to_have_count(0, timeout=A_SECOND)
    expect(portal.locator(f"[data-answered='{first.offer}']")).to_contain_text("by our team")
    expect(portal.locator(".changed").first).to_be_visible()
    expect(portal.locator("#announcer")).to_have_text("This page was updated.")
    expect(portal.locator(".changed")).to_have_count(0, timeout=10_000)  # marked for four seconds, at each change
    still_the_same(portal)
    # What the agent's own act said stays, though the panel was fetched again when the order was done.
    expect(desk.locator(f"[data-answered='{first.offer}']")).to_contain_text("Arranged")
    says(desk, "Accepted", first.reference)


def test_what_a_customer_does_stands_on_the_open_desk_within_a_second(visit: Visit, person: Person) -> None:
    desk, portal = visit(), visit()
    agent_opens(desk, person)
    customer_opens(portal, person)
    live(desk)
    live(portal)
    not_reloaded(desk)
    set_moment(portal, "not_working")
    expect(desk.locator("#moment")).to_contain_text("Something does not work", timeout=A_SECOND)
    expect(timeline(desk).filter(has_text="Something does not work")).to_have_count(1, timeout=A_SECOND)
    expect(desk.locator("#moment")).to_contain_text("Said on the portal")
    first = cards(portal)[0]
    press(portal, first.offer, "decline")
    expect(desk.locator(f"[data-answered='{first.offer}']")).to_contain_text("Declined", timeout=A_SECOND)
    expect(card(desk, first.offer)).to_have_count(0)
    assert cards(desk)[0].offer == cards(portal)[0].offer
    still_the_same(desk)


def test_nothing_moves_under_the_hand_and_a_card_answered_elsewhere_says_so_at_once(
    visit: Visit, person: Person, watched: Watched
) -> None:
    watched.expect_status(409)
    desk, portal = visit(), visit()
    agent_opens(desk, person)
    customer_opens(portal, person)
    live(desk)
    first = cards(desk)[0]
    open_menu(desk, act(desk, first.offer, "deferral"))
    day = act(desk, first.offer, "deferral").locator("input[type=date]")
    day.fill("2027-01-31")
    press(portal, first.offer, "decline")
    held = desk.get_by_role("button", name="Something changed here. Show it.")
    expect(held).to_be_visible(timeout=2 * A_SECOND)
    expect(card(desk, first.offer).locator("[data-told]")).to_contain_text("No longer open")
    expect(card(desk, first.offer).locator("[data-told]")).to_contain_text(person.name)
    expect(day).to_have_value("2027-01-31")
    expect(day).to_be_visible()
    assert cards(desk)[0].offer == first.offer, "it was re-ranked under the hand"
    held.click()
    expect(card(desk, first.offer)).to_have_count(0)
    expect(held).to_have_count(0)
    expect(desk.locator(f"[data-answered='{first.offer}']")).to_be_visible()


def test_a_menu_that_is_closed_again_lets_go_by_itself(visit: Visit, person: Person) -> None:
    desk, portal = visit(), visit()
    agent_opens(desk, person)
    customer_opens(portal, person)
    live(desk)
    first = cards(desk)[0]
    open_menu(desk, act(desk, first.offer, "decline"))
    press(portal, first.offer, "decline")
    expect(desk.locator("#do [data-held] button")).to_be_visible()
    desk.keyboard.press("Escape")
    desk.locator("h1").click()
    expect(card(desk, first.offer)).to_have_count(0, timeout=2 * A_SECOND)
    expect(desk.locator("#do [data-held]")).to_have_count(0)


def test_what_a_customer_has_typed_is_never_lost(visit: Visit, person: Person) -> None:
    desk, portal = visit(), visit()
    agent_opens(desk, person)
    customer_opens(portal, person)
    live(portal)
    first = cards(portal)[0]
    portal.get_by_text("Ask us to call you").click()
    portal.locator("#about").fill("My new router")
    press(desk, first.offer, "decline", "Too expensive")
    held = portal.get_by_role("button", name="Something changed here. Show it.")
    expect(held).to_be_visible()
    expect(card(portal, first.offer).locator("[data-told]")).to_be_visible()
    expect(portal.locator("#about")).to_have_value("My new router")
    held.click()
    expect(card(portal, first.offer)).to_have_count(0)
    expect(portal.locator("#about")).to_have_value("My new router")
    expect(portal.locator("#about")).to_be_visible()


def test_a_double_click_is_one_answer_and_no_fright(visit: Visit, watched: Watched, person: Person) -> None:
    watched.expect_status(409)
    desk, portal = visit(), visit()
    agent_opens(desk, person)
    customer_opens(portal, person)
    live(desk)
    first = cards(desk)[0]
    act(desk, first.offer, "acceptance").get_by_role("button").dblclick()
    says(desk, "Accepted", first.reference)
    expect(desk.locator(".notice.warn")).to_have_count(0)
    expect(desk.locator("#do [data-held]")).to_have_count(0)
    expect(card(portal, first.offer)).to_have_count(0, timeout=2 * A_SECOND)
    expect(timeline(desk).filter(has_text=re.compile(f"Accepted: {re.escape(headline(first))}"))).to_have_count(1)


def test_what_was_fetched_before_an_act_and_comes_after_it_is_not_shown(visit: Visit, person: Person) -> None:
    desk, portal = visit(), visit()
    agent_opens(desk, person)
    customer_opens(portal, person)
    live(portal)
    held: list[tuple[Route, APIResponse]] = []

    def hold_the_first(route: Route) -> None:
        if held or "x-live" not in route.request.headers:
            route.continue_()
        else:
            held.append((route, route.fetch()))

    portal.route("**/", hold_the_first)
    first, second, *_ = cards(desk)
    press(desk, second.offer, "decline")
    while not held:
        portal.wait_for_timeout(50)
    press(portal, first.offer, "decline")
    says(portal, "not for you")
    portal.evaluate(
        """offer => new MutationObserver(() => {
            if (document.querySelector(`article[data-offer="${offer}"]`)) window.cameBack = true;
        }).observe(document.body, { childList: true, subtree: true })""",
        first.offer,
    )
    route, response = held[0]
    route.fulfill(response=response)
    portal.wait_for_timeout(A_SECOND)
    assert portal.evaluate("window.cameBack") is None
    expect(card(portal, first.offer)).to_have_count(0)


def test_without_a_network_the_page_says_so_and_catches_up_when_it_is_back(visit: Visit, person: Person) -> None:
    desk, portal = visit(), visit()
    agent_opens(desk, person)
    customer_opens(portal, person)
    live(portal)
    first = cards(portal)[0]
    portal.context.set_offline(True)
    expect(portal.locator("[data-line=off]")).to_contain_text("Connection lost, trying again")
    press(desk, first.offer, "acceptance")
    says(desk, "Accepted")
    expect(card(portal, first.offer)).to_have_count(1)
    portal.context.set_offline(False)
    live(portal)
    expect(card(portal, first.offer)).to_have_count(0, timeout=2 * A_SECOND)


def test_what_could_not_be_fetched_once_is_asked_for_again_without_a_word(visit: Visit, person: Person) -> None:
    desk = visit()
    agent_opens(desk, person)
    lost: list[str] = []

    def once(route: Route) -> None:
        """Loses the first of these as a network does, and lets the others through."""
        lost.append(route.request.url)
        if len(lost) == 1:
            route.abort("connectionreset")
        else:
            route.continue_()

    desk.route("**/panels/timeline?*show=offers*", once)
    desk.locator("#timeline .filters").get_by_text("Offers").click()
    expect(desk.locator("#timeline .filters [aria-current]")).to_have_text("Offers")
    assert len(lost) == 2
    expect(desk.get_by_text("No connection")).to_have_count(0)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_server_that_died_and_came_back_is_found_again(engine: str, visit: Visit, tmp_path: Path) -> None:
    port = free_port()
    with fresh(engine, "loaded", tmp_path) as url:
        with serving(url, tmp_path, port) as first_server:
            person = next(people_of(first_server))
            desk, portal = visit(on=first_server), visit(on=first_server)
            agent_opens(desk, person)
            customer_opens(portal, person)
            live(portal)
            first = cards(portal)[0]
            not_reloaded(portal)
            kill(first_server)
            expect(portal.locator("[data-line=off]")).to_contain_text("Connection lost")
        with serving(url, tmp_path, port):
            press(desk, first.offer, "acceptance")
            began = time.monotonic()
            expect(portal.locator("[data-line=on]")).to_be_visible()
            expect(card(portal, first.offer)).to_have_count(0)
            assert time.monotonic() - began < 10
            still_the_same(portal)
            # Both leave before the server does: the desk may be fetching what its act has changed.
            for page in (desk, portal):
                page.context.close()
