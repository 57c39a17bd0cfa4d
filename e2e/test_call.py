"""A call with three people looking at once: the customer at the portal, the agent at the desk, the supervisor at the wall."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

from playwright.sync_api import Page, expect

from e2e.conftest import NARROW
from e2e.people import Person
from e2e.steps import (
    act,
    at_the_desk,
    cards,
    customer_opens,
    double_click,
    headline,
    open_menu,
    press,
    ready,
    set_moment,
    timeline,
)
from e2e.telephone import Telephone
from tests.cast import SUPERVISOR

Visit = Callable[..., Page]
SOON = 3_000
"""Milliseconds in which the others must see an act; on a busy machine, with three browsers drawing."""


def test_a_call_goes_through_all_three_faces(visit: Visit, person: Person, telephone: Telephone) -> None:
    desk, wall, portal = visit(), visit(), visit(size=NARROW)
    at_the_desk(desk)
    ready(desk)
    at_the_desk(wall, SUPERVISOR, "/desk/wall")
    customer_opens(portal, person, "/services/cancel")
    line = wall.locator("#lines tr").filter(has_text=person.name)
    expect(line).to_contain_text("Cancel my plan", timeout=SOON)
    portal.goto("/")

    began = time.monotonic()
    call = telephone.rings(person.phone, "agent1")
    expect(desk).to_have_url(re.compile(person.desk_page), timeout=SOON)
    popped = time.monotonic() - began
    assert popped < 2.5, f"the screen popped after {popped:.2f} s"
    expect(desk.locator("#moment")).to_contain_text("Cancel my plan")
    telephone.answered(call, "agent1")
    expect(desk.locator("#my-state")).to_contain_text("On a call", timeout=SOON)
    expect(line).to_contain_text("Avery Quinn", timeout=SOON)

    set_moment(desk, "bill_question")
    first = cards(desk)[0]
    there = portal.locator("#home article[data-offer]").first
    expect(there).to_have_attribute("data-offer", first.offer, timeout=SOON)
    assert cards(portal)[0].terms == first.terms

    portal.goto(f"/offers/{first.offer}")
    press(portal, first.offer, "acceptance")
    expect(portal.locator(".outcome")).to_be_visible()
    expect(desk.locator("#timeline")).to_contain_text(f"Accepted: {headline(first)}", timeout=SOON)
    expect(desk.locator(f"#do article[data-offer='{first.offer}']")).to_have_count(0, timeout=SOON)
    expect(wall.locator("#answers")).to_contain_text(headline(first), timeout=SOON)

    telephone.ended(call)
    expect(desk.locator("#my-state")).to_contain_text("Wrapping up", timeout=SOON)
    desk.locator("#contact-wrap-up").click()
    expect(desk.locator("#wrap-up #code")).to_have_value("changed")
    assert headline(first) in desk.locator("#wrap-up #summary").input_value()
    desk.locator("#wrap-up").get_by_role("button", name="Finish").click()
    expect(desk.locator("#my-state")).to_contain_text("Ready", timeout=SOON)
    portal.goto("/")
    expect(portal.locator(".spoke")).to_contain_text("You spoke with us on")


def test_what_is_said_on_the_call_is_seen_at_the_portal(visit: Visit, person: Person, telephone: Telephone) -> None:
    desk, portal = visit(), visit(size=NARROW)
    at_the_desk(desk)
    ready(desk)
    customer_opens(portal, person)
    call = telephone.rings(person.phone, "agent1")
    expect(desk).to_have_url(re.compile(person.desk_page), timeout=SOON)
    telephone.answered(call, "agent1")
    expect(desk.locator("#contact")).to_contain_text("Talking", timeout=SOON)
    desk.locator("#notes textarea, textarea[name=notes]").fill("Router is old")
    expect(desk.locator("#notes")).to_contain_text("Saved", timeout=SOON)
    first = cards(desk)[0]
    press(desk, first.offer, "acceptance")
    expect(portal.locator("#home")).to_contain_text(headline(first), timeout=SOON)
    expect(portal.locator(f"#home article[data-offer='{first.offer}']")).to_have_count(0, timeout=SOON)
    desk.reload()
    expect(desk.locator("textarea[name=notes]")).to_have_value("Router is old")
    telephone.ended(call)
    expect(desk.locator("#contact")).to_contain_text("Call ended", timeout=SOON)
    desk.locator("#contact-wrap-up").click()
    desk.locator("#wrap-up").get_by_role("button", name="Finish").dblclick()
    expect(desk.locator("#my-state")).to_contain_text("Ready", timeout=SOON)


def test_a_late_answer_at_either_face_is_refused_kindly(visit: Visit, person: Person) -> None:
    """The portal's page was open before the agent answered, and its line is lost: it still cannot answer twice."""
    desk, portal = visit(), visit(size=NARROW)
    at_the_desk(desk)
    desk.goto(person.desk_page)
    first = cards(desk)[0]
    customer_opens(portal, person, f"/offers/{first.offer}")
    press(desk, first.offer, "decline")
    expect(desk.locator("#do .notice.good")).to_be_visible()
    form = act(portal, first.offer, "acceptance")
    open_menu(portal, form)
    expect(portal.locator("main")).to_contain_text(re.compile("declined|changed", re.IGNORECASE), timeout=SOON)


