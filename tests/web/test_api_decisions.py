"""Decisions and offers over HTTP: what each call answers, what it stores, and what it refuses."""

import threading
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backend import db
from backend.people import service as people
from backend.profiles import service as profiles
from backend.record import service as record
from shared.kernel import clock
from tests import apps
from tests.cast import PORTAL_CUSTOMER
from tests.databases import ENGINES, fresh, opened

COUNTED = ("decision", "offer", "snapshot", "event", "ledger", "audit_entry", "outbox_job", "moment")


class Api:
    """The API as a program with a key to everything calls it; each test takes customers that no other test touched."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        with db.transaction() as session:
            self.key = people.create_key(session, ["all"], clock.now())[1]
        with db.reading() as session:
            self.known = profiles.search(session, identifier=f"number:{PORTAL_CUSTOMER}").items[0].id
            self.unused = iter([match.id for match in profiles.search(session, limit=100).items])

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        client: FlaskClient = self.app.test_client()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Authorization": f"Bearer {self.key}", **named}
        return client.open(f"/api/v1{path}", method=method, json=body, headers=sent)

    def customer(self) -> str:
        return str(next(self.unused))

    def decide(self, customer_id: str, channel: str = "phone", **more: Any) -> TestResponse:
        return self.call("POST", f"/customers/{customer_id}/decisions", {"channel": channel, **more})

    def offer(self, customer_id: str | None = None) -> str:
        treatments = self.decide(customer_id or self.customer()).get_json()["treatments"]
        return str(treatments[0]["offer_id"])

    def respond(self, offer_id: str, response: str, channel: str = "phone", **more: Any) -> TestResponse:
        return self.call("POST", f"/offers/{offer_id}/responses", {"response": response, "channel": channel, **more})


@pytest.fixture(scope="module", params=ENGINES)
def api(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    home = tmp_path_factory.mktemp("api")
    with fresh(request.param, "loaded", home) as url, opened(url, home):
        yield Api(apps.create("api", url, home))


def counts() -> dict[str, int]:
    with db.reading() as session:
        run = session.connection().exec_driver_sql
        return {table: run(f"SELECT count(*) FROM {table}").scalar_one() for table in COUNTED}


def problem(response: TestResponse, status: int, code: str) -> dict[str, Any]:
    body: dict[str, Any] = response.get_json()
    assert (response.status_code, body.get("code")) == (status, code), body
    assert response.content_type == "application/problem+json"
    return body


# --- decisions --------------------------------------------------------------------------------------------------------


def test_the_first_decision_is_stored_and_then_stands_in_every_channel(api: Api) -> None:
    customer = api.customer()
    first = api.decide(customer)
    before = counts()
    again, portal = api.decide(customer), api.decide(customer, "portal")
    assert (first.status_code, again.status_code, portal.status_code) == (201, 200, 200)
    assert again.get_json() == first.get_json()
    assert portal.get_json()["decision_id"] == first.get_json()["decision_id"]
    assert counts() == before


def test_a_decision_tells_all_that_the_contract_names(api: Api) -> None:
    told = api.decide(api.customer(), limit=100).get_json()
    assert {
        "decision_id", "profile_version", "ledger_version", "catalogue_version", "model_epoch", "engine_version", "stands_until",
        "treatments", "withheld",
    } <= told.keys()  # fmt: skip
    assert told["withheld"]
    for rank, item in enumerate(told["treatments"], 1):
        assert item["rank"] == rank
        f = item["factors"]
        assert set(f) == {"propensity", "draw", "context", "value", "lever", "price", "attention"}
        chance = f["propensity"] if f["draw"] is None else f["draw"]
        priority = chance * (f["context"] * f["value"] * f["lever"] - f["price"]) - f["attention"]
        assert abs(item["priority"] - priority) < 1e-9
        assert item["offer_id"]
        assert item["valid_until"]
        assert item["reasons"]
        assert item["rendering"]["headline"]
    assert all(set(w) >= {"treatment", "step", "rule", "detail"} for w in told["withheld"])


def test_the_limit_cuts_the_answer_and_never_the_decision(api: Api) -> None:
    customer = api.customer()
    one = api.decide(customer, limit=1).get_json()
    whole = api.decide(customer, limit=100).get_json()
    usual = api.decide(customer).get_json()
    assert len(whole["treatments"]) > 1
    assert one["treatments"] == whole["treatments"][:1]
    assert usual["treatments"] == whole["treatments"][:3]
    assert one["decision_id"] == whole["decision_id"]
    assert one["withheld"] == whole["withheld"]
    stored = api.call("GET", f"/decisions/{one['decision_id']}").get_json()
    assert len(stored["treatments"]) >= len(whole["treatments"])


def test_a_preview_stores_nothing_and_opens_no_offer(api: Api) -> None:
    customer = api.customer()
    before = counts()
    plain = api.decide(customer, preview=True, limit=100)
    tried = api.decide(customer, preview=True, stage="renew", intent="leaving", limit=100)
    alone = api.decide(customer, preview=True, stage="pay", limit=100)
    assert [r.status_code for r in (plain, tried, alone)] == [200, 200, 200]
    for shown in (plain.get_json(), tried.get_json()):
        assert shown["decision_id"] is None
        assert all(item["offer_id"] is None for item in shown["treatments"])
    ranked = [[i["treatment"] for i in r.get_json()["treatments"]] for r in (plain, tried, alone)]
    assert ranked[0] != ranked[1] or ranked[0] != ranked[2], "a stage or an intent must matter to someone's ranking"
    assert counts() == before


def test_a_preview_is_what_is_then_decided(api: Api) -> None:
    customer = api.customer()
    preview = api.decide(customer, preview=True, limit=100).get_json()["treatments"]
    decided = api.decide(customer, limit=100).get_json()["treatments"]
    blank = {"offer_id": None}
    assert [item | blank for item in preview] == [item | blank for item in decided]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "channel"),
        ({"channel": "fax"}, "channel"),
        ({"channel": 1}, "channel"),
        ({"channel": "phone", "limit": 0}, "limit"),
        ({"channel": "phone", "limit": 101}, "limit"),
        ({"channel": "phone", "limit": "3"}, "limit"),
        ({"channel": "phone", "limt": 3}, "limt"),
        ({"channel": "phone", "preview": "yes"}, "preview"),
        ({"channel": "phone", "stage": "pay"}, "stage"),
        ({"channel": "phone", "intent": "leave"}, "stage"),
        ({"channel": "phone", "preview": True, "stage": "nowhere"}, "stage"),
        ({"channel": "phone", "preview": True, "stage": "pay", "intent": "nonsense"}, "intent"),
        ({"channel": "phone", "preview": True, "intent": "nonsense"}, "intent"),
    ],
)
def test_a_decision_asked_for_wrongly_is_refused_by_field_and_stores_nothing(api: Api, body: Any, field: str) -> None:
    before = counts()
    told = problem(api.call("POST", f"/customers/{api.known}/decisions", body), 422, "invalid")
    assert field in told["errors"]
    assert counts() == before


def test_who_or_what_is_not_there_is_not_found(api: Api) -> None:
    nobody = uuid4()
    for method, path, body in (
        ("POST", f"/customers/{nobody}/decisions", {"channel": "phone"}),
        ("POST", f"/customers/{nobody}/decisions", {"channel": "phone", "preview": True}),
        ("GET", f"/decisions/{nobody}", None),
        ("POST", f"/decisions/{nobody}/replay", None),
        ("POST", f"/offers/{nobody}/responses", {"response": "accepted", "channel": "phone"}),
        ("GET", "/decisions/nonsense", None),
        ("POST", "/customers/1/decisions", {"channel": "phone"}),
    ):
        problem(api.call(method, path, body), 404, "not_found")


def test_a_stored_decision_is_explained_and_replays_identical(api: Api) -> None:
    decided = api.decide(api.customer(), limit=100).get_json()
    before = counts()
    shown = api.call("GET", f"/decisions/{decided['decision_id']}").get_json()
    told = {(i["treatment"], i["priority"]) for i in shown["treatments"]}
    assert {(i["treatment"], i["priority"]) for i in decided["treatments"]} <= told
    for name in (
        "customer_id",
        "profile_version",
        "ledger_version",
        "catalogue_version",
        "engine_version",
        "stands_until",
    ):
        assert shown[name] == decided[name]
    replayed = api.call("POST", f"/decisions/{decided['decision_id']}/replay")
    assert (replayed.status_code, replayed.get_json()) == (200, {"identical": True, "differences": []})
    assert counts() == before


# --- answers ----------------------------------------------------------------------------------------------------------


def test_an_answer_implies_that_the_offer_was_presented_and_is_on_the_timeline_once(api: Api) -> None:
    customer = api.customer()
    offer = api.offer(customer)
    accepted = api.respond(offer, "accepted", "portal")
    assert accepted.status_code == 200
    told = accepted.get_json()
    assert (told["offer_id"], told["state"], told["channel"]) == (offer, "accepted", "portal")
    events = api.call("GET", f"/customers/{customer}/timeline").get_json()["items"]
    mine = [(e["kind"], e["channel"]) for e in events if e["data"].get("offer_id") == offer]
    assert mine.count(("offer.accepted", "portal")) == 1


@pytest.mark.parametrize("first", ["accepted", "declined"])
@pytest.mark.parametrize("second", ["accepted", "declined", "deferred"])
def test_what_was_answered_stays_answered_but_for_the_reversal_of_a_decline(api: Api, first: str, second: str) -> None:
    offer = api.offer()
    assert api.respond(offer, first, "phone").status_code == 200
    again = api.respond(offer, second, "portal")
    if (first, second) == ("declined", "accepted"):
        assert (again.status_code, again.get_json()["state"]) == (200, "accepted")
        problem(api.respond(offer, "declined"), 409, "already_answered")
        return
    told = problem(again, 409, "already_answered")
    assert told["offer"]["offer_id"] == offer
    assert told["offer"]["state"] == first
    assert (told["where"], told["who"] != "", told["when"] != "") == ("phone", True, True)


def test_a_page_that_did_not_see_the_decline_cannot_take_it_back(api: Api) -> None:
    offer = api.offer()
    seen = api.respond(offer, "presented").get_json()["version"]
    declined = api.respond(offer, "declined", version=seen, reason="Too dear").get_json()
    problem(api.respond(offer, "accepted", "portal", version=seen), 409, "already_answered")
    accepted = api.respond(offer, "accepted", "portal", version=declined["version"])
    assert (accepted.status_code, accepted.get_json()["state"]) == (200, "accepted")


def test_presented_twice_is_presented_once(api: Api) -> None:
    offer = api.offer()
    first, second = api.respond(offer, "presented"), api.respond(offer, "presented", "portal")
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.get_json() == second.get_json()


def test_an_offer_is_put_off_until_a_day_to_come(api: Api) -> None:
    offer = api.offer()
    for until in ("2020-01-01", "tomorrow", "2026-13-01", "9999-12-31"):
        told = problem(api.respond(offer, "deferred", until=until), 422, "invalid")
        assert "until" in told["errors"]
    assert api.respond(offer, "deferred").get_json()["until"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"channel": "phone"}, "response"),
        ({"response": "perhaps", "channel": "phone"}, "response"),
        ({"response": "accepted"}, "channel"),
        ({"response": "accepted", "channel": "fax"}, "channel"),
        ({"response": "accepted", "channel": "phone", "version": 0}, "version"),
        ({"response": "accepted", "channel": "phone", "reason": "x" * 501}, "reason"),
        ({"response": "accepted", "channel": "phone", "note": "x"}, "note"),
    ],
)
def test_an_answer_that_cannot_be_taken_is_refused_by_field(api: Api, body: Any, field: str) -> None:
    offer = api.offer(str(api.known))
    before = counts()
    assert field in problem(api.call("POST", f"/offers/{offer}/responses", body), 422, "invalid")["errors"]
    assert counts() == before


# --- the same request again -------------------------------------------------------------------------------------------


def test_a_request_sent_again_under_its_key_gets_the_first_answer(api: Api) -> None:
    offer = api.offer()
    body = {"response": "accepted", "channel": "phone"}
    path, key = f"/offers/{offer}/responses", uuid4().hex
    first = api.call("POST", path, body, Idempotency_Key=key)
    before = counts()
    again = api.call("POST", path, body, Idempotency_Key=key)
    assert (first.status_code, again.status_code, again.data) == (200, 200, first.data)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert counts() == before
    problem(api.call("POST", path, body | {"channel": "portal"}, Idempotency_Key=key), 422, "idempotency_key_reused")
    problem(api.call("POST", path, body), 409, "already_answered")


def test_a_refusal_is_repeated_too(api: Api) -> None:
    offer = api.offer()
    api.respond(offer, "accepted")
    sent: Callable[[], TestResponse] = lambda: api.call(  # noqa: E731
        "POST",
        f"/offers/{offer}/responses",
        {"response": "declined", "channel": "phone"},
        Idempotency_Key=f"key {offer}",
    )
    assert problem(sent(), 409, "already_answered") == problem(sent(), 409, "already_answered")


def test_while_the_first_is_worked_on_the_second_is_told_so(api: Api) -> None:
    offer = api.offer()
    raw = b'{"response": "accepted", "channel": "phone"}'
    with db.reading() as session:
        actor = people.key_actor(session, api.key)
    assert actor is not None
    asked = record.request_of(actor.id, "POST", f"/api/v1/offers/{offer}/responses", "slow", raw)
    assert record.begin(asked, clock.now()) is None
    headers = {"Authorization": f"Bearer {api.key}", "Idempotency-Key": "slow", "Content-Type": "application/json"}
    told = api.app.test_client().post(f"/api/v1/offers/{offer}/responses", data=raw, headers=headers)
    problem(told, 409, "still_running")


def test_the_same_key_sent_at_once_by_several_does_the_act_once(api: Api) -> None:
    offer = api.offer()
    barrier = threading.Barrier(4)
    found: list[tuple[int, str | None]] = []

    def send() -> None:
        barrier.wait()
        response = api.call(
            "POST",
            f"/offers/{offer}/responses",
            {"response": "accepted", "channel": "phone"},
            Idempotency_Key=f"at once {offer}",
        )
        found.append((response.status_code, response.get_json().get("code")))

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (200, None) in found
    assert set(found) <= {(200, None), (409, "still_running")}


def test_an_acceptance_that_asks_for_something_takes_it_from_the_body(api: Api) -> None:
    asking = ""
    while not asking:
        customer = api.customer()
        api.call(
            "PUT", f"/customers/{customer}/moment", {"stage": "support", "intent": "not_working", "channel": "phone"}
        )
        found = {one["treatment"]: one["offer_id"] for one in api.decide(customer, limit=100).get_json()["treatments"]}
        asking = found.get("callback", "")
    assert api.respond(asking, "declined", inputs={"when": "x"}).get_json()["errors"] == {
        "inputs": "only with accepted"
    }
    wrong = api.respond(asking, "accepted", inputs={"when": "soon"})
    assert wrong.status_code == 422
    assert wrong.get_json()["errors"] == {"inputs.when": "That time was just taken. Choose another."}
    when, about = api.call("GET", f"/offers/{asking}/inputs").get_json()["items"]
    assert (when["kind"], when["required"], about["kind"]) == ("slot", False, "text")
    chosen = when["options"][0]
    done = api.respond(asking, "accepted", inputs={"when": chosen["value"], "about": "My line"}).get_json()
    assert done["state"] == "accepted"
    assert [(one["key"], one["text"]) for one in done["inputs"]] == [("when", chosen["label"]), ("about", "My line")]
