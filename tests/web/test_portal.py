"""The portal's pages: signing in, home, what brings you here, a call asked for, services, bills, activity."""

from __future__ import annotations

from uuid import uuid4

import pytest
from flask import Flask
from sqlmodel import text

from backend import db
from tests.cast import LOYAL_CUSTOMER, PASSWORD, PORTAL_CUSTOMER, sign_in
from tests.pages import Browser, Page, text_of

PAGES = ("/", "/offers", "/services", "/bills", "/activity", "/me", "/me/closing", "/cases", "/cases/new")

both_ways = pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])


def presented() -> int:
    """How many offers were put before anyone, says the ledger."""
    with db.reading() as session:
        return int(session.execute(text("select count(*) from event where kind = 'offer.presented'")).scalar_one())


def test_a_customer_signs_in_by_number_and_is_greeted_by_name(portal_app: Flask) -> None:
    page = Browser(portal_app).get("/bills")
    assert page.path == "/sign-in"
    after = page.submit("/sign-in", who=f" {PORTAL_CUSTOMER.lower()} ", password=PASSWORD)
    assert after.path == "/bills", "led back to what was asked for"
    assert text_of(after.browser.get("/").one("h1")).startswith("Hello, ")


def test_an_unknown_number_and_a_wrong_password_are_refused_in_the_same_words(portal_app: Flask) -> None:
    said = set()
    for who, password in ((PORTAL_CUSTOMER, "wrong"), ("C000000", PASSWORD), ("nobody@example.com", "wrong")):
        page = Browser(portal_app).get("/sign-in").submit("/sign-in", who=who, password=password)
        assert page.status == 422
        assert page.one("input", name="who").get("value") == who
        said.add(text_of(page.one(role="alert")))
    assert len(said) == 1


def test_what_is_missing_at_the_sign_in_is_named_at_its_field(portal_app: Flask) -> None:
    page = Browser(portal_app).get("/sign-in").submit("/sign-in", who="", password="")
    assert page.status == 422
    assert [link.get("href") for link in page.one(role="alert").iter("a")] == ["#who", "#password"]


def test_a_session_of_the_desk_is_none_at_the_portal(desk: Browser, portal_app: Flask) -> None:
    cookie = desk.client.get_cookie("evenhand_desk")
    assert cookie is not None
    stranger = Browser(portal_app)
    for name in ("evenhand_desk", "evenhand_portal"):
        stranger.client.set_cookie(name, cookie.value)
    assert stranger.get("/").path == "/sign-in"


def test_signing_out_ends_the_session(portal: Browser) -> None:
    assert portal.get("/").submit("/sign-out").path == "/sign-in"
    for path in PAGES:
        assert portal.get(path).path == "/sign-in"


@pytest.mark.parametrize("who", [PORTAL_CUSTOMER, LOYAL_CUSTOMER])
def test_every_page_says_where_one_is_and_keeps_what_is_for_agents_to_itself(portal_app: Flask, who: str) -> None:
    browser = sign_in(Browser(portal_app), who)
    for path in PAGES:
        page = browser.get(path)
        assert page.status == 200
        here = [e for e in page.all("a", class_="tab") if e.get("aria-current") == "page"]
        assert [e.get("href") for e in here] == [
            {"/activity": "/me", "/cases": "/", "/cases/new": "/", "/me/closing": "/me"}.get(path, path)
        ]
        words = f" {page.text.lower()} "
        for word in ("risk", "priority", "propensity", "segment", "score", "withheld", "churn"):
            assert f" {word} " not in words, f"{word} on {path}"


def test_home_shows_at_most_three_needs_and_one_treatment_with_one_next_act(portal: Browser) -> None:
    page = portal.get("/")
    needs = page.all("ul", class_="needs")
    assert sum(len([e for e in need if e.tag == "li"]) for need in needs) <= 3
    cards = page.all("article", class_="offer")
    assert len(cards) == 1
    assert len(page.all("a", class_="primary")) == 1


