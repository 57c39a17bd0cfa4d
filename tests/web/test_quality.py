"""Quality at the desk: who may, a review from the queue to the agent and back, what is typed and not taken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from backend import db
from backend.interactions import service as interactions
from backend.profiles import service as profiles
from shared.kernel import clock
from tests.calls import agent
from tests.cast import ADMIN, AGENT, AUTHOR, SUPERVISOR
from tests.pages import Browser, Page

Desk = Callable[[str], Browser]


@pytest.fixture
def contacts(loaded: str) -> list[UUID]:
    """Five contacts that an agent wrapped up just now."""
    now = clock.now()
    actor = agent("agent1", now)
    with db.reading() as session:
        first = profiles.beginnings(session, 10_000)[0]
        who = [one.customer_id for one in profiles.some_from(session, first, 5)]
    made = []
    for nth, customer_id in enumerate(who):
        at = now - timedelta(minutes=2 * (9 - nth))
        with db.transaction() as session:
            begun = interactions.begin(session, customer_id, "phone", actor, at)
            interactions.write_notes(session, customer_id, begun.interaction_id, "Asked about the bill.", 0, actor, at)
            interactions.wrap_up(
                session, customer_id, begun.interaction_id, code="solved", label="Solved", summary="A bill.", actor=actor, now=at + timedelta(minutes=1)
            )  # fmt: skip
        made.append(begun.interaction_id)
    return made


@pytest.fixture
def supervisor(desk_as: Desk) -> Browser:
    return desk_as(SUPERVISOR)


def today() -> str:
    # The pack's clock: the contacts were made just now.
    return clock.local_day(clock.now() - timedelta(minutes=20), "America/Los_Angeles").isoformat()


def drawn(browser: Browser) -> Page:
    return browser.get("/quality").submit("/quality/draws", week=today())


def begun(browser: Browser, paired: bool = False) -> Page:
    """The form of the first contact that waits."""
    page = drawn(browser)
    rows = [row for row in page.all("tr") if "two reviewers" in "".join(row.itertext()) or not paired]
    for row in rows:
        text = "".join(row.itertext())
        form = next((one for one in row.iter("form")), None)
        if form is not None and ("two reviewers" in text) == paired:
            return page.submit(str(form.get("action")))
    raise AssertionError("nothing waits")


def given(browser: Browser, paired: bool = False, **other: str) -> tuple[Page, str]:
    """After giving it, with the address of the review."""
    page = begun(browser, paired)
    where = page.path
    answers = dict.fromkeys(names(page, "answer-"), "yes")
    return page.submit(f"{where}/giving", **{**answers, "summary": "Kind and quick.", **other}), where


def names(page: Page, beginning: str) -> list[str]:
    found = [one.get("name") or "" for one in page.all("input")]
    return sorted({name for name in found if name.startswith(beginning)})


def test_only_who_may_review_sees_the_queue(desk_as: Desk) -> None:
    for who in (AGENT, AUTHOR, ADMIN):
        assert desk_as(who).get("/quality").status == 403
        assert desk_as(who).get("/quality/agreement").status == 403
    page = desk_as(SUPERVISOR).get("/quality")
    assert "Nothing waits for a review." in page.text
    assert "No contact was reviewed by two yet." in desk_as(SUPERVISOR).get("/quality/agreement").text


@pytest.mark.usefixtures("contacts")
def test_a_review_goes_from_the_queue_to_the_agent_and_back(desk_as: Desk, supervisor: Browser) -> None:
    page, where = given(supervisor, summary="Kind and quick.")
    assert (page.status, page.path) == (200, "/quality")
    assert "Review given" in page.text
    theirs = desk_as(AGENT)
    page = theirs.get("/my-reviews")
    assert "100" in page.text
    own = where.replace("/quality/", "/my-reviews/")
    page = theirs.get(own)
    for words in ("Kind and quick.", "Asked about the bill.", "What you say to it, once"):
        assert words in page.text
    empty = page.submit(f"{own}/answer", text=" ")
    assert empty.status == 422
    assert "Write something." in empty.text
    page = page.submit(f"{own}/answer", text="Thank you.")
    assert "Thank you." in page.text
    assert "What you say to it, once" not in page.text
    assert "the agent answered" in supervisor.get("/quality").text
    page = supervisor.get(where).submit(f"{where}/reply", text="With pleasure.")
    assert "With pleasure." in page.text
    assert "With pleasure." in theirs.get(own).text
    page = desk_as("agent2@demo.example").get(own)
    assert (page.path, "There is no such review" in page.text) == ("/my-reviews", True)


@pytest.mark.usefixtures("contacts")
def test_what_is_answered_is_kept_as_it_is_typed_with_the_score_in_the_making(supervisor: Browser) -> None:
    page = begun(supervisor)
    where = page.path
    part = kept(page, htmx=True, **{"answer-kind": "yes", "note-kind": "very"})
    assert part.status == 200
    assert "100 of 100 so far, 6 questions open" in part.text
    assert part.one("input", name="version").get("value") == "2"
    again = supervisor.get(where)
    assert again.one("input", name="note-kind").get("value") == "very"
    # In one window it goes on, whatever version that window knew at first.
    assert kept(page, htmx=True, **{"answer-kind": "no"}).status == 200
    again = supervisor.get(where)
    assert "Draft kept" in kept(again, **{"answer-kind": "partly"}).text
    assert kept(page, htmx=True, **{"answer-kind": "yes"}).status == 409


def kept(page: Page, *, htmx: bool = False, **fields: str) -> Page:
    """The form of the page, sent where its second button sends it."""
    sent = {**page.form("/giving").fields, **fields}
    return page.browser.send("post", f"{page.path}/draft", sent, htmx=htmx)


@pytest.mark.usefixtures("contacts")
def test_an_open_question_is_named_and_nothing_that_was_answered_is_lost(supervisor: Browser) -> None:
    page = begun(supervisor)
    refused = page.submit(f"{page.path}/giving", **{"answer-kind": "partly", "summary": "So far."})
    assert refused.status == 422
    assert refused.text.count("Choose an answer.") >= 6
    chosen = [one for one in refused.all("input", name="answer-kind") if one.get("checked") is not None]
    assert [one.get("value") for one in chosen] == ["partly"]
    assert "So far." in refused.text
    wrong = refused.submit(f"{page.path}/giving", **{"answer-kind": "great"})
    assert wrong.status == 422


@pytest.mark.usefixtures("contacts")
def test_mended_it_says_why_and_shows_how_it_was(desk_as: Desk, supervisor: Browser) -> None:
    _, where = given(supervisor, **{"answer-solved": "no"})
    page = supervisor.get(where)
    refused = page.submit(f"{where}/mending", **{"answer-solved": "yes"})
    assert refused.status == 422
    assert "Say why you change it." in refused.text
    chosen = [one for one in refused.all("input", name="answer-solved") if one.get("checked") is not None]
    assert [one.get("value") for one in chosen] == ["yes"]
    page = page.submit(f"{where}/mending", **{"answer-solved": "yes", "why": "They did call back."})
    assert "They did call back." in page.text
    assert "They did call back." in desk_as(AGENT).get(where.replace("/quality/", "/my-reviews/")).text


@pytest.mark.usefixtures("contacts")
def test_what_compares_reviewers_is_blind_and_not_the_agent_s(desk_as: Desk, supervisor: Browser) -> None:
    _, where = given(supervisor, paired=True)
    assert desk_as(AGENT).get(where.replace("/quality/", "/my-reviews/")).path == "/my-reviews"
    assert "No contact of yours was reviewed yet." in desk_as(AGENT).get("/my-reviews").text
    assert "No contact was reviewed by two yet." in supervisor.get("/quality/agreement").text


def test_a_week_that_is_none_or_to_come_is_refused_with_what_was_typed(supervisor: Browser) -> None:
    page = supervisor.get("/quality")
    for typed, said in (("soon", "Choose a day of the week"), ("2099-01-01", "Choose a day of a week that has begun.")):
        refused = page.submit("/quality/draws", week=typed)
        assert refused.status == 422
        assert said in refused.text
        assert refused.one("input", name="week").get("value") == typed
    assert "Nothing new to draw" in page.submit("/quality/draws", week="2001-01-01").text
