"""At the desk: a call taken for the wrong customer, an unknown caller opened from the wall, an agent who is still there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from backend import db
from backend.interactions import service as interactions
from backend.profiles import service as profiles
from shared.kernel import clock
from tests.calls import agent, answer, customer, ring
from tests.cast import PORTAL_CUSTOMER, SUPERVISOR
from tests.pages import Browser, Page, text_of


def another() -> profiles.Profile:
    with db.reading() as session:
        found = next(one.id for one in profiles.search(session, limit=2).items if one.number != PORTAL_CUSTOMER)
        return profiles.profile(session, found)


def taken(desk: Browser) -> tuple[UUID, Page]:
    """A call taken for the customer whose number it is, and the page on which the agent says that it is somebody else."""
    agent("agent1", clock.now())
    ring(str(customer().phone), clock.now())
    call = answer(clock.now())
    page = desk.get(f"/customers/{customer().customer_id}")
    link = page.one("a", id="contact-instead")
    assert text_of(link) == "Not them?"
    return call.call_id, desk.get(link.get("href") or "")


def search_for_callers(page: Page) -> dict[str, str]:
    """What the page's own search sends, beside that of the top bar."""
    return next(form.fields for form in page.forms if "call" in form.fields)


def test_the_call_goes_to_whoever_is_found_instead(desk: Browser) -> None:
    call_id, page = taken(desk)
    assert f"Taken for {customer().name} so far" in page.text
    assert page.all("input", name="customer") == [], "the one whom they are not is not offered again"
    right = another()
    found = desk.post("/search", {**search_for_callers(page), "query": right.number})
    assert "Taken for" in found.text
    there = found.submit(f"/calls/{call_id}/customer")
    assert text_of(there.one("h1")) == right.name
    assert "Talking" in text_of(there.one(id="contact"))
    assert "Talking" not in text_of(desk.get(f"/customers/{customer().customer_id}").one(id="contact"))


def test_results_as_one_types_give_the_call_instead_too(desk: Browser) -> None:
    _, page = taken(desk)
    typed = desk.post("/suggest", {**search_for_callers(page), "query": another().number}, htmx=True)
    assert {"instead": "yes"}.items() <= typed.form("/customer").fields.items()


def test_a_new_caller_instead_needs_a_name_and_then_has_the_call(desk: Browser) -> None:
    call_id, page = taken(desk)
    refused = page.submit(f"/calls/{call_id}/prospect", name="")
    assert refused.status == 422
    assert "Taken for" in refused.text
    there = refused.submit(f"/calls/{call_id}/prospect", name="Made-Up Sister")
    assert text_of(there.one("h1")) == "Made-Up Sister"


def test_a_caller_whom_nobody_knows_is_opened_from_the_wall(desk_as: Callable[[str], Browser]) -> None:
    ring("+12025550199", clock.now() - timedelta(minutes=1), "nobody")
    supervisor = desk_as(SUPERVISOR)
    link = next(one for one in supervisor.get("/wall").all("a", class_="opens") if "/calls/" in (one.get("href") or ""))
    with db.reading() as session:
        (waiting,) = interactions.waiting(session)
    page = supervisor.get(link.get("href") or "")
    assert page.path.endswith(str(waiting.call_id))
    assert text_of(page.one("h1")) == "Who is calling?"


@pytest.mark.parametrize("path", ["/", "/stream"])
def test_an_open_page_keeps_its_agent_at_work(desk: Browser, path: str) -> None:
    before = clock.now() - timedelta(minutes=4)
    mine = agent("agent1", before)
    desk.get(path)
    with db.reading() as session:
        state = interactions.agent_state(session, mine, clock.now())
    assert (state.state, state.since) == ("ready", before)
    assert state.seen_at > before + timedelta(minutes=3)
    assert interactions.sign_off_absent(clock.now() + timedelta(minutes=4)) == 0
