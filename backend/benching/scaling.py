"""A large house: as many customers as are asked for, ten events each, and what recognising, reading and deciding then take."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import event
from sqlmodel import Session

from backend import db
from backend.benching import measuring
from backend.benching.clients import Client, Task, measured
from backend.benching.copies import BenchFailed, House, Tell, serving
from backend.benching.rows import Row, row
from backend.interactions import service as interactions
from backend.interactions.service import Event, Past
from backend.people import service as people
from backend.profiles import service as profiles
from backend.profiles.service import NewConsent, NewCustomer, Profile
from backend.treatments import service as treatments
from shared.kernel import clock, ids

CUSTOMERS = 1_000_000
EVENTS = 10
"""So many each."""
BATCH = 2_000
TEMPLATES = 500
ASKED = 400
"""So many requests in a row of figures; fewer of a small house."""
SEED = 2026
Life = tuple[Profile, tuple[Event, ...]]


def scale(url: str, home: Path, n: int, tell: Tell) -> list[Row]:
    """Figures with the copy's own customers, then with `n` of them; the load between, and the memory of the web processes.

    What is entered is the copy's own customers over again, under other names, numbers and instants; the same seed makes the
    same. Raises BenchFailed where a statement that every request runs looks through a whole table of customers.
    """
    with db.transaction() as session:
        key = people.create_key(session, ["all"], clock.now())[1]
    with db.reading() as session:
        few = profiles.count(session)
    asked = max(40, min(ASKED, n // 20))
    rows = _figures(url, home, key, f"{few}", asked, tell)
    rows.append(load(url, n, few, tell))
    rows += _figures(url, home, key, f"{n}", asked, tell)
    scans = _scans()
    if scans:
        raise BenchFailed(f"These look through a whole table: {'; '.join(scans)}")
    return rows


def load(url: str, n: int, few: int, tell: Tell) -> Row:
    """Enters the missing customers batch by batch, with as many processes as there are processors, four at the most."""
    if n <= few:
        raise BenchFailed(f"There are {few:,} customers already: ask for more than that.")
    now = clock.now()
    batches = [range(nth, min(nth + BATCH, n - few)) for nth in range(0, n - few, BATCH)]
    seconds, done, began = [], few, time.perf_counter()
    loaders = ProcessPoolExecutor(
        min(4, os.cpu_count() or 1), multiprocessing.get_context("spawn"), _begin, (url, _templates(), now)
    )
    with loaders:
        for batch, took in zip(batches, loaders.map(_enter, batches), strict=True):
            seconds.append(took)
            done += len(batch)
            if done % 50_000 < BATCH:
                tell(f"Customers: {done:,} of {n:,} after {time.perf_counter() - began:.0f} s.")
    wall = time.perf_counter() - began
    found = row("load", seconds, wall, batch=BATCH, customers=n, events=EVENTS * (n - few), wall_s=round(wall, 1))
    return {**found, "per_second": round((n - few) / wall, 1)}


_given: tuple[list[Life], datetime] = ([], clock.now())


def _begin(url: str, lives: list[Life], now: datetime) -> None:
    """What a loading process starts from."""
    global _given
    _given = lives, now
    db.open(url)


def _enter(batch: range) -> float:
    """Makes and enters one batch; the seconds that it took."""
    began = time.perf_counter()
    lives, now = _given
    made = list(_people(lives, batch, now, random.Random(f"{SEED} {batch.start}")))
    with db.transaction() as session:
        profiles.enrol(session, [new for new, _past in made])
        interactions.enter_past(session, [past for _new, past in made])
    return time.perf_counter() - began


def _templates() -> list[Life]:
    lives = []
    for customer_id in measuring.first_customers(TEMPLATES):
        with db.reading() as session:
            one = profiles.profile(session, customer_id)
            happened = interactions.timeline(session, customer_id, limit=EVENTS).items
        if happened:
            lives.append((one, happened))
    return lives


def _people(lives: list[Life], nths: range, now: datetime, rand: random.Random) -> Iterator[tuple[NewCustomer, Past]]:
    for nth in nths:
        one, happened = lives[nth % len(lives)]
        customer_id = ids.uuid7(now + timedelta(milliseconds=nth), rand)
        number, phone, email = f"S{nth:09}", f"+1{2_010_000_000 + nth}", f"s{nth}@example.com"
        new = NewCustomer(
            customer_id=customer_id, number=number, name=f"{one.name} {nth}", phone=phone, email=email,
            birth_date=one.birth_date, attributes=one.attributes, facts=one.facts,
            identifiers=(("number", number), ("phone", phone), ("email", email)), bills=(),
            consents=tuple(NewConsent(c.purpose, c.channel, c.state, c.source, c.wording, c.at) for c in one.consents),
            timezone=one.timezone, language=one.language, made_up=True, created_at=now, holdings=one.holdings,
            states=(one.states, clock.local_day(now, one.timezone)) if one.states else None,
        )  # fmt: skip
        yield new, Past(customer_id, (), tuple(_events(customer_id, happened, now, rand)))


def _events(customer_id: UUID, happened: tuple[Event, ...], now: datetime, rand: random.Random) -> Iterator[Event]:
    for nth in range(EVENTS):
        known = happened[nth % len(happened)]
        at = now - timedelta(seconds=rand.randrange(2 * 365 * 86_400))
        yield replace(known, event_id=ids.uuid7(at, rand), customer_id=customer_id, at=at, interaction_id=None)


def _figures(url: str, home: Path, key: str, size: str, many: int, tell: Tell) -> list[Row]:
    """Recognising by telephone, the 360° profile, and a decision that is made and stored, over HTTP by one client."""
    chosen = spread(many)
    head: Any = {"Authorization": f"Bearer {key}", "Content_Type": "application/json"}
    # The profiles move, so that no decision stands.
    measuring.bump([one.customer_id for one in chosen])
    with serving(url, home) as house:
        client = Client(house.port)

        def asked(name: str, status: int, request: Callable[[Profile], bytes]) -> Row:
            for one in chosen[:20]:
                client.send(request(one))
            found = measured(f"{name}_{size}", [Task(client, [request(one) for one in chosen[20:]], status)])
            tell(f"{name}_{size} is measured.")
            return found

        rows = [
            asked("recognise", 200, lambda one: client.prepared(
                "POST", "/api/v1/customers/search", json.dumps({"identifier": f"phone:{one.phone}"}).encode(), **head)),
            asked("read", 200, lambda one: client.prepared("GET", f"/api/v1/customers/{one.customer_id}", **head)),
            asked("decide", 201, lambda one: client.prepared(
                "POST", f"/api/v1/customers/{one.customer_id}/decisions", json.dumps({"channel": "portal"}).encode(), **head)),
        ]  # fmt: skip
        memory = _megabytes(house)
        client.close()
    return [{**found, "web_mb": memory} for found in rows]


def spread(many: int) -> list[Profile]:
    """So many customers with a telephone number, from all over the base, of whom nothing was decided yet."""
    with db.reading() as session:
        total = profiles.count(session)
        starts = profiles.beginnings(session, max(1, total // (2 * many)))
        found = [profiles.profile(session, start) for start in starts]
    return [one for one in found if one.phone][-many:]


def _megabytes(house: House) -> float | None:
    """The memory of the largest of the server's processes; None where the system does not tell (`/proc`)."""
    most = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = (status.parent / "stat").read_text().rpartition(")")[2].split()
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        except OSError:
            continue
        if int(fields[3]) == house.process.pid:
            most = max(most, int(lines.get("VmRSS", "0 kB").split()[0]))
    return round(most / 1024, 1) if most else None


