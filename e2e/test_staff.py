"""Somebody joins with power, proves it by two steps, and leaves: out of every open page at once."""

from __future__ import annotations

from collections.abc import Callable

import pyotp
from playwright.sync_api import Page, expect

from e2e.conftest import Watched
from e2e.people import Person
from e2e.steps import at_the_desk, sign_in
from shared.kernel import clock
from tests.cast import ADMIN

Visit = Callable[..., Page]
GOOD = "a pass that is long"


def joined(admin: Page, page: Page, email: str, role: str, name: str) -> None:
    """Invited by the administrator, they take the link up in a browser of their own, and stand at the sign-in page."""
    admin.goto("/desk/people")
    admin.get_by_label("E-mail").fill(email)
    admin.get_by_label("Role").select_option(label=role)
    admin.get_by_role("button", name="Invite them").click()
    link = admin.locator("code.secret").inner_text()
    page.goto(link)
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Password").fill(GOOD)
    page.get_by_label("The same once more").fill(GOOD)
    page.get_by_role("button", name="Join").click()
    expect(page.locator("#notice")).to_contain_text(f"Sign in as {email}")


def test_a_supervisor_joins_by_two_steps_and_leaves_at_once(visit: Visit, watched: Watched) -> None:
    admin, kim = visit(), visit()
    at_the_desk(admin, ADMIN)
    joined(admin, kim, "kim.park@example.com", "Supervisor", "Kim Park")

    sign_in(kim, "kim.park@example.com", GOOD)
    expect(kim.locator("h1")).to_have_text("Set up your second step")
    app = pyotp.TOTP(kim.locator(".key-text").inner_text().replace(" ", ""))
    watched.expect_status(422)
    kim.get_by_label("Code that the app shows").fill("000")
    kim.get_by_role("button", name="Switch it on").click()
    expect(kim.locator(".error-summary")).to_contain_text("This code is not right")
    kim.get_by_label("Code that the app shows").fill(app.at(clock.now()))
    kim.get_by_role("button", name="Switch it on").click()
    codes = kim.locator(".paper-codes li").all_inner_texts()
    assert len(codes) == 10
    kim.get_by_role("link", name="I have kept them").click()
    expect(kim.locator(".me-text")).to_have_text("Kim Park")
    kim.goto("/desk/approvals")
    expect(kim.locator("h1")).to_have_text("Approvals")

    # Elsewhere, without the telephone.
    other = visit()
    other.goto("/desk/approvals")
    sign_in(other, "kim.park@example.com", GOOD)
    other.get_by_label("Code").fill(codes[0])
    other.get_by_role("button", name="Sign in").click()
    expect(other.locator("h1")).to_have_text("Approvals")
    other.goto("/desk/me/sign-ins")
    expect(other.locator(".people-line")).to_have_count(2)

    admin.goto("/desk/people")
    admin.get_by_role("link", name="Kim Park").click()
    expect(admin.locator(".people-line")).to_have_count(2)
    admin.get_by_role("button", name="End the work of Kim Park").click()
    expect(admin.locator("h1")).to_contain_text("Left")
    for page in (kim, other):
        expect(page.locator("[data-line-text]").first).to_have_text("You were signed out. Reload the page.")
        page.reload()
        expect(page.locator("h1")).to_have_text("Sign in to the desk")


def test_who_leaves_hands_on_what_they_had_in_hand(visit: Visit, person: Person) -> None:
    # Whoever goes on with it is new too: the colleagues of other journeys keep their hands free.
    admin, lee, max_ = visit(), visit(), visit()
    at_the_desk(admin, ADMIN)
    joined(admin, max_, "max.reyes@example.com", "Agent", "Max Reyes")
    joined(admin, lee, "lee.moss@example.com", "Senior agent", "Lee Moss")
    sign_in(lee, "lee.moss@example.com", GOOD)
    expect(lee.locator(".me-text")).to_have_text("Lee Moss")
    lee.goto(person.desk_page)
    lee.get_by_role("button", name="Start a contact").click()
    expect(lee.locator("#rail")).to_contain_text(person.name)

    admin.goto("/desk/people")
    admin.get_by_role("link", name="Lee Moss").click()
    expect(admin.locator("main")).to_contain_text("In hand: 1 open contact")
    admin.get_by_label("Who goes on with it").select_option(label="Max Reyes")
    admin.get_by_role("button", name="End the work of Lee Moss").click()
    expect(admin.locator("#notice")).to_contain_text("1 thing was handed on")
    sign_in(max_, "max.reyes@example.com", GOOD)
    expect(max_.locator("#rail")).to_contain_text(person.name)
