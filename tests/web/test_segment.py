"""The Segment specification's addresses: its real senders, unchanged but for the host, and what is refused by itself."""

from __future__ import annotations

import base64
import gzip
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import rudderstack.analytics.client as rudder
import segment.analytics.client as segment
from flask import Flask
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from backend import db
from backend.interactions import service as interactions
from backend.people import service as people
from backend.profiles import service as profiles
from shared.kernel import clock

Send = Callable[..., TestResponse]
TRACK: dict[str, Any] = {"userId": "u1", "event": "Button Clicked"}


def new_key(scope: str = "events:write", source: str = "web") -> str:
    with db.transaction() as session:
        return people.create_key(session, [scope], clock.now(), source)[1]


@pytest.fixture
def key(api_app: Flask) -> str:
    return new_key()


@pytest.fixture
def host(api_app: Flask, key: str) -> Iterator[str]:
    """The API on a port of this machine."""
    server = make_server("127.0.0.1", 0, api_app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def send(api_app: Flask, key: str) -> Send:
    """Posts a body to one of the addresses, under the write key as Basic auth has it."""
    client = api_app.test_client()

    def post(call: str, body: Any, auth: str | None = f"{key}:", **headers: str) -> TestResponse:
        given = {} if auth is None else {"Authorization": f"Basic {base64.b64encode(auth.encode()).decode()}"}
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return client.post(f"/v1/{call}", data=data, headers={"Content-Type": "application/json"} | given | headers)

    return post


def timeline(kind: str, value: str) -> list[str]:
    with db.reading() as session:
        customer_id = profiles.owner(session, kind, value)
        assert customer_id is not None
        lines = interactions.timeline(session, customer_id, limit=100).items
        return [interactions.in_words(line, "agent").title for line in lines]


@pytest.mark.parametrize("sender", ["segment", "rudder"])
def test_the_real_senders_work_unchanged(host: str, key: str, sender: str) -> None:
    failed: list[Any] = []
    Client: Any = segment.Client if sender == "segment" else rudder.Client
    client = Client(
        key, host=host, on_error=lambda error, items: failed.append((error, items)), max_retries=0, gzip=True
    )
    client.page(anonymous_id="d1", name="Cancel plan")
    client.identify("u1", {"name": "Noor Haddad", "email": "noor@example.com"}, anonymous_id="d1")
    client.track("u1", "Payment Failed", {"amount": 12.5})
    client.screen("u1", name="Home")
    client.group("u1", "family-7", {"name": "Haddad"})
    client.alias("earlier", "u1")
    client.flush()
    client.join()
    assert failed == []
    with db.reading() as session:
        customer_id = profiles.owner(session, "external", "u1")
        assert customer_id is not None
        one = profiles.profile(session, customer_id)
        assert (
            customer_id
            == profiles.owner(session, "email", "noor@example.com")
            == profiles.owner(session, "cookie", "d1")
        )
        assert customer_id == profiles.owner(session, "external", "earlier")
    assert one.name == "Noor Haddad"
    assert one.moment is not None
    assert one.moment.intent == "leaving"
    assert set(timeline("external", "u1")) >= {
        "Looked at the page for cancelling", "A payment failed", "Opened the app", "Belongs to “Haddad”", "Profile changed",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("call", "body"),
    [
        ("identify", {"userId": "u1", "traits": {"name": "Noor"}}),
        ("track", TRACK),
        ("page", {"userId": "u1", "name": "Blog"}),
        ("screen", {"anonymousId": "d1", "name": "Home"}),
        ("group", {"userId": "u1", "groupId": "g"}),
        ("alias", {"userId": "u1", "previousId": "d1"}),
    ],
)
def test_each_call_has_an_address_of_its_own(send: Send, call: str, body: dict[str, Any]) -> None:
    answer = send(call, body)
    assert answer.status_code == 200, answer.text
    assert answer.get_json() == {"success": True, "taken": 1, "known": 0, "refused": [], "warnings": []}


def test_a_batch_tells_one_by_one_what_it_refused(send: Send) -> None:
    batch = [
        {"type": "track", **TRACK},
        {"type": "track", "userId": "u1"},
        {"type": "track", **TRACK, "messageId": "m"},
    ]
    answer = send("batch", {"batch": batch})
    told = answer.get_json()
    assert (answer.status_code, told["success"], told["taken"]) == (200, True, 2)
    (refused,) = told["refused"]
    assert (refused["index"], refused["code"], set(refused["errors"])) == (1, "invalid", {"event"})
    assert send("batch", {"batch": batch[2:]}).get_json()["known"] == 1


def test_a_call_that_cannot_be_taken_says_why(send: Send) -> None:
    answer = send("track", {"userId": "u1", "event": "Order Completed", "properties": {"total": "much"}})
    problem = answer.get_json()
    assert (answer.status_code, problem["errors"]) == (422, {"total": "is no number"})
    assert problem["message"] == problem["detail"]


@pytest.mark.parametrize(
    ("body", "status", "headers"),
    [
        (b"{", 400, {}),
        (b"\xff\xfe", 400, {}),
        (b'{"a": NaN}', 400, {}),
        (b"[" * 100_000, 400, {}),
        (b"[]", 422, {}),
        ({"batch": {}}, 422, {}),
        ({"batch": [TRACK] * 2001}, 422, {}),
        (b"x" * (500 * 1024 + 1), 413, {}),
        (b"no gzip", 400, {"Content-Encoding": "gzip"}),
        (gzip.compress(b"{}")[:-9], 400, {"Content-Encoding": "gzip"}),
        (gzip.compress(b" " * 50_000_000), 413, {"Content-Encoding": "gzip"}),
        (b"{}", 415, {"Content-Encoding": "br"}),
    ],
    ids=["cut", "no utf-8", "nan", "deep", "list", "no batch", "too many", "too large", "no gzip", "gzip cut", "bomb", "br"],
)  # fmt: skip
def test_a_body_that_is_none_is_refused(send: Send, body: Any, status: int, headers: dict[str, str]) -> None:
    answer = send("batch", body, **headers)
    assert answer.status_code == status, answer.text[:300]
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("auth", [None, ":", "nobody:", "eh_0_x:"])
def test_without_a_write_key_nothing_comes_in(send: Send, auth: str | None) -> None:
    assert send("track", TRACK, auth).status_code == 401


def test_a_key_of_another_scope_does_not_reach_so_far(send: Send) -> None:
    assert send("track", TRACK, f"{new_key('customers:read')}:").status_code == 403


def test_a_write_key_opens_nothing_else(api_app: Flask, key: str) -> None:
    client = api_app.test_client()
    basic = base64.b64encode(f"{key}:".encode()).decode()
    assert (
        client.post("/api/v1/customers/search", json={}, headers={"Authorization": f"Basic {basic}"}).status_code == 401
    )
    assert (
        client.post("/api/v1/customers/search", json={}, headers={"Authorization": f"Bearer {key}"}).status_code == 403
    )


def test_the_source_of_the_key_stands_on_the_timeline(send: Send) -> None:
    send("track", TRACK, f"{new_key(source='billing')}:")
    with db.reading() as session:
        customer_id = profiles.owner(session, "external", "u1")
        assert customer_id is not None
        (line,) = interactions.timeline(session, customer_id).items
    assert (line.data["source"], line.actor_name) == ("billing", "Billing system")
