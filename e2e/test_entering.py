"""Coming in, each way, in a real browser: the first use, password, code, link, passkey, authenticator; a forgotten password; a session ended."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pyotp
import pytest
from playwright.sync_api import Page, expect

from backend.profiles import service as profiles
from e2e.conftest import Watched
from e2e.people import Person, people_of
from e2e.servers import Server, serving
from e2e.steps import sign_in
from e2e.test_axe import Looking
from tests.cast import PASSWORD
from tests.databases import fresh, opened
from tests.mailing import OURS, Post, mail_server

NEW = "three plain words"
SOON = 20


@dataclass(frozen=True)
class House:
    """A server whose mail is read, and its customers, each for one journey."""

    server: Server
    post: Post
    people: Iterator[Person]

    @property
    def by_name(self) -> str:
        """Keys are made for names: the machine's own has one too."""
        return f"http://localhost:{urlsplit(self.server.address).port}"

    def mail(self, to: str, holds: str) -> str:
        """What came to them last, once it holds this."""
        deadline = time.monotonic() + SOON
        while True:
            theirs = [place for place, who in enumerate(self.post.recipients) if who == to]
            if theirs and re.search(holds, self.post.text(theirs[-1])):
                return self.post.text(theirs[-1])
            assert time.monotonic() < deadline, f"no mail to {to} holds {holds}"
            time.sleep(0.05)

    def code(self, to: str) -> str:
        found = re.search(r"\b\d{3} \d{3}\b", self.mail(to, r"\b\d{3} \d{3}\b"))
        assert found
        return found[0]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    home = tmp_path_factory.mktemp("entering")
    with (
        mail_server() as post,
        fresh("sqlite", "loaded", home) as url,
        serving(url, home, EVENHAND_SMTP_URL=f"smtp://127.0.0.1:{post.port}", EVENHAND_MAIL_FROM=OURS) as server,
    ):
        yield House(server, post, people_of(server))


@pytest.fixture
def visits(watched: Watched, house: House, size: dict[str, int]) -> Callable[..., Page]:
    def opens(address: str = "", scripting: bool = True) -> Page:
        return watched.open(
            address or house.server.address, viewport=size, java_script_enabled=scripting, reduced_motion="reduce"
        )

    return opens


def born(house: House, person: Person) -> str:
    with opened(house.server.database_url, house.server.log.parent):
        from backend import db

        with db.reading() as session:
            customer_id = profiles.find_by_sign_in(session, person.number)
            assert customer_id
            day = profiles.profile(session, customer_id).birth_date
    assert day
    return f"{day:%d %B %Y}"


def home(page: Page) -> None:
    expect(page.locator("h1")).to_contain_text("Hello, ")


def test_the_first_use_and_a_forgotten_password_without_a_look_behind_the_door(
    house: House, watched: Watched, visits: Callable[..., Page], size: dict[str, int], scripting: bool
) -> None:
    watched.expect_status(422)
    person, page = next(house.people), visits(scripting=scripting)
    seen = Looking(page) if scripting else None
    page.goto("/")
    page.get_by_role("link", name="I am here for the first time").click()
    page.get_by_role("button", name="Send me a code").click()
    expect(page.locator(".error-summary a")).to_have_count(2)
    if seen:
        seen.at("first use, wrong")
    page.get_by_label("Customer number").fill(person.number)
    page.get_by_label("When were you born?").check()
    page.get_by_label("Your answer").fill(born(house, person))
    page.get_by_role("button", name="Send me a code").click()
    expect(page.locator("h1")).to_have_text("Enter the code")
    if seen:
        seen.at("code")
    page.get_by_label("Code", exact=True).fill("12")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(".error-summary")).to_contain_text("4 more times")
    page.get_by_label("Code", exact=True).fill(house.code(person.email))
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Your new password").fill(NEW)
    if seen:
        seen.at("new password")
    page.get_by_role("button", name="Save and sign in").click()
    expect(page.locator("#notice")).to_contain_text("Your account is set up")
    home(page)

    other = visits(scripting=scripting)
    other.goto("/recovery")
    other.get_by_label("Customer number or e-mail").fill(person.email)
    other.get_by_role("button", name="Send me a code").click()
    house.mail(person.email, "choose a new password")
    other.get_by_label("Code", exact=True).fill(house.code(person.email))
    other.get_by_role("button", name="Continue").click()
    other.get_by_label("Your new password").fill(NEW[::-1])
    other.get_by_role("button", name="Save and sign in").click()
    home(other)
    page.goto("/bills")
    expect(page).to_have_url(re.compile("/sign-in"))
    sign_in(page, person.number, NEW[::-1])
    expect(page).to_have_url(re.compile("/bills$"))
    if seen:
        assert seen.faults == []


