"""A supervisor steps in: each act once, with its reason, on record; refused politely where the contact moved on; nothing of it is the customer's to read."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from backend import db
from backend.interactions import service as interactions
from backend.interactions.types import Interaction
from backend.overview import service as overview
from backend.people import service as people
from backend.record import service as record
from shared.kernel import clock
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from tests.calls import agent, answer, customer, hang_up, ring, state

pytestmark = pytest.mark.usefixtures("loaded")


@pytest.fixture
def now() -> datetime:
    return clock.now()


@pytest.fixture
def floor(now: datetime) -> tuple[Actor, Actor, Actor, Interaction]:
    """An agent on a call, another who is ready, a supervisor, and the contact."""
    mine, known = agent("agent1", now), customer()
    ring(str(known.phone), now)
    answer(now)
    other, supervisor = agent("agent2", now), agent("supervisor", now, "away")
    with db.reading() as session:
        (found,) = interactions.open_interactions(session, UUID(mine.id))
    return mine, other, supervisor, found


def do(act: Any, found: Interaction, *given: Any) -> Any:
    with db.transaction() as session:
        return act(session, found.customer_id, found.interaction_id, *given)


def words_to(found: Interaction, who: Actor, now: datetime) -> list[tuple[str, str]]:
    with db.reading() as session:
        return [(w.kind, w.text) for w in interactions.words_to(session, found.customer_id, UUID(who.id), now)]


def trail(action: str) -> list[dict[str, Any]]:
    with db.reading() as session:
        return [one.payload or {} for one in record.entries(session, record.Wanted(action=action), None, 10)[0]]


def test_a_whisper_stands_at_its_agent_until_they_put_it_away_and_is_no_news_for_the_customer(
    floor: tuple[Actor, Actor, Actor, Interaction], now: datetime
) -> None:
    mine, other, supervisor, found = floor
    word = do(interactions.whisper, found, "Offer  the\ncredit", supervisor, now)
    assert words_to(found, mine, now) == [("whisper", "Offer the credit")]
    assert words_to(found, other, now) == []
    self = Actor("customer", str(found.customer_id), "", people.ROLES["customer"], found.customer_id)
    assert not [line for line in overview.activity_page(self, now).items if "credit" in line.title + line.detail]
    with db.reading() as session:
        events = interactions.timeline(session, found.customer_id, limit=5).items
    assert not [event for event in events if "credit" in str(event.data)]
    with db.transaction() as session:
        with pytest.raises(NotFound):
            interactions.dismiss(session, found.customer_id, word.word_id, other, now)
        for _ in range(2):
            interactions.dismiss(session, found.customer_id, word.word_id, mine, now)
    assert words_to(found, mine, now) == []
    with db.transaction() as session, pytest.raises(Conflict, match="read it already"):
        interactions.withdraw(session, found.customer_id, word.word_id, supervisor, now)
    assert trail("floor.whispered") == [{"to": mine.name, "text": "Offer the credit", "word": str(word.word_id)}]
    assert len(trail("floor.read")) == 1


def test_a_whisper_is_taken_back_by_who_said_it_while_nobody_has_read_it(
    floor: tuple[Actor, Actor, Actor, Interaction], now: datetime
) -> None:
    mine, _, supervisor, found = floor
    word = do(interactions.whisper, found, "Never mind", supervisor, now)
    with db.transaction() as session:
        interactions.withdraw(session, found.customer_id, word.word_id, supervisor, now)
    assert words_to(found, mine, now) == []
    with db.transaction() as session, pytest.raises(Conflict, match="taken back already"):
        interactions.withdraw(session, found.customer_id, word.word_id, supervisor, now)
    assert len(trail("floor.withdrawn")) == 1


def test_taking_over_frees_the_agent_into_wrap_up_and_they_are_told_why(
    floor: tuple[Actor, Actor, Actor, Interaction], now: datetime
) -> None:
    mine, other, supervisor, found = floor
    with db.transaction() as session:
        interactions.write_notes(session, found.customer_id, found.interaction_id, "Angry", 0, mine, now)
    taken = do(interactions.take_over, found, UUID(mine.id), "It gets loud", supervisor, now)
    assert (taken.staff_id, taken.notes, taken.ended_at) == (UUID(supervisor.id), "Angry", None)
    assert (state(mine, now), state(supervisor, now)) == ("wrap_up", "on_call")
    assert words_to(found, mine, now) == [("taken", "It gets loud")]
    with db.transaction() as session:
        interactions.set_agent_state(session, mine, "ready", now)
    assert state(mine, now) == "ready", "nothing of theirs is left to wrap up"
    with db.transaction() as session, pytest.raises(Conflict):
        interactions.write_notes(session, found.customer_id, found.interaction_id, "More", 1, mine, now)
    with db.transaction() as session, pytest.raises(Conflict, match="Somebody else was faster"):
        interactions.reassign(
            session, found.customer_id, found.interaction_id, UUID(mine.id), UUID(other.id), "Too", supervisor, now
        )
    hang_up(now + timedelta(minutes=1))
    assert state(supervisor, now) == "wrap_up"
    (entry,) = trail("contact.handed")
    assert entry["before"] == {"staff": mine.name}
    assert (entry["after"], entry["why"], entry["how"]) == ({"staff": supervisor.name}, "It gets loud", "taken")
    with db.reading() as session:
        event = next(e for e in interactions.timeline(session, found.customer_id).items if e.kind == "contact.handed")
    assert interactions.in_words(event, "agent").title == f"Taken over by {supervisor.name}"
    told = interactions.in_words(event, "customer")
    assert (told.title, told.detail) == ("You were put through", f"to {supervisor.name}")
    assert "loud" not in told.detail


def test_handing_on_goes_to_who_is_ready_and_to_nobody_else(
    floor: tuple[Actor, Actor, Actor, Interaction], now: datetime
) -> None:
    mine, other, supervisor, found = floor
    seen = UUID(mine.id)
    with pytest.raises(Invalid, match="Say why"):
        do(interactions.reassign, found, seen, UUID(other.id), " ", supervisor, now)
    with pytest.raises(Conflict, match="has this contact already"):
        do(interactions.reassign, found, seen, seen, "Why", supervisor, now)
    agent("agent2", now, "away")
    with pytest.raises(Conflict, match="no longer ready"):
        do(interactions.reassign, found, seen, UUID(other.id), "Knows bills", supervisor, now)
    agent("agent2", now, "ready")
    given = do(interactions.reassign, found, seen, UUID(other.id), "Knows bills", supervisor, now)
    assert given.staff_id == UUID(other.id)
    assert (state(mine, now), state(other, now)) == ("wrap_up", "on_call")
    assert words_to(found, mine, now) == [("handed", f"{other.name} has it now. Knows bills")]
    assert words_to(found, other, now) == [("given", f"{mine.name} had it. Knows bills")]


def test_ending_leaves_the_wrap_up_to_the_agent_and_what_is_over_cannot_be_stepped_into(
    floor: tuple[Actor, Actor, Actor, Interaction], now: datetime
) -> None:
    mine, _, supervisor, found = floor
    ended = do(interactions.end_contact, found, UUID(mine.id), "Abusive caller", supervisor, now)
    assert (ended.ended_at, state(mine, now)) == (now, "wrap_up")
    assert words_to(found, mine, now) == [("ended", "Abusive caller")]
    assert hang_up(now + timedelta(seconds=9)).ended_at == now, "the telephone's own word comes late"
    with db.transaction() as session, pytest.raises(Conflict):
        interactions.set_agent_state(session, mine, "ready", now)
    for act, given in (
        (interactions.whisper, ("Well done",)),
        (interactions.take_over, (UUID(mine.id), "Why")),
        (interactions.end_contact, (UUID(mine.id), "Why")),
    ):
        with pytest.raises(Conflict, match="has ended meanwhile"):
            do(act, found, *given, supervisor, now)
    with db.transaction() as session:
        overview.wrap_up(
            session, found.customer_id, found.interaction_id, code="solved", summary="", not_mentioned=(), actor=mine, now=now
        )  # fmt: skip
    assert state(mine, now) == "ready"


def test_who_does_not_supervise_steps_into_nothing_and_looks_into_nothing(
    floor: tuple[Actor, Actor, Actor, Interaction], now: datetime
) -> None:
    mine, other, supervisor, found = floor
    for act, given in ((interactions.whisper, ("x",)), (interactions.take_over, (UUID(mine.id), "x"))):
        with pytest.raises(Forbidden):
            do(act, found, *given, other, now)
    with pytest.raises(Forbidden):
        overview.look_in(found.customer_id, found.interaction_id, other, now)
    with pytest.raises(NotFound):
        overview.look_in(found.customer_id, UUID(int=5), supervisor, now)


def test_looking_in_shows_the_contact_as_it_goes_on_and_writes_nothing(
    floor: tuple[Actor, Actor, Actor, Interaction], now: datetime
) -> None:
    mine, other, supervisor, found = floor
    overview.customer_page(found.customer_id, mine, now)
    with db.transaction() as session:
        overview.set_moment(session, found.customer_id, "pay", "bill_question", "phone", mine, now)
        interactions.write_notes(session, found.customer_id, found.interaction_id, "Asks about May", 0, mine, now)
    before = record.reached()
    seen = overview.look_in(found.customer_id, found.interaction_id, supervisor, now)
    assert seen.would, "no decision stands since the moment changed, and none is made by looking"
    assert record.reached() == before
    overview.customer_page(found.customer_id, mine, now)
    seen = overview.look_in(found.customer_id, found.interaction_id, supervisor, now)
    assert seen.recommendation is not None
    assert seen.recommendation.cards
    assert (seen.state, seen.notes, seen.going) == ("talking", "Asks about May", True)
    assert seen.moment is not None
    assert seen.moment.intent == "bill_question"
    assert [one.staff_id for one in seen.ready] == [UUID(other.id)]
    with db.reading() as session:
        places = interactions.others_here(session, found.customer_id, None, mine, now)
    assert places == (), "who looks in is not among those who are here"


def test_what_was_said_leaves_with_the_customer(floor: tuple[Actor, Actor, Actor, Interaction], now: datetime) -> None:
    _, _, supervisor, found = floor
    do(interactions.whisper, found, "Careful", supervisor, now)
    with db.reading() as session:
        held = interactions.export_customer(session, found.customer_id)
    assert [row["text"] for row in held["floor_word"]] == ["Careful"]
    with db.transaction() as session:
        interactions.erase_customer(session, found.customer_id)
    with db.reading() as session:
        assert interactions.export_customer(session, found.customer_id)["floor_word"] == []
