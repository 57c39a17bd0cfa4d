"""Approvals: a change of the catalogue and a merge are decided in the queue itself, in one act, by somebody else."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from backend import db
from backend.catalogue import service as catalogues
from backend.catalogue.service import Draft
from backend.identities import service as identities
from backend.profiles import service as profiles
from shared.kernel import clock
from tests.cast import ADMIN, AUTHOR, SUPERVISOR
from tests.merging import two
from tests.pages import Browser
from tests.steps_of_drafts import approved, changed, in_state, made, saved

Desk = Callable[[str], Browser]


@pytest.fixture
def asked(loaded: str) -> Draft:
    """A change of one treatment, checked, simulated and put before a second person."""
    draft_id = made("Smaller credit", now=clock.now())
    saved(draft_id, changed(name="A smaller credit"), now=clock.now())
    return approved(draft_id, "asked", now=clock.now())


def test_a_change_of_the_catalogue_is_approved_and_put_in_force_in_one_act(desk_as: Desk, asked: Draft) -> None:
    page = desk_as(SUPERVISOR).get("/approvals")
    assert page.lint() == []
    for words in ("Smaller credit", "Robin Author", "get another treatment first", "expected value", "What changes"):
        assert words in page.text
    assert '+name = "A smaller credit"' in page.text
    done = page.submit(f"/approvals/catalogue/{asked.draft_id}", decision="now")
    assert "Approved: Smaller credit" in done.text
    assert in_state(asked.draft_id) == "approved"
    assert catalogues.take_effect(clock.now()) == 1


def test_an_administrator_decides_what_they_may_in_the_same_queue(desk_as: Desk, asked: Draft) -> None:
    """Changes of the catalogue and pairs of customers; terms that agents promised are the supervisors' own."""
    page = desk_as(ADMIN).get("/approvals")
    assert "Smaller credit" in page.text
    assert "promised beyond" not in page.text
    done = page.submit(f"/approvals/catalogue/{asked.draft_id}", decision="later")
    assert "Approved: Smaller credit" in done.text
    assert desk_as(AUTHOR).get("/approvals").status == 403


def test_it_goes_back_with_words_and_without_words_it_comes_back_as_typed(desk_as: Desk, asked: Draft) -> None:
    where = f"/approvals/catalogue/{asked.draft_id}"
    wrong = desk_as(SUPERVISOR).get("/approvals").submit(where, decision="back", reason=" ")
    assert wrong.status == 422
    assert "Say what is to be changed." in wrong.text
    done = wrong.submit(where, decision="back", reason="Half of it would do.")
    assert "Sent back: Smaller credit" in done.text
    with db.reading() as session:
        known = catalogues.draft(session, asked.draft_id)
    assert (known.state, known.returned_words) == ("draft", "Half of it would do.")
    page = desk_as(AUTHOR).get(f"/catalogue/drafts/{asked.draft_id}")
    assert "Half of it would do." in page.text
    assert page.one("aside", id="next-acts").get("data-live") == "catalogue"


def test_what_was_decided_meanwhile_is_not_decided_twice(desk_as: Desk, asked: Draft) -> None:
    where = f"/approvals/catalogue/{asked.draft_id}"
    first, second = desk_as(SUPERVISOR).get("/approvals"), desk_as(SUPERVISOR).get("/approvals")
    first.submit(where, decision="later")
    late = second.submit(where, decision="now")
    assert late.status == 409
    assert in_state(asked.draft_id) == "approved"
    with db.reading() as session:
        assert catalogues.draft(session, asked.draft_id).effective_at is None


@pytest.fixture
def pair(loaded: str) -> tuple[UUID, UUID]:
    first, second = two()
    parts = (identities.Agreement("birth_date", "same", 14.0),)
    with db.transaction() as session:
        identities.suggest(session, [(first, second, 33.0, parts)], clock.now())
    return first, second


def test_two_customers_are_compared_and_merged_without_leaving_the_queue(
    desk_as: Desk, pair: tuple[UUID, UUID]
) -> None:
    browser = desk_as(SUPERVISOR)
    page = browser.get("/approvals")
    fold = page.one("details", hx_trigger="toggle once")
    where = str(fold.get("hx-get"))
    piece = browser.get(where, htmx=True)
    assert "stays" in piece.text
    ours, theirs = [UUID(part) for part in where.partition("?")[0].split("/")[-2:]]
    unsure = piece.submit(f"/duplicates/{ours}/{theirs}/merge", sure="")
    assert unsure.status == 422
    done = browser.get(where, htmx=True).submit(f"/duplicates/{ours}/{theirs}/merge", sure="yes")
    assert done.path == "/approvals"
    assert "Merged:" in done.text
    with db.reading() as session:
        assert profiles.resolve(session, theirs) == profiles.resolve(session, ours)


def test_two_people_are_told_apart_in_the_queue(desk_as: Desk, pair: tuple[UUID, UUID]) -> None:
    browser = desk_as(SUPERVISOR)
    where = str(browser.get("/approvals").one("details", hx_trigger="toggle once").get("hx-get"))
    ours, theirs = where.partition("?")[0].split("/")[-2:]
    done = browser.get(where, htmx=True).submit(f"/duplicates/{ours}/{theirs}/distinction")
    assert done.path == "/approvals"
    assert "not suggested again" in done.text
