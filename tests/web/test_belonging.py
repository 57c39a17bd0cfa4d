"""Households and accounts over the API and at the desk: joined, left, shown, and masked until the caller is verified."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from backend import db
from backend.interactions import service as interactions
from backend.people import service as people
from backend.profiles import service as profiles
from shared.kernel import clock
from shared.kernel.actors import SYSTEM
from tests.cast import AGENT, PORTAL_CUSTOMER, SUPERVISOR
from tests.pages import Browser

Ask = Callable[..., Any]
HOME = {"key": "home-1", "kind": "household", "name": "The Zabriskie home", "source": "crm"}


@pytest.fixture
def two(loaded: str) -> tuple[profiles.Profile, profiles.Profile]:
    with db.reading() as session:
        one = profiles.search(session, identifier=f"number:{PORTAL_CUSTOMER}").items[0].id
        other = next(item.id for item in profiles.search(session, limit=5).items if item.id != one)
        return profiles.profile(session, one), profiles.profile(session, other)


@pytest.fixture
def ask(api_app: Flask) -> Ask:
    def send(
        method: str, customer_id: UUID, path: str = "", body: Any = None, scope: str = "groups:write", system: str = ""
    ) -> Any:
        with db.transaction() as session:
            key = people.create_key(session, [scope], clock.now(), system)[1]
        where = f"/api/v1/customers/{customer_id}/groups{path}"
        return api_app.test_client().open(where, method=method, json=body, headers={"Authorization": f"Bearer {key}"})

    return send


def test_a_program_joins_two_in_a_household_reads_it_and_ends_it(ask: Ask, two: tuple[Any, Any]) -> None:
    one, other = two
    assert ask("POST", other.customer_id, body=HOME).status_code == 200
    (item,) = ask("POST", one.customer_id, body=HOME | {"traits": {"rooms": 3}}).get_json()["items"]
    assert (item["kind"], item["size"], item["source"], item["until"]) == ("household", 1, "crm", None)
    assert (item["name"], item["traits"]) == ("", {}), "this key may not read what is masked"
    assert other.name not in str(item)
    (read,) = ask("GET", one.customer_id, scope="customers:sensitive").get_json()["items"]
    assert (read["name"], read["traits"]) == (HOME["name"], {"rooms": 3})
    assert read["others"] == [{"id": str(other.customer_id), "number": other.number, "name": other.name}]
    (left,) = ask("POST", one.customer_id, f"/{item['id']}/ending").get_json()["items"]
    assert left["until"] is not None
    assert left["others"] == []
    assert ask("POST", one.customer_id, f"/{item['id']}/ending").status_code == 409
    assert ask("POST", one.customer_id, f"/{UUID(int=3)}/ending").status_code == 404


def test_what_a_program_may_not_say_is_refused_and_changes_nothing(ask: Ask, two: tuple[Any, Any]) -> None:
    one = two[0].customer_id
    assert ask("POST", one, body=HOME, scope="customers:read").status_code == 403
    assert ask("POST", one, body=HOME, system="partner").status_code == 403
    for wrong in (
        {"key": ""},
        {"kind": "club"},
        {"since": "2199-01-01T00:00:00Z"},
        {"source": None},
        {"traits": {"a": []}},
    ):
        answer = ask("POST", one, body=HOME | wrong)
        assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid"), wrong
    assert ask("GET", one, scope="customers:read").get_json()["items"] == []


def test_the_desk_names_who_else_lives_there_once_the_caller_is_verified(
    desk_as: Callable[[str], Browser], two: tuple[Any, Any]
) -> None:
    one, other = two
    now = clock.now()
    with db.transaction() as session:
        for customer in two:
            interactions.join_group(
                session, customer.customer_id, HOME["key"], kind="household", name=HOME["name"], traits={}, source="crm",
                label="Customer records", since=now, actor=SYSTEM, now=now,
            )  # fmt: skip
    desk, where = desk_as(AGENT), f"/customers/{one.customer_id}"
    page = desk.get(where)
    assert "Household" in page.text
    assert other.name not in page.html
    assert HOME["name"] not in page.html
    (link,) = [a for a in page.all("a") if a.get("href") == f"/customers/{other.customer_id}"]
    assert "".join(link.itertext()) == profiles.name_text(other.name)
    page.submit("/contact")
    form = next(form for form in desk.get(where).forms if form.action.endswith("/verification"))
    desk.send("post", form.action, {**form.fields, "how": "password"})
    after = desk.get(where)
    assert other.name in after.html
    assert HOME["name"] in after.html
    assert HOME["name"] not in desk_as(SUPERVISOR).get(where).html, "a colleague sees nothing by my verification"


def test_a_customer_in_no_household_sees_no_empty_box(desk: Browser, two: tuple[Any, Any]) -> None:
    assert "Household and accounts" not in desk.get(f"/customers/{two[0].customer_id}").html
