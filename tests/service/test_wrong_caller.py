"""A call taken for the wrong customer is given to the right one; agents who left without a word are not at work."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from backend import db
from backend.interactions import service as interactions
from backend.overview import service as overview
from backend.profiles import service as profiles
from shared.kernel import clock
from shared.kernel.errors import Conflict, NotFound
from tests.calls import agent, answer, customer, hang_up, ring, state
from tests.cast import PORTAL_CUSTOMER

pytestmark = pytest.mark.usefixtures("loaded")


@pytest.fixture
def now() -> datetime:
    return clock.now()


def another() -> UUID:
    with db.reading() as session:
        return next(one.id for one in profiles.search(session, limit=2).items if one.number != PORTAL_CUSTOMER)


def test_the_right_customer_gets_the_call_and_its_notes_and_nothing_stays_with_the_wrong_one(now: datetime) -> None:
    mine, wrong, right = agent("agent1", now), customer(), another()
    ring(str(wrong.phone), now)
    call = answer(now)
    assert call.interaction_id is not None
    with db.transaction() as session:
        interactions.write_notes(session, wrong.customer_id, call.interaction_id, "Her sister's phone", 0, mine, now)
        interactions.set_private(session, wrong.customer_id, call.interaction_id, True, mine, now)
        with pytest.raises(Conflict):
            interactions.attach(session, call.call_id, right, mine, now)
        moved = interactions.attach(session, call.call_id, right, mine, now, instead=True)
        again = interactions.attach(session, call.call_id, right, mine, now, instead=True)
    assert moved == again
    assert (moved.customer_id, moved.state) == (right, "talking")
    with db.reading() as session:
        (contact,) = interactions.open_interactions(session, UUID(mine.id))
        assert (contact.customer_id, contact.notes, contact.is_private) == (right, "Her sister's phone", True)
        assert interactions.open_with_customer(session, wrong.customer_id) == ()
        with pytest.raises(NotFound):
            interactions.interaction(session, wrong.customer_id, call.interaction_id)
    hang_up(now + timedelta(minutes=1))
    with db.reading() as session:
        assert interactions.open_interactions(session, UUID(mine.id))[0].ended_at == now + timedelta(minutes=1)


def test_a_contact_that_was_there_before_the_call_stays_with_its_customer(now: datetime) -> None:
    mine, wrong, right = agent("agent1", now), customer(), another()
    with db.transaction() as session:
        before = interactions.begin(session, wrong.customer_id, "phone", mine, now - timedelta(minutes=5))
        interactions.write_notes(session, wrong.customer_id, before.interaction_id, "Of before", 0, mine, now)
    ring(str(wrong.phone), now)
    call = answer(now)
    with db.transaction() as session:
        interactions.attach(session, call.call_id, right, mine, now, instead=True)
        left, new = interactions.open_interactions(session, UUID(mine.id))
    assert (left.customer_id, left.notes, left.ended_at) == (wrong.customer_id, "Of before", now)
    assert (new.customer_id, new.notes, new.ended_at) == (right, "", None)


def test_a_colleagues_contact_and_one_that_is_wrapped_up_are_not_moved(now: datetime) -> None:
    mine, other, wrong, right = agent("agent1", now), agent("agent2", now, "away"), customer(), another()
    ring(str(wrong.phone), now)
    call = answer(now)
    assert call.interaction_id is not None
    with pytest.raises(Conflict, match=mine.name), db.transaction() as session:
        interactions.attach(session, call.call_id, right, other, now, instead=True)
    hang_up(now)
    with db.transaction() as session:
        overview.wrap_up(
            session, wrong.customer_id, call.interaction_id, code="solved", summary="", not_mentioned=(), actor=mine, now=now
        )  # fmt: skip
    with pytest.raises(Conflict, match="wrapped up"), db.transaction() as session:
        interactions.attach(session, call.call_id, right, mine, now, instead=True)


def test_a_new_caller_on_a_number_that_is_somebodys_leaves_it_theirs(now: datetime) -> None:
    mine, wrong = agent("agent1", now), customer()
    ring(str(wrong.phone), now)
    call = answer(now)
    with db.transaction() as session:
        moved = overview.create_caller(session, call.call_id, "Made-Up Caller", mine, now, instead=True)
        assert moved.customer_id is not None
        assert profiles.profile(session, moved.customer_id).phone is None
        assert profiles.owner(session, "phone", str(wrong.phone)) == wrong.customer_id


def test_whoever_left_without_signing_out_is_offline_and_nothing_rings_for_them(now: datetime) -> None:
    long_ago = now - timedelta(minutes=6)
    gone, there, talking = agent("agent1", long_ago), agent("agent2", long_ago), agent("supervisor", long_ago)
    with db.reading() as session:
        seen = interactions.agent_state(session, there, now)
    interactions.here(seen, now)
    ring(str(customer().phone), long_ago, "supervisor")
    answer(long_ago, "supervisor")
    assert interactions.sign_off_absent(now) == 1
    assert (state(gone, now), state(there, now), state(talking, now)) == ("offline", "ready", "on_call")
    assert ring("+12025550199", now, external="next").staff_id == UUID(there.id)
    assert interactions.sign_off_absent(now) == 0


def test_that_somebody_is_at_the_desk_is_written_once_a_minute(now: datetime) -> None:
    mine = agent("agent1", now)

    def seen_at() -> datetime:
        with db.reading() as session:
            return interactions.agent_state(session, mine, now).seen_at

    with db.reading() as session:
        state_now = interactions.agent_state(session, mine, now)
    interactions.here(state_now, now + timedelta(seconds=59))
    assert seen_at() == now
    interactions.here(state_now, now + timedelta(seconds=60))
    assert seen_at() == now + timedelta(seconds=60)