def test_two_agents_on_one_customer_see_each_other(visit: Visit, person: Person) -> None:
    one, other = visit(), visit()
    at_the_desk(one)
    at_the_desk(other, "agent2@demo.example")
    for page in (one, other):
        page.goto(person.desk_page)
    one.get_by_role("button", name="Start a contact").click()
    expect(one.locator("#contact")).to_contain_text("Contact open")
    expect(other.locator("#contact")).to_contain_text("Avery Quinn has this customer open too", timeout=SOON)
    first = cards(one)[0]
    press(one, first.offer, "acceptance")
    expect(other.locator(f"#do article[data-offer='{first.offer}']")).to_have_count(0, timeout=SOON)
    one.locator("#contact-wrap-up").click()
    one.locator("#wrap-up").get_by_role("button", name="Finish").click()
    expect(other.locator("#contact")).not_to_contain_text("Avery Quinn", timeout=SOON)


def test_a_private_call_moves_nothing_at_the_portal(visit: Visit, person: Person, telephone: Telephone) -> None:
    desk, portal = visit(), visit(size=NARROW)
    at_the_desk(desk)
    ready(desk)
    customer_opens(portal, person)
    before = portal.locator("#home").inner_text()
    call = telephone.rings(person.phone, "agent1")
    expect(desk).to_have_url(re.compile(person.desk_page), timeout=SOON)
    telephone.answered(call, "agent1")
    desk.locator("#contact-private").click()
    expect(desk.locator("#contact-private")).to_have_attribute("aria-pressed", "true")
    telephone.ended(call)
    desk.locator("#contact-wrap-up").click()
    desk.locator("#wrap-up #code").select_option("solved")
    desk.locator("#wrap-up").get_by_role("button", name="Finish").click()
    expect(desk.locator("#my-state")).to_contain_text("Ready", timeout=SOON)
    portal.reload()
    assert portal.locator("#home").inner_text() == before
    portal.goto("/activity")
    assert "Avery" not in portal.locator("main").inner_text().partition("Yesterday")[0]


