"""Events that come in over HTTP: in batches of 100 over 25 customers, and one alone."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from backend import db
from backend.benching import measuring
from backend.benching.clients import Client, Task, measured
from backend.benching.copies import BenchFailed, Tell, serving
from backend.benching.rows import Row
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.matrix import service as matrix
from backend.people import service as people
from backend.profiles import service as profiles
from shared.kernel import clock
from shared.kernel.actors import SYSTEM

BATCH, AT_ONCE = 100, 25
CUSTOMERS = 1000
CLIENTS = 4
SEED = 2026
PACK = "telecom"
_EVENTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("page", "Plans and prices", {}), ("page", "Cancel plan", {}), ("page", "Blog", {"path": "/blog"}), ("screen", "Home", {}),
    ("track", "Payment Failed", {"amount": 70.5}), ("track", "Order Completed", {"total": 12.5, "currency": "USD"}),
    ("track", "Contact Rated", {"rating": 4}), ("track", "Speed Test Run", {"megabits": 88.1}),
    ("track", "Button Clicked", {"label": "Menu"}),
)  # fmt: skip


def ingest(url: str, home: Path, n: int, tell: Tell) -> list[Row]:
    """`n` events in batches by one client and by several, then single ones; `per_second` counts events, p50 and p99 requests."""
    rand = random.Random(SEED)
    customers = measuring.first_customers(CUSTOMERS)
    now = clock.now()
    with db.transaction() as session:
        # The pack of this release, whatever is in force in the copy: its plan says what the events feed.
        catalogues.publish(session, matrix.read_body(matrix.folder_of(PACK)), SYSTEM, now)
        key = people.create_key(session, ["events:write"], now, "web")[1]
        users = {_user(one): one for one in customers}
        for user, one in users.items():
            profiles.be_known_by(session, one, "external", user)
    head = {
        "Authorization": f"Basic {base64.b64encode(f'{key}:'.encode()).decode()}",
        "Content_Type": "application/json",
    }
    rows = []
    with serving(url, home) as house:
        for clients in (1, CLIENTS):
            connected = [Client(house.port) for _ in range(clients)]
            share = max(1, n // BATCH // clients)
            tasks = [
                Task(client, [client.prepared("POST", "/v1/batch", _batch(list(users), rand, now), **head) for _ in range(share)], 200)
                for client in connected
            ]  # fmt: skip
            before = _events()
            found = measured(f"ingest_{clients}", tasks, batch=BATCH, customers=AT_ONCE)
            if (came := _events() - before) < found["n"] * BATCH:
                raise BenchFailed(f"Of {found['n'] * BATCH} events {came} are on the timelines.")
            rows.append({**found, "per_second": round(found["per_second"] * BATCH, 1)})
            tell(f"ingest_{clients} is measured.")
        alone = Client(house.port)
        requests = [alone.prepared("POST", f"/v1/{one['type']}", json.dumps(one).encode(), **head)
                    for one in islice(_messages(list(users), rand, now), min(n, 500))]  # fmt: skip
        rows.append(measured("event_1", [Task(alone, requests, 200)]))
    return rows


def _user(customer_id: UUID) -> str:
    return f"bench-{customer_id}"


def _messages(users: list[str], rand: random.Random, now: datetime) -> Iterator[dict[str, Any]]:
    while True:
        call, name, properties = rand.choice(_EVENTS)
        named = {"event": name} if call == "track" else {"name": name}
        yield {
            "type": call, **named, "userId": rand.choice(users), "properties": properties,
            "messageId": f"{rand.getrandbits(128):032x}", "timestamp": (now - timedelta(seconds=rand.randrange(3600))).isoformat(),
        }  # fmt: skip


def _batch(users: list[str], rand: random.Random, now: datetime) -> bytes:
    some = rand.sample(users, AT_ONCE)
    messages = list(islice(_messages(some, rand, now), BATCH))
    for place, one in enumerate(messages):
        one["userId"] = some[place % AT_ONCE]
    return json.dumps({"batch": messages, "sentAt": now.isoformat()}).encode()


def _events() -> int:
    with db.reading() as session:
        return interactions.count(session)
