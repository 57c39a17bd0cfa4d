"""A working day in a real browser: what burns stands first, nothing typed is lost, two agents know of each other."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from playwright.sync_api import Page, expect

from backend import db
from backend.cases import service as cases
from backend.people import service as people
from e2e.conftest import NARROW, Watched
from e2e.people import Person
from e2e.servers import Server
from e2e.steps import at_the_desk, customer_opens, kept, ready, set_moment, sign_in, timeline
from e2e.telephone import Telephone
from e2e.test_cases import NOOR, comes_to, opens
from shared.kernel import clock
from shared.kernel.actors import SYSTEM
from tests.cast import AGENT, SUPERVISOR
from tests.databases import opened

Visit = Callable[..., Page]


def starts(desk: Page, person: Person) -> None:
    """A contact of mine on the customer's page."""
    desk.goto(person.desk_page)
    desk.locator("#contact").get_by_role("button", name="Start a contact").click()
    expect(desk.locator("#contact-wrap-up")).to_be_visible()


def keep_promise(server: Server, person: Person, what: str, hours: float) -> None:
    """A promise of the agent's, given long enough ago to be over its time where `hours` is below zero."""
    with opened(server.database_url, server.log.parent), db.transaction() as session:
        found = people.find_staff(session, AGENT)
        assert found is not None
        actor = people.staff_actor(session, found[0])
        assert actor is not None
        made = clock.now() + timedelta(hours=hours - 10)
        until = clock.now() + timedelta(hours=hours)
        cases.promise(session, UUID(person.desk_page.rpartition("/")[2]), what, until, actor=actor, now=made)


def test_what_burns_stands_first_and_what_comes_is_there_by_itself(
    visit: Visit, server: Server, person: Person
) -> None:
    desk, portal = visit(), visit(size=NARROW)
    at_the_desk(desk)
    opens(desk, person, "The dial tone buzzes")
    keep_promise(server, person, "Send the contract", 3)
    keep_promise(server, person, "Call about the router", -2)
    desk.goto("/desk/")
    lines = desk.locator(".inbox-line")
    of_mine = lines.filter(has_text=person.name)
    expect(of_mine.first).to_contain_text("Call about the router")
    expect(of_mine.first).to_contain_text("overdue")
    expect(desk.locator("#inbox-count")).to_contain_text("over time")

    customer_opens(portal, person)
    row = portal.get_by_role("listitem").filter(has_text="The dial tone buzzes")
    row.get_by_role("link", name="Read or write").click()
    portal.get_by_label("Write to us").fill("It buzzes louder.")
    portal.get_by_role("button", name="Send").click()
    wrote = of_mine.filter(has_text="customer wrote")
    expect(wrote).to_contain_text("The dial tone buzzes")
    # The tab of the case says so too.
    expect(desk.locator(".rail-tab.case").filter(has_text="The dial tone buzzes")).to_contain_text("customer wrote")

    of_mine.first.get_by_role("button", name=re.compile("^Done")).click()
    expect(of_mine.filter(has_text="Call about the router")).to_have_count(0)
    desk.get_by_role("link", name=re.compile("Promises")).click()
    expect(lines).to_contain_text(["Send the contract"])
    desk.goto("/desk/")
    desk.locator(".rail-tab.case").filter(has_text="The dial tone buzzes").click()
    expect(desk.locator("h1")).to_have_text("The dial tone buzzes")
    tab = desk.locator(".rail-tab.case").filter(has_text="The dial tone buzzes")
    expect(tab.filter(has_text="customer wrote")).to_have_count(0)
    desk.keyboard.press("Alt+x")
    expect(desk).to_have_url(re.compile("/desk/$"))
    expect(desk.locator(".rail-tab.case").filter(has_text="The dial tone buzzes")).to_have_count(0)


def test_what_was_typed_into_the_wrap_up_outlives_the_page_and_the_browser(
    visit: Visit, watched: Watched, person: Person
) -> None:
    watched.expect_status(409)
    desk, again = visit(), visit()
    at_the_desk(desk)
    starts(desk, person)
    desk.locator("#contact-wrap-up").click()
    desk.locator("#wrap-up #code").select_option("explained")
    desk.locator("#wrap-up #summary").fill("The bill was explained.")
    desk.locator("#wrap-up #promised").fill("Send the bill again")
    with kept(desk):
        desk.locator("#wrap-up #promised-until").fill("2031-03-01T10:00")
    desk.reload()
    desk.locator("#contact-wrap-up").click()
    expect(desk.locator("#wrap-up #summary")).to_have_value("The bill was explained.")
    expect(desk.locator("#wrap-up #promised")).to_have_value("Send the bill again")

    again.goto(person.desk_page)
    sign_in(again, AGENT)
    again.locator("#contact-wrap-up").click()
    expect(again.locator("#wrap-up #code")).to_have_value("explained")
    with kept(again):
        again.locator("#wrap-up #summary").fill("The bill was explained, line by line.")

    # The older window writes on what it saw: it is told, and takes the other.
    desk.locator("#wrap-up #summary").press_sequentially(" Twice.")
    expect(desk.locator("#wrap-draft")).to_contain_text("changed in another window")
    expect(desk.locator("#wrap-draft")).to_contain_text("line by line")
    expect(desk.locator("#wrap-up #summary")).to_have_value(re.compile("Twice"))
    desk.get_by_role("link", name="Take the other").click()
    expect(desk.locator("#wrap-up #summary")).to_have_value("The bill was explained, line by line.")
    desk.locator("#wrap-up #summary").focus()
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".notice.good")).to_contain_text("Wrapped up")
    expect(desk.locator("#tasks")).to_contain_text("Send the bill again")
    desk.goto("/desk/")
    expect(desk.locator(".inbox-line").filter(has_text="Send the bill again")).to_have_count(1)