def test_each_step_of_a_call_takes_a_double_click_and_a_reload(
    visit: Visit, person: Person, telephone: Telephone
) -> None:
    """Nothing happens twice, nothing is undone, and the next treatment is not accepted by the second click."""
    desk, portal = visit(), visit()
    customer_opens(portal, person)
    at_the_desk(desk)
    desk.locator("#my-state summary").click()
    double_click(desk, desk.locator("#my-state").get_by_role("button", name="Ready"))
    for _ in range(2):
        expect(desk.locator("#my-state")).to_contain_text("Ready")
        desk.reload()

    call = telephone.rings(person.phone, "agent1")
    expect(desk).to_have_url(re.compile(person.desk_page), timeout=SOON)
    for _ in range(2):
        expect(desk.locator("#contact")).to_contain_text("Calling you")
        desk.reload()
    telephone.answered(call, "agent1")
    telephone.answered(call, "agent1")
    for _ in range(2):
        expect(desk.locator("#contact")).to_contain_text("Talking", timeout=SOON)
        desk.reload()

    double_click(desk, desk.locator("#contact-private"))
    for _ in range(2):
        expect(desk.locator("#contact-private")).to_have_attribute("aria-pressed", "true")
        desk.reload()
    double_click(desk, desk.locator("#contact-private"))
    expect(desk.locator("#contact-private")).to_have_attribute("aria-pressed", "false")

    double_click(desk, desk.locator(".moment-quick").get_by_role("button", name="Question about a bill"))
    for _ in range(2):
        expect(desk.locator("#moment")).to_contain_text("Question about a bill")
        expect(timeline(desk).filter(has_text="Here for: Question about a bill")).to_have_count(1)
        desk.reload()

    first, second, *_ = cards(desk)
    double_click(desk, act(desk, first.offer, "acceptance").get_by_role("button"))
    for _ in range(2):
        expect(timeline(desk).filter(has_text=f"Accepted: {headline(first)}")).to_have_count(1)
        expect(timeline(desk).filter(has_text=f"Accepted: {headline(second)}")).to_have_count(0)
        desk.reload()
    expect(portal.locator(f"#home article[data-offer='{second.offer}']").first).to_be_visible(timeout=SOON)

    telephone.ended(call)
    telephone.ended(call)
    expect(desk.locator("#contact")).to_contain_text("Call ended", timeout=SOON)
    double_click(desk, desk.locator("#contact-wrap-up"))
    desk.locator("#wrap-up #summary").fill("Explained the bill")
    double_click(desk, desk.locator("#wrap-up").get_by_role("button", name="Finish"))
    for _ in range(2):
        expect(desk.locator("#my-state")).to_contain_text("Ready", timeout=SOON)
        expect(timeline(desk).filter(has_text="Explained the bill")).to_have_count(1)
        desk.reload()
    portal.reload()
    expect(portal.locator(".spoke")).to_contain_text("You spoke with us on")


def test_a_page_in_the_background_gives_its_line_up_and_catches_up_when_it_is_looked_at(
    visit: Visit, person: Person
) -> None:
    desk, portal = visit(), visit(size=NARROW)
    at_the_desk(desk)
    desk.goto(person.desk_page)
    customer_opens(portal, person)
    expect(portal.locator("[data-line=on]")).to_be_visible()
    first = cards(portal)[0]
    portal.evaluate(
        """() => {
            Object.defineProperty(document, "hidden", { get: () => window.away, configurable: true });
            window.away = true;
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    press(desk, first.offer, "acceptance")
    expect(desk.locator("#do .notice.good")).to_be_visible()
    portal.wait_for_timeout(1000)
    expect(portal.locator(f"#home article[data-offer='{first.offer}']")).to_have_count(1)
    portal.evaluate("() => { window.away = false; document.dispatchEvent(new Event('visibilitychange')); }")
    expect(portal.locator(f"#home article[data-offer='{first.offer}']")).to_have_count(0, timeout=SOON)


def test_a_call_taken_for_the_wrong_customer_is_given_to_the_right_one(
    visit: Visit, people: Iterator[Person], telephone: Telephone
) -> None:
    wrong, right = next(people), next(people)
    desk = visit()
    at_the_desk(desk)
    ready(desk)
    call = telephone.rings(wrong.phone, "agent1")
    expect(desk).to_have_url(re.compile(wrong.desk_page), timeout=SOON)
    telephone.answered(call, "agent1")
    expect(desk.locator("#contact")).to_contain_text("Talking", timeout=SOON)
    desk.locator("textarea[name=notes]").fill("Calls from her sister's telephone")
    expect(desk.locator("#notes")).to_contain_text("Saved", timeout=SOON)
    desk.get_by_role("link", name="Not them?").click()
    desk.locator("#caller-query").press_sequentially(right.number)
    desk.locator("#caller-found").get_by_role("button", name=f"Attach to {right.name}").click()
    expect(desk).to_have_url(re.compile(right.desk_page))
    expect(desk.locator("#contact")).to_contain_text("Talking")
    expect(desk.locator("textarea[name=notes]")).to_have_value("Calls from her sister's telephone")
    desk.goto(wrong.desk_page)
    expect(desk.get_by_role("button", name="Start a contact")).to_be_visible()
