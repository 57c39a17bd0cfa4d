"""The pages by which a customer comes in without a password: each the same for strangers, nothing typed lost."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from backend import db
from backend.mail.posting import SENT
from backend.profiles import service as profiles
from tests.cast import PASSWORD, PORTAL_CUSTOMER, sign_in
from tests.mailing import sending
from tests.pages import Browser, Page, text_of

NEW = "three plain words"


@pytest.fixture(autouse=True)
def mailing() -> Iterator[None]:
    with sending():
        yield


def last_mail() -> str:
    with db.reading() as session:
        return str(session.execute(select(SENT.c.text).order_by(SENT.c.mail_id.desc()).limit(1)).scalar_one())


def code_in_mail() -> str:
    found = re.search(r"\b\d{3} \d{3}\b", last_mail())
    assert found
    return found[0]


def born() -> str:
    with db.reading() as session:
        found = profiles.find_by_sign_in(session, PORTAL_CUSTOMER)
        assert found
        day = profiles.profile(session, found).birth_date
    assert day
    return day.isoformat()


def words_of(page: Page) -> str:
    return re.sub(r'name="csrf_token" value="[^"]*"|X-CSRFToken": "[^"]*"', "", page.html)


def claim(browser: Browser, number: str, answer: str) -> Page:
    return browser.get("/first-use").submit("/first-use", number=number, fact="birth", answer=answer)


def test_an_account_is_set_up_in_three_steps_and_one_is_signed_in(portal_app: Flask) -> None:
    page = claim(Browser(portal_app), PORTAL_CUSTOMER, born())
    assert page.path == "/code"
    page = page.submit("/code", code="12 34")
    assert page.status == 422
    assert "4 more times" in page.text
    page = page.submit("/code", code=code_in_mail())
    assert page.path == "/new-password"
    page = page.submit("/new-password", password="short")
    assert page.status == 422
    page = page.submit("/new-password", password=NEW)
    assert page.path == "/"
    assert "Your account is set up" in page.text
    assert page.browser.get("/new-password").path in ("/sign-in", "/")
    assert sign_in(Browser(portal_app), PORTAL_CUSTOMER, NEW)


def test_a_stranger_reads_the_same_pages_to_the_letter(portal_app: Flask) -> None:
    read = []
    for number, answer in ((PORTAL_CUSTOMER, born()), (PORTAL_CUSTOMER, "1 January 1901"), ("C000000", born())):
        first = claim(Browser(portal_app), number, answer)
        pages = [first]
        pages += [first.submit("/code", code="000000") for _ in range(6)]
        read.append([(page.status, words_of(page)) for page in pages])
    assert read[0] == read[1] == read[2]
    assert "no longer good" in read[0][-1][1]
    for start in ("/recovery", "/sign-in/code"):
        asked = [
            Browser(portal_app).get(start).submit(start, who=who)
            for who in (PORTAL_CUSTOMER, "C000000", "nobody@example.com")
        ]
        assert len({(page.path, words_of(page)) for page in asked}) == 1


def test_what_is_missing_is_named_at_its_field_and_what_was_typed_stays(portal_app: Flask) -> None:
    page = Browser(portal_app).get("/first-use").submit("/first-use", number="C1", answer="")
    assert page.status == 422
    assert [link.get("href") for link in page.one(role="alert").iter("a")] == ["#answer"]
    assert page.one("input", name="number").get("value") == "C1"
    for start in ("/recovery", "/sign-in/code"):
        assert Browser(portal_app).get(start).submit(start, who=" ").status == 422
    nobody = Browser(portal_app)
    assert nobody.get("/code").path == "/sign-in"
    assert nobody.get("/new-password").path == "/sign-in"


def test_a_code_leads_to_the_page_that_was_asked_for_and_a_link_waits_for_its_button(portal_app: Flask) -> None:
    asking = Browser(portal_app)
    page = asking.get("/sign-in/code").submit("/sign-in/code", who=PORTAL_CUSTOMER, next="/bills")
    found = re.search(r"http://127\.0\.0\.1:8000(/sign-in/link/\S+)", last_mail())
    assert found
    code = code_in_mail()
    scanner, telephone = Browser(portal_app), Browser(portal_app)
    assert text_of(scanner.get(found[1]).one("h1")) == "Sign in"
    assert scanner.get("/").path == "/sign-in"
    assert telephone.get(found[1]).submit(found[1]).path == "/"
    again = Browser(portal_app).get(found[1]).submit(found[1])
    assert (again.status, "no longer good" in again.text) == (422, True)
    assert page.submit("/code", code=code).status == 422
    page = asking.get("/sign-in/code").submit("/sign-in/code", who=PORTAL_CUSTOMER, next="/bills")
    assert page.submit("/code", code=code_in_mail()).path == "/bills"


def test_a_forgotten_password_is_replaced_and_other_browsers_are_out(portal_app: Flask) -> None:
    other = sign_in(Browser(portal_app), PORTAL_CUSTOMER)
    page = Browser(portal_app).get("/recovery").submit("/recovery", who=PORTAL_CUSTOMER)
    after = page.submit("/code", code=code_in_mail()).submit("/new-password", password=NEW)
    assert "You have a new password" in after.text
    assert other.get("/").path == "/sign-in"
    refused = Browser(portal_app).get("/sign-in").submit("/sign-in", who=PORTAL_CUSTOMER, password=PASSWORD)
    assert refused.status == 422
