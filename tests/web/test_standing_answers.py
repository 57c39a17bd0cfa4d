"""A decision that stands is told again as it was told before, and never once anything that it read has moved."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from werkzeug.test import TestResponse

from backend import db
from backend.budgets import service as budgets
from backend.cases import service as cases
from backend.catalogue import publishing
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.people import service as people
from backend.profiles import service as profiles
from backend.treatments import api as api_of_treatments
from backend.treatments import service as treatments
from backend.treatments.standing import Answers
from shared.kernel import clock
from shared.kernel.actors import SYSTEM
from tests import apps
from tests.databases import ENGINES, fresh, opened

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Asked:
    """One customer, whose decision is asked for again and again."""

    def __init__(self, app: Any, key: str, customer_id: UUID) -> None:
        self.app, self.key, self.id = app, key, customer_id

    def post(self, path: str, body: dict[str, Any]) -> TestResponse:
        return self.app.test_client().post(f"/api/v1{path}", json=body, headers={"Authorization": f"Bearer {self.key}"})

    def decide(self) -> TestResponse:
        return self.post(f"/customers/{self.id}/decisions", {"channel": "portal"})

    def respond(self, response: str, **more: str) -> None:
        offer = self.decide().get_json()["treatments"][0]["offer_id"]
        told = self.post(f"/offers/{offer}/responses", {"response": response, "channel": "portal", **more})
        assert told.status_code == 200, told.get_json()


@pytest.fixture(scope="module", params=ENGINES)
def unused(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Iterator[Asked]]:
    home = tmp_path_factory.mktemp("standing")
    with fresh(request.param, "loaded", home) as url, opened(url, home):
        app = apps.create("api", url, home)
        with db.transaction() as session:
            key = people.create_key(session, ["all"], clock.now())[1]
            found = [match.id for match in profiles.search(session, limit=60).items]
        yield iter([Asked(app, key, one) for one in found])


@pytest.fixture
def asked(unused: Iterator[Asked], monkeypatch: pytest.MonkeyPatch) -> Asked:
    monkeypatch.setattr(api_of_treatments, "_TOLD", Answers())
    for one in unused:
        if one.decide().get_json()["treatments"]:
            return one
    raise AssertionError("nobody is left to whom anything is offered")


def learn(one: Asked) -> None:
    with db.transaction() as session:
        profiles.learn(session, one.id, now=clock.now(), values={"anything": 1})


def say_why(one: Asked) -> None:
    with db.transaction() as session:
        pack = catalogues.pack_in_force(session)
        profiles.set_moment(session, one.id, "renew", "leaving", "stated", "phone", SYSTEM, clock.now(), pack)


def consent(one: Asked) -> None:
    with db.transaction() as session:
        profiles.set_consent(session, one.id, "marketing", "portal", "granted", "portal", "Yes.", clock.now())


def pull_a_lever(one: Asked) -> None:
    first = one.decide().get_json()["treatments"][0]["treatment"]
    with db.transaction() as session:
        now = catalogues.in_force(session)
        levers = {**now.levers, first: now.levers.get(first, 1.0) + 0.1}
        publishing.configure(session, now.catalogue.version, levers, dict(now.prices), SYSTEM, clock.now())


MOVES: dict[str, Callable[[Asked], None]] = {
    "presented": lambda one: one.respond("presented"),
    "accepted": lambda one: one.respond("accepted"),
    "declined": lambda one: one.respond("declined", reason="too_expensive"),
    "deferred": lambda one: one.respond("deferred"),
    "learned": learn,
    "moment": say_why,
    "consent": consent,
    "lever": pull_a_lever,
}


def test_what_stands_is_told_again_byte_for_byte_without_being_made(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = asked.decide()
    monkeypatch.delattr(api_of_treatments, "decided_json")
    again = asked.decide()
    assert (again.status_code, again.content_type) == (200, first.content_type)
    assert again.get_data() == first.get_data()


@pytest.mark.parametrize("move", MOVES)
def test_once_something_moved_it_is_told_as_it_is_now(asked: Asked, move: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = asked.decide().get_json()
    MOVES[move](asked)
    after = asked.decide()
    monkeypatch.setattr(api_of_treatments, "_TOLD", Answers())
    assert after.get_json() == asked.decide().get_json()
    assert after.get_json() != before


def test_of_a_customer_who_was_erased_nothing_is_told(asked: Asked) -> None:
    asked.decide()
    with db.transaction() as session:
        for room in (treatments, budgets, cases, interactions, people, profiles):
            room.erase_customer(session, asked.id)
    assert asked.decide().status_code == 404


def test_it_is_told_no_longer_than_it_stands(asked: Asked) -> None:
    first = asked.decide().get_json()
    end = datetime.fromisoformat(first["stands_until"])
    with clock.frozen(end - timedelta(milliseconds=1)):
        assert asked.decide().get_json() == first
    with clock.frozen(end):
        assert asked.decide().get_json()["decision_id"] != first["decision_id"]


def test_another_channel_and_another_length_are_other_answers(asked: Asked) -> None:
    portal = asked.decide().get_json()
    path = f"/customers/{asked.id}/decisions"
    whole = asked.post(path, {"channel": "portal", "limit": 100}).get_json()
    phone = asked.post(path, {"channel": "phone"}).get_json()
    assert len(whole["treatments"]) >= len(portal["treatments"])
    assert all("script" in item["rendering"] for item in phone["treatments"])
    assert asked.decide().get_json() == portal


def test_a_preview_is_neither_kept_nor_told_again(asked: Asked) -> None:
    first = asked.decide().get_json()
    shown = asked.post(f"/customers/{asked.id}/decisions", {"channel": "portal", "preview": True}).get_json()
    assert shown["decision_id"] is None
    assert asked.decide().get_json() == first


def test_the_oldest_answers_go_when_there_is_no_more_room() -> None:
    kept, keys = Answers(most=10), [(uuid4(),) for _ in range(3)]
    for key in keys:
        kept.keep(key, ("v1",), NOON, b"1234")
    assert [told(kept, key) for key in keys] == [None, b"1234", b"1234"]
    kept.keep(keys[1], ("v2",), NOON, b"12345678901")
    assert not any(told(kept, key) for key in keys)


def test_an_answer_that_holds_no_more_is_forgotten() -> None:
    kept, key = Answers(), (uuid4(),)
    kept.keep(key, ("v1",), NOON, b"told")
    assert told(kept, key, now=("v2",)) is None
    assert told(kept, key) is None


def told(kept: Answers, key: tuple[UUID], now: tuple[str] = ("v1",)) -> bytes | None:
    return kept.found(key, NOON - timedelta(hours=1), lambda stamp: stamp == now)
