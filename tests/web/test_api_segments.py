"""Segments before they are saved: their size, who is in them, and the text that says so in a draft."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from backend import db
from backend.catalogue import service as catalogues
from backend.overview import segmenting
from backend.people import service as people
from backend.profiles import service as profiles
from shared.kernel import clock

Ask = Callable[..., TestResponse]
RULE = 'life_cycle == "at_risk" && monthly_charges >= 80.0'


@pytest.fixture
def ask(api_app: Flask) -> Ask:
    with db.transaction() as session:
        key = people.create_key(session, ["all"], clock.now())[1]
    client = api_app.test_client()

    def send(method: str, path: str, body: Any = None, key: str = key) -> TestResponse:
        return client.open(f"/api/v1{path}", method=method, json=body, headers={"Authorization": f"Bearer {key}"})

    return send


def members() -> set[str]:
    """Whom the rule takes in, by another way than the one that is tested."""
    now = clock.now()
    found = set()
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
        for start in profiles.beginnings(session, 1000):
            for one in profiles.some_from(session, start, 1000):
                seen = profiles.snapshot(one, now, pack)
                if seen.life_cycle == "at_risk" and seen.attributes["monthly_charges"] >= 80:
                    found.add(one.number)
    return found


def test_a_rule_tells_its_size_and_some_of_those_in_it_before_it_is_saved(ask: Ask) -> None:
    answer = ask("POST", "/segments/preview", {"rule": RULE})
    told = answer.get_json()
    expected = members()
    assert answer.status_code == 200, answer.text
    assert told["exact"]
    assert told["size"] == told["low"] == told["high"] == len(expected) > 10
    assert len(told["sample"]) == 10
    assert {one["number"] for one in told["sample"]} <= expected
    for one in told["sample"]:
        seen = dict(one["why"])
        assert seen["Life cycle"] == "At risk"
        assert seen["Monthly charge"] >= 80
    with db.reading() as session:
        assert catalogues.drafts(session) == ()


def test_of_many_customers_some_are_looked_at_and_the_truth_lies_between(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segmenting, "MOST", 200)
    told = ask("POST", "/segments/preview", {"rule": RULE}).get_json()
    assert not told["exact"]
    assert 150 <= told["looked_at"] <= 200 < told["customers"]
    assert told["low"] <= told["size"] <= told["high"]
    assert told["low"] <= len(members()) <= told["high"]


@pytest.mark.parametrize("rule", ["monthly_chrges > 3.0", "tenure +", "tenure", "1 / 0 == 1 && intent == 'x'"])
def test_what_is_no_rule_is_said_so(ask: Ask, rule: str) -> None:
    for path, more in (("/segments/preview", {}), ("/segments", {"key": "mine", "label": "Mine"})):
        answer = ask("POST", path, {"rule": rule, **more})
        assert (answer.status_code, set(answer.get_json()["errors"])) == (422, {"rule"})


def test_a_segment_is_saved_in_a_draft_and_changed_there(ask: Ask) -> None:
    body = {"key": "dear", "label": 'The "dear" ones', "rule": RULE, "beta": 0.7}
    answer = ask("POST", "/segments", body)
    assert answer.status_code == 201, answer.text
    draft_id = UUID(answer.get_json()["draft_id"])
    again = ask("POST", "/segments", body | {"label": "Dear", "beta": None, "draft_id": str(draft_id)})
    assert again.get_json() == answer.get_json()
    with db.reading() as session:
        text = catalogues.draft(session, draft_id).files["segments.toml"]
        before = catalogues.files_of(session, catalogues.in_force(session).catalogue.version)["segments.toml"]
    was, now = tomllib.loads(before)["segment"], tomllib.loads(text)["segment"]
    assert now == [*was, {"key": "dear", "label": "Dear", "rule": RULE}]
    assert ask("GET", "/segments").get_json()["items"][0]["key"] == was[0]["key"]


def test_a_segment_that_is_there_keeps_its_own_cells(ask: Ask) -> None:
    with db.reading() as session:
        before = catalogues.files_of(session, catalogues.in_force(session).catalogue.version)["segments.toml"]
    was = {one["key"]: one for one in tomllib.loads(before)["segment"]}
    for key in was:
        after = segmenting.with_segment(before, key, "Other", "tenure > 1", 0.4)
        now = {one["key"]: one for one in tomllib.loads(after)["segment"]}
        assert now == was | {key: was[key] | {"label": "Other", "rule": "tenure > 1", "beta": 0.4}}


def test_who_may_not_write_the_catalogue_saves_nothing(ask: Ask, api_app: Flask) -> None:
    with db.transaction() as session:
        key = people.create_key(session, ["customers:read"], clock.now())[1]
    assert ask("POST", "/segments", {"key": "x", "label": "X", "rule": "true"}, key).status_code == 403
    assert ask("POST", "/segments/preview", {"rule": "true"}, key).status_code == 403


def test_an_unknown_draft_is_not_found(ask: Ask) -> None:
    body = {"key": "x", "label": "X", "rule": "true", "draft_id": str(UUID(int=7))}
    assert ask("POST", "/segments", body).status_code == 404
