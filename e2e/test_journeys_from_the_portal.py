"""A customer acts alone; the agent then sees it, and nobody's second answer counts. With scripting and without."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import Watched
from e2e.people import Person
from e2e.steps import (
    TAKEN,
    act,
    agent_opens,
    answered_online_by,
    cards,
    customer_opens,
    cut_line,
    happened_once,
    headline,
    open_menu,
    press,
    says,
    set_moment,
    terms_of,
    timeline,
)

Visit = Callable[..., Page]


def test_a_customer_says_why_takes_it_up_and_the_agent_knows(visit: Visit, person: Person, scripting: bool) -> None:
    portal, desk = visit(scripting=scripting), visit(scripting=scripting)
    customer_opens(portal, person)
    set_moment(portal, "bill_question")
    says(portal, "Thank you")
    expect(portal.locator("#moment-title")).to_contain_text("You told us")
    first = cards(portal)[0]
    portal.locator(f"article a[href='/offers/{first.offer}']").click()
    expect(portal.locator("h1")).to_have_text(headline(first))
    (summary,) = cards(portal)
    assert (summary.terms, summary.until, summary.reference) == (first.terms, first.until, first.reference)

    agent_opens(desk, person)
    expect(desk.locator("#moment")).to_contain_text("Said on the portal")
    assert cards(desk)[0] == first
    expect(desk.locator(f"article[data-offer='{first.offer}']")).to_contain_text("Shown on the portal")

    press(portal, first.offer, "acceptance")
    expect(portal.locator("h1")).to_contain_text(headline(first))
    expect(portal.locator("main")).to_contain_text(first.reference)
    desk.reload()
    expect(desk.locator("#do")).to_contain_text(answered_online_by(person))
    expect(timeline(desk).filter(has_text=headline(first)).first).to_be_visible()
    expect(timeline(desk).filter(has_text=re.compile("bill", re.IGNORECASE)).first).to_be_visible()
    portal.reload()
    expect(portal.locator("h1")).to_contain_text(headline(first))
    happened_once(portal, "accepted", headline(first))


def test_an_agent_who_answers_too_late_is_told_by_whom_when_and_where(
    visit: Visit, watched: Watched, person: Person, scripting: bool
) -> None:
    watched.expect_status(409)
    portal, desk = visit(scripting=scripting), visit(scripting=scripting)
    customer_opens(portal, person)
    first = cards(portal)[0]
    cut_line(desk)
    agent_opens(desk, person)
    portal.goto(f"/offers/{first.offer}")
    press(portal, first.offer, "acceptance")
    expect(portal.locator("h1")).to_contain_text(headline(first))

    press(desk, first.offer, "decline")
    told = desk.locator(".notice.warn")
    expect(told).to_be_visible()
    expect(told).to_contain_text("accepted already")
    expect(told).to_contain_text(answered_online_by(person))
    assert first.offer not in [shown.offer for shown in cards(desk)]
    expect(desk.locator("#do")).to_contain_text(headline(first))
    happened_once(portal, "accepted", headline(first))


def test_a_no_at_the_portal_may_become_a_yes_by_phone(visit: Visit, person: Person, scripting: bool) -> None:
    portal, desk = visit(scripting=scripting), visit(scripting=scripting)
    customer_opens(portal, person)
    first = cards(portal)[0]
    press(portal, first.offer, "decline")
    says(portal, "not for you")
    assert first.offer not in [shown.offer for shown in cards(portal)]

    agent_opens(desk, person)
    assert first.offer not in [shown.offer for shown in cards(desk)]
    expect(desk.locator("#do")).to_contain_text("Declined")
    act(desk, first.offer, "acceptance").get_by_role("button").click()
    says(desk, "Accepted", first.reference)
    portal.goto(f"/offers/{first.offer}")
    expect(portal.locator("h1")).to_contain_text(headline(first))
    assert terms_of(portal) == [(label, text) for _key, label, text in first.terms]
    expect(portal.locator("main")).to_contain_text("by our team")


def test_what_was_put_off_at_the_portal_is_known_by_phone(visit: Visit, person: Person, scripting: bool) -> None:
    portal, desk = visit(scripting=scripting), visit(scripting=scripting)
    customer_opens(portal, person)
    first = cards(portal)[0]
    form = act(portal, first.offer, "deferral")
    open_menu(portal, form)
    form.get_by_role("button").first.click()
    says(portal, "We will show it again on")
    assert first.offer not in [shown.offer for shown in cards(portal)]
    agent_opens(desk, person)
    assert first.offer not in [shown.offer for shown in cards(desk)]
    expect(desk.locator("#do")).to_contain_text("Put off")
    expect(timeline(desk).filter(has_text=headline(first)).first).to_be_visible()


@pytest.mark.parametrize("answer", ["acceptance", "decline"])
def test_a_double_click_counts_once_and_warns_of_nothing(
    visit: Visit, watched: Watched, person: Person, scripting: bool, answer: str
) -> None:
    watched.expect_status(409)
    portal = visit(scripting=scripting)
    customer_opens(portal, person)
    first = cards(portal)[0]
    portal.goto(f"/offers/{first.offer}")
    act(portal, first.offer, answer).get_by_role("button").dblclick()
    expect(portal.locator("body")).to_contain_text(TAKEN if answer == "acceptance" else "not for you")
    expect(portal.locator(".notice.warn")).to_have_count(0)
    happened_once(portal, "accepted" if answer == "acceptance" else "declined", headline(first))


def test_an_agents_double_click_counts_once(visit: Visit, watched: Watched, person: Person, scripting: bool) -> None:
    watched.expect_status(409)
    desk, portal = visit(scripting=scripting), visit()
    agent_opens(desk, person)
    first = cards(desk)[0]
    act(desk, first.offer, "acceptance").get_by_role("button").dblclick()
    expect(desk.locator("#do .notice.good, #notice .notice.good")).to_contain_text(headline(first))
    expect(desk.locator(".notice.warn")).to_have_count(0)
    customer_opens(portal, person)
    happened_once(portal, "accepted", headline(first))


def test_back_and_reload_after_an_answer_do_nothing_twice(
    visit: Visit, watched: Watched, person: Person, scripting: bool
) -> None:
    watched.expect_status(409)
    portal = visit(scripting=scripting)
    customer_opens(portal, person)
    first = cards(portal)[0]
    portal.goto(f"/offers/{first.offer}")
    press(portal, first.offer, "acceptance")
    expect(portal.locator("h1")).to_contain_text(TAKEN)
    portal.reload()
    expect(portal.locator("h1")).to_contain_text(headline(first))
    portal.go_back()
    # Nothing is kept by the browser, so that the page comes anew, and says how it stands.
    expect(portal.locator("h1")).to_contain_text(headline(first))
    expect(act(portal, first.offer, "acceptance")).to_have_count(0)
    happened_once(portal, "accepted", headline(first))


def test_of_two_tabs_the_first_answer_counts_and_the_second_is_told(
    visit: Visit, watched: Watched, person: Person, scripting: bool
) -> None:
    watched.expect_status(409)
    one = visit(scripting=scripting)
    customer_opens(one, person)
    first = cards(one)[0]
    two, three = one.context.new_page(), one.context.new_page()
    cut_line(two, three)
    for tab in (one, two, three):
        tab.goto(f"/offers/{first.offer}")
    press(one, first.offer, "acceptance")
    expect(one.locator("h1")).to_contain_text(TAKEN)
    press(two, first.offer, "decline")
    expect(two.locator(".notice.warn")).to_contain_text("accepted already")
    expect(two.locator("h1")).to_contain_text(headline(first))
    press(three, first.offer, "acceptance")  # the same answer again: nothing to warn of
    expect(three.locator("h1")).to_contain_text(TAKEN)
    expect(three.locator(".notice.warn")).to_have_count(0)
    happened_once(one, "accepted", headline(first))
