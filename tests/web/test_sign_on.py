"""Coming in by an organisation's own single sign-on: a real provider on this machine, staff and customers, and who is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import oidc_provider_mock as provider
import pytest
from flask import Flask
from sqlalchemy import select

from backend import db
from backend.entering.sign_on import SIGN_ON
from backend.mail.posting import SENT
from backend.profiles import service as profiles
from tests import apps
from tests.cast import AGENT, PASSWORD, PORTAL_CUSTOMER
from tests.mailing import sending
from tests.pages import Browser, Page

Make = Callable[..., Flask]


def somebody(sub: str, email: str, verified: object = True) -> provider.User:
    return provider.User(sub=sub, claims={"email": email, "email_verified": verified, "name": "Somebody"})


@pytest.fixture
def there(loaded: str) -> Iterator[str]:
    """The provider's address, with the people whom it knows."""
    with db.reading() as session:
        found = profiles.find_by_sign_in(session, PORTAL_CUSTOMER)
        assert found
        customer = profiles.profile(session, found)
    assert customer.email
    people = [
        somebody("s-1", AGENT.upper()),
        somebody("s-2", "nobody@evenhand.test"),
        somebody("s-3", AGENT, verified=False),
        somebody("s-4", AGENT, verified="true"),
        somebody("c-1", customer.email),
        somebody("c-2", "elsewhere@evenhand.test"),
        somebody("x" * 256, AGENT),
    ]
    with provider.run_server_in_thread(require_nonce=True, user_claims=people) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def make(loaded: str, tmp_path: Path, there: str) -> Make:
    def made(name: str, more: str = "", where: str = there) -> Flask:
        url = f"{where.replace('://', '://evenhand:s%2Fecret@')}?name={quote('Acme & Co')}{more}"
        variable = "EVENHAND_STAFF_SIGN_ON" if name == "desk" else "EVENHAND_CUSTOMER_SIGN_ON"
        return apps.create(name, loaded, tmp_path, **{variable: url})

    return made


def out(browser: Browser, path: str = "/sign-in/organisation") -> str:
    """Where the browser is sent."""
    page = browser.get(path, follow=False)
    assert page.status == 302, page.text[:300]
    return str(page.response.headers["Location"])


def allowed(address: str, who: str, **more: str) -> str:
    """The address to which the provider sends them back, once they have signed in there."""
    answer = httpx.post(address, data={"sub": who, **more})
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["location"])
    return f"{back.path.removeprefix('/desk')}?{back.query}"


def through(browser: Browser, who: str, path: str = "/sign-in/organisation") -> Page:
    return browser.get(allowed(out(browser, path), who))


def test_staff_come_in_by_the_address_that_the_provider_has_verified_and_later_by_its_id_of_them(make: Make) -> None:
    desk = make("desk")
    page = Browser(desk).get("/sign-in")
    assert "Sign in with Acme & Co" in page.text
    browser = Browser(desk)
    after = through(browser, "s-1", "/sign-in/organisation?next=/cases")
    assert after.path == "/cases"
    assert "Avery Quinn" in browser.get("/").text
    with db.reading() as session:
        row = session.execute(select(SIGN_ON)).one()
    assert (row.kind, row.known_as) == ("staff", "s-1")
    assert Browser(desk).get("/").path == "/sign-in"
    assert through(Browser(desk), "s-1").path == "/"


@pytest.mark.parametrize("who", ["s-2", "s-3", "s-4"])
def test_who_has_no_place_at_the_desk_or_no_verified_address_is_told_so(make: Make, who: str) -> None:
    browser = Browser(make("desk"))
    page = through(browser, who)
    assert page.status == 401
    assert "you have no place at this desk" in page.text
    assert browser.get("/").path == "/sign-in"
    with db.reading() as session:
        assert session.execute(select(SIGN_ON)).all() == []


def test_a_provider_that_names_nobody_we_can_keep_is_refused(make: Make) -> None:
    page = through(Browser(make("desk")), "x" * 256)
    assert page.status == 401
    assert "Begin again here" in page.text


