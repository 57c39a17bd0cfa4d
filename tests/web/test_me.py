"""The customer's own account: a new address counts once its code came back, and closing it can be taken back for two weeks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from backend import db
from backend.interactions import service as interactions
from backend.mail.posting import SENT
from backend.oversight import service as oversight
from backend.profiles import service as profiles
from backend.profiles.service import Profile
from shared.kernel import clock
from shared.kernel.actors import SYSTEM
from shared.kernel.errors import Erased
from tests.cast import LOYAL_CUSTOMER, PASSWORD, PORTAL_CUSTOMER
from tests.mailing import sending
from tests.pages import Browser, Page, text_of

NEW = "a.new.place@example.net"


@pytest.fixture(autouse=True)
def mailing() -> Iterator[None]:
    with sending():
        yield


def customer(number: str = PORTAL_CUSTOMER) -> Profile:
    with db.reading() as session:
        found = profiles.find_by_sign_in(session, number)
        assert found is not None
        return profiles.profile(session, found)


def letters(to: str) -> list[tuple[str, str]]:
    with db.reading() as session:
        rows = session.execute(
            select(SENT.c.subject, SENT.c.text).where(SENT.c.recipient == to).order_by(SENT.c.mail_id)
        )
        return [(row.subject, row.text) for row in rows]


def code_to(to: str) -> str:
    found = re.search(r"\d{3} \d{3}", letters(to)[-1][1])
    assert found
    return found[0]


def ask(portal: Browser, point: str, value: str, password: str = PASSWORD) -> Page:
    return portal.get(f"/me/{point}").submit(f"/me/{point}", value=value, password=password)


def wrong_of(page: Page) -> list[str]:
    return [str(link.get("href")) for link in page.one(role="alert").iter("a")]


def test_one_page_gathers_the_account(portal: Browser) -> None:
    known, page = customer(), portal.get("/me")
    for words in (known.name, known.number, known.email, "Where we reach you", "What you allow", "Our contacts"):
        assert words
        assert words.replace(" ", "") in page.text.replace(" ", "")
    hrefs = {str(a.get("href")) for a in page.all("a")}
    assert {
        "/me/email",
        "/me/phone",
        "/me/closing",
        "/me/sign-in",
        "/activity",
        "/privacy#copy",
        "/privacy#said",
    } <= hrefs


def test_a_new_e_mail_address_counts_once_its_code_came_back_and_the_old_one_is_told(
    portal: Browser, portal_as: Callable[[str], Browser]
) -> None:
    old = customer().email
    assert old
    assert ask(portal, "email", NEW).path == "/me/email/code"
    assert customer().email == old
    done = portal.get("/me/email/code").submit("/me/email/code", code=code_to(NEW))
    assert (done.path, customer().email) == ("/me", NEW)
    assert [subject for subject, _ in letters(old)][-1] == "Your e-mail address was changed"
    assert NEW not in letters(old)[-1][1]
    with db.reading() as session:
        owners = [profiles.owner(session, "email", one) for one in (NEW, old)]
    assert owners == [customer().customer_id, None]
    assert portal_as(NEW).get("/me").path == "/me"
    assert "You changed your e-mail address" in portal.get("/activity").text


def test_nobody_is_told_of_a_portal_and_an_address_breaks_where_people_break_it(portal: Browser) -> None:
    page = portal.get("/me")
    allowed = text_of(page.one("section", **{"aria-labelledby": "allowed"}))
    assert "Online" in allowed
    assert "Portal" not in allowed
    assert "Seeing the page you are on Yes" in allowed
    assert "<wbr>@" in page.response.get_data(as_text=True)
    ways = [text_of(one) for one in portal.get("/privacy").all("label", class_="radio")]
    assert any(way.startswith("Online") for way in ways)
    assert not any("Portal" in way for way in ways)


def test_a_new_telephone_number_is_checked_by_a_text_message(portal: Browser) -> None:
    assert ask(portal, "phone", "(213) 555-0142").path == "/me/phone/code"
    done = portal.get("/me/phone/code").submit("/me/phone/code", code=code_to("12135550142@sms.example"))
    assert (done.path, customer().phone) == ("/me", "+12135550142")
    with db.reading() as session:
        assert profiles.owner(session, "phone", "+12135550142") == customer().customer_id


def test_what_is_no_address_and_a_wrong_password_are_told_in_place(portal: Browser) -> None:
    for point, value, password, wrong in (
        ("email", "nobody", PASSWORD, ["#value"]),
        ("email", "a@b\nBcc: c@d.example", PASSWORD, ["#value"]),
        ("email", str(customer().email).upper(), PASSWORD, ["#value"]),
        ("phone", "12", PASSWORD, ["#value"]),
        ("email", NEW, "wrong", ["#password"]),
        ("email", NEW, "", ["#password"]),
    ):
        page = ask(portal, point, value, password)
        assert (page.status, wrong_of(page)) == (422, wrong)
    assert letters(NEW) == []
    assert portal.get("/me/email/code").path == "/me/email"


def test_wrong_codes_count_and_anothers_address_is_nobodys_to_take(portal: Browser) -> None:
    ask(portal, "email", NEW)
    for nth in range(5):
        page = portal.get("/me/email/code").submit(
            "/me/email/code", code="000000" if code_to(NEW) != "000 000" else "1"
        )
        assert page.status == (422 if nth < 4 else 409)
    assert portal.get("/me/email/code").path == "/me/email"
    theirs = customer(LOYAL_CUSTOMER).email
    assert theirs
    ask(portal, "email", theirs)
    page = portal.get("/me/email/code").submit("/me/email/code", code=code_to(theirs))
    assert page.status == 409
    assert "can't be used" in page.text
    assert customer(LOYAL_CUSTOMER).email == theirs


def close(portal: Browser, password: str = PASSWORD) -> Page:
    return portal.get("/me/closing").submit("/me/closing", password=password)


def test_closing_names_what_is_open_and_kept_asks_for_the_password_and_can_be_taken_back(
    portal: Browser, desk: Browser
) -> None:
    page = portal.get("/me/closing")
    for words in ("We have to keep", "The law asks for it", "Cancel my plan", "You have two weeks"):
        assert words in page.text
    assert wrong_of(close(portal, "wrong")) == ["#password"]
    asked = close(portal)
    assert asked.path == "/me/closing"
    assert "Your account closes on" in asked.text
    own = str(customer().email)
    assert letters(own)[-1][0].startswith("Your account closes on")
    warnings = desk.get(f"/customers/{customer().customer_id}").one(role="group", aria_label="Warnings")
    assert "Asked us to close the account" in text_of(warnings)
    assert portal.get("/").all("a", href="/me/closing")
    kept = portal.get("/me/closing").submit("/taken-back")
    assert kept.path == "/me"
    assert letters(own)[-1][0] == "You keep your account"
    assert not portal.get("/").all("a", href="/me/closing")
    assert portal.post("/me/closing/taken-back", portal.get("/me/closing").forms[0].fields).path == "/me"


def test_after_two_weeks_the_account_is_gone_and_not_before(portal: Browser, tmp_path: Path) -> None:
    close(portal)
    whose: UUID = customer().customer_id
    assert oversight.close_due(clock.now() + timedelta(days=13), tmp_path, 10) == 0
    assert oversight.close_due(clock.now() + timedelta(days=15), tmp_path, 10) == 1
    with db.reading() as session, pytest.raises(Erased):
        profiles.profile(session, whose)
    assert portal.get("/me").path == "/sign-in"


def test_what_was_taken_back_is_not_closed(portal: Browser, tmp_path: Path) -> None:
    close(portal)
    portal.get("/me/closing").submit("/taken-back")
    assert oversight.close_due(clock.now() + timedelta(days=15), tmp_path, 10) == 0
    assert customer().number == PORTAL_CUSTOMER


def test_a_call_is_told_with_what_it_was_about_in_their_own_words(portal: Browser) -> None:
    with db.transaction() as session:
        told = {
            "summary": "Ours alone",
            "minutes": 4,
            "code": "solved",
            "code_label": "Solved",
            "intent": "slow_internet",
        }
        interactions.record(session, customer().customer_id, "call", "phone", SYSTEM, told, clock.now())
    for path in ("/me", "/activity"):
        page = portal.get(path)
        assert "4 minutes · with Evenhand · My internet is slow" in page.text
        assert "Ours alone" not in page.text
