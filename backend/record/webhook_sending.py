"""Sends webhooks: by threads of its own, never within a transaction, so that no receiver's slowness is anybody else's.

A delivery is leased in a short transaction, sent, and what came of it written down in another. Whoever is killed between the
two leaves it to be sent again, under the same id, when the lease is over. Deliveries go out in the order of their events;
one that failed does not hold back those after it, which is why each tells when it happened.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import structlog
from sqlalchemy import select, update
from sqlmodel import Session

from backend import db, jsons, metrics
from backend.record.tables import WebhookDeliveryRow, WebhookEndpointRow
from backend.record.webhook_signing import headers_of, secret_of
from backend.record.webhooks import message_name
from shared.kernel import clock

DELAYS = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400))
"""The schedule that the scheme recommends: ten attempts over three days, and then a dead letter."""
JITTER = 0.2
CONNECT_SECONDS, READ_SECONDS, WHOLE_SECONDS = 3.0, 5.0, 10.0
LEASE = timedelta(seconds=20)
PLACES = 16
"""So many are sent at once."""
EACH, EACH_FAILING = 4, 1
"""So many of them to one endpoint, and to one whose last answer was no good: however many fail, the others have places."""
TURN_SECONDS = 0.25
STOP_SECONDS = 3.0
GONE = 410
_ENDPOINT = db.table_of(WebhookEndpointRow)
_DELIVERY = db.table_of(WebhookDeliveryRow)
# They log each request with its whole address, and an address may hold a token.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)
_log = structlog.stdlib.get_logger("evenhand.webhooks")


@dataclass(frozen=True, slots=True)
class Reach:
    """From when on, now or later, a customer may be reached, and what the receiver is told of how."""

    at: datetime
    told: Mapping[str, Any] = field(default_factory=dict)


Hold = Callable[[Session, UUID, Mapping[str, Any], datetime], Reach | None]
"""Asked at each attempt, with the event's data, at the moment of sending; None: the customer does not want to be reached."""
UNWANTED = "not sent: the customer does not consent"
_NO_HOLDS: Mapping[str, Hold] = {}


@dataclass(frozen=True, slots=True)
class _Letter:
    """One attempt: what to send where, and which attempt it is, so that only its own outcome is written down."""

    customer_id: UUID
    message_id: UUID
    endpoint_id: UUID
    url: str
    salt: str
    event: str
    body: str
    attempt: int


