"""The pages of both faces: how fast they are drawn, what a write costs, how much is sent, with long lives among the customers."""

from __future__ import annotations

import gzip
import json
import re
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import cycle, islice
from pathlib import Path
from urllib.parse import urlencode
from uuid import UUID

from backend import db
from backend.benching.clients import Client, Task, measured
from backend.benching.copies import BenchFailed, Tell, bare_flask, serving
from backend.benching.measuring import CLIENTS, at_desk, at_portal, bump, first_customers
from backend.benching.rows import Row, row
from backend.interactions import service as interactions
from backend.people import service as people
from backend.treatments import service as treatments
from shared.kernel import clock
from shared.kernel.actors import SYSTEM

LONG_LIFE = 10_000
"""Events of a customer with a long life; one in `LONG_LIVED` of those measured is such a one."""
LONG_LIVED = 16
FORM = "application/x-www-form-urlencoded"
_FILE = re.compile(rb'(?:href|src)="([^"#]*/assets/[^"#]+)"')
_NOTES = re.compile(rb'action="([^"]+/notes)"')
_SEEN = re.compile(rb'name="seen" value="(\d+)"')
_TOKEN = re.compile(rb'name="csrf_token"[^>]*value="([^"]+)"')


def pages(url: str, home: Path, n: int, tell: Tell) -> list[Row]:
    """Pages, each with a decision that must be computed: the profile has moved before every request; writes; and weights."""
    customers = first_customers(CLIENTS * 4)
    long_lived = customers[::LONG_LIVED]
    _live_long(long_lived)
    with db.transaction() as session:
        people.give_demo_credentials(session, customers, clock.now())
        key = people.create_key(session, ["all"], clock.now())[1]
    rows = []
    with serving(url, home) as house:
        for face, opens in (("desk", at_desk), ("portal", at_portal)):
            clients = [opens(house.port, one) for one in customers[:CLIENTS]]
            weights = _weights(clients[0], f"/desk/customers/{customers[1]}" if face == "desk" else "/")
            drawn(f"{face} warm", face, clients, customers, 2 * CLIENTS)
            for count in (1, CLIENTS):
                rows.append(drawn(f"{face}_{count}", face, clients[:count], customers, n) | weights)
                tell(f"{face}_{count} is measured.")
            if face == "desk":
                rows.append(drawn("desk_long_1", face, clients[:1], long_lived, n // 4))
                rows.append(_notes_written(clients[0], customers[1], n // 4))
                rows.append(_answered(house.port, key, customers, n // 4))
                tell("Long lives and writes are measured.")
            for client in clients:
                client.close()
    with bare_flask(home) as bare:
        clients = [Client(bare.port) for _ in range(CLIENTS)]
        for name in ("flask warm", f"flask_{CLIENTS}"):
            each = [client.prepared("GET", "/") for client in clients]
            found = measured(
                name, [Task(c, [r] * max(1, 5 * n // CLIENTS), 200) for c, r in zip(clients, each, strict=True)]
            )
        tell(f"flask_{CLIENTS} is measured.")
    return [{**one, "of_flask": round(one["per_second"] / found["per_second"], 4)} for one in rows] + [found]


def _live_long(customers: list[UUID]) -> None:
    """Gives each of them the events of years."""
    now = clock.now()
    for one in customers:
        with db.transaction() as session:
            for nth in range(LONG_LIFE):
                paid = {"amount_minor": 100 + nth, "currency": "USD", "method": "card"}
                interactions.record(
                    session, one, "payment.made", None, SYSTEM, paid, now - timedelta(hours=LONG_LIFE - nth)
                )


def _weights(client: Client, path: str) -> dict[str, float]:
    """Kilobytes sent for the page: at a first visit with all its files, and with these kept; as `gzip` would send them."""
    _, page = client.request("GET", path)
    files = {found.decode().replace("&amp;", "&") for found in _FILE.findall(page)}
    after = len(gzip.compress(page, 6))
    first = after + sum(len(gzip.compress(client.request("GET", file)[1], 6)) for file in files)
    return {"first_kb": round(first / 1024, 1), "after_kb": round(after / 1024, 1)}


def _notes_written(client: Client, customer: UUID, n: int) -> Row:
    """Notes of an open contact, kept as an agent types."""
    path = f"/desk/customers/{customer}"
    token = _one(_TOKEN, client.request("GET", path)[1])
    client.request("POST", f"{path}/contact", urlencode({"csrf_token": token}).encode(), Content_Type=FORM)
    page = client.request("GET", path)[1]
    action, seen, seconds = _one(_NOTES, page), _one(_SEEN, page), []
    for nth in range(n):
        form = {"csrf_token": token, "seen": seen, "notes": f"They call about line {nth}."}
        began = time.perf_counter()
        status, told = client.request(
            "POST", action, urlencode(form).encode(), Content_Type=FORM, HX_Request="true", HX_Target="div#notes-state"
        )
        seconds.append(time.perf_counter() - began)
        if status != 200:
            raise BenchFailed(f"A note was refused with {status}: {told[:200]!r}")
        seen = _one(_SEEN, told)
    return row("note", seconds, sum(seconds))


def _answered(port: int, key: str, customers: list[UUID], n: int) -> Row:
    """Answers over the API: what is first is declined, for one customer after the other."""
    api, seconds = Client(port), []
    for one in islice(cycle(customers), n):
        decided = treatments.decide(one, clock.now())
        wanted = {str(ranked.offer_id) for ranked in decided.ranked[:1]}
        offer = next((offer for offer in decided.offers if str(offer.offer_id) in wanted), None)
        if offer is None:
            continue  # nothing is good for them any more
        said = {"response": "declined", "channel": "phone", "version": offer.version}
        request = api.prepared(
            "POST", f"/api/v1/offers/{offer.offer_id}/responses", json.dumps(said).encode(),
            Authorization=f"Bearer {key}", Content_Type="application/json",
        )  # fmt: skip
        began = time.perf_counter()
        status, told = api.send(request)
        seconds.append(time.perf_counter() - began)
        if status != 200:
            raise BenchFailed(f"An answer was refused with {status}: {told[:200]!r}")
    api.close()
    return row("answer", seconds, sum(seconds))


def _one(pattern: re.Pattern[bytes], page: bytes) -> str:
    found = pattern.search(page)
    if found is None:
        raise BenchFailed(f"A page has nothing like {pattern.pattern!r}.")
    return found[1].decode()


def drawn(name: str, face: str, clients: list[Client], customers: list[UUID], n: int) -> Row:
    """A client at the desk opens one customer after the other; a customer at the portal sees their own page."""
    share = max(1, n // len(clients))
    tasks = []
    for nth, client in enumerate(clients):
        mine = customers[nth :: len(clients)] if face == "desk" else [customers[nth]]
        turn = list(islice(cycle(mine), share))
        paths = [f"/desk/customers/{one}" if face == "desk" else "/" for one in turn]
        tasks.append(Task(client, [client.prepared("GET", path) for path in paths], 200, _bumping(turn)))
    return measured(name, tasks)


def _bumping(turn: list[UUID]) -> Callable[[int], None]:
    return lambda nth: bump(turn[nth : nth + 1])
