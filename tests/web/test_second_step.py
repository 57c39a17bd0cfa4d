"""The second step: set up, asked for after the password, taken once, removed by whoever has it."""

from __future__ import annotations

import pyotp
from flask import Flask

from shared.kernel import clock
from tests.cast import PASSWORD, PORTAL_CUSTOMER, sign_in
from tests.pages import Browser, Page, text_of


def set_up(browser: Browser) -> tuple[pyotp.TOTP, list[str]]:
    page = browser.get("/me/sign-in").submit("/me/authenticator")
    secret = text_of(page.one("strong", class_="key-text")).replace(" ", "")
    app = pyotp.TOTP(secret)
    wrong = page.submit("/me/authenticator/confirmation", code="1")
    assert wrong.status == 422
    assert text_of(wrong.one("strong", class_="key-text")).replace(" ", "") == secret
    done = wrong.submit("/me/authenticator/confirmation", code=app.at(clock.now()))
    return app, [text_of(one) for one in done.all("li", class_="reference")]


def first_step(app: Flask) -> Page:
    return Browser(app).get("/bills").submit("/sign-in", who=PORTAL_CUSTOMER, password=PASSWORD)


def test_who_has_set_an_authenticator_comes_in_by_two_steps_and_not_by_one(portal_app: Flask) -> None:
    mine = sign_in(Browser(portal_app), PORTAL_CUSTOMER)
    _, codes = set_up(mine)
    assert len(codes) == 10
    page = first_step(portal_app)
    assert page.path == "/sign-in/authenticator"
    assert page.browser.get("/bills").path == "/sign-in"
    wrong = page.submit("/sign-in/authenticator", code="12")
    assert wrong.status == 422
    assert wrong.submit("/sign-in/authenticator", code=codes[0]).path == "/bills"
    assert first_step(portal_app).submit("/sign-in/authenticator", code=codes[0]).status == 422
    assert Browser(portal_app).get("/sign-in/authenticator").path == "/sign-in"


def test_it_is_removed_by_whoever_has_it(portal_app: Flask) -> None:
    mine = sign_in(Browser(portal_app), PORTAL_CUSTOMER)
    _, codes = set_up(mine)
    page = mine.get("/me/sign-in").submit("/me/authenticator/removal", code="nonsense")
    assert page.status == 422
    assert "Removed" in page.submit("/me/authenticator/removal", code=codes[3]).text
    assert first_step(portal_app).path == "/bills"


def test_a_passkey_that_nobody_has_is_refused_and_the_page_stays(portal_app: Flask) -> None:
    page = Browser(portal_app).get("/sign-in/passkey")
    assert "Passkeys work at http://localhost:8000" in page.text
    page = page.submit("/sign-in/passkey", answer="{}")
    assert page.status == 422
    mine = sign_in(Browser(portal_app), PORTAL_CUSTOMER)
    page = mine.get("/me/passkeys/new").submit("/me/passkeys", answer="nonsense", name="My telephone")
    assert page.status == 422
    assert page.one("input", name="name").get("value") == "My telephone"