def test_where_there_is_no_other_way_passwords_are_not_taken(make: Make) -> None:
    browser = Browser(make("desk", "&only=1"))
    page = browser.get("/sign-in")
    assert "Password" not in page.text
    refused = browser.post("/sign-in", {"email": AGENT, "password": PASSWORD, "csrf_token": token(page)})
    assert refused.status in (400, 422)
    assert browser.get("/").path == "/sign-in"
    assert through(browser, "s-1").path == "/"


def token(page: Page) -> str:
    found = page.root.find(".//input[@name='csrf_token']")
    return "" if found is None else found.get("value", "")


def test_an_answer_that_this_browser_did_not_ask_for_is_refused(make: Make) -> None:
    desk = make("desk")
    theirs, mine = Browser(desk), Browser(desk)
    back = allowed(out(theirs), "s-1")
    page = mine.get(back)
    assert page.status == 401
    assert "did not work" in page.text
    assert theirs.get(back).path == "/"
    again = theirs.get(back)
    assert again.status == 401
    for broken in ("/sign-in/organisation/back", "/sign-in/organisation/back?state=a&code=b"):
        assert Browser(desk).get(broken).status == 401


def test_who_says_no_at_the_provider_is_told_and_can_begin_again(make: Make) -> None:
    browser = Browser(make("desk"))
    page = browser.get(allowed(out(browser), "s-1", action="deny"))
    assert page.status == 401
    assert "Acme & Co did not let you through" in page.text
    assert through(browser, "s-1").path == "/"


def test_a_provider_out_of_reach_or_another_than_was_set_opens_nothing(make: Make, there: str) -> None:
    gone = make("desk", where="http://localhost:9")
    page = Browser(gone).get("/sign-in/organisation")
    assert page.status == 401
    assert "cannot be reached just now" in page.text
    for other in ("/elsewhere", "/."):  # the first knows nothing; the second answers, and calls itself otherwise
        assert Browser(make("desk", where=there + other)).get("/sign-in/organisation", follow=False).status == 401


def test_nothing_is_there_where_nothing_is_set_up(desk_app: Flask, portal_app: Flask) -> None:
    for app in (desk_app, portal_app):
        for path in ("/sign-in/organisation", "/sign-in/organisation/back"):
            assert Browser(app).get(path).status == 404
        assert "sign-in/organisation" not in Browser(app).get("/sign-in").html


def test_the_way_out_asks_with_a_proof_key_a_nonce_and_a_state(make: Make) -> None:
    asked = parse_qs(urlsplit(out(Browser(make("portal")))).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == ["http://127.0.0.1:8000/sign-in/organisation/back"]
    assert asked.keys() >= {"code_challenge", "nonce", "state"}
    assert asked["scope"] == ["openid email profile"]


def test_a_customer_comes_in_hears_of_it_and_may_disconnect(make: Make) -> None:
    with sending():
        browser = Browser(make("portal"))
        assert through(browser, "c-1", "/sign-in/organisation?next=/bills").path == "/bills"
        with db.reading() as session:
            told = session.execute(select(SENT.c.subject).order_by(SENT.c.mail_id)).scalars().all()
    assert "Another way into your account" in told
    page = browser.get("/me/sign-in")
    assert "with the sign-in of your organisation" in page.text
    page.submit("/me/sign-in/organisation/end")
    assert "It opens this account since" not in browser.get("/me/sign-in").text
    with db.reading() as session:
        assert session.execute(select(SIGN_ON)).all() == []


def test_whom_we_do_not_know_signs_in_once_and_is_connected_then(make: Make) -> None:
    portal = make("portal")
    browser = Browser(portal)
    page = through(browser, "c-2", "/sign-in/organisation?next=/bills")
    assert page.path == "/sign-in"
    assert "We do not know you yet by Acme & Co" in page.text
    after = page.submit("/sign-in", who=PORTAL_CUSTOMER, password=PASSWORD)
    assert "Acme & Co opens this account too from now on" in after.text, "whose account it is sees it, whoever began it"
    other = Browser(portal)
    assert through(other, "c-2").path == "/"
    assert "with the sign-in of your organisation" in other.get("/me/sign-in").text
