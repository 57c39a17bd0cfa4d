"""Calls and contacts: whose they are, who takes them, how they end; told twice or late, they are the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlmodel import Session

from backend import db
from backend.interactions import service as interactions
from backend.overview import service as overview
from backend.people import service as people
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from shared.kernel import clock
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid, NotFound
from tests.calls import agent, answer, customer, hang_up, ring, state

pytestmark = pytest.mark.usefixtures("loaded")


@pytest.fixture
def now() -> datetime:
    return clock.now()


def test_a_call_rings_for_the_agent_ready_longest_and_knows_its_customer(now: datetime) -> None:
    first = agent("agent2", now - timedelta(minutes=9))
    agent("agent1", now)
    known = customer()
    call = ring(str(known.phone), now)
    assert (call.staff_id, call.customer_id, call.state) == (UUID(first.id), known.customer_id, "ringing")
    again = ring(str(known.phone), now + timedelta(seconds=1))
    assert again.call_id == call.call_id


def test_a_named_agent_is_rung_however_the_telephone_system_calls_them(now: datetime) -> None:
    first, second = agent("agent1", now), agent("agent2", now, "away")
    for number, name in enumerate(("agent2", "agent2@demo.example", second.name, second.name.upper())):
        assert ring("+12025550199", now, name, external=f"n{number}").staff_id == UUID(second.id)
    assert ring("+12025550199", now, "agent2", "agent1", external="both").staff_id == UUID(first.id), (
        "the one who is ready"
    )
    assert ring("+12025550199", now, "nobody", external="none").staff_id is None


def test_numbers_come_with_and_without_their_plus(now: datetime) -> None:
    known = customer()
    assert ring(str(known.phone).removeprefix("+"), now).customer_id == known.customer_id
    assert ring("anonymous", now, external="c2").customer_id is None


def test_a_call_is_answered_ends_and_is_wrapped_up(now: datetime) -> None:
    mine, known = agent("agent1", now), customer()
    ring(str(known.phone), now)
    call = answer(now + timedelta(seconds=5))
    assert call.interaction_id is not None
    assert state(mine, now) == "on_call"
    with pytest.raises(Conflict), db.transaction() as session:
        interactions.set_agent_state(session, mine, "away", now)
    assert answer(now + timedelta(seconds=9)) == call, "told twice"
    hang_up(now + timedelta(minutes=4))
    assert hang_up(now + timedelta(minutes=5)).ended_at == now + timedelta(minutes=4)
    assert state(mine, now) == "wrap_up"
    at = now + timedelta(minutes=6)
    page = overview.wrap_up_page(known.customer_id, call.interaction_id, mine, at)
    assert page.codes
    with pytest.raises(Invalid), db.transaction() as session:
        close(session, call, mine, at, code="no such")
    with db.transaction() as session:
        close(session, call, mine, at)
    assert state(mine, now) == "ready"
    with pytest.raises(Conflict), db.transaction() as session:
        close(session, call, mine, at)
    with db.reading() as session:
        events = interactions.timeline(session, known.customer_id, kinds={"call"}, limit=1).items
        assert interactions.open_interactions(session, UUID(mine.id)) == ()
    assert events[0].data["summary"] == "All good."
    assert events[0].data["minutes"] == 4


def close(session: Session, call: interactions.Call, actor: Actor, now: datetime, code: str = "solved") -> None:
    assert call.customer_id is not None
    assert call.interaction_id is not None
    overview.wrap_up(
        session, call.customer_id, call.interaction_id, code=code, summary=" All   good. ", not_mentioned=(), actor=actor, now=now
    )  # fmt: skip


def test_who_calls_again_before_the_wrap_up_goes_on_in_the_same_contact(now: datetime) -> None:
    agent("agent1", now)
    known = customer()
    ring(str(known.phone), now)
    first = answer(now)
    hang_up(now + timedelta(minutes=1))
    ring(str(known.phone), now + timedelta(minutes=2), "agent1", external="c2")
    second = answer(now + timedelta(minutes=2), external="c2")
    assert second.interaction_id == first.interaction_id
    assert first.interaction_id is not None
    with db.reading() as session:
        assert interactions.interaction(session, known.customer_id, first.interaction_id).ended_at is None


def test_an_unknown_caller_is_attached_or_made_and_known_the_next_time(now: datetime) -> None:
    mine = agent("agent1", now)
    call = ring("+12025550177", now)
    assert call.customer_id is None
    answer(now)
    with db.reading() as session:
        assert overview.caller(session, call.call_id, mine).candidates == ()
    with pytest.raises(Invalid), db.transaction() as session:
        overview.create_caller(session, call.call_id, "  ", mine, now)
    with db.transaction() as session:
        made = overview.create_caller(session, call.call_id, "  Ada   Newcomer ", mine, now)
    assert made.customer_id is not None
    assert made.interaction_id is not None
    with pytest.raises(Conflict), db.transaction() as session:
        interactions.attach(session, call.call_id, customer().customer_id, mine, now)
    with db.reading() as session:
        assert profiles.profile(session, made.customer_id).name == "Ada Newcomer"
    assert treatments.decide(made.customer_id, now).decision_id is not None
    hang_up(now)
    assert ring("+1 202 555 0177", now, external="c2").customer_id == made.customer_id


def test_an_ended_call_of_nobody_is_let_go(now: datetime) -> None:
    mine = agent("agent1", now)
    call = ring("anonymous", now)
    answer(now)
    with pytest.raises(Conflict), db.transaction() as session:
        interactions.drop(session, call.call_id, mine, now)
    hang_up(now)
    with db.transaction() as session:
        assert [one.call_id for one in interactions.calls_of(session, UUID(mine.id))] == [call.call_id]
        interactions.drop(session, call.call_id, mine, now)
        assert interactions.calls_of(session, UUID(mine.id)) == ()
    assert state(mine, now) == "ready"


def test_a_call_that_waits_rings_for_whoever_becomes_ready(now: datetime) -> None:
    call = ring("anonymous", now)
    assert call.staff_id is None
    mine, other = agent("agent1", now), agent("agent2", now)
    with db.transaction() as session:
        taken = interactions.take_waiting(session, mine, now)
        assert taken is not None
        assert (taken.call_id, taken.staff_id) == (call.call_id, UUID(mine.id))
        assert interactions.take_waiting(session, other, now) is None


def test_who_wrapped_up_before_the_telephone_told_of_the_end_is_ready_when_it_does(now: datetime) -> None:
    mine, known = agent("agent1", now), customer()
    ring(str(known.phone), now)
    call = answer(now)
    with db.transaction() as session:
        close(session, call, mine, now)
    hang_up(now)
    assert state(mine, now) == "ready"


def test_a_missed_call_is_on_the_timeline(now: datetime) -> None:
    known = customer()
    ring(str(known.phone), now)
    hang_up(now)
    with db.reading() as session:
        assert interactions.timeline(session, known.customer_id, kinds={"call.missed"}).items[0].at == now
    with pytest.raises(NotFound):
        hang_up(now, external="never rang")


def test_notes_written_in_two_windows_lose_nothing(now: datetime) -> None:
    mine, other, known = agent("agent1", now), agent("agent2", now), customer()
    with db.transaction() as session:
        contact = interactions.begin(session, known.customer_id, "phone", mine, now)
        assert interactions.begin(session, known.customer_id, "phone", mine, now) == contact, "the same is open"
        where = (known.customer_id, contact.interaction_id)
        assert interactions.write_notes(session, *where, "Router is old", 0, mine, now).notes_version == 1
        with pytest.raises(Conflict) as lost:
            interactions.write_notes(session, *where, "Something else", 0, mine, now)
        assert lost.value.extra["notes"] == "Router is old"
        with pytest.raises(Conflict, match=mine.name):
            interactions.write_notes(session, *where, "Mine", 1, other, now)
        with pytest.raises(Invalid):
            interactions.write_notes(session, *where, "x" * 5_001, 1, mine, now)
        assert interactions.write_notes(session, *where, "", 1, mine, now).notes == ""


def test_a_private_call_is_nothing_for_the_portal(now: datetime) -> None:
    mine, known = agent("agent1", now), customer()
    self = Actor("customer", str(known.customer_id), known.name, people.ROLES["customer"], known.customer_id)
    before = overview.portal_home(self, now).moment
    with db.transaction() as session:
        contact = interactions.begin(session, known.customer_id, "phone", mine, now)
        interactions.set_private(session, known.customer_id, contact.interaction_id, True, mine, now)
    with pytest.raises(Conflict, match="private"), db.transaction() as session:
        overview.set_moment(session, known.customer_id, "leave", "leaving", "phone", mine, now)
    with db.transaction() as session:
        overview.wrap_up(
            session, known.customer_id, contact.interaction_id, code="solved", summary="Asked in confidence", not_mentioned=(),
            actor=mine, now=now + timedelta(minutes=3),
        )  # fmt: skip
    home = overview.portal_home(self, now + timedelta(minutes=4))
    assert (home.spoke, home.moment) == (None, before)
    assert all("confidence" not in f"{line.title}{line.detail}" for line in overview.activity_page(self, now).items)
    told = overview.timeline_page(known.customer_id, mine, now).items
    assert any("confidence" in line.detail for line in told)


def test_the_customer_is_reminded_of_a_call_that_was_not_private(now: datetime) -> None:
    mine, known = agent("agent1", now), customer()
    with db.transaction() as session:
        contact = interactions.begin(session, known.customer_id, "phone", mine, now)
        overview.wrap_up(
            session, known.customer_id, contact.interaction_id, code="solved", summary="", not_mentioned=(), actor=mine, now=now
        )  # fmt: skip
    self = Actor("customer", str(known.customer_id), known.name, people.ROLES["customer"], known.customer_id)
    spoke = overview.portal_home(self, now).spoke
    assert spoke is not None
    assert (spoke.at, spoke.name) == (now, mine.name)


def test_wrapping_up_knows_what_happened(now: datetime) -> None:
    mine, known = agent("agent1", now), customer()
    with db.transaction() as session:
        contact = interactions.begin(session, known.customer_id, "phone", mine, now)
        overview.set_moment(session, known.customer_id, "pay", "bill_question", "phone", mine, now)
    first, second, *_ = treatments.recommend_for_agent(known.customer_id, "phone", mine, now).cards
    with db.transaction() as session:
        treatments.answer(session, first.card.offer_id, "declined", channel="phone", actor=mine, now=now)
    page = overview.wrap_up_page(known.customer_id, contact.interaction_id, mine, now)
    assert page.code == "explained"
    assert page.summary.startswith("Question about a bill. Declined: ")
    assert first.card.headline in page.summary
    asked = {one.offer_id for one in page.not_mentioned}
    assert second.card.offer_id in asked
    assert first.card.offer_id not in asked
    with db.transaction() as session:
        overview.wrap_up(
            session, known.customer_id, contact.interaction_id, code=page.code, summary=page.summary,
            not_mentioned={second.card.offer_id}, actor=mine, now=now,
        )  # fmt: skip
        noted = interactions.timeline(session, known.customer_id, kinds={"offer.unmentioned"}).items
    assert [[offer["offer_id"] for offer in event.data["offers"]] for event in noted] == [[str(second.card.offer_id)]]


def test_a_page_tells_why_someone_is_here_unless_they_refuse(now: datetime) -> None:
    mine, known = agent("agent1", now), customer()
    self = Actor("customer", str(known.customer_id), known.name, people.ROLES["customer"], known.customer_id)
    overview.visit(self, "cancel", "Cancel my plan", now)
    page = overview.customer_page(known.customer_id, mine, now)
    assert page.online is not None
    assert page.online.page == "Cancel my plan"
    assert page.moment is not None
    assert (page.moment.intent, page.moment.source, page.moment.evidence) == ("leaving", "inferred", "looked at “Cancel my plan”")  # fmt: skip
    with db.transaction() as session:
        overview.set_watching(session, self, False, now)
    overview.visit(self, "bills", "Bills", now + timedelta(seconds=9))
    page = overview.customer_page(known.customer_id, mine, now + timedelta(seconds=9))
    assert page.online is not None
    assert page.online.page is None
    assert overview.customer_page(known.customer_id, mine, now + timedelta(minutes=20)).online is None


def test_what_was_said_goes_before_what_a_page_tells(now: datetime) -> None:
    mine, known = agent("agent1", now), customer()
    self = Actor("customer", str(known.customer_id), known.name, people.ROLES["customer"], known.customer_id)
    with db.transaction() as session:
        overview.set_moment(session, known.customer_id, "pay", "bill_question", "phone", mine, now)
    overview.visit(self, "cancel", "Cancel my plan", now)
    moment = overview.customer_page(known.customer_id, mine, now).moment
    assert moment is not None
    assert (moment.intent, moment.source) == ("bill_question", "stated")


def test_a_spoken_reference_finds_its_customer(now: datetime) -> None:
    known = customer()
    card = treatments.recommend_for_agent(known.customer_id, "phone", agent("agent1", now), now).cards[0].card
    with db.reading() as session:
        said = f"{card.reference[:3].lower()} {card.reference[3:]}"
        assert overview.find_reference(session, said) == known.customer_id
        assert overview.find_reference(session, "333333") is None
        assert overview.find_reference(session, "not one") is None


def test_the_wall_shows_who_is_at_work_and_what_goes_on(now: datetime) -> None:
    mine, known = agent("agent1", now), customer()
    ring(str(known.phone), now)
    answer(now)
    ring("anonymous", now - timedelta(minutes=2), external="c2")
    with db.transaction() as session:
        overview.set_moment(session, known.customer_id, "pay", "bill_question", "phone", mine, now)
    first = treatments.recommend_for_agent(known.customer_id, "phone", mine, now).cards[0].card
    with db.transaction() as session:
        treatments.answer(session, first.offer_id, "accepted", channel="phone", actor=mine, now=now)
    treatments.check_some(now)
    seen = overview.wall(now + timedelta(seconds=1))
    assert [(one.name, one.state) for one in seen.agents] == [(mine.name, "on_call")]
    waiting, talking = overview.glanced(seen.lines, now + timedelta(seconds=1))
    assert (waiting.state, waiting.trouble) == ("ringing", "nobody answers")
    assert (talking.name, talking.why, talking.staff) == (known.name, "Question about a bill", mine.name)
    assert talking.answered == "accepted"
    assert talking.recommended
    assert (seen.answers[0].name, seen.answers[0].answer, seen.answers[0].by) == (known.name, "accepted", mine.name)
    assert seen.parity is not None
    assert (seen.parity.customers, seen.parity.differences) == (1, 0)


def test_all_of_it_leaves_with_the_customer(now: datetime) -> None:
    known = customer()
    agent("agent1", now)
    ring(str(known.phone), now)
    answer(now)
    with db.transaction() as session:
        kept = interactions.export_customer(session, known.customer_id)
        assert kept["call"]
        assert interactions.erase_customer(session, known.customer_id) > 0
        assert not any(interactions.export_customer(session, known.customer_id).values())


def test_times_are_of_one_zone(now: datetime) -> None:
    call = ring("anonymous", now)
    assert call.rang_at.tzinfo == UTC
