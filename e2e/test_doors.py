"""The front doors, in a real browser on a real server: they open for those who may come in, and show no fault."""

import json
import re
import urllib.request
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from e2e.servers import Server
from tests.cast import AGENT, PASSWORD, PORTAL_CUSTOMER

DOORS = {"desk": ("/desk/", AGENT), "portal": ("/", PORTAL_CUSTOMER)}


@pytest.mark.parametrize("face", DOORS)
def test_someone_signs_in_and_is_at_home(
    face: str, visit: Callable[..., Page], size: dict[str, int], scripting: bool
) -> None:
    home, who = DOORS[face]
    page = visit(size=size, scripting=scripting)
    page.goto(home)
    expect(page).to_have_url(re.compile(r"/sign-in(\?|$)"))
    sign_in(page, who)
    expect(page).to_have_url(re.compile(rf":\d+{home}$"))
    expect(page.locator("h1")).to_have_count(1)


@pytest.mark.parametrize("face", DOORS)
def test_no_page_is_wider_than_the_screen(face: str, visit: Callable[..., Page], size: dict[str, int]) -> None:
    home, who = DOORS[face]
    page = visit(size=size)
    page.goto(home)
    assert overflow(page) <= 0
    sign_in(page, who)
    assert overflow(page) <= 0


def test_a_session_of_one_face_does_not_open_the_other(visit: Callable[..., Page]) -> None:
    page = visit()
    page.goto("/")
    sign_in(page, PORTAL_CUSTOMER)
    page.goto("/desk/")
    expect(page).to_have_url(re.compile("/desk/sign-in"))


def test_probes_and_documents_answer_without_a_sign_in(server: Server) -> None:
    for path in ("/healthz", "/readyz", "/metrics", "/api/v1/openapi.json"):
        with urllib.request.urlopen(f"{server.address}{path}") as answer:
            assert answer.status == 200
            body = answer.read()
    assert json.loads(body)["openapi"].startswith("3.1")


def test_the_whole_runs_on_postgresql_too(visit: Callable[..., Page], postgresql_server: Server) -> None:
    for home, who in DOORS.values():
        page = visit(on=postgresql_server)
        page.goto(home)
        sign_in(page, who)
        expect(page).to_have_url(re.compile(rf":\d+{home}$"))


def sign_in(page: Page, who: str) -> None:
    form = page.locator("form").filter(has=page.locator("input[type=password]"))
    form.locator("input:not([type=hidden]):not([type=password])").first.fill(who)
    form.locator("input[type=password]").fill(PASSWORD)
    form.get_by_role("button").first.click()
    page.wait_for_load_state()


def overflow(page: Page) -> int:
    """How many pixels of the page one would have to scroll sideways for."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
