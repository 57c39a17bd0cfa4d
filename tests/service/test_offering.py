"""Calls of nobody's telephone are offered by skill to whoever is idle longest, and on; a call on hold, and a contact in a branch."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from backend import db
from backend.cases import service as cases
from backend.interactions import service as interactions
from backend.overview import service as overview
from backend.people import service as people
from backend.profiles import service as profiles
from shared.kernel import clock
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import Conflict, Invalid, NotFound
from tests.calls import agent, answer, customer, hang_up, ring

FAULTS = "+1 (202) 555-0120"
ELSEWHERE = "+12025550199"
KNOWN = ("billing", "technical", "loyalty")
pytestmark = pytest.mark.usefixtures("loaded")


def skilled(login: str, *skills: str) -> None:
    with db.transaction() as session:
        people.set_skills(session, f"{login}@demo.example", skills, KNOWN, SYSTEM, clock.now())


def calls_in(now: datetime, line: str = FAULTS, external: str = "c1", number: str = ELSEWHERE) -> str:
    """Who the call rings at first, without a telephone that was named."""
    with db.transaction() as session:
        return interactions.ring(session, external, number, line, "inbound", (), now).staff


def rings_at() -> str:
    with db.reading() as session:
        found = [one for one in interactions.live(session) if one.state == "ringing"]
    return ", ".join(one.staff or "nobody" for one in found)


@pytest.fixture
def two() -> tuple[Actor, Actor, datetime]:
    """Two agents who are skilled in faults, the first idle longer, and one who is not."""
    now = clock.now()
    first, second = agent("agent1", now), agent("agent2", now + timedelta(seconds=1))
    agent("supervisor", now - timedelta(seconds=1))
    skilled("agent1", "technical")
    skilled("agent2", "technical", "billing")
    return first, second, now + timedelta(seconds=10)


def after(now: datetime, seconds: float) -> str:
    interactions.offer_due(now + timedelta(seconds=seconds))
    return rings_at()


def test_a_call_rings_where_the_skill_is_and_has_been_idle_longest_then_at_the_next(
    two: tuple[Actor, Actor, datetime],
) -> None:
    first, second, now = two
    assert calls_in(now) == first.name
    assert after(now, 14) == first.name
    assert after(now, 15) == second.name
    assert after(now, 29) == second.name
    # All were asked: the next round begins with the other.
    assert after(now, 31) == first.name
    assert answer(now + timedelta(seconds=40), "agent2").staff == second.name
    assert interactions.offer_due(now + timedelta(seconds=90)) == 0


def test_a_line_without_a_skill_is_anybodys_and_a_named_telephone_is_as_ever(
    two: tuple[Actor, Actor, datetime],
) -> None:
    first, _second, now = two
    assert ring(ELSEWHERE, now, "agent1", external="c2").staff == first.name
    with db.reading() as session:
        named = next(one for one in interactions.live(session) if one.staff_id == UUID(first.id))
    assert (named.offers, named.offered_at) == (False, None)
    assert after(now + timedelta(minutes=5), 0).count(first.name) >= 1


def test_a_call_waits_for_the_skill_and_goes_to_the_first_who_is_ready(two: tuple[Actor, Actor, datetime]) -> None:
    first, second, now = two
    assert calls_in(now) == first.name
    assert calls_in(now, external="c2") == second.name
    assert calls_in(now, external="c3") == ""
    answer(now, "agent1")
    hang_up(now)
    with db.transaction() as session:
        interactions.set_agent_state(session, first, "away", now)
    assert interactions.offer_due(now + timedelta(seconds=1)) == 0
    with db.transaction() as session:
        interactions.set_agent_state(session, first, "ready", now)
    assert interactions.offer_due(now + timedelta(seconds=2)) == 1
    assert rings_at() == f"{second.name}, {first.name}"


def test_who_goes_away_while_it_rings_is_asked_no_more(two: tuple[Actor, Actor, datetime]) -> None:
    first, second, now = two
    calls_in(now)
    with db.transaction() as session:
        interactions.set_agent_state(session, second, "away", now)
        interactions.set_agent_state(session, first, "away", now)
    assert after(now, 16) == "nobody"
    with db.transaction() as session:
        interactions.set_agent_state(session, second, "ready", now)
        assert interactions.take_waiting(session, second, now) is not None


def test_several_calls_at_one_instant_ring_at_several_desks(two: tuple[Actor, Actor, datetime]) -> None:
    _first, _second, now = two
    begin, found = threading.Barrier(2), []

    def one(external: str) -> None:
        begin.wait()
        found.append(calls_in(now, external=external))

    threads = [threading.Thread(target=one, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    interactions.offer_due(now + timedelta(seconds=1))
    assert len(set(rings_at().split(", "))) == 2


def test_skills_are_the_packs_and_of_people_who_are_there() -> None:
    with pytest.raises(Invalid):
        skilled("agent1", "juggling")
    with pytest.raises(NotFound):
        skilled("nobody", "billing")
    skilled("agent1", "billing")
    skilled("agent1")
    with db.reading() as session:
        assert people.skills(session) == {}


def test_time_on_hold_is_kept_with_the_contact_and_told(two: tuple[Actor, Actor, datetime]) -> None:
    first, second, now = two
    call = ring(str(customer().phone), now, "agent1")
    with pytest.raises(Conflict), db.transaction() as session:
        interactions.hold(session, call.call_id, first, now)
    answer(now, "agent1")
    with pytest.raises(Conflict), db.transaction() as session:
        interactions.hold(session, call.call_id, second, now)
    for begun, over in ((10, 40), (60, 75)):
        with db.transaction() as session:
            assert interactions.hold(session, call.call_id, first, now + timedelta(seconds=begun)).held_at
            interactions.hold(session, call.call_id, first, now + timedelta(seconds=begun + 1))
        with db.transaction() as session:
            interactions.retrieve(session, call.call_id, None, now + timedelta(seconds=over))
    with db.transaction() as session:
        interactions.hold(session, call.call_id, None, now + timedelta(seconds=80))
    hang_up(now + timedelta(seconds=100))
    with db.reading() as session:
        (contact,) = interactions.open_interactions(session, UUID(first.id))
    assert (contact.held_seconds, contact.holds) == (65, 3)
    with db.transaction() as session:
        overview.wrap_up(
            session, contact.customer_id, contact.interaction_id, code="solved", summary="", not_mentioned=(), actor=first,
            now=now + timedelta(seconds=120),
        )  # fmt: skip
        told = interactions.timeline(session, contact.customer_id, kinds={"call"}, limit=1).items[0]
    assert told.data["held_seconds"] == 65
    assert "on hold 1:05" in interactions.in_words(told, "agent").detail
    assert "hold" not in interactions.in_words(told, "customer").detail


def test_a_contact_in_a_branch_is_no_call(two: tuple[Actor, Actor, datetime]) -> None:
    first, _second, now = two
    with db.transaction() as session:
        contact = interactions.begin(session, customer().customer_id, "branch", first, now)
    with db.transaction() as session:
        overview.wrap_up(
            session, contact.customer_id, contact.interaction_id, code="solved", summary="Router swapped.", not_mentioned=(),
            actor=first, now=now + timedelta(minutes=5),
        )  # fmt: skip
        told = interactions.timeline(session, contact.customer_id, limit=1).items[0]
    assert (told.kind, told.channel) == ("contact", "branch")
    assert interactions.in_words(told, "agent").title == "Contact in a branch"
    assert interactions.in_words(told, "customer").title == "You talked to us in a branch"


@pytest.fixture
def closed() -> str:
    """The telephone of somebody who works here, whom one team alone may open."""
    found = customer()
    with db.transaction() as session:
        profiles.learn(session, found.customer_id, now=clock.now(), attributes={"works_here": True})
    return str(found.phone)


def let_in(actor: Actor) -> None:
    with db.transaction() as session:
        cases.join_teams(session, UUID(actor.id), ["confidential"])


def test_a_call_of_a_closed_customer_rings_only_where_they_may_be_opened(
    two: tuple[Actor, Actor, datetime], closed: str
) -> None:
    first, second, now = two
    let_in(second)
    assert calls_in(now, number=closed) == second.name
    assert calls_in(now, external="c2") == first.name
    # It goes on ringing there, however long, and is never the other's.
    hang_up(now, external="c2")
    assert after(now, 16) == second.name
    assert after(now, 40) == second.name


def test_a_call_of_a_closed_customer_waits_until_one_who_may_is_ready_and_the_wall_says_for_whom(
    two: tuple[Actor, Actor, datetime], closed: str
) -> None:
    first, second, now = two
    assert calls_in(now, number=closed) == ""
    assert after(now, 20) == "nobody"
    (line,) = overview.wall(now + timedelta(seconds=21)).lines
    assert line.only_for == "Confidential accounts"
    with db.transaction() as session:
        assert interactions.take_waiting(session, first, now) is None
    let_in(second)
    with db.transaction() as session:
        interactions.set_agent_state(session, second, "away", now)
        interactions.set_agent_state(session, second, "ready", now)
        taken = interactions.take_waiting(session, second, now)
    assert taken is not None
    (line,) = overview.wall(now + timedelta(seconds=22)).lines
    assert line.only_for == ""


def test_whom_a_call_is_taken_to_be_answered_by_may_open_the_customer(
    two: tuple[Actor, Actor, datetime], closed: str
) -> None:
    _first, second, now = two
    assert calls_in(now, number=closed) == ""
    # The telephone does not say who answered: nobody is taken for it who may not open whose call it is.
    assert answer(now + timedelta(seconds=1)).staff_id is None
    hang_up(now + timedelta(seconds=2))
    let_in(second)
    assert calls_in(now + timedelta(seconds=3), external="c2", number=closed) == second.name
    assert answer(now + timedelta(seconds=4), external="c2").staff == second.name
