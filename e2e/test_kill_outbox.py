"""`kill -9` at each step from acceptance to the receiver's effect: the profile changes once, and the receiver acts once.

The receiver is a process of its own that outlives the server. Each step is hit by what really stops a process there: a
worker that is stopped, a receiver that is away or does not answer, a database that is held.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import pytest
from sqlmodel import col, select

from backend import db, settings
from backend.benching.clients import Client
from backend.cases.tables import CaseRow
from backend.interactions.tables import EventRow
from backend.profiles.tables import CreditRow
from backend.record import service as record
from backend.record.tables import OutboxJobRow, WebhookDeliveryRow
from backend.treatments.tables import FulfilmentRow, OfferRow
from e2e.offers import open_offers
from e2e.servers import environment, free_port
from e2e.test_kill import House, house, wait_until_all_is_fulfilled
from shared.kernel import clock

__all__ = ["house"]

ROOT = Path(__file__).parent.parent
PATIENCE_SECONDS = 60
MANY = 40
"""Fulfilled one after the other, so that a kill falls among them."""
SOON = timedelta(seconds=30)
EVENTS = ("offer.accepted", "offer.fulfilled")
Offer = tuple[UUID, UUID]


class Elsewhere:
    """The receiver's process: somebody else's system, which is not killed with ours."""

    def __init__(self) -> None:
        self.port = free_port()
        self.key, self.secret = b"", ""
        self.process: subprocess.Popen[bytes] | None = None
        self.before: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.receiver", str(self.port), self.secret]
        self.process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
        wait_for(lambda: self.answers(), "the receiver did not start")

    def answers(self) -> bool:
        with suppress(OSError):
            self.told()
            return True
        return False

    def told(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=5) as answer:
            return json.loads(answer.read())  # type: ignore[no-any-return]

    def now(self, **how: Any) -> None:
        sent = urllib.request.Request(f"http://127.0.0.1:{self.port}/control", json.dumps(how).encode())
        with urllib.request.urlopen(sent, timeout=5):
            pass

    def stop(self) -> None:
        """Goes away; what it did is kept."""
        if self.process is not None:
            self.before.append(self.told())
            self.process.terminate()
            self.process.wait()
            self.process = None


@pytest.fixture
def elsewhere(house: House) -> Iterator[Elsewhere]:
    one = Elsewhere()
    one.key = settings.read(
        {k: v for k, v in environment(house.url, house.home, house.port).items() if k in settings.NAMES}
    ).secret
    with db.transaction() as session:
        _, one.secret = record.add_endpoint(
            session, one.url, EVENTS, by="test", key=one.key, tls_only=False, now=clock.now()
        )
    one.start()
    yield one
    one.stop()


def wait_for(held: Callable[[], Any], otherwise: str, seconds: float = PATIENCE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not held():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.01)


def test_one_acceptance_has_one_effect_whatever_is_killed_when(house: House, elsewhere: Elsewhere) -> None:
    offers = open_offers(MANY + 4)
    one, two, three, four, *many = offers
    killed_after_acceptance(house, one)
    killed_among_fulfilments(house, many)
    killed_before_delivery(house, elsewhere, two)
    again = {killed_during_delivery(house, elsewhere, three), killed_before_it_was_noted(house, elsewhere, four)}
    wait_until_all_is_fulfilled()
    wait_until_all_is_sent(elsewhere)

    expected = {}
    for customer_id, offer_id in offers:
        expected |= assert_done_once(customer_id, offer_id)
    told = elsewhere.told()
    did = Counter(told["did"])
    for earlier in elsewhere.before:
        did.update(earlier["did"])
    assert dict(did) == dict.fromkeys(expected, 1)
    bodies = told["bodies"] | {k: v for earlier in elsewhere.before for k, v in earlier["bodies"].items()}
    assert {message: body["type"] for message, body in bodies.items()} == expected
    assert told["refused"] == 0
    assert again <= {message for message, many in Counter(told["came"]).items() if many > 1}, "no kill hit a delivery"
    assert not deliveries("dead")
    assert record.verify()["ok"]


def wait_until_all_is_sent(elsewhere: Elsewhere) -> None:
    """The server's own sender does what is due; what is due in minutes only, another does as if it were then."""
    sender = record.Sender(elsewhere.key)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while left := deliveries("pending"):
        assert time.monotonic() < deadline, [(row.event, row.attempts, row.run_at, row.last_error) for row in left]
        if all(row.run_at > clock.now() + SOON for row in left):
            sender.turn(max(row.run_at for row in left))
            assert sender.settle(PATIENCE_SECONDS)
        time.sleep(0.05)


# --- the steps -------------------------------------------------------------------------------------------------------


def killed_after_acceptance(house: House, offer: Offer) -> None:
    """The acceptance is on the ledger; the worker never came to it."""
    stop_worker(house)
    accept(house, offer)
    assert state(offer) == "accepted"
    house.kill()
    assert state(offer) == "accepted"
    house.start()
    wait_for(lambda: state(offer) == "fulfilled", "what was accepted was not done by the next worker")


def killed_among_fulfilments(house: House, offers: list[Offer]) -> None:
    """The worker is at work on many, some done, some under way, some to come."""
    worker = stop_worker(house)
    for offer in offers:
        accept(house, offer)
    worker.send_signal(signal.SIGCONT)
    wait_for(lambda: "fulfilled" in map(state, offers), "nothing was done")
    house.kill()
    left = Counter(map(state, offers))
    assert left["accepted"] > 0, "all were done before the kill"
    house.start()
    wait_until_all_is_fulfilled()


