"""The desk's pages: signing in, finding a customer, the customer page and its panels, why they are here."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from flask import Flask

from tests import plain_html
from tests.cast import AGENT, AUTHOR, LOYAL_CUSTOMER, PASSWORD, PORTAL_CUSTOMER, sign_in
from tests.pages import Browser, Page, text_of

PANELS = ("who", "moment", "timeline", "do")


def opened(desk: Browser, number: str = PORTAL_CUSTOMER) -> Page:
    """The customer's page, found as an agent finds it."""
    page = desk.get("/").submit("/search", query=number)
    assert page.path.startswith("/customers/"), page.path
    return page


def test_who_is_not_signed_in_is_led_to_the_sign_in_page_and_back(desk_app: Flask) -> None:
    browser = Browser(desk_app)
    page = browser.get("/search")
    assert page.path == "/sign-in"
    after = page.submit("/sign-in", email=AGENT, password=PASSWORD)
    assert after.path == "/", "an empty search leads home"
    assert after.status == 200


def test_a_piece_of_a_page_asked_for_after_the_session_ended_sends_the_whole_page_to_the_sign_in(
    desk_app: Flask,
) -> None:
    answer = Browser(desk_app).get(f"/customers/{uuid4()}/panels/do", htmx=True)
    assert answer.status == 401
    assert answer.response.headers["HX-Redirect"] == "/sign-in"


def test_a_wrong_password_is_refused_in_words_and_is_not_shown_again(desk_app: Flask) -> None:
    page = Browser(desk_app).get("/sign-in").submit("/sign-in", email=AGENT, password="not-the-password")
    assert page.status == 422
    assert page.one("input", name="email").get("value") == AGENT
    assert page.one("input", type="password").get("value") == ""
    assert "do not go together" in page.text
    assert "not-the-password" not in page.html


def test_what_is_missing_at_the_sign_in_is_named_at_its_field(desk_app: Flask) -> None:
    page = Browser(desk_app).get("/sign-in").submit("/sign-in", email="", password="")
    assert page.status == 422
    assert page.one("input", name="email").get("aria-invalid") == "true"
    links = [link.get("href") for link in page.one(role="alert").iter("a")]
    assert links == ["#email", "#password"]


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_a_sign_in_leads_nowhere_outside(desk_app: Flask, elsewhere: str) -> None:
    page = Browser(desk_app).get("/sign-in", follow=False)
    after = page.submit("/sign-in", email=AGENT, password=PASSWORD, next=elsewhere, follow=False)
    assert after.status == 303
    assert after.response.headers["Location"] == "/"


def test_signing_out_ends_the_session(desk: Browser) -> None:
    assert desk.get("/").submit("/sign-out").path == "/sign-in"
    assert desk.get("/").path == "/sign-in"


