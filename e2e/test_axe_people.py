"""The pages about people: invited, joining, their second step and their sign-ins; in both sizes, no fault that axe knows of."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pyotp
from playwright.sync_api import Page, expect

from e2e.conftest import Watched
from e2e.steps import at_the_desk, sign_in
from e2e.test_axe import Looking
from e2e.test_staff import GOOD
from shared.kernel import clock
from tests.cast import ADMIN

Visit = Callable[..., Page]
_numbers = count(1)


def test_people_and_their_sign_ins(visit: Visit, watched: Watched, size: dict[str, int]) -> None:
    watched.expect_status(410, 422)
    admin, new = visit(size=size), visit(size=size)
    email = f"axe{next(_numbers)}@example.com"
    at_the_desk(admin, ADMIN)
    house = Looking(admin)
    admin.goto("/desk/people")
    admin.get_by_label("E-mail").fill("nobody")
    admin.get_by_role("button", name="Invite them").click()
    expect(admin.locator(".error-summary")).to_be_visible()
    house.at("people, an invitation refused")
    admin.get_by_label("E-mail").fill(email)
    admin.get_by_label("Role").select_option(label="Author")
    admin.get_by_role("button", name="Invite them").click()
    link = admin.locator("code.secret").inner_text()
    house.at("people, somebody invited")

    seen = Looking(new)
    new.goto(link)
    new.get_by_role("button", name="Join").click()
    expect(new.locator(".error-summary")).to_be_visible()
    seen.at("joining, refused")
    new.get_by_label("Your name").fill("Robin Axe")
    new.get_by_label("Password").fill(GOOD)
    new.get_by_label("The same once more").fill(GOOD)
    new.get_by_role("button", name="Join").click()
    new.goto(link)
    seen.at("a link that was used")
    new.goto("/desk/")
    sign_in(new, email, GOOD)
    seen.at("a second step set up")
    app = pyotp.TOTP(new.locator(".key-text").inner_text().replace(" ", ""))
    new.get_by_label("Code that the app shows").fill(app.at(clock.now()))
    new.get_by_role("button", name="Switch it on").click()
    seen.at("codes on paper")
    new.goto("/desk/me/sign-ins")
    seen.at("my sign-ins")
    again = visit(size=size)
    again.goto("/desk/")
    sign_in(again, email, GOOD)
    asked = Looking(again)
    asked.at("the second step")

    admin.goto("/desk/people")
    admin.get_by_role("link", name="Robin Axe").first.click()
    house.at("a member of staff")
    admin.get_by_role("button", name="End the work of").click()
    expect(admin.locator("h1")).to_contain_text("Left")
    house.at("somebody who left")
    admin.goto("/desk/people")
    house.at("people, with who left")
    assert house.faults + seen.faults + asked.faults == []
