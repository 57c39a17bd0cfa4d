"""The treatment at work, in a real browser: the script, what must be read out, who is speaking, what they see, what changes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from backend import db
from backend.interactions import service as interactions
from backend.profiles import service as profiles
from backend.treatments import locking, tables
from backend.treatments import service as treatments
from e2e.conftest import NARROW, Watched
from e2e.people import Person, offered_first
from e2e.servers import Server
from e2e.steps import act, agent_opens, card, cards, customer_opens, open_menu, press, says, timeline
from e2e.test_axe import Looking
from shared.kernel import clock
from shared.kernel.actors import SYSTEM
from tests.databases import opened

Visit = Callable[..., Page]
OFFER = db.table_of(tables.OfferRow)


@pytest.fixture(scope="module")
def all_tied(server: Server) -> Iterator[Person]:
    """Customers to whom a contract is offered first: what it binds them to must be read out."""
    return offered_first(server, "contract_one_year")


@pytest.fixture
def tied(all_tied: Iterator[Person]) -> Person:
    """One of them whom no other test has met."""
    return next(all_tied)


def test_what_must_be_read_out_is_ticked_by_keyboard_and_stands_with_the_acceptance(
    visit: Visit, watched: Watched, tied: Person, size: dict[str, int]
) -> None:
    watched.expect_status(422)
    desk, portal = visit(size=size), visit(size=NARROW)
    agent_opens(desk, tied)
    seen = Looking(desk)
    first = cards(desk)[0]
    step = card(desk, first.offer).locator(".script-step").nth(1)
    step.locator("> summary").press("Enter")
    expect(step.locator("> .script-next > p").first).to_be_visible()
    seen.at("a script that branches")
    step.locator("> summary").press("Enter")
    act(desk, first.offer, "acceptance").first.get_by_role("button").press("Enter")
    asked = desk.locator(f"#read-{first.offer}")
    expect(asked.get_by_role("heading")).to_be_focused()
    seen.at("what must be read out")
    desk.keyboard.press("Tab")
    desk.keyboard.press("Space")
    asked.get_by_role("button", name="They accept").press("Enter")
    expect(asked.get_by_text("Read it out, then tick it.")).to_have_count(1)
    expect(asked.locator("input[name=tick]").first).to_be_checked()
    seen.at("one of two is not ticked")
    asked.locator("input[name=tick]").nth(1).check()
    asked.get_by_role("button", name="They accept").press("Enter")
    says(desk, "Accepted", first.reference)
    expect(timeline(desk).filter(has_text="read out: What the contract binds you to")).to_have_count(1)
    customer_opens(portal, tied, f"/offers/{first.offer}")
    expect(portal.get_by_role("heading", name="What you were told before")).to_be_visible()
    there = Looking(portal)
    there.at("what was told")
    assert seen.faults + there.faults == []


def test_an_offer_answered_online_says_so_in_the_open_forms_and_the_act_is_refused_with_what_was_typed(
    visit: Visit, watched: Watched, person: Person
) -> None:
    watched.expect_status(409)
    desk, portal = visit(), visit(size=NARROW)
    agent_opens(desk, person)
    customer_opens(portal, person)
    first = cards(desk)[0]
    later = act(desk, first.offer, "deferral")
    open_menu(desk, later)
    later.locator("input[name=until]").focus()
    portal.goto(f"/offers/{first.offer}")
    press(portal, first.offer, "acceptance")
    told = card(desk, first.offer).locator("[data-told]")
    expect(told).to_contain_text(re.compile("(Accepted|Arranged) on "))  # the worker may have done it by now
    expect(told).to_contain_text(person.name)
    expect(told).to_contain_text("Recommended next:")
    typed = later.locator("input[name=until]").input_value()
    later.get_by_role("button").click()
    said = desk.locator("#do .notice.warn").filter(has_text="What you had typed")
    expect(said).to_contain_text(f"What you had typed: put off until {typed}")
    expect(said).to_contain_text("Recommended next:")
    expect(card(desk, first.offer)).to_have_count(0)


def ends(server: Server, person: Person, offer: str, how: str) -> None:
    """The offer's date has passed, as the worker finds; or what it cannot stand beside was taken."""
    customer_id, now = UUID(person.desk_page.rpartition("/")[2]), clock.now()
    mine = (OFFER.c.customer_id == customer_id, OFFER.c.offer_id == UUID(offer))
    with opened(server.database_url, server.log.parent):
        if how == "expired":
            with db.transaction() as session:
                session.execute(update(OFFER).where(*mine).values(expires_at=now - timedelta(minutes=1)))
            treatments.expire_due(now)
            return
        with db.transaction() as session:
            locking.lock_ledger(session, customer_id)
            session.execute(update(OFFER).where(*mine).values(state="withdrawn", version=OFFER.c.version + 1))
            data = {"offer_id": offer}
            interactions.record(session, customer_id, "offer.withdrawn", None, SYSTEM, data, now)
            locking.move_ledger(session, customer_id)


