"""What a customer allows: at the portal, at the desk and through the API, one and the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from backend import db
from backend.people import service as people
from backend.profiles import service as profiles
from shared.kernel import clock
from tests.cast import ADMIN, PORTAL_CUSTOMER
from tests.pages import Browser, Page, text_of

WORDING = "You may tell me about offers and news that fit me."


@pytest.fixture
def customer_id(loaded: str) -> str:
    with db.reading() as session:
        return str(profiles.search(session, identifier=f"number:{PORTAL_CUSTOMER}").items[0].id)


def marketing(customer_id: str) -> dict[str, str]:
    with db.reading() as session:
        profile = profiles.profile(
            session, profiles.search(session, identifier=f"number:{PORTAL_CUSTOMER}").items[0].id
        )
    assert str(profile.customer_id) == customer_id
    return {c.channel: c.state for c in profile.consents if c.purpose == "marketing"}


def ways(page: Page, purpose: str = "marketing") -> dict[str, Any]:
    """The form's fields for one purpose, with the boxes that are ticked."""
    form = next(form for form in page.forms if form.fields.get("purpose") == purpose)
    boxes = [one for one in form.element.iter("input") if one.get("name") == "channel"]
    ticked = [str(one.get("value")) for one in boxes if one.get("checked") is not None]
    return {**form.fields, "channel": ticked}


@pytest.mark.parametrize("htmx", [False, True])
def test_a_customer_takes_a_consent_back_and_sets_it_again(portal: Browser, customer_id: str, htmx: bool) -> None:
    page = portal.get("/privacy")
    assert WORDING in page.text
    given = ways(page)["channel"]
    assert {channel for channel, state in marketing(customer_id).items() if state == "granted"} == set(given)
    after = portal.send("post", "/privacy/consents", ways(page) | {"channel": []}, htmx=htmx)
    assert "Saved" in portal.get("/privacy").text or "Saved" in after.text
    assert {marketing(customer_id)[channel] for channel in given} == {"withdrawn"}
    assert "You no longer agree: offers and news" in portal.get("/privacy").text
    assert "You no longer agree: offers and news" in portal.get("/activity").text
    portal.send("post", "/privacy/consents", ways(portal.get("/privacy")) | {"channel": given})
    assert {channel for channel, state in marketing(customer_id).items() if state == "granted"} == set(given)


def test_saving_what_stood_already_changes_nothing(portal: Browser, customer_id: str) -> None:
    page = portal.get("/privacy")
    assert "Nothing changed" in portal.send("post", "/privacy/consents", ways(page)).text


def test_words_that_changed_meanwhile_are_not_agreed_to(portal: Browser, customer_id: str) -> None:
    before = marketing(customer_id)
    page = portal.send("post", "/privacy/consents", ways(portal.get("/privacy")) | {"wording": "You may sell my data."})
    assert (page.status, "The wording has changed" in page.text) == (409, True)
    page = portal.send("post", "/privacy/consents", ways(portal.get("/privacy")) | {"channel": ["pigeon"]})
    assert (page.status, "pigeon" in page.text) == (422, False)
    assert marketing(customer_id) == before


@pytest.mark.parametrize("htmx", [False, True])
def test_an_agent_records_what_the_customer_says(desk: Browser, customer_id: str, htmx: bool) -> None:
    page = desk.get(f"/customers/{customer_id}")
    assert f"Read out: “{WORDING}”" in page.text
    after = desk.send("post", f"/customers/{customer_id}/consents", ways(page) | {"channel": ["email"]}, htmx=htmx)
    assert "On record: what they allow" in after.text
    said = marketing(customer_id)
    assert said["email"] == "granted"
    assert "granted" not in {state for channel, state in said.items() if channel != "email"}
    again = desk.get(f"/customers/{customer_id}")
    assert ways(again)["channel"] == ["email"]
    assert "No longer agrees: offers and news" in text_of(again.one(id="timeline"))


def test_who_only_reads_records_no_consent(desk_as: Callable[[str], Browser], customer_id: str) -> None:
    page = desk_as(ADMIN).get(f"/customers/{customer_id}")
    assert "Record what they say" not in page.text


# --- programs -------------------------------------------------------------------------------------------------------


def call(api_app: Flask, method: str, where: str, scope: str = "consents:write", **sent: Any) -> Any:
    with db.transaction() as session:
        key = people.create_key(session, [scope], clock.now())[1]
    return api_app.test_client().open(where, method=method, headers={"Authorization": f"Bearer {key}"}, **sent)


def test_a_program_reads_and_writes_consents(api_app: Flask, customer_id: str) -> None:
    where = f"/api/v1/customers/{customer_id}/consents"
    body = {
        "purpose": "marketing",
        "channel": "email",
        "state": "granted",
        "source": "branch form 7",
        "said_in": "branch",
    }
    call(api_app, "PUT", where, json=body)
    answer = call(api_app, "PUT", where, json=body | {"state": "denied", "wording": "May we write to you?"})
    assert answer.status_code == 200
    (now,) = [one for one in answer.json["items"] if (one["purpose"], one["channel"]) == ("marketing", "email")]
    assert (now["state"], now["source"], now["wording"]) == ("withdrawn", "branch form 7", "May we write to you?")
    first = answer.json["history"][0]
    assert (first["state"], first["by"]["kind"], first["wording_version"]) == ("withdrawn", "key", 2)
    assert call(api_app, "GET", where, "customers:read").json == answer.json


@pytest.mark.parametrize(
    ("wrong", "status"),
    [({"purpose": "spying"}, 422), ({"channel": "pigeon"}, 422), ({"state": "perhaps"}, 422), ({"source": ""}, 422), ({"more": 1}, 422)],
)  # fmt: skip
def test_a_consent_that_cannot_be_is_refused_with_the_reason(
    api_app: Flask, customer_id: str, wrong: dict[str, Any], status: int
) -> None:
    body = {"purpose": "marketing", "channel": "email", "state": "granted", "source": "form"}
    answer = call(api_app, "PUT", f"/api/v1/customers/{customer_id}/consents", json=body | wrong)
    assert (answer.status_code, set(answer.json["errors"])) == (status, set(wrong))


def test_reading_alone_writes_no_consent(api_app: Flask, customer_id: str) -> None:
    body = {"purpose": "marketing", "channel": "email", "state": "granted", "source": "form"}
    answer = call(api_app, "PUT", f"/api/v1/customers/{customer_id}/consents", "customers:read", json=body)
    assert answer.status_code == 403
