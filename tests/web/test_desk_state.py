"""What I am doing at the desk: ready, away and why, on a call; and what my day was like. With scripting and without."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from backend import db
from backend.interactions import service as interactions
from backend.people import service as people
from shared.kernel import clock
from tests.cast import AUTHOR, PORTAL_CUSTOMER, SUPERVISOR
from tests.pages import Browser, text_of

UNKNOWN = "+12025550199"

both_ways = pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])


def agent_id() -> UUID:
    with db.reading() as session:
        found = people.find_staff(session, "agent1")
    assert found is not None
    return found[0]


@both_ways
def test_who_signs_in_is_away_and_says_when_they_are_ready(desk: Browser, htmx: bool) -> None:
    page = desk.get("/")
    assert "Away" in text_of(page.one(id="my-state"))
    after = page.submit("/state", state="ready", htmx=htmx)
    assert after.is_whole is not htmx
    assert "Ready" in text_of(after.one("summary", class_="state-now"))
    assert after.all("time", class_="clock")


@both_ways
def test_who_is_away_may_say_why_and_the_wall_and_my_own_state_say_it(
    desk: Browser, desk_as: Callable[[str], Browser], htmx: bool
) -> None:
    desk.get("/").submit("/state", state="away/meal", htmx=htmx)
    assert "Meal" in text_of(desk.get("/").one("summary", class_="state-now"))
    assert "Away (meal)" in text_of(desk_as(SUPERVISOR).get("/wall").one(id="agents"))
    desk.get("/").submit("/state", state="away", htmx=htmx)
    assert "Away" in text_of(desk.get("/").one("summary", class_="state-now"))


@pytest.mark.parametrize("wrong", ["away/nonsense", "ready/meal", "asleep"])
@both_ways
def test_a_state_or_reason_that_there_is_not_is_refused_in_words(desk: Browser, htmx: bool, wrong: str) -> None:
    refused = desk.get("/").submit("/state", state=wrong, htmx=htmx)
    assert refused.status == (422 if htmx else 200)
    assert "There is no such" in refused.text
    assert "Away" in text_of(desk.get("/").one("summary", class_="state-now"))


def test_the_first_page_says_how_long_the_work_after_a_call_takes_me(desk: Browser) -> None:
    assert not desk.get("/").all("p", class_="my-day")
    page = desk.get("/").submit("/search", query=PORTAL_CUSTOMER)
    page.submit("/contact")
    customer_id = UUID(page.path.split("/")[2])
    with db.reading() as session:
        (mine,) = interactions.open_interactions(session, agent_id())
    sheet = desk.get(f"/customers/{customer_id}/contacts/{mine.interaction_id}/wrap-up")
    sheet.submit("/wrap-up", code="solved", summary="All well.")
    assert "Today: 1 contact wrapped up" in text_of(desk.get("/").one("p", class_="my-day"))


def test_who_signs_out_is_offline(desk: Browser) -> None:
    desk.get("/").submit("/sign-out")
    with db.reading() as session:
        assert [one for one in interactions.at_work(session) if one.staff_id == agent_id()] == []


@both_ways
def test_on_a_call_the_state_comes_by_itself_and_cannot_be_changed(desk: Browser, htmx: bool) -> None:
    page = desk.get("/")
    with db.transaction() as session:
        interactions.ring(session, "c1", UNKNOWN, "", "inbound", ["agent1"], clock.now())
        interactions.answered(session, "c1", ["agent1"], clock.now())
    refused = page.submit("/state", state="away", htmx=htmx)
    assert refused.status == (409 if htmx else 200)
    assert "You are on a call" in refused.text
    assert "On a call" in text_of(desk.get("/").one("summary", class_="state-now"))


def test_who_only_reads_has_no_state_and_takes_no_calls(desk_as: Callable[[str], Browser]) -> None:
    page = desk_as(AUTHOR).get("/").submit("/search", query=PORTAL_CUSTOMER)
    assert page.all(id="my-state") == page.all(id="rail") == []
    assert not [form for form in page.forms if form.action.endswith("/contact")]
