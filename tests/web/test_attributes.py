"""Attributes with their sources: told by programs over the API, weighed one against another, and shown with who lost and why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from backend import db
from backend.identities import service as identities
from backend.interactions import service as interactions
from backend.people import service as people
from backend.profiles import service as profiles
from shared.kernel import clock
from tests.cast import AGENT, PORTAL_CUSTOMER, SUPERVISOR
from tests.pages import Browser

Ask = Callable[..., Any]


@pytest.fixture
def customer(loaded: str) -> UUID:
    with db.reading() as session:
        return profiles.search(session, identifier=f"number:{PORTAL_CUSTOMER}").items[0].id


@pytest.fixture
def ask(api_app: Flask, customer: UUID) -> Ask:
    """Asks as a program of these scopes: the answer."""
    keys: dict[tuple[str, str], str] = {}

    def send(
        method: str, body: Any = None, *, scope: str = "attributes:write", system: str = "", **headers: str
    ) -> Any:
        if (scope, system) not in keys:
            with db.transaction() as session:
                keys[scope, system] = people.create_key(session, [scope], clock.now(), system)[1]
        return api_app.test_client().open(
            f"/api/v1/customers/{customer}/attributes", method=method, json=body,
            headers={"Authorization": f"Bearer {keys[scope, system]}", **headers},
        )  # fmt: skip

    return send


def told(values: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"attributes": values, "source": "crm", **more}


def only(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    (item,) = answer.get_json()["items"]
    found: dict[str, Any] = item
    return found


def test_what_a_program_tells_stands_and_is_on_the_record(ask: Ask, customer: UUID) -> None:
    with db.reading() as session:
        before = profiles.profile(session, customer)
    answer = ask("PATCH", told({"contract": "two year", "tenure": 61}))
    assert answer.status_code == 200, answer.text
    by_key = {one["attribute"]: one for one in answer.get_json()["items"]}
    assert (by_key["contract"]["value"], by_key["contract"]["source"], by_key["contract"]["why"]) == (
        "Two year",
        "crm",
        "newer",
    )
    assert answer.get_json()["version"] == before.version + 1
    with db.reading() as session:
        after = profiles.profile(session, customer)
        event = next(e for e in interactions.timeline(session, customer).items if e.kind == "profile.changed")
    assert (after.attributes["contract"], after.attributes["tenure"]) == ("Two year", 61)
    assert (event.data["source"], event.data["changed"]) == ("crm", {"contract": "Two year", "tenure": 61})
    assert "long_standing" in (after.states or {})["segments"], "segments follow in the same transaction"


def test_the_answer_says_which_source_won_and_why(ask: Ask) -> None:
    only(ask("PATCH", told({"contract": "One year"}, source="billing")))
    lost = only(ask("PATCH", told({"contract": "Two year"}, source="web")))
    assert (lost["value"], lost["source"], lost["why"]) == ("One year", "billing", "trusted")
    assert next((one["source"], one["value"]) for one in lost["others"]) == ("web", "Two year")
    checked = only(
        ask("PATCH", told({"contract": "Two year"}, source="web", verified=True), scope="attributes:verified")
    )
    assert (checked["value"], checked["source"], checked["why"], checked["verified"]) == (
        "Two year",
        "web",
        "verified",
        True,
    )
    stubborn = only(ask("PATCH", told({"contract": "Month-to-month"}, source="billing")))
    assert stubborn["value"] == "Two year", "nothing goes over what was verified"
    assert only_of(ask("GET"), "contract")["others"][0]["value"] == "Month-to-month"


def only_of(answer: Any, key: str) -> dict[str, Any]:
    return next(one for one in answer.get_json()["items"] if one["attribute"] == key)


def test_late_tidings_do_not_go_over_newer_ones_of_the_same_source(ask: Ask) -> None:
    only(ask("PATCH", told({"tenure": 12})))
    late = (clock.now() - timedelta(days=3)).isoformat()
    assert only(ask("PATCH", told({"tenure": 9}, at=late)))["value"] == 12


def test_the_same_request_under_its_key_is_answered_once(ask: Ask, customer: UUID) -> None:
    first = ask("PATCH", told({"tenure": 30}), **{"Idempotency-Key": "one"})
    again = ask("PATCH", told({"tenure": 30}), **{"Idempotency-Key": "one"})
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.get_json() == first.get_json()
    with db.reading() as session:
        events = [e for e in interactions.timeline(session, customer).items if e.kind == "profile.changed"]
    assert len([e for e in events if e.data.get("changed") == {"tenure": 30}]) == 1


def test_what_a_program_may_not_say_is_refused_and_changes_nothing(ask: Ask, customer: UUID) -> None:
    with db.reading() as session:
        before = profiles.profile(session, customer)
    assert ask("PATCH", told({"tenure": 1}, verified=True)).status_code == 403
    assert ask("PATCH", told({"tenure": 1}), scope="customers:read").status_code == 403
    assert ask("PATCH", told({"tenure": 1}, source="billing"), system="partner").status_code == 403
    for body in (
        told({}), told({"tenure": "many"}), told({"no_such": 1}), told({"contract": "Weekly"}), told({"tenure": None}),
        {"attributes": {"tenure": 1}}, told({"tenure": 1}, at="2199-01-01T00:00:00Z"), told({"tenure": 1, "contract": "x"}),
    ):  # fmt: skip
        answer = ask("PATCH", body)
        assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid"), body
        assert answer.get_json()["errors"], body
    with db.reading() as session:
        assert profiles.profile(session, customer) == before


def test_a_key_made_for_a_system_speaks_for_it_without_saying_so(ask: Ask) -> None:
    assert only(ask("PATCH", {"attributes": {"tenure": 7}}, system="partner"))["source"] == "partner"


def test_what_is_masked_stays_so_in_the_answer(ask: Ask) -> None:
    said = {"payment_method": "Electronic check"}
    hidden = only(ask("PATCH", told(said)))
    assert (hidden["masked"], hidden["value"]) == (True, None)
    assert all(one["value"] is None for one in hidden["others"])
    assert "Electronic check" not in ask("GET", scope="customers:read").text
    assert only_of(ask("GET", scope="customers:sensitive"), "payment_method")["value"] == "Electronic check"
    assert "gender" not in {one["attribute"] for one in ask("GET", scope="customers:sensitive").get_json()["items"]}


def test_the_desk_shows_what_stands_who_told_it_and_who_told_otherwise(
    ask: Ask, desk_as: Callable[[str], Browser], customer: UUID
) -> None:
    ask("PATCH", told({"contract": "One year", "payment_method": "Mailed check"}, source="billing"))
    ask("PATCH", told({"contract": "Two year"}, source="web"))
    desk = desk_as(AGENT)
    where = next(
        a for a in desk.get(f"/customers/{customer}").all("a") if "".join(a.itertext()) == "Where this comes from"
    )
    page = desk.get(where.get("href") or "")
    row = next(row for row in page.all("tr") if "".join(row.itertext()).strip().startswith("Contract"))
    text = " ".join("".join(row.itertext()).split())
    for words in ("One year", "Billing system", "trusted more", "Two year", "Website"):
        assert words in text
    assert "Mailed check" not in page.html
    desk.get(f"/customers/{customer}").submit("/contact")
    form = next(form for form in desk.get(f"/customers/{customer}").forms if form.action.endswith("/verification"))
    desk.send("post", form.action, {**form.fields, "how": "password"})
    assert "Mailed check" in desk.get(where.get("href") or "").html
    looks = desk_as(SUPERVISOR).get(f"/customers/{customer}/looks").text
    assert "Where this comes from" in looks


def test_who_may_merge_is_led_from_the_customer_to_who_may_be_the_same(
    desk_as: Callable[[str], Browser], customer: UUID
) -> None:
    with db.transaction() as session:
        other = next(one.id for one in profiles.search(session, limit=5).items if one.id != customer)
        identities.suggest(session, [(customer, other, 21.0, ())], clock.now())
    page = desk_as(SUPERVISOR).get(f"/customers/{customer}")
    (link,) = [a.get("href") for a in page.all("a") if "May be the same person" in "".join(a.itertext())]
    assert link == f"/duplicates/{customer}/{other}"
    assert desk_as(SUPERVISOR).get(link).status == 200
    assert "May be the same person" not in desk_as(AGENT).get(f"/customers/{customer}").html