def test_the_cookie_is_the_desks_own_and_out_of_reach_of_scripts(desk_app: Flask) -> None:
    answer = Browser(desk_app).get("/sign-in").response
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("evenhand_desk=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_session_of_the_portal_is_none_at_the_desk(portal: Browser, desk_app: Flask) -> None:
    cookie = portal.client.get_cookie("evenhand_portal")
    assert cookie is not None
    stranger = Browser(desk_app)
    for name in ("evenhand_desk", "evenhand_portal"):
        stranger.client.set_cookie(name, cookie.value)
    assert stranger.get("/").path == "/sign-in"


def test_nothing_but_our_own_files_may_run_and_no_page_is_kept(desk: Browser) -> None:
    headers = desk.get("/").response.headers
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Frame-Options"] == "DENY"


def test_assets_are_there_and_may_be_kept(desk: Browser) -> None:
    page = desk.get("/")
    found = [e.get("href") or e.get("src") for e in [*page.all("link"), *page.all("script")]]
    assert len(found) >= 5
    for address in found:
        answer = desk.client.get(address)
        assert answer.status_code == 200, address
        assert "max-age=31536000" in answer.headers["Cache-Control"], address
    uses = [e.get("href", "").split("#") for e in opened(desk).all() if str(e.tag).endswith("}use")]
    assert len(uses) > 20
    sprite = desk.client.get(uses[0][0]).get_data(as_text=True)
    assert all(f'id="{name}"' in sprite for _, name in uses)


def test_a_customer_number_leads_to_the_customer_and_the_page_says_who(desk: Browser) -> None:
    page = opened(desk)
    assert PORTAL_CUSTOMER in page.text
    assert text_of(page.one("h1")) == page.title.split(" · ")[0]
    for part in ("who", "now", "do"):
        page.one(id=part)


def test_a_search_by_name_lists_people_and_what_was_searched_for_stands_in_no_address(desk: Browser) -> None:
    name = text_of(opened(desk).one("h1"))
    page = desk.get("/").submit("/search", query=name.split()[-1])
    assert page.path == "/search"
    assert page.response.request.query_string == b""
    assert name in page.text
    again = desk.get("/search")
    assert name in again.text, "reloading the results is safe"


def test_a_search_that_finds_nobody_says_what_else_to_try(desk: Browser) -> None:
    page = desk.get("/").submit("/search", query="Xyzzy <b>Nobody</b>")
    assert "Nobody found" in page.text
    assert "Xyzzy <b>Nobody</b>" in page.text, "as typed, escaped"


def test_customers_opened_lately_are_listed_newest_first(desk: Browser) -> None:
    name = text_of(opened(desk).one("h1"))
    page = desk.get("/")
    assert [text_of(e) for e in page.all(class_="people-name")] == [name]


def test_a_customer_who_is_not_there_gives_the_desks_own_404(desk: Browser) -> None:
    page = desk.get(f"/customers/{uuid4()}")
    assert page.status == 404
    assert page.one("a", class_="brand") is not None
    notice = desk.get(f"/customers/{uuid4()}/panels/do", htmx=True)
    assert (notice.status, notice.is_whole) == (404, False)


def test_errors_come_in_the_desks_look(desk: Browser, desk_app: Flask) -> None:
    assert desk.get("/nowhere").status == 404
    assert desk.get("/sign-out").status == 405
    assert desk.post("/search", {"query": "x"}).status == 400, "a form without its token"
    assert desk.post("/search", {"query": "x" * 100_000}).status == 413

    def broken() -> str:
        raise RuntimeError("a fault that nobody foresaw")

    desk_app.config["PROPAGATE_EXCEPTIONS"] = False
    broken.permission = "desk"  # type: ignore[attr-defined]
    desk_app.view_functions["home.show"] = broken
    page = desk.get("/")
    assert page.status == 500
    assert "nobody foresaw" not in page.html


@pytest.mark.parametrize("name", PANELS)
def test_each_panel_comes_alone_for_htmx_and_with_its_page_without(desk: Browser, name: str) -> None:
    path = opened(desk).path + f"/panels/{name}"
    piece = desk.get(path, htmx=True)
    assert (piece.status, piece.is_whole) == (200, False)
    assert piece.one(id=name) is not None
    whole = desk.get(path)
    assert whole.is_whole
    assert piece.response.headers["Vary"].startswith("HX-Request")


def first_moment(page: Page) -> tuple[str, str]:
    """A reason that can be chosen, as (value, label)."""
    choice = next(b for b in page.all("button", name="moment") if not b.get("value", "").endswith("/"))
    return choice.get("value", ""), text_of(choice)


def test_the_moment_is_set_by_a_plain_form_and_stands_on_the_timeline(desk: Browser) -> None:
    page = opened(desk)
    value, label = first_moment(page)
    after = page.submit("/moment", moment=value)
    assert after.path == page.path
    assert label in text_of(after.one(id="moment"))
    assert f"Here for: {label}" in text_of(after.one(id="timeline"))


def test_the_moment_is_set_smoothly_and_the_other_panels_are_told(desk: Browser) -> None:
    page = opened(desk)
    value, label = first_moment(page)
    piece = page.submit("/moment", moment=value, htmx=True)
    assert (piece.status, piece.is_whole) == (200, False)
    assert label in text_of(piece.one(id="moment"))
    told = json.loads(piece.response.headers["HX-Trigger"])
    listening = {e.get("hx-trigger", "").split(" ")[0] for e in page.all() if e.get("hx-trigger")}
    assert set(told) <= listening


def test_on_a_contact_the_usual_reasons_are_one_click_away_unless_it_is_private(desk: Browser) -> None:
    page = opened(desk)
    assert page.all("form", class_="moment-quick") == []
    page.submit("/contact")
    page = desk.get(page.path)
    quick = [button.get("value") for button in page.one("form", class_="moment-quick").iter("button")]
    assert len(quick) == 6
    after = page.submit("/moment", moment=str(quick[0]))
    left = [button.get("value") for button in after.one("form", class_="moment-quick").iter("button")]
    assert left == quick[1:], "the one that holds now is not offered again"
    after.submit("/private")
    assert desk.get(page.path).all("form", class_="moment-quick") == []


def test_a_moment_that_there_is_not_is_refused_in_words(desk: Browser) -> None:
    page = opened(desk)
    for htmx in (False, True):
        after = page.submit("/moment", moment="nowhere/nothing", htmx=htmx)
        assert after.status == 422
        assert after.one("p", role="alert") is not None


def test_who_may_only_read_cannot_set_a_moment(desk_as: Callable[[str], Browser]) -> None:
    page = opened(desk_as(AUTHOR))
    assert not [form for form in page.forms if form.action.endswith("/moment")], "nothing is offered that is refused"
    fields = {"csrf_token": page.forms[0].fields["csrf_token"], "moment": "support/"}
    assert page.browser.post(f"{page.path}/moment", fields).status == 403


def test_the_timeline_goes_back_page_by_page_to_its_beginning(desk: Browser) -> None:
    page = opened(desk, LOYAL_CUSTOMER)
    total, steps = len(page.all(class_="event")), 0
    while earlier := [e for e in page.all("a") if text_of(e) == "Show earlier"]:
        href = earlier[0].get("href", "")
        piece = desk.get(href, htmx=True)
        assert not piece.is_whole
        page = desk.get(href)
        assert len(page.all(class_="event")) == len(piece.all(class_="event")) > 0
        total, steps = total + len(page.all(class_="event")), steps + 1
        assert steps < 40
    assert steps
    assert "whole history" in page.text
    assert total > 25


def test_the_timeline_can_be_narrowed(desk: Browser) -> None:
    page = opened(desk)
    shown = next(e for e in page.all("a", class_="filter") if text_of(e) == "Bills and payments")
    narrowed = desk.get(shown.get("href", "").split("#")[0])
    titles = [text_of(e) for e in narrowed.all(class_="event-title")]
    assert titles
    assert all(re.match("Bill|Payment", title) for title in titles)


def test_an_address_that_was_tampered_with_is_refused_kindly(desk: Browser) -> None:
    assert desk.get(opened(desk).path + "/timeline?cursor=nonsense").status == 422
    assert desk.get(opened(desk).path + "?show=nonsense").status == 200


def test_a_history_restore_gets_the_whole_page(desk: Browser) -> None:
    path = opened(desk).path
    page = desk.get(path, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert page.is_whole


def test_the_decision_shows_every_factor_so_that_it_can_be_done_again_by_hand(desk: Browser) -> None:
    page = opened(desk)
    link = next(e for e in page.all("a") if text_of(e) == "How this was decided")
    decision = desk.get(link.get("href", ""))
    sums = [text_of(e) for e in decision.all(class_="formula")]
    assert sums
    for line in sums:
        left, _, right = line.replace("−", "-").replace("×", "*").replace(" ", "").partition("=")
        assert re.fullmatch(r"[-+*().0-9e]+", left), left
        assert abs(eval(left) - float(right)) < 1e-9, line  # noqa: S307 (digits and signs alone, as just checked)
    priorities = [float(line.replace("−", "-").rpartition("=")[2].replace(" ", "")) for line in sums]
    assert len(priorities) == len(decision.all("section")) - 4
    removed = [text_of(e) for e in decision.all("code")]
    assert len(removed) > 10, "each treatment that left says by which rule"


def test_a_decision_that_is_not_there_gives_404(desk: Browser) -> None:
    assert desk.get(f"/decisions/{uuid4()}").status == 404


def test_no_address_on_the_customer_page_holds_personal_data(desk: Browser) -> None:
    page = opened(desk)
    name = text_of(page.one("h1")).split()[-1].lower()
    for element in page.all():
        for attribute in ("href", "action", "hx-get", "hx-post"):
            value = (element.get(attribute) or "").lower()
            assert name not in value
            assert PORTAL_CUSTOMER.lower() not in value
            assert "@" not in urlsplit(value).path


def test_a_session_ends_after_a_shift(desk_app: Flask) -> None:
    assert desk_app.permanent_session_lifetime <= timedelta(hours=12)
    assert sign_in(Browser(desk_app), AGENT).client.get_cookie("evenhand_desk_remember") is None


def test_the_pages_of_the_desk_leave_nothing_to_be_guessed(desk: Browser) -> None:
    """The tests read such pages themselves, and every other with html5lib, which takes ten times as long."""
    for page in (desk.get("/"), opened(desk), desk.get("/callbacks")):
        assert plain_html.parse(page.html, whole=True) is not None, (
            f"{page.path}: teach tests/plain_html.py what is new"
        )
