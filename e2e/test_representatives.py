"""Somebody speaks for the customer: on record with their authority, named in the contact and on what they answer."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from e2e.conftest import NARROW, Watched
from e2e.people import Person
from e2e.steps import at_the_desk, cards, customer_opens, headline, press, ready, says, timeline
from e2e.telephone import Telephone

Visit = Callable[..., Page]
ACTS, HEARS = "Jo Halloran", "Kim Halloran"


def record(desk: Page, name: str, may: str) -> None:
    """Puts a person on record by keyboard, on the customer's page."""
    desk.get_by_text("Add a representative").press("Enter")
    desk.get_by_label("Name", exact=True).fill(name)
    desk.get_by_label("Authority that you saw").fill("Power of attorney of 3 May, seen")
    desk.get_by_label(may).press("Space")
    desk.get_by_role("button", name="Put on record").press("Enter")
    expect(desk.locator("#who .notice.good")).to_contain_text(f"On record: {name}")


def speak_with(desk: Page, name: str) -> None:
    """Says in the contact with whom one speaks."""
    desk.locator("#contact-person summary").press("Enter")
    desk.locator("#contact-person").get_by_role("button", name=name).press("Enter")
    expect(desk.locator("#contact-person summary")).to_contain_text(f"Speaking with {name}")


def test_who_may_act_decides_and_is_named_and_who_may_only_be_told_does_not(
    visit: Visit, watched: Watched, person: Person, telephone: Telephone
) -> None:
    watched.expect_status(409)
    desk, portal = visit(), visit(size=NARROW)
    at_the_desk(desk)
    ready(desk)
    desk.goto(person.desk_page)
    record(desk, ACTS, "act for the customer")
    record(desk, HEARS, "be told, and decide nothing")
    customer_opens(portal, person, "/activity")

    call = telephone.rings(person.phone, "agent1")
    telephone.answered(call, "agent1")
    expect(desk.locator("#contact-person")).to_contain_text(f"Speaking with {person.name}")
    speak_with(desk, HEARS)
    expect(desk.locator("#contact")).to_contain_text("May be told, not decide")
    first = cards(desk)[0]
    press(desk, first.offer, "acceptance")
    expect(desk.locator("#do .notice.warn")).to_contain_text(f"You speak with {HEARS}, who may be told")
    assert cards(desk)[0] == first

    speak_with(desk, ACTS)
    press(desk, first.offer, "acceptance")
    says(desk, f"Accepted: {headline(first)}")
    accepted = timeline(desk).filter(has_text=re.compile(f"Accepted: {re.escape(headline(first))}"))
    expect(accepted).to_have_count(1)
    expect(accepted).to_contain_text(f"with {ACTS}, representative")
    portal.reload()
    expect(timeline(portal).filter(has_text=f"{ACTS} accepted: {headline(first)}")).to_have_count(1)
    expect(timeline(portal).filter(has_text="accepted").filter(has_text=HEARS)).to_have_count(0)
