"""`kill -9` while answers pour in: what was acknowledged stays, what was not is told apart, and nothing counts twice."""

import json
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select

from backend import db, worker
from backend.benching.clients import Client
from backend.benching.copies import BenchFailed
from backend.interactions.tables import EventRow
from backend.people import service as people
from backend.record import service as record
from backend.record.tables import AuditEntryRow, OutboxJobRow
from backend.treatments.tables import LedgerRow, OfferRow
from e2e.offers import open_offers
from e2e.servers import Server, free_port, kill, serving
from shared.kernel import clock
from tests.databases import ENGINES, fresh, opened

ANSWERED = 500
KILLED_AFTER = (120, 320)
CLIENTS = 6
PATIENCE_SECONDS = 60
KINDS = ("accepted", "accepted", "declined", "deferred")
ANSWERS = [f"offer.{kind}" for kind in KINDS[1:]]
LOST = (BenchFailed, ConnectionError, TimeoutError, OSError)


@dataclass
class House:
    """A server that can be killed and started anew at the same port, on a database that is open in this process too."""

    url: str
    home: Path
    key: str
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        self.stack = ExitStack()
        self.server: Server | None = None

    def start(self) -> None:
        self.server = self.stack.enter_context(serving(self.url, self.home, self.port))

    def kill(self) -> None:
        assert self.server is not None
        kill(self.server)
        self.stack.close()


@pytest.fixture(params=ENGINES)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    with fresh(request.param, "whole", tmp_path) as url, opened(url, tmp_path):
        with db.transaction() as session:
            key = people.create_key(session, ["all"], clock.now())[1]
        made = House(url, tmp_path, key)
        with made.stack:
            made.start()
            yield made


@dataclass(frozen=True)
class Answer:
    """What was sent for an offer, how often the connection broke on it, and what came back in the end."""

    customer_id: UUID
    offer_id: UUID
    response: str
    broken: int
    status: int
    body: dict[str, Any]


class Answering:
    """Clients that answer one offer after the other, and ask again when their connection breaks."""

    def __init__(self, house: House, offers: list[tuple[UUID, UUID]]) -> None:
        self.house = house
        self.waiting: queue.SimpleQueue[tuple[UUID, UUID, str]] = queue.SimpleQueue()
        for number, (customer_id, offer_id) in enumerate(offers):
            self.waiting.put((customer_id, offer_id, KINDS[number % len(KINDS)]))
        self.done: list[Answer] = []
        self.more = threading.Condition()
        self.faults: list[BaseException] = []
        self.threads = [threading.Thread(target=self._work, daemon=True) for _ in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def wait_for(self, count: int) -> None:
        with self.more:
            assert self.more.wait_for(lambda: len(self.done) >= count or self.faults, PATIENCE_SECONDS), len(self.done)
        assert self.faults == []

    def _work(self) -> None:
        client: Client | None = None
        try:
            while True:
                try:
                    customer_id, offer_id, response = self.waiting.get_nowait()
                except queue.Empty:
                    return
                client, answer = self._answer(client, customer_id, offer_id, response)
                with self.more:
                    self.done.append(answer)
                    self.more.notify_all()
        except BaseException as fault:  # told by the test's own thread
            with self.more:
                self.faults.append(fault)
                self.more.notify_all()

    def _answer(self, client: Client | None, customer_id: UUID, offer_id: UUID, response: str) -> tuple[Client, Answer]:
        body = json.dumps({"response": response, "channel": "portal", "version": 1}).encode()
        broken = 0
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                client = client or Client(self.house.port)
                status, came = client.request(
                    "POST", f"/api/v1/offers/{offer_id}/responses", body,
                    Authorization=f"Bearer {self.house.key}", Content_Type="application/json",
                )  # fmt: skip
            except LOST:
                # Broken on the way, or nobody there yet: nobody knows whether it counted, so it is asked again.
                broken += client is not None
                client = None
                assert time.monotonic() < deadline, "no server came back"
                time.sleep(0.02)
                continue
            return client, Answer(customer_id, offer_id, response, broken, status, json.loads(came))


def test_answers_survive_the_death_of_every_process_and_count_once(house: House) -> None:
    answering = Answering(house, open_offers(ANSWERED))
    for count in KILLED_AFTER:
        answering.wait_for(count)
        house.kill()
        house.start()
    answering.wait_for(ANSWERED)
    assert sum(answer.broken for answer in answering.done) >= len(KILLED_AFTER), "no answer was under way at a kill"
    wait_until_all_is_fulfilled()

    for answer in answering.done:
        told = (answer.status, answer.body.get("code"))
        # One that broke may have counted: then asking again is told so.
        assert told == (200, None) or (answer.broken and told == (409, "already_answered")), why(house, answer)
        assert_counted_once(answer)
    with db.reading() as session:
        audited = session.exec(select(AuditEntryRow.subject).where(col(AuditEntryRow.action).in_(ANSWERS))).all()
    assert sorted(audited) == sorted(str(answer.offer_id) for answer in answering.done)
    assert record.verify()["ok"]


def why(house: House, answer: Answer) -> str:
    """The answer with what the server's log says of its request."""
    assert house.server is not None
    lines = house.server.log.read_text(errors="replace").splitlines()
    said = [line for line in lines if str(answer.body.get("request_id")) in line or "Error" in line]
    return "\n".join([repr(answer), *said[-30:]])


def wait_until_all_is_fulfilled() -> None:
    """The server's own worker does what is new; what a killed one had begun is done by another when its lease is over."""
    worker.register_handlers()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while jobs := jobs_left():
        assert time.monotonic() < deadline, [(job.topic, job.attempts, job.last_error) for job in jobs]
        if all(job.attempts for job in jobs):
            record.run_due(clock.now() + timedelta(minutes=2))
        else:
            time.sleep(0.1)


def jobs_left() -> Sequence[OutboxJobRow]:
    with db.reading() as session:
        return session.exec(select(OutboxJobRow)).all()


def assert_counted_once(answer: Answer) -> None:
    with db.reading() as session:
        mine = OfferRow.customer_id == answer.customer_id
        offer = session.exec(select(OfferRow).where(mine, OfferRow.offer_id == answer.offer_id)).one()
        events = session.exec(select(EventRow).where(EventRow.customer_id == answer.customer_id)).all()
        ledger = session.exec(select(LedgerRow).where(LedgerRow.customer_id == answer.customer_id)).one()
    kinds = [event.kind for event in events if event.data.get("offer_id") == str(answer.offer_id)]
    assert [kind for kind in kinds if kind in ANSWERS] == [f"offer.{answer.response}"]
    assert kinds.count("offer.fulfilled") == (1 if answer.response == "accepted" else 0)
    assert offer.state == ("fulfilled" if answer.response == "accepted" else answer.response)
    assert ledger.version == 1