def killed_before_delivery(house: House, elsewhere: Elsewhere, offer: Offer) -> None:
    """Done, and the receiver was away: nothing of it arrived."""
    wait_until_all_is_sent(elsewhere)
    elsewhere.stop()
    accept(house, offer)
    wait_for(lambda: state(offer) == "fulfilled", "it was not done")
    wait_for(lambda: all(row.attempts for row in deliveries("pending")), "delivery was not tried")
    house.kill()
    assert {row.event for row in deliveries("pending")} == set(EVENTS)
    elsewhere.start()
    house.start()
    wait_until_all_is_sent(elsewhere)


def killed_during_delivery(house: House, elsewhere: Elsewhere, offer: Offer) -> str:
    """The receiver has it and has not answered. Gives the message that was under way."""
    message = under_way(house, elsewhere, offer)
    house.kill()
    elsewhere.now(hold=False)
    house.start()
    return message


def killed_before_it_was_noted(house: House, elsewhere: Elsewhere, offer: Offer) -> str:
    """The receiver has answered, and the answer was not yet written down. Gives the message that was answered."""
    message = under_way(house, elsewhere, offer)
    answered = elsewhere.told()["answered"]
    with db.transaction() as session:
        # On SQLite nobody else can write now; on PostgreSQL nobody can write these rows.
        session.exec(select(WebhookDeliveryRow).where(WebhookDeliveryRow.state == "pending").with_for_update()).all()
        elsewhere.now(hold=False)
        wait_for(lambda: elsewhere.told()["answered"] > answered, "the receiver did not answer")
        time.sleep(0.3)  # so that the answer is with the sender, who waits for the database
        house.kill()
    assert message in {name(row.message_id) for row in deliveries("pending")}, "it was noted"
    house.start()
    return message


def under_way(house: House, elsewhere: Elsewhere, offer: Offer) -> str:
    """Accepts the offer, and gives the message of it that the receiver holds without an answer."""
    wait_until_all_is_sent(elsewhere)
    elsewhere.now(hold=True)
    came = len(elsewhere.told()["came"])
    accept(house, offer)
    wait_for(lambda: len(elsewhere.told()["came"]) > came, "nothing was sent")
    wait_for(lambda: state(offer) == "fulfilled", "it was not done")
    return str(elsewhere.told()["came"][came])


def stop_worker(house: House) -> psutil.Process:
    """Holds the background worker still, at a moment at which it holds nothing that others need."""
    assert house.server is not None
    family = psutil.Process(house.server.process.pid).children(recursive=True)
    worker = next(child for child in family if "backend.worker" in child.cmdline())
    for _ in range(50):
        worker.send_signal(signal.SIGSTOP)
        trying = threading.Thread(target=_write_nothing, daemon=True)
        trying.start()
        trying.join(1.0)
        if not trying.is_alive():
            return worker
        worker.send_signal(signal.SIGCONT)
        trying.join(30)
        time.sleep(0.05)
    raise AssertionError("the worker always holds the database")


def _write_nothing() -> None:
    with db.transaction() as session:
        session.exec(select(OutboxJobRow).limit(1)).first()


# --- what came of it -------------------------------------------------------------------------------------------------


def accept(house: House, offer: Offer) -> None:
    body = json.dumps({"response": "accepted", "channel": "portal"}).encode()
    status, came = Client(house.port).request(
        "POST", f"/api/v1/offers/{offer[1]}/responses", body, Authorization=f"Bearer {house.key}", Content_Type="application/json"
    )  # fmt: skip
    assert status == 200, came


def state(offer: Offer) -> str:
    with db.reading() as session:
        asked = select(OfferRow.state).where(OfferRow.customer_id == offer[0], OfferRow.offer_id == offer[1])
        return session.exec(asked).one()


def deliveries(state: str) -> list[WebhookDeliveryRow]:
    with db.reading() as session:
        return list(session.exec(select(WebhookDeliveryRow).where(WebhookDeliveryRow.state == state)).all())


def name(message_id: UUID) -> str:
    return f"msg_{message_id.hex}"


def assert_done_once(customer_id: UUID, offer_id: UUID) -> dict[str, str]:
    """That the offer was fulfilled once, with one effect on the profile; gives the messages of its events."""
    with db.reading() as session:
        done = session.exec(select(FulfilmentRow).where(FulfilmentRow.customer_id == customer_id)).one()
        events = session.exec(
            select(EventRow).where(EventRow.customer_id == customer_id).order_by(col(EventRow.event_id))
        ).all()
        work = session.exec(
            select(CaseRow).where(CaseRow.customer_id == customer_id, CaseRow.offer_id == offer_id)
        ).all()
        credits = session.exec(select(CreditRow).where(CreditRow.customer_id == customer_id)).all()
    kinds = Counter(event.kind for event in events if event.kind == "profile.changed" or of(event, offer_id))
    assert (done.offer_id, kinds["offer.accepted"], kinds["offer.fulfilled"]) == (offer_id, 1, 1)
    assert kinds["profile.changed"] == (done.kind == "attributes")
    assert len(work) == (done.kind in ("case", "callback", "booking"))
    assert len(credits) == kinds["credit.booked"] == (done.kind == "credit")
    return {name(event.event_id): event.kind for event in events if event.kind in EVENTS and of(event, offer_id)}


def of(event: EventRow, offer_id: UUID) -> bool:
    return bool(event.data.get("offer_id") == str(offer_id))
