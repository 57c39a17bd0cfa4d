"""Answers of every kind, from two channels, to the same offer, at the same instant, at two servers: one wins, all know it."""

import itertools
import json
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select

from backend import db
from backend.benching.clients import Client
from backend.interactions.tables import EventRow
from backend.people import service as people
from backend.record.tables import AuditEntryRow, OutboxJobRow
from backend.treatments.tables import LedgerRow, OfferRow
from e2e.offers import open_offers
from e2e.servers import Server, serving
from shared.kernel import clock
from tests.databases import ENGINES, fresh, opened

RACES = 180
MOST_ROUNDS = 300
"""A round whose four answers did not overlap, on a busy machine, is judged like the others; only races are counted."""
KINDS = ("accepted", "declined", "deferred")
CHANNELS = ("phone", "portal")
ANSWERS = {f"offer.{kind}" for kind in KINDS}


@dataclass(frozen=True)
class House:
    """Two servers on one database, which is open in this process too, and a key to both."""

    servers: tuple[Server, Server]
    key: str


@dataclass(frozen=True)
class Shot:
    """One answer as it was sent, and what came back."""

    response: str
    channel: str
    sent: float
    received: float
    status: int
    body: dict[str, Any]


@pytest.fixture(scope="module", params=ENGINES)
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    homes = [tmp_path_factory.mktemp("house") for _ in range(2)]
    with ExitStack() as stack:
        url = stack.enter_context(fresh(request.param, "whole", homes[0]))
        with ThreadPoolExecutor() as starting:
            contexts = [serving(url, home) for home in homes]
            first, second = starting.map(stack.enter_context, contexts)
        stack.enter_context(opened(url, homes[0]))
        with db.transaction() as session:
            key = people.create_key(session, ["all"], clock.now())[1]
        yield House((first, second), key)


class Shooters:
    """Clients that wait for each other and then send, two at each server, over connections that stand already."""

    def __init__(self, house: House) -> None:
        ports = [int(server.address.rpartition(":")[2]) for server in house.servers]
        self.clients = [Client(port) for port in [*ports, *ports]]
        self.key = house.key
        self.barrier = threading.Barrier(len(self.clients))
        self.pool = ThreadPoolExecutor(len(self.clients))

    def round(self, offer_id: UUID, answers: list[dict[str, Any]]) -> list[Shot]:
        return list(self.pool.map(self._shoot, self.clients, itertools.repeat(offer_id), answers))

    def _shoot(self, client: Client, offer_id: UUID, answer: dict[str, Any]) -> Shot:
        request = client.prepared(
            "POST", f"/api/v1/offers/{offer_id}/responses", json.dumps(answer).encode(),
            Authorization=f"Bearer {self.key}", Content_Type="application/json",
        )  # fmt: skip
        self.barrier.wait(30)
        sent = time.perf_counter()
        status, body = client.send(request)
        return Shot(answer["response"], answer["channel"], sent, time.perf_counter(), status, json.loads(body))

    def close(self) -> None:
        self.pool.shutdown()
        for client in self.clients:
            client.close()


def answers_for(rand: random.Random, version: int | None) -> list[dict[str, Any]]:
    """One of each kind and one more, in any order, from both channels."""
    kinds = [*KINDS, rand.choice(KINDS)]
    channels = [*CHANNELS, *CHANNELS]
    rand.shuffle(kinds)
    rand.shuffle(channels)
    seen = {} if version is None else {"version": version}
    return [{"response": kind, "channel": channel} | seen for kind, channel in zip(kinds, channels, strict=True)]


@pytest.mark.parametrize("knows_version", [True, False], ids=["as pages answer, with the version", "with no version"])
def test_of_answers_sent_together_exactly_one_counts_and_the_others_see_which(
    house: House, knows_version: bool
) -> None:
    rand = random.Random(2026)
    customers = open_offers(MOST_ROUNDS, after=0 if knows_version else MOST_ROUNDS)
    shooters = Shooters(house)
    rounds: list[list[Shot]] = []
    races = 0
    for _, offer in customers:
        shots = shooters.round(offer, answers_for(rand, 1 if knows_version else None))
        rounds.append(shots)
        races += max(s.sent for s in shots) < min(s.received for s in shots)
        if races == RACES:
            break
    shooters.close()

    assert races == RACES, f"only {races} of {len(rounds)} rounds were races"
    several = [[(s.response, s.status) for s in shots] for shots in rounds if sum(s.status == 200 for s in shots) != 1]
    assert len(several) == 0, several
    assert {shot.response for shots in rounds for shot in shots if shot.status == 200} == set(KINDS)
    for (customer_id, offer_id), shots in zip(customers, rounds, strict=False):
        won = next(shot for shot in shots if shot.status == 200)
        for lost in (shot for shot in shots if shot is not won):
            assert_told(lost, won, offer_id)
        assert_on_the_books_once(customer_id, offer_id, won)


def assert_told(lost: Shot, won: Shot, offer_id: UUID) -> None:
    """The loser is told which answer counts, whose it was, when and where."""
    assert (lost.status, lost.body["code"]) == (409, "already_answered")
    assert lost.body["offer"]["offer_id"] == str(offer_id)
    assert lost.body["offer"]["state"] in (won.response, "fulfilled" if won.response == "accepted" else won.response)
    assert lost.body["where"] == won.channel
    assert lost.body["who"] == won.body["by"]
    assert lost.body["when"]


def assert_on_the_books_once(customer_id: UUID, offer_id: UUID, won: Shot) -> None:
    """Offer, timeline, ledger, outbox and audit trail all hold the winner's answer, and no other."""
    with db.reading() as session:
        offer = session.exec(
            select(OfferRow).where(OfferRow.customer_id == customer_id, OfferRow.offer_id == offer_id)
        ).one()
        events = session.exec(select(EventRow).where(EventRow.customer_id == customer_id)).all()
        ledger = session.exec(select(LedgerRow).where(LedgerRow.customer_id == customer_id)).one()
        jobs = session.exec(select(OutboxJobRow).where(OutboxJobRow.customer_id == customer_id)).all()
        audited = session.exec(select(AuditEntryRow).where(col(AuditEntryRow.subject) == str(offer_id))).all()
    mine = [event for event in events if event.data.get("offer_id") == str(offer_id)]
    fulfilled = [event for event in mine if event.kind == "offer.fulfilled"]
    assert offer.state in (won.response, "fulfilled" if fulfilled else won.response)
    assert offer.answered_channel == won.channel
    assert [(e.kind, e.channel) for e in mine if e.kind in ANSWERS] == [(f"offer.{won.response}", won.channel)]
    assert ledger.version == 1
    assert len(jobs) + len(fulfilled) == (1 if won.response == "accepted" else 0)
    assert [entry.action for entry in audited if entry.action in ANSWERS] == [f"offer.{won.response}"]
