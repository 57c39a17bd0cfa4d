"""A supervisor, two agents and a customer at once: what goes wrong is seen on the wall, looked into, helped with, and comes out well."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from uuid import UUID

from playwright.sync_api import Page, expect

from backend import db
from backend.interactions import service as interactions
from e2e.conftest import NARROW
from e2e.people import Person
from e2e.servers import Server
from e2e.steps import act, at_the_desk, cards, customer_opens, open_menu, ready, says
from e2e.telephone import Telephone
from shared.kernel import clock
from shared.kernel.actors import SYSTEM
from tests.cast import SUPERVISOR
from tests.databases import opened

Visit = Callable[..., Page]
SOON = 4_000
"""Milliseconds in which the others must see an act; on a busy machine, with four browsers drawing."""
OTHER = "agent2@demo.example"


def complains(server: Server, person: Person) -> None:
    """Two complaints come in from elsewhere."""
    with opened(server.database_url, server.log.parent), db.transaction() as session:
        for _ in range(2):
            interactions.record(
                session, UUID(person.customer_id), "complaint.opened", "email", SYSTEM, {"subject": "Slow"}, clock.now()
            )


def test_a_poor_experience_is_seen_whispered_about_approved_and_comes_out_on_the_wall(
    visit: Visit, server: Server, promised: Iterator[Person], telephone: Telephone
) -> None:
    person = next(promised)
    desk, other, supervisor, portal = visit(), visit(), visit(), visit(size=NARROW)
    at_the_desk(desk)
    ready(desk)
    at_the_desk(other, OTHER)
    ready(other)
    at_the_desk(supervisor, SUPERVISOR, "/desk/wall")
    expect(supervisor.locator("#agents")).to_contain_text("2 ready", timeout=SOON)
    customer_opens(portal, person)
    call = telephone.rings(person.phone, "agent1")
    telephone.answered(call, "agent1")
    expect(desk).to_have_url(re.compile(person.desk_page), timeout=SOON)
    line = supervisor.locator("#lines tr").filter(has_text=person.name)
    expect(line).to_contain_text("Talking", timeout=SOON)

    complains(server, person)
    expect(line).to_contain_text("poor experience so far", timeout=SOON)
    supervisor.goto("/desk/alerts")
    alert = supervisor.locator("li.alert").filter(has_text=person.name).filter(has_text="Bad experience")
    expect(alert).to_contain_text("talking with Avery Quinn", timeout=2 * SOON)
    alert.get_by_role("button", name="I take it").click()
    expect(alert).to_contain_text("Yours")
    alert.get_by_role("link", name="Look in").click()
    expect(supervisor.locator("h1")).to_have_text(person.name)
    expect(supervisor.locator("#who")).to_contain_text("Avery Quinn")
    desk.locator("#notes-text").fill("Told three times that somebody calls back")
    expect(supervisor.locator("#notes")).to_contain_text("Told three times", timeout=SOON)
    expect(desk.locator("#here")).not_to_contain_text("Sam Okafor")

    supervisor.locator("#whisper-text").fill("Give them 24 dollars, I approve it.")
    supervisor.get_by_role("button", name="Whisper").click()
    whisper = desk.locator("#words")
    expect(whisper).to_contain_text("Give them 24 dollars", timeout=SOON)
    expect(supervisor.locator("#acts")).to_contain_text("not read yet")
    portal.goto("/activity")
    expect(portal.locator("main")).not_to_contain_text("24 dollars")
    whisper.get_by_role("button", name="Got it").click()
    expect(whisper).not_to_contain_text("24 dollars")
    expect(supervisor.locator("#acts")).to_contain_text("read ", timeout=SOON)
    expect(supervisor.locator("#acts")).not_to_contain_text("not read yet", timeout=SOON)

    form = act(desk, cards(desk)[0].offer, "terms")
    open_menu(desk, form)
    form.get_by_label("Credit").fill("24")
    desk.keyboard.press("Tab")
    desk.keyboard.type("Told three times that we call back.")
    desk.keyboard.press("Enter")
    says(desk, "Sent for approval: $24.00 off your next bill")
    supervisor.goto("/desk/approvals")
    supervisor.locator(".approval").filter(has_text=person.name).get_by_role("button", name="Approve").click()
    says(supervisor, "Approved: $24.00 off your next bill")
    supervisor.goto("/desk/wall")
    expect(line).to_contain_text("Arranged", timeout=SOON)
    expect(line).to_contain_text("Avery Quinn")
    supervisor.goto("/desk/alerts")
    alert.locator("summary").filter(has_text="Done").click()
    alert.get_by_label("What was done about it").fill("Approved a credit of 24 dollars.")
    alert.get_by_role("button", name="Done").click()
    expect(alert).to_have_count(0)
    expect(supervisor.locator("main")).to_contain_text("Approved a credit of 24 dollars.")


def test_a_call_is_taken_over_and_handed_on_and_each_sees_it_at_once(
    visit: Visit, person: Person, telephone: Telephone
) -> None:
    desk, other, supervisor = visit(), visit(), visit()
    at_the_desk(desk)
    ready(desk)
    at_the_desk(other, OTHER)
    ready(other)
    call = telephone.rings(person.phone, "agent1")
    telephone.answered(call, "agent1")
    expect(desk).to_have_url(re.compile(person.desk_page), timeout=SOON)
    at_the_desk(supervisor, SUPERVISOR, "/desk/wall")
    supervisor.locator("#filter-channel").select_option("phone")
    expect(supervisor).to_have_url(re.compile("channel=phone"))
    expect(supervisor.locator("#filters")).to_contain_text("Show everything")
    supervisor.locator("#lines tr").filter(has_text=person.name).locator("a.opens").click()
    looking = supervisor.url

    supervisor.locator("summary").filter(has_text="Take over").click()
    supervisor.locator("#why-take_over").fill("It gets loud")
    supervisor.get_by_role("button", name="Take over").click()
    expect(supervisor).to_have_url(re.compile(person.desk_page))
    expect(supervisor.locator("#contact")).to_contain_text("Talking")
    expect(desk.locator("#words")).to_contain_text("took this contact over", timeout=SOON)
    expect(desk.locator("#words")).to_contain_text("It gets loud")
    expect(desk.locator("#my-state")).to_contain_text("Wrapping up", timeout=SOON)
    expect(desk.locator("#contact")).to_contain_text("Sam Okafor has this customer open too", timeout=SOON)
    ready(desk)

    supervisor.goto(looking)
    supervisor.locator("summary").filter(has_text="Hand to another agent").click()
    supervisor.locator("#reassign-to").select_option(label="Noor Haddad")
    supervisor.locator("#why-reassign").fill("Knows bills")
    supervisor.get_by_role("button", name="Hand over").click()
    says(supervisor, "Noor Haddad has the contact")
    expect(other.locator("#rail")).to_contain_text(person.name, timeout=SOON)
    expect(other.locator("#my-state")).to_contain_text("On a call", timeout=SOON)
    other.locator("#rail").get_by_role("link").filter(has_text=person.name).click()
    expect(other.locator("#words")).to_contain_text("gave you this contact")
    expect(other.locator("#contact")).to_contain_text("Talking")
    expect(supervisor.locator("#my-state")).to_contain_text("Wrapping up", timeout=SOON)
