"""The API of customers: found, shown, told about; strict in what it takes, the same on both databases."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from backend import db
from backend.people import service as people
from backend.profiles.tables import CustomerAliasRow
from shared.kernel import clock
from tests.cast import PORTAL_CUSTOMER

Call = Callable[..., TestResponse]


@pytest.fixture
def call(api_app: Flask) -> Call:
    """Sends a request as a program with a key; `scope` says what the key may do, None sends none."""
    client = api_app.test_client()

    def send(method: str, path: str, body: Any = None, scope: str | None = "all") -> TestResponse:
        headers = {}
        if scope is not None:
            with db.transaction() as session:
                headers["Authorization"] = f"Bearer {people.create_key(session, [scope], clock.now())[1]}"
        return client.open(f"/api/v1{path}", method=method, json=body, headers=headers)

    return send


def find(call: Call, **asked: Any) -> list[dict[str, Any]]:
    response = call("POST", "/customers/search", asked)
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = response.get_json()["items"]
    return items


def first_id(call: Call) -> str:
    return str(find(call, identifier=f"number:{PORTAL_CUSTOMER}")[0]["id"])


def test_a_customer_is_recognised_by_phone_email_and_number(call: Call) -> None:
    customer_id = first_id(call)
    shown = call("GET", f"/customers/{customer_id}").get_json()
    for identifier in (
        f"phone:{shown['phone']}",
        f"email:{shown['email'].upper()}",
        f"number:{shown['number'].lower()}",
    ):
        (match,) = find(call, identifier=identifier)
        assert (match["id"], match["name"], match["matched"]) == (customer_id, shown["name"], identifier.split(":")[0])
        assert 0.8 < match["confidence"] <= 1


def test_without_a_question_all_customers_are_listed_by_number(call: Call) -> None:
    first = call("POST", "/customers/search", {"limit": 3}).get_json()
    second = call("POST", "/customers/search", {"limit": 3, "cursor": first["next_cursor"]}).get_json()
    numbers = [item["number"] for item in first["items"] + second["items"]]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) == 6
    assert {item["matched"] for item in first["items"]} == {"listed"}


def test_the_profile_is_whole_and_holds_only_what_agents_may_see(call: Call) -> None:
    shown = call("GET", f"/customers/{first_id(call)}").get_json()
    assert shown["number"] == PORTAL_CUSTOMER
    assert shown["version"] >= 1
    assert shown["made_up"] is True
    assert type(shown["attributes"]["monthly_charges"]) is float
    assert not {"gender", "partner", "dependents"} & set(shown["attributes"])
    assert shown["facts"]["days_since_joined"] > 0
    assert all(bill["amount"]["currency"] == "USD" for bill in shown["bills"])
    assert {c["purpose"] for c in shown["consents"]} == {"marketing"}
    assert shown["moment"] is None


def test_an_alias_leads_to_the_canonical_customer(call: Call) -> None:
    customer_id, old = first_id(call), uuid.uuid4()
    with db.transaction() as session:
        session.add(CustomerAliasRow(alias_id=old, customer_id=uuid.UUID(customer_id)))
    assert call("GET", f"/customers/{old}").get_json()["id"] == customer_id
    assert call("GET", f"/customers/{old}/timeline").get_json()["items"]
    told = call("PUT", f"/customers/{old}/moment", {"stage": "support", "intent": None, "channel": "phone"})
    assert told.status_code == 200
    assert call("GET", f"/customers/{customer_id}").get_json()["moment"]["stage"] == "support"


def test_the_timeline_comes_newest_first_in_pages_and_narrows(call: Call) -> None:
    for customer in find(call, limit=50):
        where = f"/customers/{customer['id']}/timeline"
        first = call("GET", f"{where}?limit=5").get_json()
        if call("GET", f"{where}?limit=20").get_json()["next_cursor"]:
            break
    second = call("GET", f"{where}?limit=5&cursor={first['next_cursor']}").get_json()
    times = [item["at"] for item in first["items"] + second["items"]]
    assert len(times) == 10
    assert times == sorted(times, reverse=True)
    assert times[0].endswith("Z")
    bills = call("GET", f"{where}?kind=bill.issued").get_json()["items"]
    assert {item["kind"] for item in bills} == {"bill.issued"}
    assert bills[0]["title"].startswith("Bill $")
    assert bills[0]["actor"] == {"kind": "system", "name": "Billing"}


def test_a_moment_is_put_and_put_again(call: Call) -> None:
    where = f"/customers/{first_id(call)}"
    body = {"stage": "renew", "intent": "price", "channel": "phone"}
    once = call("PUT", f"{where}/moment", body)
    twice = call("PUT", f"{where}/moment", body)
    assert (once.status_code, twice.status_code) == (200, 200)
    assert once.get_json()["version"] == twice.get_json()["version"] == 1
    assert once.get_json()["live"] is True
    told = call("GET", f"{where}/timeline?kind=moment.set").get_json()["items"]
    assert [item["title"] for item in told] == ["Here for: Price too high"]
    assert call("PUT", f"{where}/moment", body | {"intent": None}).get_json()["version"] == 2


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "/customers/search", {"limit": 0}, "limit"),
        ("POST", "/customers/search", {"limit": "3"}, "limit"),
        ("POST", "/customers/search", {"who": "maria"}, "who"),
        ("POST", "/customers/search", {"identifier": "shoe:42"}, "identifier"),
        ("POST", "/customers/search", {"cursor": "nonsense"}, "cursor"),
        ("GET", "/customers/{id}/timeline?limit=101", None, "limit"),
        ("GET", "/customers/{id}/timeline?cursor=nonsense", None, "cursor"),
        ("PUT", "/customers/{id}/moment", {"stage": "nowhere", "intent": None, "channel": "phone"}, "stage"),
        ("PUT", "/customers/{id}/moment", {"stage": "pay", "intent": "bored", "channel": "phone"}, "intent"),
        ("PUT", "/customers/{id}/moment", {"stage": "pay", "channel": "fax"}, "channel"),
        ("PUT", "/customers/{id}/moment", {"intent": None, "channel": "phone"}, "stage"),
    ],
)
def test_what_cannot_be_taken_is_told_by_field(call: Call, method: str, path: str, body: Any, field: str) -> None:
    response = call(method, path.replace("{id}", first_id(call)), body)
    assert response.status_code == 422, response.text
    assert response.content_type.startswith("application/problem+json")
    assert field in response.get_json()["errors"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/customers/{id}", None),
        ("GET", "/customers/{id}/timeline", None),
        ("PUT", "/customers/{id}/moment", {"stage": "pay", "intent": None, "channel": "phone"}),
    ],
)
def test_who_is_not_there_is_not_found_and_without_a_key_nobody_is(
    call: Call, method: str, path: str, body: Any
) -> None:
    nobody = call(method, path.replace("{id}", str(uuid.uuid4())), body)
    assert (nobody.status_code, nobody.get_json()["code"]) == (404, "not_found")
    somebody = path.replace("{id}", first_id(call))
    assert call(method, somebody, body, scope=None).status_code == 401
    assert call(method, somebody, body, scope="events:write").status_code == 403
