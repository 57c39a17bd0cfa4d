"""The portal speaks the language of who reads it: a visitor's by their choice or browser, a customer's by their profile."""

from __future__ import annotations

import re

from flask import Flask, Response
from flask_babel import gettext, ngettext

from backend import db
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.matrix import service as matrix
from backend.overview import rewording
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from shared.kernel import clock, languages
from shared.kernel.actors import SYSTEM
from tests import wording
from tests.cast import PORTAL_CUSTOMER, sign_in
from tests.pages import Browser, Page

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
    assert said(visitor.get("/sign-in", headers={"Accept-Language": "es-MX,es;q=0.9,en;q=0.5"})) == "es-US"
    assert said(visitor.get("/sign-in", headers={"Accept-Language": "xx, en;q=0.5"})) == "en"
    assert said(visitor.get("/sign-in")) == "en"


def test_what_a_visitor_chose_wins_over_their_browser_and_is_theirs_after_signing_in(portal_app: Flask) -> None:
    before = language_of(PORTAL_CUSTOMER)
    visitor = Browser(portal_app)
    chosen = visitor.get("/sign-in").submit("/language", language="es-US")
    assert (said(chosen), chosen.path) == ("es-US", "/sign-in")
    home = sign_in(visitor, PORTAL_CUSTOMER)
    assert said(visitor.get("/")) == "es-US"
    assert STOP in visitor.get("/").text
    assert language_of(PORTAL_CUSTOMER) == "es-US"
    back = visitor.get("/").submit("/language", language="en")
    assert (said(back), language_of(PORTAL_CUSTOMER)) == ("en", before)
    del home


def test_after_signing_out_nobody_is_spoken_to_in_a_foreign_tongue(portal_app: Flask) -> None:
    browser = Browser(portal_app)
    sign_in(browser, PORTAL_CUSTOMER)
    browser.get("/").submit("/language", language="es-US")
    left = browser.get("/").submit("/sign-out")
    assert (left.path, said(left)) == ("/sign-in", "es-US")
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


OWN_PAGES = (
    "/", "/offers", "/bills", "/me", "/me/sign-in", "/me/passkeys/new", "/me/closing", "/services", "/services/cancel", "/cases",
    "/cases/new", "/by-phone", "/activity", "/privacy", "/help", "/for-everyone",
)  # fmt: skip
OPEN_PAGES = (
    "/sign-in",
    "/sign-in/code",
    "/sign-in/passkey",
    "/first-use",
    "/recovery",
    "/contact",
    "/contact/sent",
    "/for-everyone",
)


def english() -> list[re.Pattern[str]]:
    """Every sentence of ours and of the pack's, as it is written, whose translation is another."""
    file = wording.CATALOGUES / "es.po"
    ours = [(one.id, one.string) for one in wording.kept(file) if isinstance(one.id, str) and one.id]
    pack = matrix.load_pack(matrix.folder_of("telecom"))
    found = []
    for text, said in (*ours, *pack.sentences["es"].items()):
        words = re.split(r"%\(\w+\)s|\{\w+\}", text)
        if text != said and "<" not in text and len("".join(words).split()) > (1 if len(words) == 1 else 2):
            found.append(re.compile(".{1,60}?".join(map(re.escape, words)).replace("%%", "%")))
    return found


def read_on(page: Page) -> list[str]:
    """Each piece of text on the page, as a person reads it."""
    pieces = [text for one in page.root.iter() for text in (one.text, one.tail) if isinstance(one.tag, str) and text]
    return [" ".join(piece.split()) for piece in pieces if piece.strip()]


