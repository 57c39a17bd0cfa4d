"""What is measured: decisions in this process, decisions asked over HTTP, and the pages of both faces."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from uuid import UUID

from backend import db
from backend.benching import generating
from backend.benching.clients import Client, Task, measured
from backend.benching.copies import BenchFailed, Tell, serving
from backend.benching.rows import Row, row
from backend.catalogue import service as catalogues
from backend.engine import deciding as engine
from backend.engine.facts import Configuration, Ledger
from backend.matrix import service as matrix
from backend.people import service as people
from backend.profiles import service as profiles
from backend.profiles.service import Snapshot
from shared.kernel import clock

SIZES = (24, 250, 1000)
CLIENTS = 8
LEAST_RANKED = 1 / 3
PACK = "telecom"


def decide(n: int, tell: Tell) -> list[Row]:
    """Decisions alone, from a profile's snapshot to the ranking, rules' contexts built each time; nothing is stored."""
    with db.reading() as session:
        real = catalogues.in_force(session)
        found = [profiles.profile(session, one) for one in first_customers(min(n, 500))]
    now = clock.now()
    snapshots, seconds = [], []
    for profile in found:
        began = time.perf_counter()
        snapshots.append(profiles.snapshot(profile, now, real.catalogue.pack))
        seconds.append(time.perf_counter() - began)
    rows = [row("snapshot", seconds, sum(seconds))]
    body = matrix.read_body(matrix.folder_of(PACK))
    own = len(real.catalogue.treatments)
    rows.append(_decisions("pack", real, snapshots, n, treatments=own))
    tell(f"The pack's own {own} treatments are measured.")
    for size in SIZES:
        configuration = Configuration(1, generating.generated(body, real.catalogue.pack, size))
        found_row = _decisions(f"treatments_{size}", configuration, snapshots, max(20, n * 24 // size), treatments=size)
        if found_row["ranked_share"] < LEAST_RANKED:
            raise BenchFailed(
                f"Of {size} treatments only {found_row['ranked_share']:.0%} were ranked: too easy a case."
            )
        rows.append(found_row)
        tell(f"{size} treatments are measured.")
    return rows


def http(url: str, home: Path, n: int, tell: Tell) -> list[Row]:
    """Decisions over HTTP: made and stored for one client and for eight, and found standing for eight."""
    with db.transaction() as session:
        key = people.create_key(session, ["all"], clock.now())[1]
    customers = first_customers(n)
    rows = []
    with serving(url, home) as house:
        for name, count, status, stored in (
            ("warm", CLIENTS, 201, True), ("stored_1", 1, 201, True), ("stored_8", CLIENTS, 201, True), ("standing_8", CLIENTS, 200, False),
        ):  # fmt: skip
            if stored:
                bump(customers)
            chosen = customers[: 4 * CLIENTS] if name == "warm" else customers
            tasks = []
            for nth in range(count):
                client = Client(house.port)
                requests = [_ask(client, one, key) for one in chosen[nth::count]]
                tasks.append(Task(client, requests, status))
            found = measured(name, tasks)
            for task in tasks:
                task.client.close()
            if name != "warm":
                rows.append(found)
                tell(f"{name} is measured.")
    return rows


def _decisions(name: str, configuration: Configuration, snapshots: list[Snapshot], n: int, **more: int) -> Row:
    ledger, seconds, ranked, seen = Ledger(0), [], 0, 0
    for snapshot in snapshots[:20]:
        engine.decide(snapshot, ledger, configuration)
    for snapshot in islice(cycle(snapshots), n):
        began = time.perf_counter()
        ruling = engine.decide(snapshot, ledger, configuration)
        seconds.append(time.perf_counter() - began)
        ranked += len(ruling.ranked)
        seen += len(ruling.ranked) + len(ruling.withheld)
    return row(name, seconds, sum(seconds), ranked_share=round(ranked / seen, 3), **more)


def bump(customers: list[UUID]) -> None:
    """Moves the profiles' versions, so that no decision stands."""
    now = clock.now()
    with db.transaction() as session:
        for one in customers:
            profiles.learn(session, one, now=now)


def _ask(client: Client, customer_id: UUID, key: str) -> bytes:
    body = json.dumps({"channel": "portal"}).encode()
    path = f"/api/v1/customers/{customer_id}/decisions"
    return client.prepared("POST", path, body, Authorization=f"Bearer {key}", Content_Type="application/json")


def at_desk(port: int, _customer: UUID) -> Client:
    client = Client(port)
    client.sign_in("/desk/sign-in", people.DEMO_STAFF[0][0], people.DEMO_PASSWORD, "email")
    return client


def at_portal(port: int, customer: UUID) -> Client:
    with db.reading() as session:
        number = profiles.profile(session, customer).number
    client = Client(port)
    client.sign_in("/sign-in", number, people.DEMO_PASSWORD, "who")
    return client


def first_customers(most: int) -> list[UUID]:
    """The first customers by number."""
    return list(islice(_everyone(), most))


def _everyone() -> Iterator[UUID]:
    cursor = None
    while True:
        with db.reading() as session:
            page = profiles.search(session, limit=100, cursor=cursor)
        yield from (match.id for match in page.items)
        cursor = page.next_cursor
        if cursor is None:
            return
