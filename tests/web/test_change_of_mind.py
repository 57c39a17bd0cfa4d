"""Taking back what was accepted, at the desk, on the portal and by the API; and the work that an acceptance set in motion."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backend import db
from backend.cases import service as cases
from backend.people import service as people
from backend.profiles import service as profiles
from backend.record import service as record
from backend.treatments import service as treatments
from shared.kernel import clock, ids
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.money import Money
from tests.cast import PORTAL_CUSTOMER, SUPERVISOR
from tests.pages import Browser, Page, text_of

both_ways = pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])


def customer() -> UUID:
    with db.reading() as session:
        found = profiles.find_by_sign_in(session, PORTAL_CUSTOMER)
    assert found is not None
    return found


def opened(desk: Browser) -> Page:
    return desk.get(f"/customers/{customer()}")


def undoable(kind: str | None = None) -> UUID:
    """An offer of the customer that can be taken back once it was accepted; of this kind of fulfilment, if that matters."""
    made = treatments.decide(customer(), clock.now())
    for item in made.ranked:
        act = made.inputs.configuration.catalogue_of(item.catalogue_version).treatments[item.treatment].fulfilment
        if act.undo_days and kind in (None, act.kind):
            return UUID(item.offer_id)
    raise AssertionError(f"no offer of kind {kind} that can be taken back")


def accept(offer: UUID, *, done: bool) -> None:
    with db.transaction() as session:
        themselves = Actor("customer", str(customer()), "Ada", customer_id=customer())
        treatments.answer(session, offer, "accepted", channel="portal", actor=themselves, now=clock.now())
    if done:
        record.register(treatments.FULFIL, treatments.fulfil)
        record.run_due(clock.now())


def state(offer: UUID) -> str:
    with db.reading() as session:
        return next(
            o.state for o in treatments.offers_of(session, customer(), SYSTEM, clock.now()) if o.offer_id == offer
        )


# --- portal ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("done", [False, True], ids=["accepted", "arranged"])
def test_the_portal_says_until_when_and_takes_it_back(portal: Browser, done: bool) -> None:
    offer = undoable()
    accept(offer, done=done)
    page = portal.get(f"/offers/{offer}")
    assert "You can change your mind until" in page.text
    home = portal.get("/")
    assert "You can change your mind until" in text_of(home.one("li", data_answered=str(offer)))
    after = page.submit(f"{offer}/undo")
    assert (after.status, after.path) == (200, f"/offers/{offer}")
    assert text_of(after.one("h1")).startswith("Taken back:")
    assert state(offer) == "undone"
    assert not [form for form in after.forms if form.action.endswith("/undo")]
    again = page.submit(f"{offer}/undo")
    assert "Already answered" not in again.text, "a double click is no reason to warn"
    assert text_of(again.one("h1")).startswith("Taken back:")
    assert "You took back" in portal.get("/activity").text


def test_what_the_team_took_back_first_is_told(portal: Browser, desk: Browser) -> None:
    offer = undoable()
    accept(offer, done=True)
    page = portal.get(f"/offers/{offer}")
    opened(desk).submit(f"{offer}/undo")
    late = page.submit(f"{offer}/undo")
    assert late.status == 409
    assert "taken back already" in late.text
    assert "our team" in late.text


def test_what_was_never_accepted_is_not_taken_back_on_the_portal(portal: Browser) -> None:
    shown = portal.get("/").all("article", class_="offer")[0].get("data-offer", "")
    token = next(form.fields["csrf_token"] for form in portal.get("/").forms if form.fields.get("csrf_token"))
    refused = portal.post(f"/offers/{shown}/undo", {"csrf_token": token})
    assert refused.status == 409
    assert "nothing to take back" in refused.text
    assert portal.post(f"/offers/{uuid4()}/undo", {"csrf_token": token}).status == 404


def test_a_credit_that_waits_is_shown_with_the_bills(portal: Browser, desk: Browser) -> None:
    with db.transaction() as session:
        profiles.book_credit(session, customer(), ids.uuid7(), "A credit", Money(99_999_99, "USD"), clock.now())
    part = text_of(portal.get("/bills").one("section", aria_labelledby="credits"))
    assert "A credit" in part
    assert "-$99,999.99" in part
    assert "A credit: -$99,999.99 on the next bill" in text_of(opened(desk).one(id="who"))


def test_what_we_do_for_them_stands_on_their_first_page(portal: Browser) -> None:
    asked = portal.get("/").submit("/callback", when="evening", about="My bill")
    part = text_of(asked.one("section", aria_labelledby="work"))
    assert "My bill" in part
    assert re.search(r"We call you on \d+ \w+ \d{4} between (17|18|19):\d\d and \d\d:\d\d", part), part
    after = asked.submit("/cancellation")
    assert "We won't call" in after.text
    assert not after.all("section", aria_labelledby="work")
    again = asked.submit("/cancellation")
    assert again.status == 409
    assert "cancelled already" in again.text


def test_what_an_offer_set_in_motion_is_called_off_by_the_offer_alone(portal: Browser) -> None:
    with db.transaction() as session:
        case = cases.open_case(
            session, customer(), "callback", "Ring", actor=SYSTEM, now=clock.now(), offer_id=undoable()
        )
    home = portal.get("/")
    assert not [form for form in home.forms if "/cases/" in form.action]
    token = next(form.fields["csrf_token"] for form in home.forms if form.fields.get("csrf_token"))
    assert portal.post(f"/cases/{case.case_id}/cancellation", {"csrf_token": token}).status == 409


# --- desk ------------------------------------------------------------------------------------------------------------


@both_ways
def test_the_desk_takes_it_back_for_them(desk: Browser, htmx: bool) -> None:
    offer = undoable()
    accept(offer, done=True)
    page = opened(desk)
    assert "They can change their mind until" in text_of(page.one("li", data_answered=str(offer)))
    after = page.submit(f"{offer}/undo", htmx=htmx)
    assert after.status == 200
    assert "Taken back:" in after.text
    assert state(offer) == "undone"
    assert "Taken back" in text_of(opened(desk).one("li", data_answered=str(offer)))
    again = page.submit(f"{offer}/undo", htmx=htmx)
    assert "Already answered" not in again.text


def opened_case(kind: Any = "case", **more: Any) -> UUID:
    with db.transaction() as session:
        return cases.open_case(session, customer(), kind, "The line", actor=SYSTEM, now=clock.now(), **more).case_id


@both_ways
@pytest.mark.parametrize(("act", "word"), [("closing", "closed"), ("cancellation", "cancelled")])
def test_the_desk_closes_what_is_open(desk: Browser, htmx: bool, act: str, word: str) -> None:
    case = opened_case()
    page = opened(desk)
    assert "The line" in text_of(page.one(id="open-work"))
    fields = {"csrf_token": page.form(f"{case}/closing").fields["csrf_token"], "outcome": "Mended."}
    where = f"/customers/{customer()}/cases/{case}/{act}"
    after = desk.post(where, fields, htmx=htmx)
    assert after.status == 200
    assert f"Case: {word}" in after.text
    assert not opened(desk).all(data_case=str(case))
    again = desk.post(where, fields)
    assert again.status == 409
    assert f"{word} already" in again.text


def test_an_outcome_that_is_too_long_comes_back_with_what_was_typed(desk: Browser) -> None:
    case = opened_case()
    after = opened(desk).submit(f"{case}/closing", outcome="x" * 501)
    assert after.status == 422
    assert "500 characters" in text_of(after.all(role="alert")[0])
    assert after.one("input", id=f"outcome-{case}").get("value") == "x" * 501


def test_a_case_of_an_offer_is_called_off_by_the_offer_at_the_desk_too(desk: Browser) -> None:
    case = opened_case(offer_id=undoable())
    page = opened(desk)
    fields = {"csrf_token": page.form(f"{case}/closing").fields["csrf_token"]}
    refused = desk.post(f"/customers/{customer()}/cases/{case}/cancellation", fields)
    assert refused.status == 409
    assert "take the offer back" in refused.text
    assert desk.post(f"/customers/{customer()}/cases/{uuid4()}/closing", fields).status == 404
    assert desk.post(f"/customers/{uuid4()}/cases/{case}/closing", fields).status == 404


# --- the API ---------------------------------------------------------------------------------------------------------


class Api:
    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()
        with db.transaction() as session:
            self.key = people.create_key(session, ["offers:write"], clock.now())[1]

    def undo(self, offer: UUID, body: Any, **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(
            f"/api/v1/offers/{offer}/undo", json=body, headers={"Authorization": f"Bearer {self.key}", **named}
        )


def test_the_api_takes_it_back_once(api_app: Flask) -> None:
    api, offer = Api(api_app), undoable()
    accept(offer, done=True)
    done = api.undo(offer, {"channel": "phone", "reason": "too dear"})
    body = done.get_json()
    assert (done.status_code, body["state"], body["left"], body["undo_until"]) == (200, "undone", [], None)
    again = api.undo(offer, {"channel": "portal"})
    told = again.get_json()
    assert (again.status_code, told["code"], told["where"]) == (409, "already_answered", "phone")
    assert told["offer"]["state"] == "undone"


def test_the_same_key_gives_the_same_answer_again(api_app: Flask) -> None:
    api, offer = Api(api_app), undoable()
    accept(offer, done=False)
    one, two = (api.undo(offer, {"channel": "phone"}, Idempotency_Key="k1") for _ in range(2))
    assert (one.status_code, one.get_json()) == (two.status_code, two.get_json())
    assert one.status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"channel": "phone", "version": 1}, 409),
        ({"channel": "pigeon"}, 422),
        ({}, 422),
        ({"channel": "phone", "reason": "x" * 501}, 422),
        ({"channel": "phone", "version": 0}, 422),
        ({"channel": "phone", "until": "2030-01-01"}, 422),
    ],
)
def test_the_api_says_what_is_wrong_and_changes_nothing(api_app: Flask, body: Any, status: int) -> None:
    api, offer = Api(api_app), undoable()
    accept(offer, done=True)
    before = state(offer)
    assert api.undo(offer, body).status_code == status
    assert state(offer) == before == "fulfilled"
    assert api.undo(uuid4(), {"channel": "phone"}).status_code == 404


def test_the_wall_and_the_wrap_up_tell_of_it(desk: Browser, desk_as: Callable[[str], Browser]) -> None:
    offer = undoable()
    started = opened(desk).submit("/contact")
    opened(desk).submit(f"{offer}/acceptance")
    opened(desk).submit(f"{offer}/undo")
    assert "Taken back" in text_of(desk_as(SUPERVISOR).get("/wall").one(id="answers"))
    contact = next(a.get("href") or "" for a in opened(desk).all("a", id="contact-wrap-up"))
    summary = text_of(desk.get(contact).one("textarea", id="summary"))
    assert summary.startswith("Taken back: "), started.path
    assert "Accepted" not in summary
