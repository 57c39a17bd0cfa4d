"""Where a customer is signed in: listed, ended by them, and over at once in the browser that it was."""

from __future__ import annotations

import time

import pytest
from flask import Flask

from tests.cast import LOYAL_CUSTOMER, PASSWORD, PORTAL_CUSTOMER, sign_in
from tests.pages import Browser, text_of


def test_a_session_that_is_ended_elsewhere_leads_to_sign_in_and_back_again(portal_app: Flask) -> None:
    here, there = (sign_in(Browser(portal_app), PORTAL_CUSTOMER) for _ in range(2))
    page = here.get("/me/sign-in")
    lines = page.all("li", class_="line")
    assert ["This one" in text_of(line) for line in lines] == [True, False]
    ended = next(form.action for form in page.forms if form.action.endswith("/end") and "End" in form.buttons[0])
    after = page.submit(ended)
    assert (after.path, len(after.all("li", class_="line"))) == ("/me/sign-in", 1)
    led = there.get("/bills")
    assert led.path == "/sign-in"
    assert there.get("/").path == "/sign-in"
    assert here.get("/").path == "/"


def test_all_others_are_ended_at_once(portal_app: Flask) -> None:
    browsers = [sign_in(Browser(portal_app), PORTAL_CUSTOMER) for _ in range(3)]
    after = browsers[0].get("/me/sign-in").submit("/me/sign-in/others/end")
    assert "Signed out everywhere else" in after.text
    assert [one.get("/").path for one in browsers] == ["/", "/sign-in", "/sign-in"]


def test_ending_ones_own_signs_out_and_a_copied_cookie_is_worth_nothing(portal_app: Flask) -> None:
    browser, thief = sign_in(Browser(portal_app), PORTAL_CUSTOMER), Browser(portal_app)
    cookie = browser.client.get_cookie("evenhand_portal")
    assert cookie is not None
    thief.client.set_cookie("evenhand_portal", cookie.value)
    assert thief.get("/").path == "/"
    assert browser.get("/").submit("/sign-out").path == "/sign-in"
    assert thief.get("/").path == "/sign-in"


def test_a_sign_in_lasts_from_the_page_that_was_asked_for_last(
    portal_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cookie is signed anew when it is a minute old, for what a person asks and not for what a page asks by itself."""
    browser = sign_in(Browser(portal_app), PORTAL_CUSTOMER)

    def cookie() -> str:
        found = browser.client.get_cookie("evenhand_portal")
        assert found is not None
        return str(found.value)

    first = cookie()
    browser.get("/bills")
    assert cookie() == first
    began, lifetime = time.time(), portal_app.permanent_session_lifetime.total_seconds()
    later = began + 61
    monkeypatch.setattr(time, "time", lambda: later)
    browser.client.get("/bills", headers={"X-Live": "yes"})
    assert cookie() == first
    browser.get("/bills")
    renewed = cookie()
    assert renewed != first
    later = began + lifetime + 30
    assert browser.get("/bills").path == "/bills"
    browser.client.set_cookie("evenhand_portal", first)
    assert browser.get("/bills").path == "/sign-in"


def test_nobody_ends_what_is_anothers(portal_app: Flask) -> None:
    mine, other = sign_in(Browser(portal_app), PORTAL_CUSTOMER), sign_in(Browser(portal_app), LOYAL_CUSTOMER)
    page = other.get("/me/sign-in")
    theirs = next(form for form in page.forms if "/me/sign-in/" in form.action)
    token = mine.get("/me/sign-in").form("/end").fields["csrf_token"]
    assert mine.post(theirs.action, {"csrf_token": token}).status == 404
    assert other.get("/").path == "/"


def test_a_device_is_remembered_by_a_cookie_that_nobody_can_make_up(portal_app: Flask) -> None:
    browser = sign_in(Browser(portal_app), PORTAL_CUSTOMER)
    marked = browser.client.get_cookie("evenhand_portal_device")
    assert marked is not None
    assert marked.http_only
    assert marked.same_site == "Lax"
    browser.client.set_cookie("evenhand_portal_device", "made.up")
    assert sign_in(browser, PORTAL_CUSTOMER) is browser if browser.get("/").submit("/sign-out") else None
    again = browser.client.get_cookie("evenhand_portal_device")
    assert again is not None
    assert again.value not in ("made.up", marked.value)


def test_what_was_written_when_the_session_was_over_is_told_back_to_the_same_customer_alone(portal_app: Flask) -> None:
    here, other = (sign_in(Browser(portal_app), PORTAL_CUSTOMER) for _ in range(2))
    page = here.get("/services/cancel")
    other.get("/me/sign-in").submit("/me/sign-in/others/end")
    led = page.submit("/callback", about="The line hums <b>at night</b>, since May")
    assert led.path == "/sign-in"
    assert "hums" not in sign_in(Browser(portal_app), LOYAL_CUSTOMER).get("/").text
    again = led.submit("/sign-in", who=PORTAL_CUSTOMER, password=PASSWORD)
    assert again.path == "/"
    assert "this was not sent The line hums <b>at night</b>, since May" in again.text
    assert "hums" not in again.browser.get("/").text


def test_after_a_fault_in_a_form_too_they_come_back_to_it_with_all_that_they_had_written(portal_app: Flask) -> None:
    here, other = (sign_in(Browser(portal_app), PORTAL_CUSTOMER) for _ in range(2))
    faulty = here.get("/cases/new").submit("/cases")
    assert faulty.status == 422
    other.get("/me/sign-in").submit("/me/sign-in/others/end")
    led = faulty.submit("/cases", subject="The line hums", text="At night, since May")
    again = led.submit("/sign-in", who=PORTAL_CUSTOMER, password=PASSWORD)
    assert again.path == "/cases/new", "not where the form was sent to"
    assert "The line hums At night, since May" in " ".join(again.text.split())


def test_a_forged_form_leaves_nothing_behind(portal_app: Flask) -> None:
    here, other = (sign_in(Browser(portal_app), PORTAL_CUSTOMER) for _ in range(2))
    other.get("/me/sign-in").submit("/me/sign-in/others/end")
    assert here.post("/callback", {"about": "Buy gold"}).path == "/sign-in"
    again = here.get("/sign-in").submit("/sign-in", who=PORTAL_CUSTOMER, password=PASSWORD)
    assert "gold" not in again.text