OWNED = (
    "customer",
    "identifier_claim",
    "identifier",
    "consent",
    "bill",
    "event",
    "moment",
    "offer",
    "decision",
    "ledger",
    "interaction",
)


def _scans() -> list[str]:
    """Which of the statements of a recognition, a reading and a decision look through a whole table of customers' rows."""
    one = spread(2)[0]

    def ask() -> None:
        with db.reading() as session:
            profiles.search(session, identifier=f"phone:{one.phone}")
            profiles.bill_heads(session, one.customer_id)
            interactions.timeline(session, one.customer_id)
            interactions.open_with_customer(session, one.customer_id)
        treatments.decide(one.customer_id, clock.now())

    return scans_of(ask)


def scans_of(ask: Callable[[], None], *, index_only: bool = False) -> list[str]:
    """Which of the selects that are asked look through a whole table of customers' rows.

    `index_only`: as PostgreSQL plans them for who forbids it to look through a table that it takes for small.
    """
    asked: list[tuple[str, Any]] = []

    def keep(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if statement.lstrip().upper().startswith("SELECT") and "set_config" not in statement and not many:
            asked.append((statement, parameters))

    with db.reading() as session:
        engine: Any = session.get_bind()
    event.listen(engine, "before_cursor_execute", keep)
    try:
        ask()
    finally:
        event.remove(engine, "before_cursor_execute", keep)
    with db.reading() as session:
        if index_only and db.dialect() == "postgresql":
            session.connection().exec_driver_sql("SET LOCAL enable_seqscan = off")
        return sorted({found for statement, given in asked for found in scanned(session, statement, given)})


def scanned(session: Session, statement: str, parameters: Any) -> Iterator[str]:
    """Which tables of customers' rows the database would look through whole for the statement, by its own account."""
    how = "EXPLAIN " if db.dialect() == "postgresql" else "EXPLAIN QUERY PLAN "
    for line in session.connection().exec_driver_sql(how + statement, parameters):
        text = str(line[-1])
        for table in OWNED:
            if f"Seq Scan on {table} " in f"{text} " or f"SCAN {table} " in f"{text} ":
                yield f"{table}: {' '.join(statement.split())[:120]}"
