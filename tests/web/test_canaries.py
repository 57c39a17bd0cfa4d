"""What is ours stays ours: a word planted in everything that a customer must not see is in no byte that they are sent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from backend import db
from backend.profiles import service as profiles
from tests import apps
from tests.canaries import Everything, Planted, everything, plant, renderings
from tests.cast import PORTAL_CUSTOMER
from tests.pages import Browser


@pytest.fixture
def planted(loaded: str, monkeypatch: pytest.MonkeyPatch) -> Planted:
    """A customer of whom everything that is ours has a word of its own."""
    return plant(PORTAL_CUSTOMER, monkeypatch)


def test_nothing_of_ours_is_in_any_byte_that_a_customer_is_sent(
    planted: Planted, portal_app: Flask, desk_app: Flask, api_app: Flask
) -> None:
    got = everything(portal_app, (desk_app, api_app))
    assert len(got.sent) > 60
    statuses = {int(name.rpartition(" ")[2]) for name in got.sent}
    assert {200, 303, 400, 401, 404, 405, 413, 422} <= statuses
    assert b"event: hello" in b"".join(got.sent.values())
    assert planted.found_in(got.sent) == {}


@pytest.mark.parametrize("seed", range(6))
def test_nothing_of_ours_reaches_any_customer_whatever_their_life_and_their_offers(
    loaded_sqlite: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """The same of made-up lives: other customers, other moments, offers in every state; everything, errors and streams among it."""
    with db.reading() as session:
        numbers = [match.number for match in profiles.search(session, limit=100).items]
    who = numbers[7 + 13 * seed]
    planted = plant(who, monkeypatch, seed)
    made = {name: apps.create(name, loaded_sqlite, tmp_path) for name in apps.APPS}
    got = everything(made["portal"], (made["desk"], made["api"]), who)
    assert b"event: hello" in b"".join(got.sent.values())
    assert planted.found_in(got.sent | renderings(who)) == {}


def test_the_desk_does_show_what_was_planted(planted: Planted, desk: Browser) -> None:
    """The check itself: what the portal keeps to itself is there to be seen."""
    with db.reading() as session:
        customer_id = profiles.find_by_sign_in(session, PORTAL_CUSTOMER)
    page = desk.get(f"/customers/{customer_id}")
    shown = planted.found_in({"desk": page.html.encode()})
    for place in (
        "evidence",
        "summary of a call",
        "summary of a private call",
        "what went wrong",
        "reason in words",
        "authority of a carer",
    ):
        assert place in shown, place
    assert any(place.startswith("script of") for place in shown)
    assert any(place.startswith("label of the life cycle") for place in shown)


@pytest.mark.parametrize("leak", ["word", "number"])
def test_a_planted_leak_is_found(planted: Planted, portal_as: Callable[[str], Browser], leak: str) -> None:
    browser = portal_as(PORTAL_CUSTOMER)
    said = planted.word("a leak") if leak == "word" else f"{planted.number('a leak'):,}"
    browser.get("/").submit("/callback", when="soon", about=said)
    got = Everything(browser)
    got.ask("GET", "/activity")
    assert set(planted.found_in(got.sent)) == {"a leak"}
