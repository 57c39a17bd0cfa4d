"""Looking in: the page of one interaction for supervisors, each act with and without scripting, and what the agent sees of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import pytest

from backend import db
from backend.interactions import service as interactions
from backend.interactions.types import Interaction
from shared.kernel import clock
from shared.kernel.actors import Actor
from tests.calls import agent, answer, customer, ring, state
from tests.cast import ADMIN, AGENT, SUPERVISOR
from tests.pages import Browser, text_of

Desk = Callable[[str], Browser]


@pytest.fixture
def now() -> datetime:
    return clock.now()


@pytest.fixture
def supervisor(desk_as: Desk) -> Browser:
    return desk_as(SUPERVISOR)


@pytest.fixture
def mine(supervisor: Browser, now: datetime) -> Actor:
    return agent("agent1", now)


@pytest.fixture
def found(mine: Actor, now: datetime) -> Interaction:
    ring(str(customer().phone), now)
    answer(now)
    with db.reading() as session:
        (found,) = interactions.open_interactions(session, UUID(mine.id))
    agent("agent2", now)
    return found


def address(found: Interaction, what: str = "") -> str:
    return f"/floor/{found.customer_id}/{found.interaction_id}{what}"


def test_only_supervisors_look_in_and_it_is_on_record_as_that(
    desk_as: Desk, supervisor: Browser, found: Interaction
) -> None:
    for who in (AGENT, ADMIN):
        browser = desk_as(who)
        assert browser.get(address(found)).status == 403
    page = supervisor.get(address(found))
    assert page.status == 200
    for words in ("Talking", "Avery Quinn", "Whisper to Avery", "Take over", "What happens", "What the agent sees"):
        assert words in page.text
    looks = supervisor.get(f"/customers/{found.customer_id}/looks").text
    assert "Looked in, live" in looks
    assert "Sam Okafor" in looks


@pytest.mark.parametrize("htmx", [True, False])
def test_a_whisper_is_said_read_and_seen_to_be_read(
    desk_as: Desk, supervisor: Browser, found: Interaction, htmx: bool
) -> None:
    page = supervisor.get(address(found))
    empty = page.submit("/words", htmx=htmx, text=" ")
    assert (empty.status, "Write what you want to tell them." in empty.text) == (422, True)
    said = page.submit("/words", htmx=htmx, text="Offer the <credit>")
    assert "Offer the <credit>" in said.text
    assert "not read yet" in said.text
    desk = desk_as(AGENT)
    here = f"/customers/{found.customer_id}"
    assert "a word from supervision" in desk.get("/").text
    words = desk.get(here)
    assert "Sam Okafor whispers" in text_of(words.one(id="words"))
    gone = words.submit("/dismissal", htmx=htmx)
    assert "Offer the" not in gone.text
    assert "read " in text_of(supervisor.get(address(found)).one(id="acts"))


def test_a_whisper_can_be_taken_back(supervisor: Browser, desk_as: Desk, found: Interaction) -> None:
    said = supervisor.get(address(found)).submit("/words", text="Wait")
    assert "taken back" in said.submit("/withdrawal").text
    assert "Wait" not in text_of(desk_as(AGENT).get(f"/customers/{found.customer_id}").one(id="words"))


def test_taking_over_asks_why_keeps_what_was_typed_and_leads_to_the_customer(
    supervisor: Browser, desk_as: Desk, mine: Actor, found: Interaction, now: datetime
) -> None:
    page = supervisor.get(address(found))
    refused = page.submit("/takeover", why="")
    assert (refused.status, "Say why." in refused.text) == (422, True)
    long = page.submit("/takeover", why="x" * 201)
    assert long.status == 422
    assert "x" * 201 in long.html
    done = page.submit("/takeover", why="It gets loud")
    assert done.path == f"/customers/{found.customer_id}"
    assert "The contact is yours" in done.text
    assert state(mine, now) == "wrap_up"
    desk = desk_as(AGENT).get(f"/customers/{found.customer_id}")
    assert "took this contact over" in text_of(desk.one(id="words"))
    assert "It gets loud" in desk.text
    ready = [b for b in desk.one(id="my-state").iter("button") if b.get("value") == "ready"]
    assert ready, "with nothing to wrap up they say themselves when they are ready"


def test_two_supervisors_at_once_do_it_once(supervisor: Browser, desk_as: Desk, found: Interaction) -> None:
    first, second = supervisor.get(address(found)), desk_as(SUPERVISOR).get(address(found))
    assert first.submit("/ending", why="Rude").status == 200
    late = second.submit("/takeover", why="I can help")
    assert late.status == 409
    assert "This contact has ended meanwhile." in late.text
    assert "Whisper to" not in late.text


def test_it_is_handed_to_who_is_ready(supervisor: Browser, found: Interaction) -> None:
    page = supervisor.get(address(found))
    nobody = page.submit("/assignment", why="Knows bills")
    assert (nobody.status, "Choose who takes it." in nobody.text) == (422, True)
    assert 'value="Knows bills"' in nobody.html
    option = next(o for o in page.one(id="reassign-to") if o.get("value"))
    done = page.submit("/assignment", to=str(option.get("value")), why="Knows bills")
    assert f"{text_of(option)} has the contact" in done.text
    with db.reading() as session:
        assert interactions.interaction(session, found.customer_id, found.interaction_id).staff == text_of(option)


def test_a_callback_is_booked_and_called_off(supervisor: Browser, found: Interaction) -> None:
    page = supervisor.get(address(found))
    nothing = page.submit("/callback", about="")
    assert (nothing.status, "Say what it is about" in nothing.text) == (422, True)
    booked = page.submit("/callback", about="The credit", when="soon")
    assert "The credit" in text_of(booked.one(id="acts"))
    off = booked.submit("/cancellation")
    assert "Callback called off" in off.text
    assert "Call it off" not in off.text


def test_a_visit_to_the_portal_is_looked_into_and_nobody_is_there_to_whisper_to(
    supervisor: Browser, now: datetime
) -> None:
    from backend.overview import service as overview
    from backend.people import service as people

    known = customer()
    self = Actor("customer", str(known.customer_id), known.name, people.ROLES["customer"], known.customer_id)
    overview.visit(self, "bills", "Bills", now)
    with db.reading() as session:
        visit = interactions.last_visit(session, known.customer_id)
    assert visit is not None
    page = supervisor.get(f"/floor/{known.customer_id}/{visit.interaction_id}")
    for words in ("At the portal", "on “Bills”", "Nobody, alone", "Ask for a callback"):
        assert words in page.text
    assert "Whisper to" not in page.text
    assert "Take over" not in page.text


def test_a_panel_is_fetched_alone_and_its_own_page_is_whole(supervisor: Browser, found: Interaction) -> None:
    whole = supervisor.get(address(found))
    for name in ("who", "talk", "notes", "timeline", "do", "acts"):
        piece = supervisor.get(address(found, f"/panels/{name}"), htmx=True)
        assert (piece.status, piece.is_whole) == (200, False)
        assert whole.one(id=name).get("data-from") == address(found, f"/panels/{name}")


def test_a_call_that_rings_is_looked_into_and_becomes_the_contact_when_somebody_answers(
    supervisor: Browser, mine: Actor, now: datetime
) -> None:
    caller = customer()
    ring(str(caller.phone), now)
    with db.reading() as session:
        (call,) = interactions.live(session)
    where = f"/floor/{caller.customer_id}/{call.call_id}"
    wall = supervisor.get("/wall")
    assert where in [str(a.get("href")).removeprefix("/desk") for a in wall.all("a")]
    page = supervisor.get(where)
    assert page.lint() == []
    for words in ("Waiting", "Nobody has answered yet", caller.name, "What is ready for whoever answers"):
        assert words in page.text
    assert "Take over" not in page.text
    booked = page.submit("/callback", about="Ask how it went", when="soon")
    assert "Callback" in booked.text
    answer(now)
    with db.reading() as session:
        (found,) = interactions.open_interactions(session, UUID(mine.id))
    assert "Talking" in supervisor.get(f"{where}/panels/who", htmx=True).text
    assert supervisor.get(where).path == address(found)


def test_a_call_that_nobody_answered_is_over(supervisor: Browser, mine: Actor, now: datetime) -> None:
    caller = customer()
    ring(str(caller.phone), now)
    with db.reading() as session:
        (call,) = interactions.live(session)
    with db.transaction() as session:
        interactions.hung_up(session, call.external_id, "cancel", now)
    page = supervisor.get(f"/floor/{caller.customer_id}/{call.call_id}")
    assert "Nobody answered" in page.text
    assert supervisor.get(f"/floor/{caller.customer_id}/{UUID(int=5)}").status == 404
