"""What an acceptance asks for, at the desk, at the portal and over the API: refused with what was typed, accepted with what was chosen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from backend import db
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.people import service as people
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from shared.kernel import clock
from shared.kernel.actors import SYSTEM
from tests.cast import AGENT
from tests.pages import Browser, Page, text_of

NEEDING = "callback"
both_ways = pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])


@pytest.fixture
def customer(desk: Browser) -> UUID:
    """Somebody to whom a call back is offered, because they said that nothing works."""
    now = clock.now()
    with db.reading() as session:
        customers = [one.id for one in profiles.search(session, limit=60).items]
        actor = people.staff_actor(session, people.find_staff(session, AGENT)[0])
    for customer_id in customers:
        with db.transaction() as session:
            pack = catalogues.pack_in_force(session)
            profiles.set_moment(session, customer_id, "support", "not_working", "stated", "phone", SYSTEM, now, pack)
        shown = treatments.recommend_for_agent(customer_id, "phone", actor, now)
        if any(card.card.treatment == NEEDING for card in shown.cards):
            return customer_id
    pytest.fail(f"nobody among the first is offered {NEEDING}")


def offer_of(page: Page) -> str:
    [card] = page.all("article", **{"data-treatment": NEEDING})
    return str(card.get("data-offer"))


def times(page: Page) -> list[str]:
    return [str(one.get("value")) for one in page.one("select", name="input-when").iter("option") if one.get("value")]


def events(customer: UUID, kind: str = "offer.accepted") -> list[Any]:
    with db.reading() as session:
        return [e for e in interactions.timeline(session, customer).items if e.kind == kind]


@both_ways
def test_accepting_at_the_desk_opens_just_what_is_needed(desk: Browser, customer: UUID, htmx: bool) -> None:
    page = desk.get(f"/customers/{customer}")
    asked = page.submit(f"{offer_of(page)}/acceptance", htmx=htmx)
    assert asked.status == 422
    assert "Ask before they accept" in asked.text
    assert len(times(asked)) > 20
    assert not asked.all(role="alert"), "nothing is wrong yet"
    again = asked.submit("/acceptance", htmx=htmx, **{"input-when": "soon", "input-about": "My line <b>again</b>"})
    assert again.status == 422
    assert "That time was just taken." in again.text
    assert again.form("/acceptance").fields["input-about"] == "My line <b>again</b>"
    assert not events(customer)


@both_ways
def test_what_was_chosen_at_the_desk_is_shown_and_told(desk: Browser, customer: UUID, htmx: bool) -> None:
    page = desk.get(f"/customers/{customer}")
    asked = page.submit(f"{offer_of(page)}/acceptance", htmx=htmx)
    when = times(asked)[3]
    done = asked.submit("/acceptance", htmx=htmx, **{"input-when": when, "input-about": "My line"})
    assert done.status == 200
    [event] = events(customer)
    chosen, about = event.data["chosen"]
    assert f"When shall we call? {chosen['text']}" in done.text
    assert about == {"label": "What would you like to talk about?", "text": "My line"}
    seen = desk.get(f"/customers/{customer}")
    assert f"When shall we call? {chosen['text']}" in text_of(seen.one(id="timeline"))


def test_a_time_that_went_meanwhile_is_told_with_the_others_and_nothing_is_accepted(
    desk: Browser, customer: UUID
) -> None:
    page = desk.get(f"/customers/{customer}")
    asked = page.submit(f"{offer_of(page)}/acceptance")
    gone = (clock.now() - timedelta(days=1)).isoformat()
    again = asked.submit("/acceptance", **{"input-when": gone, "input-about": "My line"})
    assert again.status == 422
    assert "That time was just taken. Choose another." in again.text
    assert times(again)
    assert again.form("/acceptance").fields["input-about"] == "My line"
    assert not events(customer)


def test_the_portal_asks_the_same_on_the_page_that_sums_up(
    desk: Browser, customer: UUID, portal_as: Callable[[str], Browser]
) -> None:
    offer = offer_of(desk.get(f"/customers/{customer}"))
    with db.reading() as session:
        known = profiles.profile(session, customer)
    number, zone = known.number, known.timezone
    portal = portal_as(number)
    seen = portal.get(f"/offers/{offer}")
    # In the hours of the place where they live, as everywhere else.
    first = next(one for one in seen.one("select", name="input-when").iter("option") if one.get("value"))
    at = datetime.fromisoformat(str(first.get("value"))).astimezone(clock.zone_named(zone))
    assert f"{at:%H:%M} to" in text_of(first), (zone, text_of(first))
    refused = seen.submit("/acceptance", **{"input-when": "soon", "input-about": "My line"})
    assert refused.status == 422
    assert "That time was just taken." in text_of(refused.one(class_="error-summary"))
    assert refused.form("/acceptance").fields["input-about"] == "My line"
    assert not events(customer)
    done = refused.submit("/acceptance", **{"input-when": times(refused)[0], "input-about": "My line"})
    assert done.status == 200
    told = text_of(done.one("section", **{"aria-labelledby": "chosen"}))
    assert "When shall we call?" in told
    assert "My line" in told
    assert events(customer)[0].data["chosen"][0]["text"] in told
