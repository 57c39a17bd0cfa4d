"""The pages of both faces: how fast they are drawn, what a write costs, how much is sent, with long lives among the customers."""

from __future__ import annotations

import gzip
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
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
AT_HOME = 4
"""Customers whose homes one client asks for by turns."""
FORM = "application/x-www-form-urlencoded"
_FILE = re.compile(rb'(?:href|src)="([^"#]*/assets/[^"#]+)"')
_NOTES = re.compile(rb'action="([^"]+/notes)"')
_SEEN = re.compile(rb'name="seen" value="(\d+)"')
_TOKEN = re.compile(rb'name="csrf_token"[^>]*value="([^"]+)"')


def pages(url: str, home: Path, n: int, tell: Tell) -> list[Row]:
    """Pages, each with a decision that must be computed: the profile has moved before every request; writes; and weights."""
    customers = first_customers(max(n, CLIENTS * 4))
    long_lived = customers[: CLIENTS * 4 : LONG_LIVED]
    _live_long(long_lived)
    for customer in customers:
        # As most are: known, with offers that stand open.
        treatments.decide(customer, clock.now())
    with db.transaction() as session:
        people.give_demo_credentials(session, customers[: CLIENTS * AT_HOME], clock.now())
        key = people.create_key(session, ["all"], clock.now())[1]
    rows = []
    with serving(url, home) as house:
        for face in ("desk", "portal"):
            going = rounds(face, house.port, customers)
            client = going[0].client
            weights = _weights(client, f"/desk/customers/{customers[1]}" if face == "desk" else "/")
            drawn(f"{face} warm", going, 2 * CLIENTS)
            for count in (1, CLIENTS):
                rows.append(drawn(f"{face}_{count}", going[:count], n) | weights)
                tell(f"{face}_{count} is measured.")
            if face == "desk":
                asked = [(one, client.prepared("GET", f"/desk/customers/{one}")) for one in long_lived]
                rows.append(drawn("desk_long_1", [Round(client, asked)], n // 4))
                rows.append(_notes_written(client, customers[1], n // 4))
                rows.append(_answered(house.port, key, customers, n // 4))
                tell("Long lives and writes are measured.")
            for one in going:
                one.client.close()
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


@dataclass(frozen=True)
class Round:
    """Whose pages one client asks for by turns: each customer with the request that shows them."""

    client: Client
    pages: list[tuple[UUID, bytes]]


def rounds(face: str, port: int, customers: list[UUID]) -> list[Round]:
    """The rounds of all clients: at the desk each has its share of the customers, at the portal some of them are at home."""
    found = []
    for nth in range(CLIENTS):
        mine = customers[nth::CLIENTS]
        if face == "desk":
            client = at_desk(port, mine[0])
            asked = [client.prepared("GET", f"/desk/customers/{one}") for one in mine]
        else:
            mine = mine[:AT_HOME]
            client, *others = opened = [at_portal(port, one) for one in mine]
            asked = [one.prepared("GET", "/") for one in opened]
            for one in others:
                one.close()
        found.append(Round(client, list(zip(mine, asked, strict=True))))
    return found


def drawn(name: str, going: list[Round], n: int) -> Row:
    """Pages, each of a profile that has moved: those of a round all at once before it, so that the clients themselves cost little."""
    return measured(name, drawing(going, n))


def drawing(going: list[Round], n: int) -> list[Task]:
    """The same as tasks for their clients."""
    share = max(1, n // len(going))
    tasks = []
    for one in going:
        mine = [customer for customer, _ in one.pages][:share]
        asked = list(islice(cycle(request for _, request in one.pages), share))
        tasks.append(Task(one.client, asked, 200, _bumping(mine)))
    return tasks


def _bumping(mine: list[UUID]) -> Callable[[int], None]:
    return lambda nth: bump(mine) if nth % len(mine) == 0 else None
