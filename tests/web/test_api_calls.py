"""The telephone's door: what telephone bridges send in Zammad's manner, as forms and as JSON, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from backend import db
from backend.interactions import service as interactions
from backend.people import service as people
from backend.profiles import service as profiles
from shared.kernel import clock
from tests.cast import PORTAL_CUSTOMER

Tell = Callable[..., TestResponse]
NEW: dict[str, Any] = {"event": "newCall", "to": "12025550100", "direction": "in", "callId": "a-1"}


@pytest.fixture
def tell(api_app: Flask) -> Tell:
    """Sends one telling to the door of a key that may tell of calls."""
    with db.transaction() as session:
        key = people.create_key(session, ["calls:write"], clock.now())[1]
    client = api_app.test_client()

    def send(how: str, token: str = key, **told: Any) -> TestResponse:
        path = f"/api/v1/cti/{token}"
        if how == "json":
            return client.post(path, json=told)
        fields = {("user[]" if name == "user" else name): value for name, value in told.items()}
        return client.post(path, data=fields)

    return send


@pytest.fixture
def caller() -> profiles.Profile:
    with db.reading() as session:
        found = profiles.find_by_sign_in(session, PORTAL_CUSTOMER)
        assert found is not None
        return profiles.profile(session, found)


def agent_of(login: str) -> UUID:
    with db.transaction() as session:
        found = people.find_staff(session, login)
        assert found is not None
        actor = people.staff_actor(session, found[0])
        assert actor is not None
        interactions.set_agent_state(session, actor, "ready", clock.now())
    return found[0]


@pytest.mark.parametrize("how", ["form", "json"])
def test_a_call_is_told_of_from_ring_to_end(tell: Tell, caller: profiles.Profile, how: str) -> None:
    second = agent_of("agent2")
    number = str(caller.phone).removeprefix("+")
    assert tell(how, **NEW, **{"from": number}, user=["agent2", "Nobody Here"]).get_json() == {}
    (call,) = calls(second)
    assert (call.state, call.customer_id, call.line) == ("ringing", caller.customer_id, "12025550100")
    assert tell(how, event="answer", callId="a-1", answeringNumber="agent2").status_code == 200
    (call,) = calls(second)
    assert call.state == "talking"
    assert call.interaction_id is not None
    assert tell(how, event="hangup", callId="a-1", cause="normalClearing").status_code == 200
    with db.reading() as session:
        contact = interactions.interaction(session, caller.customer_id, call.interaction_id)
    assert contact.ended_at is not None


def calls(staff_id: UUID) -> tuple[interactions.Call, ...]:
    with db.reading() as session:
        return interactions.calls_of(session, staff_id)


def test_an_outbound_call_is_the_number_that_is_called(tell: Tell, caller: profiles.Profile) -> None:
    first = agent_of("agent1")
    told = {**NEW, "direction": "out", "from": "12025550100", "to": str(caller.phone), "user": "agent1"}
    assert tell("json", **told).status_code == 200
    (call,) = calls(first)
    assert (call.direction, call.customer_id) == ("outbound", caller.customer_id)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"event": "transfer"}, "event"),
        ({"event": ""}, "event"),
        ({"callId": ""}, "callId"),
        ({"callId": "x" * 251}, "callId"),
        ({"direction": "sideways"}, "direction"),
        ({"from": ""}, "from"),
        ({"from": "a\nb"}, "from"),
    ],
)
@pytest.mark.parametrize("how", ["form", "json"])
def test_what_tells_of_no_call_is_refused_by_field(tell: Tell, how: str, change: dict[str, str], field: str) -> None:
    answer = tell(how, **{**NEW, "from": "anonymous", **change})
    assert answer.status_code in (400, 422)
    assert answer.mimetype == "application/problem+json"
    if answer.status_code == 422:
        assert field in answer.get_json()["errors"]


def test_a_call_that_never_rang_is_not_there(tell: Tell) -> None:
    assert tell("form", event="answer", callId="unheard").status_code == 404


def test_only_a_key_that_may_tell_of_calls_opens_the_door(tell: Tell) -> None:
    with db.transaction() as session:
        other = people.create_key(session, ["customers:read"], clock.now())[1]
    for token in ("eh_nothing", other, "eh_0_0", "x" * 3000):
        answer = tell("form", token, **NEW, **{"from": "anonymous"})
        assert answer.status_code == 401
        assert token not in answer.get_data(as_text=True)


def test_the_key_stands_in_no_log(tell: Tell, capfd: pytest.CaptureFixture[str]) -> None:
    secret = "eh_0123_very-secret"
    tell("form", secret, event="newCall")
    tell("json", secret, event="newCall")
    said = capfd.readouterr()
    assert "very-secret" not in said.out + said.err
    assert "request" in said.out + said.err, "the check itself: requests are logged"
