"""How soon an answer stands on the open pages of others: desks and visitors hold real streams while the API is answered."""

from __future__ import annotations

import json
import random
import selectors
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from pathlib import Path
from uuid import UUID

from backend import db
from backend.benching import measuring
from backend.benching.clients import Client
from backend.benching.copies import BenchFailed, Tell, serving
from backend.benching.rows import Row, quantile, row
from backend.people import service as people
from backend.treatments import service as treatments
from shared.kernel import clock

DESKS = 100
VISITORS = 200
PACE_SECONDS = 0.05
PATIENCE_SECONDS = 10.0
OPEN_TRIES = 40


@dataclass
class _Line:
    """One open stream and when it heard of an offer's change."""

    customer_id: UUID
    socket: socket.socket
    heard: list[float] = field(default_factory=list)
    rest: bytes = b""


class _Lines:
    """All the streams of one face, read by one thread."""

    def __init__(self, lines: list[_Line]) -> None:
        self.of = {line.customer_id: line for line in lines}
        self._selector = selectors.DefaultSelector()
        for line in lines:
            self._selector.register(line.socket, selectors.EVENT_READ, line)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._ended.set()
        self._thread.join()
        for line in self.of.values():
            line.socket.close()

    def _read(self) -> None:
        while not self._ended.is_set():
            for key, _ in self._selector.select(0.2):
                line: _Line = key.data
                data = line.socket.recv(65536)
                came = time.perf_counter()
                if not data:
                    self._selector.unregister(line.socket)
                    continue
                *whole, line.rest = (line.rest + data).split(b"\n\n")
                line.heard += [came for event in whole if b"event: offers\n" in event]


def live(url: str, home: Path, n: int, tell: Tell) -> list[Row]:
    """From the sending of an answer until the customer's open pages have heard of it; pages drawn meanwhile, at the end."""
    customers = measuring.first_customers(VISITORS)
    now = clock.now()
    with db.transaction() as session:
        key = people.create_key(session, ["all"], now)[1]
        people.give_demo_credentials(session, customers, now)
    decided = [(one, treatments.decide(one, now).ranked[:1]) for one in customers]
    offers = [(one, UUID(first.offer_id)) for one, ranked in decided for first in ranked]
    # Each customer says "later" and then, when all have, "no": enough time lies between to tell the two apart.
    later = {"response": "deferred", "until": (now + timedelta(days=2)).date().isoformat()}
    turn = [(*offer, body) for body in (later, {"response": "declined"}) for offer in offers]
    with serving(url, home) as house:
        desks, visitors = _opened(house.port, customers, tell)
        try:
            sent, took, wall = _answered(house.port, key, turn[:n])
            rows = []
            for name, lines in (("live_desk", desks), ("live_portal", visitors)):
                waited = _waited(lines, sent)
                more = {"streams": len(lines.of), "answer_p50_ms": round(quantile(sorted(took), 0.5) * 1000, 4)}
                rows.append(row(name, waited, wall, **more))
                tell(f"{name} is measured.")
            rows += _pages(house.port, customers, n, tell)
        finally:
            desks.close()
            visitors.close()
    return rows


def _opened(port: int, customers: list[UUID], tell: Tell) -> tuple[_Lines, _Lines]:
    agent = measuring.at_desk(port, customers[0])
    with ThreadPoolExecutor(8) as pool:
        signed_in = list(pool.map(lambda one: measuring.at_portal(port, one), customers))
        desks = list(pool.map(lambda one: _stream(port, agent, f"/desk/stream?customer={one}", one), customers[:DESKS]))
        visitors = list(pool.map(lambda one, client: _stream(port, client, "/stream", one), customers, signed_in))
    for client in (agent, *signed_in):
        client.close()
    tell(f"{len(desks)} desks and {len(visitors)} visitors are live.")
    return _Lines(desks), _Lines(visitors)


def _stream(port: int, known: Client, path: str, customer_id: UUID) -> _Line:
    """An open stream; refused by a full process, it comes again, as a browser does."""
    for _ in range(OPEN_TRIES):
        connection = socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS)
        cookies = "; ".join(f"{name}={value}" for name, value in known.cookies.items())
        asked = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\nCookie: {cookies}\r\n\r\n"
        connection.sendall(asked.encode())
        head = b""
        while b"event: hello\n" not in head:
            data = connection.recv(65536)
            head += data
            if not data or b" 503 " in head[:20]:
                break
        else:
            return _Line(customer_id, connection)
        connection.close()
        time.sleep(random.uniform(0.02, 0.1))
    raise BenchFailed(f"No stream could be opened at {path.partition('?')[0]}: {head[:80]!r}")


def _answered(
    port: int, key: str, turn: list[tuple[UUID, UUID, dict[str, str]]]
) -> tuple[list[tuple[UUID, float]], list[float], float]:
    """When each customer's answers were sent, how long each took, and all of them together."""
    client = Client(port)
    sent, took, began = [], [], time.perf_counter()
    for nth, (customer_id, offer_id, said) in enumerate(turn):
        body = json.dumps(said | {"channel": "phone"}).encode()
        time.sleep(max(0.0, began + nth * PACE_SECONDS - time.perf_counter()))
        path = f"/api/v1/offers/{offer_id}/responses"
        at = time.perf_counter()
        status, answer = client.request(
            "POST", path, body, Authorization=f"Bearer {key}", Content_Type="application/json"
        )
        took.append(time.perf_counter() - at)
        if status != 200:
            raise BenchFailed(f"An answer was refused with {status}: {answer[:200]!r}")
        sent.append((customer_id, at))
    client.close()
    return sent, took, time.perf_counter() - began


def _waited(lines: _Lines, sent: list[tuple[UUID, float]]) -> list[float]:
    """The seconds from each answer to the first word of it. Raises BenchFailed for one of which nobody heard."""
    waited = []
    for customer_id, at in sent:
        line = lines.of.get(customer_id)
        if line is None:
            continue
        until = time.perf_counter() + PATIENCE_SECONDS
        while not (later := [heard for heard in line.heard if heard > at]):
            if time.perf_counter() > until:
                raise BenchFailed("An answer was given of which an open page never heard.")
            time.sleep(0.01)
        waited.append(later[0] - at)
    return waited


def _pages(port: int, customers: list[UUID], n: int, tell: Tell) -> list[Row]:
    """The pages of both faces as `bench pages` draws them, with all those streams open."""
    rows = []
    for face, opens in (("desk", measuring.at_desk), ("portal", measuring.at_portal)):
        some = customers[: measuring.CLIENTS * 4]
        clients = [opens(port, one) for one in islice(some, measuring.CLIENTS)]
        measuring.drawn(f"{face} warm", face, clients, some, 2 * measuring.CLIENTS)
        rows.append(measuring.drawn(f"live_{face}_{measuring.CLIENTS}", face, clients, some, n))
        tell(f"live_{face}_{measuring.CLIENTS} is measured.")
        for client in clients:
            client.close()
    return rows