def test_in_spanish_no_page_says_a_sentence_in_english(portal_app: Flask) -> None:
    sentences, visitor = english(), Browser(portal_app)
    visitor.get("/sign-in").submit("/language", language="es-US")
    pages = [visitor.get(path) for path in OPEN_PAGES]
    pages.append(visitor.get("/sign-in").submit("/sign-in", who="", password=""))
    pages.append(visitor.get("/contact").submit("/contact", email="nobody", text=""))
    pages.append(visitor.get("/nowhere/at/all"))
    customer = sign_in(visitor, PORTAL_CUSTOMER)
    pages += [customer.get(path) for path in OWN_PAGES]
    links = [str(one.get("href")) for page in pages[-len(OWN_PAGES) :] for one in page.all("a")]
    offers = [link for link in links if link.startswith("/offers/")]
    more = {
        shape: link
        for link in links
        for shape in ("/bills/", "/cases/", "/help/", "/services/")
        if link.startswith(shape)
    }
    pages += [customer.get(path) for path in (*offers[:3], *more.values())]
    if offers:
        pages.append(customer.get(offers[0]).submit("/deferral", until=""))
    said = {(page.path, text) for page in pages for text in read_on(page) for one in sentences if one.fullmatch(text)}
    customer.get("/").submit("/language", language="en")
    assert not said, sorted(said)


def test_the_decision_does_not_depend_on_the_language(portal_app: Flask) -> None:
    with db.reading() as session:
        customer_id = profiles.find_by_sign_in(session, PORTAL_CUSTOMER)
    assert customer_id
    now = clock.now()

    def decided(tag: str) -> tuple[list[object], str]:
        with db.transaction() as session:
            profiles.set_language(session, customer_id, tag, now)
        ranked = list(treatments.preview(customer_id, now).ranked)
        card = treatments.recommend_for_agent(customer_id, "phone", SYSTEM, now, limit=1).cards[0].card
        return ranked, card.headline

    own, headline = decided("en")
    theirs, said = decided("es-US")
    assert own == theirs
    assert own
    assert headline != said, "the customer's card is in the customer's language at the desk too"
    decided("en")


def test_what_was_offered_before_reads_in_the_language_that_is_spoken_now(portal: Browser) -> None:
    """Also where the words have blanks: they were filled in on that day, in English."""
    with db.reading() as session:
        customer_id = profiles.find_by_sign_in(session, PORTAL_CUSTOMER)
        pack = catalogues.pack_in_force(session)
    assert customer_id
    with db.transaction() as session:
        for kind, headline, more in (
            ("offer.presented", "Pay $233.18 in three parts of about $77.73", {}),
            ("offer.declined", "A payment didn't go through: fix it in two minutes", {}),
            ("offer.accepted", "Something that no pack ever said", {"promise": "The credit is on your next bill."}),
        ):
            data = {"headline": headline, "reference": "ABCDEF", "offer_id": "x", "treatment": "y", **more}
            interactions.record(session, customer_id, kind, "portal", SYSTEM, data, clock.now())
        left = {"title": "Ask us something", "drafted": False, "reference": "ABCDEF"}
        interactions.record(session, customer_id, "by_phone.asked", "portal", SYSTEM, left, clock.now())
    assert "Pay $233.18 in three parts of about $77.73" in portal.get("/activity").text
    with db.transaction() as session:
        profiles.set_language(session, customer_id, "es-US", clock.now())
    told = portal.get("/activity").text
    assert "Pague $233.18 en tres partes de unos $77.73" in told
    assert "Un pago no se hizo: arréglelo en dos minutos" in told
    assert "Something that no pack ever said" in told
    assert "desde “Pregúntenos algo”" in told, "the page from which they went on by telephone"
    with languages.speaking("es"):
        for english, spanish in pack.sentences["es"].items():
            blanks = re.findall(r"\{([a-z_0-9]+)\}", english)
            if not blanks or len(re.sub(r"\{[a-z_0-9]+\}", "", english).split()) < 2:
                continue
            filled = {name: f"${nth}1.50" for nth, name in enumerate(blanks)}
            assert rewording.said_again(pack, english.format(**filled)) == spanish.format(**filled), english