@pytest.mark.parametrize(
    ("how", "words"), [("expired", "has ended"), ("withdrawn", "no longer offered")], ids=("expired", "withdrawn")
)
def test_an_offer_that_ended_under_the_hand_says_so_and_the_act_is_refused_gracefully(
    visit: Visit, watched: Watched, server: Server, person: Person, how: str, words: str
) -> None:
    watched.expect_status(409, 410)
    desk = visit()
    agent_opens(desk, person)
    first = cards(desk)[0]
    mentioned = card(desk, first.offer).get_by_role("button", name="Mark as mentioned")
    mentioned.click()
    expect(mentioned).to_have_count(0)
    later = act(desk, first.offer, "deferral")
    open_menu(desk, later)
    later.locator("input[name=until]").focus()
    ends(server, person, first.offer, how)
    expect(card(desk, first.offer).locator("[data-told]")).to_be_visible()
    typed = later.locator("input[name=until]").input_value()
    later.get_by_role("button").click()
    said = desk.locator("#do .notice.warn:not([data-told])")
    expect(said).to_contain_text(words)
    expect(said).to_contain_text(f"What you had typed: put off until {typed}")
    expect(card(desk, first.offer)).to_have_count(0)


def test_a_caller_answers_questions_and_what_was_masked_is_shown(
    visit: Visit, watched: Watched, server: Server, person: Person, size: dict[str, int]
) -> None:
    watched.expect_status(422)
    with opened(server.database_url, server.log.parent), db.reading() as session:
        found = profiles.find_by_sign_in(session, person.number)
        assert found is not None
        profile = profiles.profile(session, found)
    desk = visit(size=size)
    agent_opens(desk, person)
    seen = Looking(desk)
    desk.get_by_role("button", name="Start a contact").press("Enter")
    desk.locator("#contact-verify summary").press("Enter")
    desk.get_by_role("link", name="Ask them, or send a code").press("Enter")
    proof = desk.locator("#proof")
    expect(proof.locator("input[name^=answer]")).to_have_count(2)
    expect(desk.locator("#proof button", has_text="code")).to_have_count(0)
    seen.at("questions")
    for field in proof.locator("input[name^=answer]").all():
        field.fill("1.1.1901")
    proof.get_by_role("button", name="Compare").press("Enter")
    expect(proof).to_contain_text("That is not what we have. 2 more tries.")
    seen.at("a wrong answer")
    assert profile.birth_date is not None
    right = {
        "answer-birth": f"{profile.birth_date:%d.%m.%Y}",
        "answer-email": person.email,
        "answer-last_bill": str(profile.facts.get("values", {}).get("last_bill", profile.facts.get("last_bill", ""))),
    }
    for field in proof.locator("input[name^=answer]").all():
        field.fill(right[str(field.get_attribute("name"))])
    proof.get_by_role("button", name="Compare").press("Enter")
    expect(desk.locator("#contact")).to_contain_text("Verified: questions from their profile")
    expect(desk.locator("#who")).to_contain_text(person.email)
    assert seen.faults == []


def test_one_key_shows_what_the_customer_sees_and_escape_closes_it(
    visit: Visit, person: Person, size: dict[str, int]
) -> None:
    desk = visit(size=size)
    agent_opens(desk, person)
    first = cards(desk)[0]
    desk.locator("body").press("v")
    view = desk.locator("dialog#portal-view")
    expect(view).to_contain_text(f"What {person.name} sees")
    inner = desk.frame_locator("iframe.portal-frame")
    expect(inner.locator("h1")).to_contain_text("Hello")
    expect(inner.locator("[data-part=headline]").first).to_be_visible()
    assert inner.locator("button:not([disabled]), a[href]").count() == 0
    desk.keyboard.press("Escape")
    expect(view).to_have_count(0)
    expect(desk.locator("[data-portal]")).to_be_focused()
    expect(timeline(desk).filter(has_text=f"Seen: {first.words[0][1]}")).to_have_count(0)


def test_their_contacts_stand_on_the_matrix_and_open_in_place(
    visit: Visit, person: Person, size: dict[str, int]
) -> None:
    desk = visit(size=size)
    agent_opens(desk, person)
    desk.locator("body").press("m")
    way = desk.locator("#way")
    expect(way.locator("circle").first).to_be_attached()
    way.locator("summary").press("Enter")
    way.locator("table a").first.press("Enter")
    expect(desk.locator("#way-entry .event").first).to_be_visible()
    seen = Looking(desk)
    seen.at("their way")
    assert seen.faults == []


def test_the_past_is_searched_and_each_entry_opens_in_place(visit: Visit, person: Person, size: dict[str, int]) -> None:
    desk = visit(size=size)
    agent_opens(desk, person)
    seen = Looking(desk)
    first = desk.locator(".event-open").first
    title = first.inner_text()
    first.press("Enter")
    expect(first).to_have_attribute("aria-expanded", "true")
    expect(desk.locator(".event-facts")).to_contain_text("When")
    seen.at("an entry that is open")
    first.press("Enter")
    expect(first).to_have_attribute("aria-expanded", "false")
    expect(desk.locator(".event-facts")).to_have_count(0)
    words = desk.locator("#timeline-words")
    words.fill(title)
    words.press("Enter")
    expect(desk.locator("#timeline [role=status]")).to_be_focused()
    expect(desk.locator(".event-open").first).to_have_text(title)
    seen.at("what was found")
    words.fill("zebra crossing")
    words.press("Enter")
    expect(desk.locator("#timeline")).to_contain_text("Nothing with")
    seen.at("nothing was found")
    desk.get_by_role("link", name="Show everything").click()
    expect(desk.locator("#timeline")).to_have_attribute("data-live", "timeline offers")
    assert seen.faults == []