def test_a_code_a_link_and_a_session_that_is_ended_elsewhere(
    house: House, watched: Watched, visits: Callable[..., Page], scripting: bool
) -> None:
    person, page, telephone = next(house.people), visits(scripting=scripting), visits(scripting=scripting)
    page.goto("/sign-in")
    page.get_by_role("link", name="Sign in with a code by e-mail").click()
    page.get_by_label("Customer number or e-mail").fill(person.number)
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("Code", exact=True).fill(house.code(person.email))
    page.get_by_role("button", name="Continue").click()
    home(page)
    house.mail(person.email, "on a device that we have not seen before")

    telephone.goto("/sign-in/code")
    telephone.get_by_label("Customer number or e-mail").fill(person.email)
    telephone.get_by_role("button", name="Send me a code").click()
    link = re.search(r"http://\S+/sign-in/link/\S+", house.mail(person.email, "/sign-in/link/"))
    assert link
    telephone.goto(link[0])
    telephone.get_by_role("button", name="Sign in").click()
    home(telephone)

    page.goto("/me/sign-in")
    expect(page.locator("#where ~ ul .line")).to_have_count(2)
    page.get_by_role("button", name=re.compile("^End")).click()
    expect(page.locator("#where ~ ul .line")).to_have_count(1)
    telephone.goto("/services")
    expect(telephone).to_have_url(re.compile("/sign-in"))
    sign_in(telephone, person.number)
    expect(telephone).to_have_url(re.compile("/services$"))


def test_a_passkey_is_made_named_used_and_removed(house: House, watched: Watched, visits: Callable[..., Page]) -> None:
    watched.expect_status(422)
    person, page = next(house.people), visits(house.by_name)
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    has = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options = has | {"isUserVerified": True, "automaticPresenceSimulation": True}
    device = devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
    seen = Looking(page)
    page.goto("/me/sign-in")
    sign_in(page, person.number)
    page.get_by_role("link", name="Add a passkey").click()
    seen.at("a new passkey")
    page.get_by_label("A name by which you know it").fill("My telephone")
    page.get_by_role("button", name="Add this device").click()
    expect(page.locator("#notice")).to_contain_text("Passkey added")
    house.mail(person.email, "My telephone")
    page.get_by_text("Rename").click()
    page.get_by_label("Name", exact=True).fill("")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".error-summary")).to_contain_text("Enter a name")
    page.get_by_label("Name", exact=True).fill("Telephone")
    seen.at("how one signs in")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#passkeys ~ ul")).to_contain_text("Telephone")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_role("button", name="Add this device").click()
    expect(page.locator("[data-passkey-wrong]")).to_have_text("This device has a passkey of yours already.")
    page.goto("/")
    page.get_by_role("button", name="Sign out", exact=True).click()

    page.get_by_role("link", name="Sign in with a passkey").click()
    seen.at("sign in with a passkey")
    devices.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.locator("[data-passkey-wrong]")).to_contain_text("Nothing was done")
    devices.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": True})
    page.get_by_role("button", name="Use a passkey").click()
    home(page)

    page.goto("/me/sign-in")
    expect(page.locator("#where ~ ul")).to_contain_text("with a passkey")
    page.get_by_role("button", name=re.compile("^Remove.*Telephone")).click()
    page.get_by_role("button", name="Sign out", exact=True).first.click()
    page.goto("/sign-in/passkey")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.locator(".error-summary")).to_contain_text("it was removed")
    assert seen.faults == []


def test_an_authenticator_asks_for_its_code_and_a_code_on_paper_does_too(
    house: House, watched: Watched, visits: Callable[..., Page], scripting: bool
) -> None:
    watched.expect_status(422)
    person, page = next(house.people), visits(scripting=scripting)
    seen = Looking(page) if scripting else None
    page.goto("/me/sign-in")
    sign_in(page, person.number, PASSWORD)
    page.get_by_role("button", name="Set up an authenticator").click()
    if seen:
        seen.at("an authenticator")
    app = pyotp.TOTP(page.locator("strong.key-text").inner_text().replace(" ", ""))
    page.get_by_label("Code that the app shows").fill(app.now())
    page.get_by_role("button", name="Switch it on").click()
    codes = page.locator(".paper-codes li").all_inner_texts()
    assert len(codes) == 10
    if seen:
        seen.at("codes on paper")
    page.get_by_role("link", name="I have kept them").click()
    expect(page.locator("#authenticator ~ p").first).to_contain_text("10 unused codes")
    page.goto("/")
    page.get_by_role("button", name="Sign out", exact=True).click()
    sign_in(page, person.number)
    expect(page.locator("h1")).to_have_text("One more step")
    if seen:
        seen.at("the second step")
    page.get_by_label("Code", exact=True).fill("nonsense")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".error-summary")).to_be_visible()
    page.get_by_label("Code", exact=True).fill(codes[0])
    page.get_by_role("button", name="Sign in").click()
    home(page)
    if seen:
        assert seen.faults == []


def test_whoever_is_not_signed_in_writes_to_us_and_reads_help(
    house: House, watched: Watched, visits: Callable[..., Page], scripting: bool
) -> None:
    watched.expect_status(422)
    page = visits(scripting=scripting)
    seen = Looking(page) if scripting else None
    page.goto("/sign-in")
    if seen:
        seen.at("sign in")
    page.get_by_role("link", name="write to us").click()
    page.get_by_label("E-mail address").fill("nobody")
    page.get_by_label("What can we do for you?").fill("Do you have fibre in Elm Street?")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".error-summary a")).to_have_count(1)
    if seen:
        seen.at("write to us, wrong")
    expect(page.get_by_label("What can we do for you?")).to_have_value("Do you have fibre in Elm Street?")
    width = (page.viewport_size or {"width": 0})["width"]
    page.get_by_label("E-mail address").fill(f"someone.{width}.{scripting}@example.net".lower())
    page.get_by_role("button", name="Send").click()
    expect(page.locator("h1")).to_have_text("Sent")
    if seen:
        seen.at("sent")
        assert seen.faults == []
