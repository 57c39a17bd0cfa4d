"""An agent acts on a call; the customer then sees at the portal what was said and settled. With scripting and without."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from e2e.conftest import NARROW, Watched
from e2e.people import Person
from e2e.steps import (
    act,
    agent_opens,
    answered_online_by,
    cards,
    customer_opens,
    happened_once,
    headline,
    open_menu,
    press,
    says,
    set_moment,
    sign_in,
    terms_of,
    they_accept,
    timeline,
)
from tests.cast import AGENT

Visit = Callable[..., Page]


def test_an_agent_finds_a_customer_by_whatever_is_known(visit: Visit, person: Person, scripting: bool) -> None:
    page = visit(scripting=scripting)
    page.goto("/desk/")
    sign_in(page, AGENT)
    spaced = f"({person.phone[2:5]}) {person.phone[5:8]}-{person.phone[8:]}"
    for known in (
        person.name,
        person.phone,
        spaced,
        person.email.upper(),
        person.number,
        person.name.split()[-1][:4].lower(),
    ):
        page.goto("/desk/")
        page.locator("#query").fill(known)
        page.get_by_role("button", name="Search").click()
        expect(page).to_have_url(re.compile("/desk/(search|customers/.*)$"))
        if page.url.endswith("/desk/search"):
            page.locator(f"a[href='{person.desk_page}']").first.click()
        expect(page.locator("h1")).to_have_text(person.name)
    page.goto("/desk/")
    expect(page.locator(f"a[href='{person.desk_page}']")).to_be_visible()  # among those opened lately


def test_a_call_ends_in_a_yes_and_the_customer_reads_the_same(
    visit: Visit, watched: Watched, person: Person, scripting: bool
) -> None:
    # What is asked with the acceptance comes as the form that was not filled in yet.
    watched.expect_status(422)
    desk, portal = visit(scripting=scripting), visit(scripting=scripting)
    agent_opens(desk, person)
    set_moment(desk, "not_working")
    expect(desk.locator("#moment")).to_contain_text("Something does not work")
    expect(timeline(desk).filter(has_text="Something does not work")).to_have_count(1)
    first = cards(desk)[0]

    press(desk, first.offer, "presentation")
    says(desk, headline(first))
    expect(act(desk, first.offer, "presentation")).to_have_count(0)
    assert cards(desk)[0] == first

    customer_opens(portal, person)
    expect(portal.locator("#moment-title")).to_contain_text("You told us")
    assert cards(portal)[0] == first

    they_accept(desk, first.offer)
    says(desk, "Accepted", first.reference)
    expect(desk.locator(f"article[data-offer='{first.offer}']")).to_have_count(0)
    expect(desk.locator(".event").filter(has_text=headline(first)).first).to_be_visible()

    portal.goto("/offers")
    portal.locator(f"a[href='/offers/{first.offer}']").click()
    expect(portal.locator("h1")).to_contain_text(headline(first))
    assert terms_of(portal) == [(label, text) for _key, label, text in first.terms]
    expect(portal.locator("main")).to_contain_text("by our team")
    portal.goto("/activity")
    expect(timeline(portal).filter(has_text=headline(first)).first).to_be_visible()
    desk.reload()
    expect(desk.locator(f"article[data-offer='{first.offer}']")).to_have_count(0)
    happened_once(portal, "accepted", headline(first))


def test_a_no_by_phone_may_become_a_yes_at_the_portal(visit: Visit, person: Person, scripting: bool) -> None:
    desk, portal = visit(scripting=scripting), visit(scripting=scripting)
    agent_opens(desk, person)
    first = cards(desk)[0]
    press(desk, first.offer, "decline", "Too expensive")
    says(desk, "Declined")
    expect(timeline(desk).filter(has_text="Too expensive").first).to_be_visible()
    assert first.offer not in [shown.offer for shown in cards(desk)]

    customer_opens(portal, person, f"/offers/{first.offer}")
    expect(portal.locator("main")).to_contain_text("You said that this is not for you")
    assert terms_of(portal) == [(label, text) for _key, label, text in first.terms]
    press(portal, first.offer, "acceptance")
    expect(portal.locator("h1")).to_contain_text(headline(first))
    expect(portal.locator("main")).to_contain_text("by you")
    desk.reload()
    expect(desk.locator("#do")).to_contain_text(answered_online_by(person))


def test_what_was_put_off_by_phone_waits_at_the_portal(visit: Visit, person: Person, scripting: bool) -> None:
    desk, portal = visit(scripting=scripting), visit(scripting=scripting)
    agent_opens(desk, person)
    first = cards(desk)[0]
    form = act(desk, first.offer, "deferral")
    open_menu(desk, form)
    day = form.locator("input[type=date]").input_value()
    form.get_by_role("button").click()
    says(desk, "Put off")
    expect(desk.locator("#do")).to_contain_text("Put off")
    assert first.offer not in [shown.offer for shown in cards(desk)]
    assert day > "2020"
    customer_opens(portal, person, f"/offers/{first.offer}")
    expect(portal.locator("main")).to_contain_text("You put this off")
    assert terms_of(portal) == [(label, text) for _key, label, text in first.terms]


def test_a_day_that_cannot_be_comes_back_as_it_was_typed(
    visit: Visit, watched: Watched, person: Person, scripting: bool
) -> None:
    watched.expect_status(422)
    desk = visit(scripting=scripting)
    agent_opens(desk, person)
    first = cards(desk)[0]
    form = act(desk, first.offer, "deferral")
    open_menu(desk, form)
    form.locator("input[type=date]").fill("2001-02-03")
    form.get_by_role("button").click()
    form = act(desk, first.offer, "deferral")
    expect(form.get_by_role("alert")).to_be_visible()
    expect(form.locator("input[type=date]")).to_have_value("2001-02-03")
    assert first.offer in [shown.offer for shown in cards(desk)]


def test_why_the_others_are_not_offered_opens_in_place_and_stays_open(
    visit: Visit, person: Person, scripting: bool
) -> None:
    desk = visit(scripting=scripting)
    agent_opens(desk, person)
    fold = desk.locator("details.withheld")
    fold.locator("> summary").click()
    if not scripting:
        fold.get_by_role("link").click()
        expect(desk.locator("h1")).to_have_text("Not offered, and why")
        expect(desk.locator("main li").first).to_be_visible()
        return
    expect(fold.locator("li").first).to_be_visible()
    assert fold.locator("li").count() > 5
    portal = visit(size=NARROW)
    customer_opens(portal, person)
    first = cards(portal)[0]
    portal.goto(f"/offers/{first.offer}")
    press(portal, first.offer, "acceptance")
    expect(desk.locator(f"[data-answered='{first.offer}']")).to_be_visible()
    expect(fold).to_have_attribute("open", "")
    expect(fold.locator("li").first).to_be_visible()