def test_two_agents_at_one_case_know_of_each_other_and_the_second_writes_knowingly(
    visit: Visit, person: Person
) -> None:
    one, two = visit(), visit()
    at_the_desk(one)
    where = opens(one, person, "Who answers?")
    comes_to(two, where, NOOR)
    expect(one.locator("#here")).to_contain_text("is here too")
    expect(two.locator("#here")).to_contain_text("Avery Quinn is here too")
    one.locator("#text").press_sequentially("Dear")
    expect(two.locator("#writing")).to_contain_text("Avery Quinn is writing here")
    two.locator("#text").press_sequentially("I answer")
    told = two.locator("#writing [role=alert]")
    expect(told).to_contain_text("Avery Quinn is writing here")
    told.get_by_role("button", name="Go on writing").click()
    expect(told).to_have_count(0)
    expect(two.locator("#text")).to_have_value("I answer")
    expect(one.locator("#writing")).to_contain_text("is writing here")
    two.goto("/desk/")
    expect(one.locator("#here")).not_to_contain_text("is here too")
    expect(one.locator("#writing")).to_be_empty()


def skilled(server: Server, *logins: str) -> None:
    with opened(server.database_url, server.log.parent), db.transaction() as session:
        for login in logins:
            people.set_skills(session, f"{login}@demo.example", ["technical"], ["technical"], SYSTEM, clock.now())


def test_a_call_rings_at_the_desk_of_the_skilled_who_is_idle_longest_and_then_at_the_next(
    visit: Visit, server: Server, telephone: Telephone, person: Person
) -> None:
    skilled(server, "agent1", "agent2")
    one, two, other = visit(), visit(), visit()
    at_the_desk(other, SUPERVISOR)
    ready(other)
    at_the_desk(one)
    ready(one)
    at_the_desk(two, NOOR)
    ready(two)
    call = telephone.rings(person.phone, "", line="12025550120")
    expect(one).to_have_url(re.compile(person.desk_page))
    expect(one.locator("#contact")).to_contain_text("Calling you")
    expect(two.locator("#rail .rail-tab.ringing")).to_have_count(0)
    expect(two).to_have_url(re.compile(person.desk_page), timeout=25_000)
    expect(one.locator("#rail .rail-tab.ringing")).to_have_count(0)
    expect(other.locator("#rail .rail-tab.ringing")).to_have_count(0)
    telephone.answered(call, "agent2")
    expect(two.locator("#contact")).to_contain_text("Talking")
    two.get_by_role("button", name="Hold", exact=True).click()
    expect(two.locator("#contact")).to_contain_text("On hold")
    expect(two.locator("#rail .rail-tab.held")).to_contain_text("On hold")
    two.get_by_role("button", name="Back from hold").click()
    expect(two.locator("#contact")).to_contain_text("Talking")


def test_a_contact_in_a_branch_from_its_beginning_to_its_wrap_up(
    visit: Visit, telephone: Telephone, person: Person
) -> None:
    desk = visit()
    at_the_desk(desk)
    desk.goto(person.desk_page)
    desk.locator("#contact-where > summary").click()
    desk.get_by_role("button", name="In a branch").click()
    contact = desk.locator("#contact")
    expect(contact).to_contain_text("Contact open in a branch")
    set_moment(desk, "bill_question")
    expect(desk.locator(".event").first).to_contain_text("in a branch")
    desk.locator("#notes-text").fill("Brought the router along.")
    expect(desk.locator("#notes-state")).to_contain_text("Saved")
    desk.locator("#contact-wrap-up").click()
    desk.locator("#wrap-up #code").select_option("solved")
    desk.locator("#wrap-up #summary").fill("Router swapped.")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".notice.good")).to_contain_text("Wrapped up")
    expect(timeline(desk).filter(has_text="Contact in a branch")).to_contain_text("Router swapped.")
