"""The second step at the desk: for whoever has power before anything opens, for others if they like; lost, moved, too late."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pyotp
import pytest
import sqlalchemy as sa
from flask import Flask
from typer.testing import CliRunner

from backend import cli, db, readiness
from backend.entering import service as entering
from shared.kernel import clock
from tests.cast import ADMIN, AGENT, PASSWORD, SUPERVISOR, sign_in
from tests.joining import KIM, first_step, id_of, joined, path_of
from tests.pages import Browser, Page, text_of


@pytest.fixture
def admin(desk_as: Callable[[str], Browser]) -> Browser:
    return desk_as(ADMIN)


def second(page: Page, to: str) -> tuple[pyotp.TOTP, Page]:
    """Sets it up on this page, after a wrong code; gives the app, and the page with the codes on paper."""
    app = pyotp.TOTP(text_of(page.one("strong", class_="key-text")).replace(" ", ""))
    wrong = page.submit(to, code="1")
    assert (wrong.status, "This code is not right" in wrong.text) == (422, True)
    return app, wrong.submit(to, code=app.at(clock.now()))


def codes_of(page: Page) -> list[str]:
    return [text_of(one) for one in page.one("ul", class_="paper-codes")]


def test_who_has_power_sets_up_a_second_step_before_anything_opens(admin: Browser) -> None:
    joined(admin, "supervisor")
    page = first_step(admin.app)
    assert page.path == "/sign-in/set-up"
    assert page.browser.get("/callbacks").path == "/sign-in", "not in yet"
    # Asked for once more, the same key is told: the telephone may have it already.
    key = text_of(page.one("strong", class_="key-text"))
    assert text_of(first_step(admin.app).one("strong", class_="key-text")) == key
    _, done = second(page, "/sign-in/set-up")
    codes = codes_of(done)
    assert len(codes) == 10
    assert page.browser.get("/wall").status == 200, "in now"
    later = first_step(admin.app)
    assert later.path == "/sign-in/second-step"
    assert later.browser.get("/wall").path == "/sign-in"
    assert later.submit("/second-step", code="12").status == 422
    assert later.submit("/second-step", code="").status == 422
    assert later.submit("/second-step", code=codes[0]).path == "/"
    assert first_step(admin.app).submit("/second-step", code=codes[0]).status == 422, "once"
    assert Browser(admin.app).get("/sign-in/second-step").path == "/sign-in"
    assert Browser(admin.app).get("/sign-in/set-up").path == "/sign-in"


def test_the_demos_sign_ins_need_no_second_step(desk_as: Callable[[str], Browser]) -> None:
    assert desk_as(SUPERVISOR).get("/wall").status == 200
    assert "at your next sign-in" not in desk_as(ADMIN).get("/me/sign-ins").text


def test_an_agent_may_have_one_and_remove_it(desk_as: Callable[[str], Browser]) -> None:
    desk = desk_as(AGENT)
    page = desk.get("/me/sign-ins").submit("/me/second-step")
    assert page.path == "/me/second-step"
    _, done = second(page, "/me/second-step/confirmation")
    codes = codes_of(done)
    assert first_step(desk.app, AGENT, PASSWORD).path == "/sign-in/second-step"
    page = desk.get("/me/sign-ins")
    assert "10 unused codes" in page.text
    assert desk.get("/me/second-step").path == "/me/sign-ins"
    assert page.submit("/removal", code="nonsense").status == 422
    assert "No code is asked for" in page.submit("/removal", code=codes[3]).text
    assert first_step(desk.app, AGENT, PASSWORD).path == "/"


def test_whoever_must_have_one_moves_it_and_never_is_without(admin: Browser) -> None:
    joined(admin, "author")
    page = first_step(admin.app)
    _, done = second(page, "/sign-in/set-up")
    moved = page.browser.get("/me/sign-ins").submit("/removal", code=codes_of(done)[0])
    assert moved.path == "/me/second-step"
    assert first_step(admin.app).path == "/sign-in/set-up", "not moved yet: at the next sign-in it must be"


def test_a_lost_telephone_is_an_administrators_to_forgive(admin: Browser) -> None:
    joined(admin, "supervisor")
    page = first_step(admin.app)
    second(page, "/sign-in/set-up")
    assert "at next sign-in" not in text_of(admin.get("/people").one("table"))
    told = admin.get(path_of(KIM)).submit("/reset")
    assert "second step of Kim Park is taken away" in told.text
    assert page.browser.get("/wall").path == "/sign-in", "signed out everywhere"
    assert first_step(admin.app).path == "/sign-in/set-up"
    assert "at next sign-in" in text_of(admin.get("/people").one("table"))
    with db.reading() as session:
        assert not entering.authenticators.set_by(session, [id_of(KIM)])


def test_too_long_between_the_steps_is_to_begin_again(admin: Browser) -> None:
    joined(admin, "supervisor")
    page = first_step(admin.app)
    app = pyotp.TOTP(text_of(page.one("strong", class_="key-text")).replace(" ", ""))
    later = clock.now() + timedelta(minutes=11)
    with clock.frozen(later):
        answer = page.submit("/sign-in/set-up", code=app.at(later))
    assert (answer.status, "too long" in answer.text) == (422, True)


def test_whoever_leaves_half_way_does_not_come_in(admin: Browser) -> None:
    joined(admin, "supervisor")
    page = first_step(admin.app)
    app = pyotp.TOTP(text_of(page.one("strong", class_="key-text")).replace(" ", ""))
    admin.get(path_of(KIM)).submit("/leaving")
    refused = page.submit("/sign-in/set-up", code=app.at(clock.now()))
    assert (refused.status, "Sign in to the desk" in refused.text) == (422, True)


def test_half_a_sign_in_says_nothing_of_the_other_half(desk_app: Flask) -> None:
    """A sign-in of the desk is named by its row: without one, a cookie that names somebody opens nothing."""
    browser = sign_in(Browser(desk_app), AGENT)
    with db.transaction() as session:
        session.connection().execute(sa.text("DELETE FROM staff_session"))
    assert browser.get("/callbacks").path == "/sign-in"


def test_where_no_other_administrator_can_a_command_takes_a_lost_one_away(
    admin: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    joined(admin, "admin")
    page = first_step(admin.app)
    second(page, "/sign-in/set-up")
    monkeypatch.setattr(readiness, "begin", lambda: None)
    done = CliRunner().invoke(cli.app, ["staff", "reset-second-step", KIM])
    assert done.exit_code == 0, done.output
    assert page.browser.get("/people").path == "/sign-in"
    assert first_step(admin.app).path == "/sign-in/set-up"
    for wrong in (KIM, "nobody@example.com"):
        assert CliRunner().invoke(cli.app, ["staff", "reset-second-step", wrong]).exit_code != 0
