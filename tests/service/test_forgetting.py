"""What a process remembers beside the database: of who was erased it is gone at once, whichever process erased them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from backend import db
from backend.oversight import looking
from backend.people import service as people
from backend.profiles import service as profiles
from backend.record import service as record
from backend.record.hub import Hub, Watch
from backend.treatments import api as api_of_treatments
from backend.treatments.standing import Answers
from e2e.servers import environment, free_port
from shared.kernel import clock

EVENHAND = str(Path(sys.executable).with_name("evenhand"))


def soon(holds: Callable[[], bool], seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.02)
    return holds()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Answers:
    answers = Answers()
    monkeypatch.setattr(api_of_treatments, "_TOLD", answers)
    return answers


@pytest.fixture
def asked(api_app: Flask, told: Answers) -> Iterator[Callable[[], UUID]]:
    """Asks this process for a decision about the next customer, and for their profile: both are remembered."""
    with db.transaction() as session:
        key = people.create_key(session, ["all"], clock.now())[1]
        found = iter([match.id for match in profiles.search(session, limit=4).items])

    def ask() -> UUID:
        customer_id = next(found)
        client, head = api_app.test_client(), {"Authorization": f"Bearer {key}"}
        at = f"/api/v1/customers/{customer_id}"
        assert client.post(f"{at}/decisions", json={"channel": "phone"}, headers=head).status_code in (200, 201)
        assert client.get(at, headers=head).status_code == 200
        return customer_id

    yield ask
    record.hub().close()


def about(told: Answers) -> set[UUID]:
    return {key[0] for key in told._kept}


def looked_at() -> bool:
    return bool(looking._known._seen)


def test_another_process_forgets_who_was_erased_without_being_asked_again(
    loaded: str, tmp_path: Path, asked: Callable[[], UUID], told: Answers
) -> None:
    first, other = asked(), asked()
    assert about(told) == {first, other}
    assert looked_at()
    command = [EVENHAND, "erase", str(first), "--yes", "--json"]
    done = subprocess.run(
        command, env=environment(loaded, tmp_path, free_port()), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1])["customer_id"] == str(first)
    assert soon(lambda: not about(told) and not looked_at()), "nothing was asked of this process meanwhile"
    assert asked() in about(told), "who is still there is remembered anew"


def test_an_answer_that_was_begun_before_an_erasure_is_not_kept_after_it(told: Answers) -> None:
    one, turn = UUID(int=1), told.turn
    told.forget()
    told.keep((one,), (), clock.now(), b"of who is gone", turn)
    assert about(told) == set()
    told.keep((one,), (), clock.now(), b"of who is there", told.turn)
    assert about(told) == {one}


def test_what_was_remembered_goes_when_erasures_can_be_heard_of_no_more(
    asked: Callable[[], UUID], told: Answers
) -> None:
    asked()
    assert about(told)
    assert soon(lambda: record.hub().watching() == 0), "its own ear is no page"
    record.hub().close()
    assert soon(lambda: not about(told))


def test_the_process_goes_on_hearing_after_its_ear_was_lost(asked: Callable[[], UUID], told: Answers) -> None:
    asked()
    record.hub().close()
    assert soon(lambda: not about(told))
    one = asked()
    assert about(told) == {one}
    with db.transaction() as session:
        record.changed(session, record.ERASED, customer_id=one, private=True, now=clock.now())
    assert soon(lambda: not about(told))


def test_an_erasure_is_heard_of_that_came_before_the_process_listened(
    asked: Callable[[], UUID], told: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection takes its time, and answers are kept meanwhile."""
    begun = Event()
    watch = Hub.watch

    def late(hub: Hub, *args: Any, **named: Any) -> Watch:
        begun.wait(10)
        return watch(hub, *args, **named)

    monkeypatch.setattr(Hub, "watch", late)
    one = asked()
    with db.transaction() as session:
        record.changed(session, record.ERASED, customer_id=one, private=True, now=clock.now())
    assert about(told) == {one}
    begun.set()
    assert soon(lambda: not about(told))
