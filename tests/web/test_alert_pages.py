"""The board of alerts in a supervisor's browser: everything works with scripting off, and nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from backend import db
from backend.alerts import service as alerts
from backend.alerts.service import Found
from backend.profiles import service as profiles
from shared.kernel import clock
from tests.cast import PORTAL_CUSTOMER, SUPERVISOR
from tests.pages import Browser, Page, text_of

KEYS = ("long_hold", "budget_nearly_gone")


@pytest.fixture
def board(desk_as: Callable[[str], Browser]) -> Browser:
    with db.transaction() as session:
        customer_id = profiles.search(session, identifier=f"number:{PORTAL_CUSTOMER}").items[0].id
        found = (
            Found("long_hold", "c1", "contact", "On hold for long", "now", "on hold with <b>Avery</b>", {"state_seconds": 130}, customer_id),
            Found("budget_nearly_gone", "goodwill", "budget", "A budget is nearly gone", "soon", "Goodwill: 4% left"),
        )  # fmt: skip
        alerts.settle(session, found, KEYS, alerts.LONGEST_SNOOZE, clock.now())
    return desk_as(SUPERVISOR)


def ids() -> list[UUID]:
    with db.reading() as session:
        return [one.alert_id for one in alerts.waiting(session, clock.now())]


def titles(page: Page) -> list[str]:
    return [text_of(title) for line in page.all("li", class_="alert") for title in line.iter("h3")]


def test_the_board_says_what_whom_and_what_one_may_do(board: Browser) -> None:
    page = board.get("/alerts")
    first, second = page.all("li", class_="alert")
    assert titles(page) == ["On hold for long", "A budget is nearly gone"]
    assert "on hold with <b>Avery</b>" in text_of(first), "what was typed elsewhere is text here"
    assert "Ask the agent what they need, or take over." in text_of(first)
    assert "state_seconds" in text_of(first)
    assert "Goodwill: 4% left" in text_of(second)
    assert board.get("/alerts/count").text == "Alerts 2 , 1 to be looked at now"


def test_one_takes_it_says_what_was_done_and_opens_it_again(board: Browser) -> None:
    hold = ids()[0]
    page = board.get("/alerts").submit(f"/alerts/{hold}/acknowledge")
    assert "It is yours" in page.text
    assert "Yours" in text_of(page.all("li", class_="alert")[0])
    wrong = page.submit(f"/alerts/{hold}/done", what="x" * 501)
    assert (wrong.status, wrong.one("input", id=f"what-{hold}").get("value")) == (422, "x" * 501), (
        "nothing typed is lost"
    )
    done = wrong.submit(f"/alerts/{hold}/done", what="Asked Avery; a colleague helped.")
    assert titles(done) == ["A budget is nearly gone"]
    assert "Asked Avery; a colleague helped." in done.text
    late = board.post(
        f"/alerts/{hold}/acknowledge", {"csrf_token": str(done.all("input", name="csrf_token")[0].get("value"))}
    )
    assert (late.status, "a colleague helped" in late.text) == (409, True)
    assert len(done.submit(f"/alerts/{hold}/again").all("li", class_="alert")) == 2


def test_one_snoozes_and_wakes(board: Browser) -> None:
    budget = ids()[1]
    token = str(board.get("/alerts").all("input", name="csrf_token")[0].get("value"))
    page = board.post(f"/alerts/{budget}/snooze", {"csrf_token": token, "minutes": "60"})
    assert titles(page) == ["On hold for long"]
    assert "Snoozed" in page.text
    assert len(page.submit(f"/alerts/{budget}/snooze").all("li", class_="alert")) == 2
    for odd in ("99999", "x", "-1", "", "١٥"):
        assert board.post(f"/alerts/{budget}/snooze", {"csrf_token": token, "minutes": odd}).status == 422


def test_it_is_handed_to_nobody_who_does_not_supervise(board: Browser) -> None:
    token = str(board.get("/alerts").all("input", name="csrf_token")[0].get("value"))
    for to in ("", "x", str(UUID(int=5))):
        assert board.post(f"/alerts/{ids()[0]}/owner", {"csrf_token": token, "to": to}).status == 422


def test_agents_do_not_see_it(desk: Browser) -> None:
    assert desk.get("/alerts").status == 403
    assert "Alerts" not in text_of(desk.get("/").one("header"))
