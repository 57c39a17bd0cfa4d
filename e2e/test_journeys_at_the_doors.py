"""Signing in and out, sessions that stay apart, and what people type that we cannot use: it comes back as they typed it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import Watched
from e2e.people import Person
from e2e.steps import agent_opens, customer_opens, open_menu, sign_in
from tests.cast import AGENT, PASSWORD

Visit = Callable[..., Page]
STRANGE = "  <b>Zoë</b> & “Söhne” {{ 7 * 7 }} '; -- \u202e 𝒜𝒷𝒸 %s"
SIGN_INS = {"desk": ("/desk/", AGENT), "portal": ("/", "nobody@example.org")}


@pytest.mark.parametrize("face", SIGN_INS)
def test_a_wrong_password_is_refused_in_words_that_tell_nothing(
    visit: Visit, watched: Watched, face: str, scripting: bool
) -> None:
    watched.expect_status(422)
    home, who = SIGN_INS[face]
    page = visit(scripting=scripting)
    said = []
    for name in (who, "someone.else@example.org"):
        page.goto(home)
        sign_in(page, name, "not the password")
        expect(page.locator(".error-summary")).to_be_visible()
        assert page.locator("input[autocomplete=username]").input_value() == name
        assert page.locator("input[type=password]").input_value() == ""
        said.append(page.locator(".error-summary").inner_text())
    assert said[0] == said[1]
    page.goto(home)
    expect(page).to_have_url(re.compile("/sign-in"))


@pytest.mark.parametrize("face", SIGN_INS)
def test_strange_and_missing_words_at_the_door_come_back(
    visit: Visit, watched: Watched, face: str, scripting: bool
) -> None:
    watched.expect_status(422)
    page = visit(scripting=scripting)
    page.goto(SIGN_INS[face][0])
    sign_in(page, STRANGE.strip(), "")
    expect(page.locator(".error-summary")).to_contain_text("Enter your password")
    typed = page.locator("input[autocomplete=username]").input_value()
    assert typed == STRANGE.strip()
    sign_in(page, "", "")
    expect(page.locator(".error-summary a")).to_have_count(2)


def test_sessions_of_the_faces_stay_apart_and_end(visit: Visit, person: Person, scripting: bool) -> None:
    page = visit(scripting=scripting)
    agent_opens(page, person)
    page.goto("/")
    expect(page).to_have_url(re.compile(r":\d+/sign-in"))
    sign_in(page, person.email)
    expect(page.locator("h1")).to_contain_text(person.name.split()[0])
    page.goto(person.desk_page)
    expect(page.locator("h1")).to_have_text(person.name)

    page.goto("/")
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile(r":\d+/sign-in"))
    page.go_back()
    expect(page).to_have_url(re.compile(r":\d+/sign-in"))
    expect(page.locator("body")).not_to_contain_text(person.name.split()[0])
    page.goto("/desk/")  # the agent is still signed in
    expect(page).to_have_url(re.compile(r"/desk/$"))
    menu = page.locator("form[action$='/sign-out']")
    open_menu(page, menu)
    menu.get_by_role("button").click()
    expect(page).to_have_url(re.compile("/desk/sign-in"))
    page.goto(person.desk_page)
    expect(page).to_have_url(re.compile("/desk/sign-in"))
    expect(page.locator("body")).not_to_contain_text(person.name)


def test_a_page_that_was_asked_for_is_where_the_sign_in_leads(
    visit: Visit, watched: Watched, person: Person, scripting: bool
) -> None:
    watched.expect_status(422)
    page = visit(scripting=scripting)
    page.goto("/bills")
    sign_in(page, person.number, "wrong, at first")
    expect(page.locator(".error-summary")).to_be_visible()
    sign_in(page, person.number, PASSWORD)
    expect(page).to_have_url(re.compile(r":\d+/bills$"))


def test_strange_and_long_searches_come_back_as_typed(visit: Visit, scripting: bool) -> None:
    page = visit(scripting=scripting)
    page.goto("/desk/")
    sign_in(page, AGENT)
    for typed in (STRANGE.strip(), "x" * 150, "%", "_", "' OR 1=1 --"):
        page.goto("/desk/")
        page.locator("#query").fill(typed)
        page.get_by_role("button", name="Search").click()
        expect(page).to_have_url(re.compile("/desk/search$"))
        expect(page.locator("#query")).to_have_value(typed)
        expect(page.locator("#found")).to_have_text("Nobody found")
    page.locator("#query").fill("")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("h1")).to_be_visible()


def test_a_request_for_a_call_that_is_too_long_comes_back_and_one_that_fits_arrives(
    visit: Visit, watched: Watched, person: Person, scripting: bool
) -> None:
    watched.expect_status(422)
    portal, desk = visit(scripting=scripting), visit(scripting=scripting)
    customer_opens(portal, person)
    form = portal.locator("form[action='/callback']")
    open_menu(portal, form)
    long = "About <b>my</b> bill. " * 20
    form.locator("input[value=evening]").check(force=True)
    form.locator("input[name=about]").fill(long)
    form.get_by_role("button").click()
    expect(portal.locator(".error-summary")).to_be_visible()
    expect(form.locator("input[name=about]")).to_have_value(long)
    expect(form.locator("input[value=evening]")).to_be_checked()
    form.locator("input[name=about]").fill(STRANGE.strip())
    form.get_by_role("button").click()
    expect(portal.locator(".notice")).to_contain_text("We will call you")
    agent_opens(desk, person)
    expect(desk.locator(".warning").filter(has_text="Asked us to call")).to_contain_text("<b>Zoë</b>")
