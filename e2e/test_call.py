"""A call with three people looking at once: the customer at the portal, the agent at the desk, the supervisor at the wall."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from playwright.sync_api import Page, expect

from e2e.conftest import NARROW
from e2e.people import Person
from e2e.steps import act, at_the_desk, cards, customer_opens, headline, open_menu, press, ready, set_moment
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
