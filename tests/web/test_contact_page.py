"""Whoever is not signed in writes to us: somebody new has a case and is answered by mail; in a customer's name nobody gets anywhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from backend import db
from backend.cases import service as cases
from backend.catalogue import service as catalogues
from backend.mail import service as mail
from backend.mailroom import service as mailroom
from backend.profiles import service as profiles
from tests.cast import PORTAL_CUSTOMER, sign_in
from tests.mailing import sending
from tests.pages import Browser, Page

NEW = "someone.new@example.net"
WORDS = "Do you have fibre in Elm Street?\n\nThank you"


@pytest.fixture(autouse=True)
def mailing() -> Iterator[None]:
    with sending():
        yield


def write(app: Flask, **fields: str) -> Page:
    given = {"name": "Kim Ode", "email": NEW, "text": WORDS} | fields
    return Browser(app).get("/contact").submit("/contact", **given)


def test_somebody_new_has_a_case_and_is_answered_at_their_address(portal_app: Flask) -> None:
    assert write(portal_app).path == "/contact/sent"
    with db.reading() as session:
        customer_id = profiles.owner(session, "email", NEW)
        assert customer_id
        (case,) = cases.of_customer(session, customer_id)
        said = cases.messages(session, customer_id, case.case_id, notes=False)
        assert "fibre in Elm Street" in said[0].text
        pack = catalogues.pack_in_force(session)
        assert mailroom.address_for(session, customer_id, [case.case_id], pack) == NEW


def test_what_names_a_customers_address_waits_for_a_person_and_the_page_says_the_same(portal_app: Flask) -> None:
    with db.reading() as session:
        customer_id = profiles.find_by_sign_in(session, PORTAL_CUSTOMER)
        assert customer_id
        theirs, before = profiles.profile(session, customer_id).email, len(cases.of_customer(session, customer_id))
    assert theirs
    after = write(portal_app, email=theirs.upper())
    assert (after.status, after.text) == (200, write(portal_app).text)
    with db.reading() as session:
        assert len(cases.of_customer(session, customer_id)) == before
        (waits,) = mail.unrecognised(session)
    assert (waits.sender, waits.customer_id) == (theirs, None)
    assert "contact page" in waits.why


def test_what_cannot_be_taken_comes_back_as_it_was_typed(portal_app: Flask) -> None:
    for fields, wrong in (
        ({"email": "nobody"}, ["#email"]),
        ({"email": "a@b\r\nBcc: c@d.example"}, ["#email"]),
        ({"email": "", "text": " "}, ["#text", "#email"]),
        ({"text": "x" * 9_501}, ["#text"]),
    ):
        page = write(portal_app, **fields)
        assert page.status == 422
        assert sorted(str(link.get("href")) for link in page.one(role="alert").iter("a")) == sorted(wrong)
        assert page.one("input", name="name").get("value") == "Kim Ode"
    assert write(portal_app, name="Zoë <b>\r\nBcc: x").path == "/contact/sent"


def test_very_many_messages_from_one_network_are_refused_with_the_words_kept(portal_app: Flask) -> None:
    for _ in range(5):
        assert write(portal_app).path == "/contact/sent"
    refused = write(portal_app)
    assert refused.status == 429
    assert refused.one("textarea", name="text").text == WORDS
    assert write(portal_app, email="another@example.net").path == "/contact/sent"


def test_who_is_signed_in_has_better_ways(portal_app: Flask) -> None:
    assert sign_in(Browser(portal_app), PORTAL_CUSTOMER).get("/contact").path == "/"
