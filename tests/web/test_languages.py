"""The portal speaks the language of who reads it: a visitor's by their choice or browser, a customer's by their profile."""

from __future__ import annotations

from flask import Flask, Response
from flask_babel import gettext, ngettext

from backend import db
from backend.profiles import service as profiles
from shared.kernel import languages
from tests.cast import PORTAL_CUSTOMER, sign_in
from tests.pages import Browser

STOP = "No permitirlo"


def language_of(who: str) -> str:
    with db.reading() as session:
        customer_id = profiles.find_by_sign_in(session, who)
        assert customer_id
        return profiles.profile(session, customer_id).language


def said(page: object) -> str:
    return str(page.one("html").get("lang"))  # type: ignore[attr-defined]


def test_a_visitor_reads_the_language_that_their_browser_asks_for(portal_app: Flask) -> None:
    visitor = Browser(portal_app)
    assert said(visitor.get("/sign-in", headers={"Accept-Language": "es-MX,es;q=0.9,en;q=0.5"})) == "es"
    assert said(visitor.get("/sign-in", headers={"Accept-Language": "xx, en;q=0.5"})) == "en"
    assert said(visitor.get("/sign-in")) == "en"


def test_what_a_visitor_chose_wins_over_their_browser_and_is_theirs_after_signing_in(portal_app: Flask) -> None:
    before = language_of(PORTAL_CUSTOMER)
    visitor = Browser(portal_app)
    chosen = visitor.get("/sign-in").submit("/language", language="es")
    assert (said(chosen), chosen.path) == ("es", "/sign-in")
    home = sign_in(visitor, PORTAL_CUSTOMER)
    assert said(visitor.get("/")) == "es"
    assert STOP in visitor.get("/").text
    assert language_of(PORTAL_CUSTOMER) == "es"
    back = visitor.get("/").submit("/language", language="en")
    assert (said(back), language_of(PORTAL_CUSTOMER)) == ("en", before)
    del home


def test_after_signing_out_nobody_is_spoken_to_in_a_foreign_tongue(portal_app: Flask) -> None:
    browser = Browser(portal_app)
    sign_in(browser, PORTAL_CUSTOMER)
    browser.get("/").submit("/language", language="es")
    left = browser.get("/").submit("/sign-out")
    assert (left.path, said(left)) == ("/sign-in", "es")
    sign_in(browser, PORTAL_CUSTOMER)
    browser.get("/").submit("/language", language="en")


def test_a_language_that_nobody_offers_changes_nothing(portal_app: Flask) -> None:
    visitor = Browser(portal_app)
    form = visitor.get("/sign-in").form("/language")
    for odd in ("xx", "", "es" * 50, "../es"):
        page = visitor.send("post", "/language", {**form.fields, "language": odd})
        assert (page.status, said(page)) == (200, "en")


def test_python_and_templates_read_one_catalogue(portal_app: Flask) -> None:
    @portal_app.get("/language/tried")
    def tried() -> Response:
        return Response(
            gettext("Stop this") + languages.gettext("Stop this") + ngettext("%(num)s day", "%(num)s days", 2)
        )

    portal_app.view_functions["tried"].is_public = True  # type: ignore[attr-defined]
    told = portal_app.test_client().get("/language/tried", headers={"Accept-Language": "es"})
    assert told.get_data(as_text=True) == f"{STOP}{STOP}2 días"
    assert languages.spoken() == "en", "the thread that served it goes on in English"
