"""The telephone's door, over HTTP, with the client that telephone bridges use: unchanged, but for the address that it is given."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
import requests
from flask import Flask
from werkzeug.serving import make_server
from zammad_cti import CTIClient

from backend import db
from backend.interactions import service as interactions
from backend.interactions.service import Call
from backend.people import service as people
from backend.profiles import service as profiles
from shared.kernel import clock
from shared.kernel.actors import SYSTEM, Actor
from tests.calls import agent, customer, state

LINE = "12025550100"


@pytest.fixture
def served(api_app: Flask) -> Iterator[str]:
    """The address of the API, served in a thread."""
    server = make_server("127.0.0.1", 0, api_app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api/v1"
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


@pytest.fixture
def telephone(served: str) -> CTIClient:
    with db.transaction() as session:
        key = people.create_key(session, ["calls:write"], clock.now())[1]
    return CTIClient(url=f"{served}/cti/{key}")


@pytest.fixture
def first() -> Actor:
    """An agent at work, at telephone 101."""
    return _at("agent1", "101")


@pytest.fixture
def second() -> Actor:
    """Another, at telephone 102."""
    return _at("agent2", "102")


def _at(login: str, extension: str) -> Actor:
    found = agent(login, clock.now() - timedelta(minutes=1))
    with db.transaction() as session:
        people.assign_extension(session, extension, f"{login}@demo.example", SYSTEM, clock.now())
    return found


def calls(actor: Actor) -> tuple[Call, ...]:
    with db.reading() as session:
        return interactions.calls_of(session, UUID(actor.id))


def contacts(actor: Actor) -> list[tuple[UUID, str]]:
    with db.reading() as session:
        return [(one.interaction_id, one.notes) for one in interactions.open_interactions(session, UUID(actor.id))]


def new(telephone: CTIClient, number: str, call: str, user: str | list[str] | None = None, to: str = LINE) -> None:
    assert telephone.new_call(_from=number, to=to, direction="in", call_id=call, user=user, queue="hotline") == {}


def answer(telephone: CTIClient, number: str, call: str, at: str | None = None, user: str | None = None) -> None:
    assert telephone.answer(_from=number, to=LINE, direction="in", call_id=call, answering_number=at, user=user) == {}


def hang_up(telephone: CTIClient, number: str, call: str, cause: str = "normalClearing") -> None:
    assert telephone.hangup(_from=number, to=LINE, direction="in", call_id=call, cause=cause) == {}  # type: ignore[arg-type]


def test_a_call_from_ring_to_end(telephone: CTIClient, first: Actor, second: Actor) -> None:
    number = str(customer().phone).removeprefix("+")
    new(telephone, number, "c-1", user=["Noor Haddad", "Somebody Else"])
    (call,) = calls(second)
    assert (call.state, call.customer_id, call.line) == ("ringing", customer().customer_id, LINE)
    answer(telephone, number, "c-1", at="102")
    assert (state(second, clock.now()), state(first, clock.now())) == ("on_call", "ready")
    hang_up(telephone, number, "c-1")
    assert state(second, clock.now()) == "wrap_up"
    assert len(contacts(second)) == 1


def test_an_extension_names_its_agent_wherever_it_stands(telephone: CTIClient, first: Actor, second: Actor) -> None:
    new(telephone, "12025550177", "direct", to="1 02")
    new(telephone, "12025550178", "named", user="102")
    assert telephone.new_call(_from="102", to="12025550179", direction="out", call_id="out") == {}
    assert [(c.number, c.direction) for c in calls(second)] == [
        ("+12025550177", "inbound"), ("+12025550178", "inbound"), ("+12025550179", "outbound"),
    ]  # fmt: skip
    new(telephone, "12025550180", "any", to=LINE)
    assert [c.number for c in calls(first) + calls(second)].count("+12025550180") == 1
    with db.transaction() as session:
        people.withdraw_extension(session, "102")
    new(telephone, "12025550181", "nobody", user="102")
    with db.reading() as session:
        assert [c.number for c in interactions.waiting(session)] == ["+12025550181"]


def test_a_call_that_is_put_through_takes_its_contact_and_notes_along(
    telephone: CTIClient, first: Actor, second: Actor
) -> None:
    known, number = customer(), str(customer().phone)
    new(telephone, number, "c-1", user="101")
    answer(telephone, number, "c-1", at="101")
    ((contact, _),) = contacts(first)
    with db.transaction() as session:
        interactions.write_notes(session, known.customer_id, contact, "Router blinks red.", 0, first, clock.now())
    answer(telephone, number, "c-1", at="102")
    assert (contacts(first), contacts(second)) == ([], [(contact, "Router blinks red.")])
    assert (calls(first), [c.state for c in calls(second)]) == ((), ["talking"])
    assert (state(first, clock.now()), state(second, clock.now())) == ("ready", "on_call")
    with db.reading() as session:
        told = interactions.timeline(session, known.customer_id, limit=1).items[0]
    assert told.kind == "call.transferred"
    assert interactions.in_words(told, "agent") == interactions.EventWords(
        "Call put through", "from Avery Quinn to Noor Haddad"
    )
    answer(telephone, number, "c-1", at="102")
    answer(telephone, number, "c-1", at="999")
    answer(telephone, number, "c-1")
    with db.reading() as session:
        again = interactions.timeline(session, known.customer_id, kinds={"call.transferred"}).items
    assert len(again) == 1, "told twice, by nobody known or by nobody at all, it was put through once"
    answer(telephone, number, "c-1", user="agent1")
    assert contacts(first) == [(contact, "Router blinks red.")], "and back"
    hang_up(telephone, number, "c-1")
    assert (state(first, clock.now()), state(second, clock.now())) == ("wrap_up", "ready")
    answer(telephone, number, "c-1", at="102")
    assert contacts(first) != [], "what has ended is not put through"


def test_a_caller_of_whom_nothing_is_known_is_put_through_too(
    telephone: CTIClient, first: Actor, second: Actor
) -> None:
    new(telephone, "12025550177", "c-1", user="101")
    answer(telephone, "12025550177", "c-1", at="101")
    answer(telephone, "12025550177", "c-1", at="102")
    assert (calls(first), len(calls(second))) == ((), 1)
    (call,) = calls(second)
    with db.transaction() as session:
        interactions.attach(session, call.call_id, customer().customer_id, second, clock.now())
    assert len(contacts(second)) == 1


def test_a_contact_wrapped_up_before_the_call_is_put_through_stays_whose_it_was(
    telephone: CTIClient, first: Actor, second: Actor
) -> None:
    known, number = customer(), str(customer().phone)
    new(telephone, number, "c-1", user="101")
    answer(telephone, number, "c-1", at="101")
    ((contact, _),) = contacts(first)
    with db.transaction() as session:
        interactions.wrap_up(
            session, known.customer_id, contact, code="solved", label="Solved", summary="", actor=first, now=clock.now()
        )
    answer(telephone, number, "c-1", at="102")
    ((another, _),) = contacts(second)
    assert another != contact
    with db.reading() as session:
        assert interactions.interaction(session, known.customer_id, contact).staff_id == UUID(first.id)


def test_several_calls_at_once_are_each_their_own(telephone: CTIClient, first: Actor, second: Actor) -> None:
    known, number = customer(), str(customer().phone)
    with db.reading() as session:
        other = next(
            one for match in profiles.search(session, limit=20).items
            if (one := profiles.profile(session, match.id)).phone and one.customer_id != known.customer_id
        )  # fmt: skip
    new(telephone, number, "a", user="101")
    new(telephone, str(other.phone), "b", user="101")
    new(telephone, "12025550177", "c", user="102")
    answer(telephone, number, "a", at="101")
    answer(telephone, "12025550177", "c", at="102")
    answer(telephone, str(other.phone), "b", at="101")
    assert [(c.customer_id, c.state) for c in calls(first)] == [
        (known.customer_id, "talking"),
        (other.customer_id, "talking"),
    ]
    assert len(contacts(first)) == 2
    hang_up(telephone, number, "a")
    assert state(first, clock.now()) == "on_call", "the other call goes on"
    hang_up(telephone, str(other.phone), "b")
    assert state(first, clock.now()) == "wrap_up"
    assert [c.state for c in calls(second)] == ["talking"]


def test_who_calls_again_goes_on_in_the_open_contact(telephone: CTIClient, first: Actor, second: Actor) -> None:
    number = str(customer().phone)
    for call in ("a", "b"):
        new(telephone, number, call, user="101")
        answer(telephone, number, call, at="101")
        hang_up(telephone, number, call, "congestion" if call == "a" else "normalClearing")
    assert len(contacts(first)) == 1


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        ("normalClearing", "hung up"), ("busy", "the line was busy"), ("cancel", "hung up before it was answered"),
        ("noAnswer", "nobody took it"), ("congestion", "the telephone network was overloaded"),
        ("notFound", "the number does not exist"), ("forwarded", "forwarded to another number"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("direction", ["in", "out"])
def test_why_a_call_came_to_nothing_is_told_in_words(
    telephone: CTIClient, first: Actor, direction: str, cause: str, words: str
) -> None:
    known, number = customer(), str(customer().phone)
    ends = {"_from": number, "to": LINE} if direction == "in" else {"_from": "101", "to": number}
    telephone.new_call(**ends, direction=direction, call_id="c-1")  # type: ignore[arg-type]
    telephone.hangup(**ends, direction=direction, call_id="c-1", cause=cause)  # type: ignore[arg-type]
    with db.reading() as session:
        event = interactions.timeline(session, known.customer_id, limit=1).items[0]
    title = "Missed call" if direction == "in" else "Call not answered"
    assert interactions.in_words(event, "agent") == interactions.EventWords(title, words)
    own = interactions.in_words(event, "customer")
    assert own.title == ("You called, and nobody could answer" if direction == "in" else "We called you")


def test_why_a_call_broke_off_stands_on_the_timeline(telephone: CTIClient, first: Actor) -> None:
    known, number = customer(), str(customer().phone)
    new(telephone, number, "c-1", user="101")
    answer(telephone, number, "c-1", at="101")
    hang_up(telephone, number, "c-1", "congestion")
    ((contact, _),) = contacts(first)
    with db.transaction() as session:
        interactions.wrap_up(
            session, known.customer_id, contact, code="cut_off", label="Call cut off", summary="Cut off.", actor=first, now=clock.now(),
        )  # fmt: skip
    with db.reading() as session:
        event = interactions.timeline(session, known.customer_id, kinds={"call"}, limit=1).items[0]
    assert "ended: the telephone network was overloaded" in interactions.in_words(event, "agent").detail
    assert "network" not in interactions.in_words(event, "customer").detail


def test_the_client_hears_of_what_is_refused(telephone: CTIClient, served: str) -> None:
    with pytest.raises(requests.HTTPError, match="404"):
        answer(telephone, "12025550177", "never rang")
    with pytest.raises(requests.HTTPError, match="401"):
        new(CTIClient(url=f"{served}/cti/eh_nothing"), "12025550177", "c-1")
    with pytest.raises(requests.HTTPError, match="422"):
        new(telephone, "12025550177", "")