@dataclass(frozen=True, slots=True)
class _Came:
    """What came of an attempt: the answer's status, or why there was none."""

    status: int | None
    error: str | None

    @property
    def good(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class Sender:
    """Sends what is due until told to end. One in a process; several processes share the work by leases."""

    def __init__(self, key: bytes, holds: Mapping[str, Hold] = _NO_HOLDS) -> None:
        """`key` is the installation's secret, from which those of the endpoints are worked out.

        `holds` names the events that make somebody reach the customer: each attempt, the first as the last, waits until then.
        """
        self._key = key
        self._holds = holds
        self._busy: Counter[UUID] = Counter()
        self._customers: set[tuple[UUID, UUID]] = set()
        self._failing: set[UUID] = set()
        self._lock = threading.Lock()
        self._done = threading.Condition(self._lock)

    def run(self, ended: threading.Event) -> None:
        """Takes turns until told to end, then waits a little for what is on its way."""
        while not ended.is_set():
            try:
                sent = self.turn(clock.now())
            except Exception as failure:
                _log.exception("turn failed", error=type(failure).__name__)
                sent = 0
            if not sent:
                ended.wait(TURN_SECONDS)
        self.settle(STOP_SECONDS)

    def turn(self, now: datetime) -> int:
        """Begins to send what is due and finds a place; gives how many. It waits for none of them."""
        due = _due(now)
        # Whoever has much to be sent must not always come before the others.
        random.shuffle(due)
        letters = [letter for endpoint_id in due for letter in self._lease(endpoint_id, now)]
        for letter in letters:
            threading.Thread(target=self._send, args=(letter,), daemon=True, name="webhook").start()
        return len(letters)

    def settle(self, seconds: float) -> bool:
        """Waits until nothing is on its way, so long at the most; says whether nothing is."""
        with self._done:
            return self._done.wait_for(lambda: not self._customers, seconds)

    def _lease(self, endpoint_id: UUID, now: datetime) -> list[_Letter]:
        with self._lock:
            each = EACH_FAILING if endpoint_id in self._failing else EACH
            free = min(each - self._busy[endpoint_id], PLACES - self._busy.total())
            taken = {customer for endpoint, customer in self._customers if endpoint == endpoint_id}
        letters = _lease(endpoint_id, now, free, taken, self._holds) if free > 0 else []
        with self._lock:
            for letter in letters:
                self._busy[endpoint_id] += 1
                self._customers.add((endpoint_id, letter.customer_id))
        return letters

    def _send(self, letter: _Letter) -> None:
        try:
            came = deliver(letter.url, secret_of(self._key, letter.endpoint_id, letter.salt), letter)
            _note(letter, came, clock.now())
            with self._lock:
                (self._failing.discard if came.good else self._failing.add)(letter.endpoint_id)
        except Exception as failure:
            # Not noted, so it is sent again under the same id when the lease is over.
            _log.exception("delivery failed", error=type(failure).__name__)
        finally:
            with self._done:
                self._busy[letter.endpoint_id] -= 1
                self._customers.discard((letter.endpoint_id, letter.customer_id))
                self._done.notify_all()


def deliver(url: str, secret: str, letter: _Letter) -> _Came:
    """Posts the letter and gives what came of it within ten seconds; it raises nothing, and follows no redirect."""
    headers = headers_of(secret, message_name(letter.message_id), clock.now(), letter.body)
    sent = {**headers, "Content-Type": "application/json", "User-Agent": "Evenhand"}
    try:
        return _Came(asyncio.run(_post(url, sent, letter.body.encode())), None)
    except TimeoutError:
        return _Came(None, f"no answer within {WHOLE_SECONDS:g} seconds")
    except httpx.TimeoutException:
        return _Came(None, "no answer in time")
    except httpx.HTTPError as failure:
        # Never its text: that may hold the address, and an address may hold a token.
        return _Came(None, type(failure).__name__)
    except (httpx.InvalidURL, OSError, ValueError) as failure:
        return _Came(None, type(failure).__name__)


async def _post(url: str, headers: dict[str, str], body: bytes) -> int:
    """The status of the answer, whose body nobody reads. A deadline over all holds off who answers byte by byte."""
    patience = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    async with (
        asyncio.timeout(WHOLE_SECONDS),
        httpx.AsyncClient(timeout=patience, verify=_trust(), follow_redirects=False) as client,
        client.stream("POST", url, content=body, headers=headers) as answer,
    ):
        return answer.status_code


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    """Made once: reading the authorities takes longer than a delivery."""
    return httpx.create_ssl_context()


def _due(now: datetime) -> list[UUID]:
    """The endpoints to which something is due: read first, so that nobody idle takes the writers' place."""
    asked = (
        select(_DELIVERY.c.endpoint_id)
        .join(_ENDPOINT, _ENDPOINT.c.endpoint_id == _DELIVERY.c.endpoint_id)
        .where(_DELIVERY.c.state == "pending", _DELIVERY.c.run_at <= now, _ENDPOINT.c.active)
        .distinct()
    )
    with db.reading() as session:
        return list(session.execute(asked).scalars())


def _lease(
    endpoint_id: UUID, now: datetime, most: int, taken: Collection[UUID], holds: Mapping[str, Hold] = _NO_HOLDS
) -> list[_Letter]:
    """The oldest that are due, one for each customer, so that what happened to one is told in its order."""
    asked = (
        select(_DELIVERY, _ENDPOINT.c.url, _ENDPOINT.c.salt)
        .join(_ENDPOINT, _ENDPOINT.c.endpoint_id == _DELIVERY.c.endpoint_id)
        .where(_DELIVERY.c.endpoint_id == endpoint_id, _DELIVERY.c.state == "pending", _DELIVERY.c.run_at <= now)
        .order_by(_DELIVERY.c.run_at, _DELIVERY.c.message_id)
        .limit(most * 4)
        .with_for_update(skip_locked=True, of=_DELIVERY)
    )
    letters: list[_Letter] = []
    with db.transaction() as session:
        held = set(taken)
        for row in session.execute(asked).all():
            if row.customer_id in held or len(letters) == most:
                continue
            mine = _is(row.customer_id, row.message_id, endpoint_id)
            body = row.body
            if row.event in holds:
                reach, body = _reach(session, row, holds[row.event], now)
                if reach is None:
                    gone = {"state": "dead", "settled_at": now, "last_at": now, "last_error": UNWANTED}
                    session.execute(update(_DELIVERY).where(*mine).values(**gone))
                    continue
                if reach.at > now:
                    session.execute(update(_DELIVERY).where(*mine).values(run_at=reach.at))
                    continue
            held.add(row.customer_id)
            attempt = row.attempts + 1
            session.execute(update(_DELIVERY).where(*mine).values(attempts=attempt, run_at=now + LEASE))
            letters.append(
                _Letter(row.customer_id, row.message_id, endpoint_id, row.url, row.salt, row.event, body, attempt)
            )
    return letters


def _reach(session: Session, row: Any, hold: Hold, now: datetime) -> tuple[Reach | None, str]:
    """Whether and when the customer may be reached, and the body with what the receiver is told of how."""
    document = json.loads(row.body)
    reach = hold(session, row.customer_id, document["data"], now)
    if reach is None or not reach.told:
        return reach, row.body
    return reach, jsons.write(document | {"data": {**document["data"], **reach.told}})


def _note(letter: _Letter, came: _Came, now: datetime) -> None:
    values: dict[str, Any] = {"last_at": now, "last_status": came.status, "last_error": came.error}
    gone = came.status == GONE
    if came.good:
        values |= {"state": "delivered", "settled_at": now}
    elif gone or letter.attempt > len(DELAYS):
        values |= {"state": "dead", "settled_at": now}
    else:
        values["run_at"] = now + DELAYS[letter.attempt - 1] * (1 + random.random() * JITTER)
    with db.transaction() as session:
        noted = session.execute(
            update(_DELIVERY)
            .where(*_is(letter.customer_id, letter.message_id, letter.endpoint_id))
            .where(_DELIVERY.c.attempts == letter.attempt, _DELIVERY.c.state == "pending")
            .values(**values)
        )
        if gone:
            # The receiver says that it wants nothing any more.
            session.execute(update(_ENDPOINT).where(_ENDPOINT.c.endpoint_id == letter.endpoint_id).values(active=False))
    if not db.touched(noted):
        return
    outcome = {"delivered": "delivered", "dead": "dead"}.get(values.get("state", ""), "failed")
    metrics.WEBHOOKS.labels(outcome).inc()
    if not came.good:
        _log.warning(
            "webhook not delivered", to=urlsplit(letter.url).hostname, webhook_event=letter.event, attempt=letter.attempt,
            status=came.status, error=came.error, outcome=outcome,
        )  # fmt: skip


def _is(customer_id: UUID, message_id: UUID, endpoint_id: UUID) -> tuple[Any, ...]:
    return (
        _DELIVERY.c.customer_id == customer_id,
        _DELIVERY.c.message_id == message_id,
        _DELIVERY.c.endpoint_id == endpoint_id,
    )