def test_what_a_person_sees_is_presented_once_and_what_a_browser_guesses_is_not(portal_app: Flask) -> None:
    portal = Browser(portal_app)
    portal.get("/sign-in").submit("/sign-in", who=PORTAL_CUSTOMER, password=PASSWORD, follow=False)
    before = presented()
    for headers in ({"Sec-Purpose": "prefetch"}, {"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"}):
        assert portal.get("/", headers=headers).status == 200
    assert portal.client.head("/").status_code == 200
    assert portal.client.head("/offers").status_code == 200
    assert presented() == before
    portal.get("/")
    assert presented() == before + 1
    portal.get("/")
    assert presented() == before + 1


def choice(page: Page) -> tuple[str, str]:
    button = page.all("button", name="moment")[1]
    return button.get("value", ""), text_of(button)


@both_ways
def test_what_brings_someone_here_is_kept_and_said_back(portal: Browser, htmx: bool) -> None:
    page = portal.get("/")
    value, label = choice(page)
    after = page.submit("/moment", moment=value, htmx=htmx)
    assert after.status == 200
    assert after.is_whole is not htmx
    assert f"You told us: {label}" in text_of(after.one(id="moment"))
    assert label in portal.get("/activity").text


@both_ways
def test_a_reason_that_there_is_not_is_refused(portal: Browser, htmx: bool) -> None:
    after = portal.get("/").submit("/moment", moment="nowhere/nothing", htmx=htmx)
    assert after.status == 422


def test_a_call_is_asked_for_and_stands_among_the_activity(portal: Browser) -> None:
    page = portal.get("/").submit("/callback", when="evening", about="The bill")
    assert page.path == "/"
    assert "We will call you" in page.text
    said = portal.get("/activity").text
    assert "You asked us to call you" in said
    assert "The bill" in said
    portal.get("/").submit("/callback", when="evening", about="The bill")
    assert portal.get("/activity").text.count("You asked us to call you") == 1, "clicked twice, asked once"


def test_a_call_that_cannot_be_asked_for_so_comes_back_as_typed(portal: Browser) -> None:
    long = "Please " * 60
    page = portal.get("/").submit("/callback", when="morning", about=long)
    assert page.status == 422
    control = page.one(id="about")
    assert control.get("value") == long
    assert control.get("aria-invalid") == "true"
    chosen = [e.get("value") for e in page.all("input", type="radio") if e.get("checked") is not None]
    assert chosen == ["morning"]
    assert page.one(id="callback").find("details").get("open") is not None  # type: ignore[union-attr]


def test_a_forged_form_is_refused_in_words(portal: Browser) -> None:
    page = portal.post("/moment", {"moment": "support/"})
    assert page.status == 400
    assert "open too long" in page.text
    notice = portal.post("/moment", {"moment": "support/"}, htmx=True)
    assert (notice.status, notice.is_whole) == (400, False)


def test_bills_say_what_they_are_made_of(portal_app: Flask) -> None:
    page = sign_in(Browser(portal_app), LOYAL_CUSTOMER).get("/bills")
    bills = page.all("li", class_="bill-line")
    assert len(bills) >= 20
    assert all("$" in text_of(bill) for bill in bills)
    first = next(link.get("href", "") for link in bills[0].iter("a"))
    assert "Total" in text_of(page.browser.get(first).one("table", class_="sums"))


def test_activity_goes_back_page_by_page(portal_app: Flask) -> None:
    browser = sign_in(Browser(portal_app), LOYAL_CUSTOMER)
    page = browser.get("/activity")
    earlier = next(e for e in page.all("a") if text_of(e) == "Show earlier").get("href", "")
    piece = browser.get(earlier, htmx=True)
    whole = browser.get(earlier)
    assert not piece.is_whole
    assert [text_of(e) for e in piece.all(class_="event")] == [text_of(e) for e in whole.all(class_="event")] != []
    assert browser.get("/activity?cursor=nonsense").status == 422


def test_errors_come_in_the_portals_look(portal: Browser) -> None:
    for page, status in (
        (portal.get("/nowhere"), 404),
        (portal.get(f"/offers/{uuid4()}"), 404),
        (portal.get("/callback"), 405),
        (portal.post("/callback", {"about": "x" * 100_000}), 413),
    ):
        assert page.status == status
        assert page.one("nav", class_="tabs") is not None
