"""What must be read out before an acceptance: asked for, ticked, timed and on record; shown at the portal in the same words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from backend import db
from backend.interactions import service as interactions
from backend.people import service as people
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from shared.kernel import clock
from tests.cast import AGENT
from tests.pages import Browser, Page, text_of

NEEDING = "contract_one_year"
TIE = "contract_tie"


@pytest.fixture
def page(desk: Browser) -> Page:
    """The page of the first customer to whom something is offered that must be read out first."""
    found = with_one()
    return desk.get(f"/customers/{found}")


def with_one() -> UUID:
    now = clock.now()
    with db.reading() as session:
        customers = [one.id for one in profiles.search(session, limit=100).items]
        system = people.staff_actor(session, people.find_staff(session, AGENT)[0])
    for customer_id in customers:
        shown = treatments.recommend_for_agent(customer_id, "phone", system, now)
        if any(card.card.treatment == NEEDING for card in shown.cards):
            return customer_id
    pytest.fail(f"nobody among the first is offered {NEEDING}")


def offer_of(page: Page) -> str:
    [card] = page.all("article", **{"data-treatment": NEEDING})
    return str(card.get("data-offer"))


def accepted(customer: UUID) -> list[Any]:
    with db.reading() as session:
        return [e for e in interactions.timeline(session, customer).items if e.kind == "offer.accepted"]


both_ways = pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])


@both_ways
def test_accepting_asks_for_what_must_be_read_out_and_nothing_is_accepted_yet(page: Page, htmx: bool) -> None:
    offer = offer_of(page)
    asked = page.submit(f"{offer}/acceptance", htmx=htmx)
    assert asked.status == 422
    form = asked.form("/acceptance")
    assert form.fields["shown"]
    assert "You can change your mind within 14 days" in asked.text
    assert not accepted(UUID(page.path.rsplit("/", 1)[1]))


@both_ways
def test_without_every_tick_it_is_refused_and_what_was_ticked_is_kept(page: Page, htmx: bool) -> None:
    asked = page.submit(f"{offer_of(page)}/acceptance", htmx=htmx)
    again = asked.submit("/acceptance", htmx=htmx, tick=f"{TIE}/2026-11", **{f"after-{TIE}": "4.2"})
    assert again.status == 422
    assert "Read it out, then tick it." in again.text
    [ticked] = [box for box in again.all("input", name="tick") if box.get("checked") is not None]
    assert ticked.get("value") == f"{TIE}/2026-11"
    assert again.form("/acceptance").fields[f"after-{TIE}"] == "4.2"
    assert not accepted(UUID(page.path.rsplit("/", 1)[1]))


def test_the_tick_of_an_older_wording_does_not_count(page: Page) -> None:
    asked = page.submit(f"{offer_of(page)}/acceptance")
    again = asked.submit("/acceptance", tick=[f"{TIE}/2020-01", "written_confirmation/2026-11"])
    assert again.status == 422


def test_a_time_of_showing_that_somebody_made_up_does_not_count(page: Page) -> None:
    asked = page.submit(f"{offer_of(page)}/acceptance")
    again = asked.submit("/acceptance", tick=[f"{TIE}/2026-11", "written_confirmation/2026-11"], shown="2020")
    assert again.status == 422


def test_what_was_read_out_stands_with_the_acceptance_who_when_and_how_long(page: Page, desk: Browser) -> None:
    customer = UUID(page.path.rsplit("/", 1)[1])
    offer = offer_of(page)
    asked = page.submit(f"{offer}/acceptance")
    done = asked.submit(
        "/acceptance", tick=[f"{TIE}/2026-11", "written_confirmation/2026-11"], **{f"after-{TIE}": "9999999"}
    )
    assert done.status == 200
    assert "Accepted: " in done.text
    assert "read out: What the contract binds you to, That you get it in writing" in text_of(done.one(id="timeline"))
    [event] = accepted(customer)
    tie, confirmation = event.data["disclosed"]
    assert (tie["key"], tie["version"]) == (TIE, "2026-11")
    assert tie["by"] == confirmation["by"]
    assert 0 <= tie["seconds"] < 600, "no longer than it was shown, whatever a browser says"
    with db.reading() as session:
        actor = people.staff_actor(session, people.find_staff(session, AGENT)[0])
        line = next(o for o in treatments.offers_of(session, customer, actor, clock.now()) if str(o.offer_id) == offer)
    assert "within 14 days" in line.disclosed[0].text, "word for word, with the terms filled in"
    assert "{" not in line.disclosed[0].text


def test_the_portal_shows_the_same_words_before_and_after(page: Page, portal_as: Callable[[str], Browser]) -> None:
    customer = UUID(page.path.rsplit("/", 1)[1])
    said = page.submit(f"{offer_of(page)}/acceptance")
    [words] = [text_of(p) for p in said.all("p") if "You can change your mind within 14 days at no cost" in text_of(p)]
    with db.reading() as session:
        number = profiles.profile(session, customer).number
    seen = portal_as(number).get(f"/offers/{offer_of(page)}")
    assert words in text_of(seen.one("section", class_="to-know"))
    after = seen.submit("/acceptance")
    assert words in after.text
    [event] = accepted(customer)
    assert [one["key"] for one in event.data["disclosed"]] == [TIE], "the other one is only for calls and chats"
    assert event.data["disclosed"][0]["seconds"] is None
