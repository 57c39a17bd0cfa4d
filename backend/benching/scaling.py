"""A large house: as many customers as are asked for, ten events each, and what recognising, reading and deciding then take."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
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
"""So many requests in a row of figures."""
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
    rows = _figures(url, home, key, f"{few}", tell)
    rows.append(_load(n, few, tell))
    rows += _figures(url, home, key, f"{n}", tell)
    scans = _scans()
    if scans:
        raise BenchFailed(f"These look through a whole table: {'; '.join(scans)}")
    return rows


def _load(n: int, few: int, tell: Tell) -> Row:
    now = clock.now()
    lives = _templates(now)
    rand = random.Random(SEED)
    seconds, began = [], time.perf_counter()
    made = iter(_people(lives, n - few, now, rand))
    done = few
    while batch := list(islice(made, BATCH)):
        at = time.perf_counter()
        with db.transaction() as session:
            profiles.enrol(session, [new for new, _past in batch])
            interactions.enter_past(session, [past for _new, past in batch])
        seconds.append(time.perf_counter() - at)
        done += len(batch)
        if done % 50_000 < BATCH:
            tell(f"Customers: {done:,} of {n:,} after {time.perf_counter() - began:.0f} s.")
    if not seconds:
        raise BenchFailed(f"There are {few:,} customers already: ask for more than that.")
    wall = time.perf_counter() - began
    found = row("load", seconds, wall, batch=BATCH, customers=n, events=EVENTS * (n - few), wall_s=round(wall, 1))
    return {**found, "per_second": round((n - few) / wall, 1)}


def _templates(now: datetime) -> list[Life]:
    lives = []
    for customer_id in measuring.first_customers(TEMPLATES):
        with db.reading() as session:
            one = profiles.profile(session, customer_id)
            happened = interactions.timeline(session, customer_id, limit=EVENTS).items
        if happened:
            lives.append((one, happened))
    return lives


def _people(lives: list[Life], many: int, now: datetime, rand: random.Random) -> Iterator[tuple[NewCustomer, Past]]:
    for nth in range(many):
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


def _figures(url: str, home: Path, key: str, size: str, tell: Tell) -> list[Row]:
    """Recognising by telephone, the 360° profile, and a decision that is made and stored, over HTTP by one client."""
    chosen = _spread(ASKED)
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


def _spread(many: int) -> list[Profile]:
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
    one = _spread(2)[0]
    asked: list[tuple[str, Any]] = []

    def keep(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if statement.lstrip().upper().startswith("SELECT") and not many:
            asked.append((statement, parameters))

    with db.reading() as session:
        engine: Any = session.get_bind()
    event.listen(engine, "before_cursor_execute", keep)
    try:
        with db.reading() as session:
            profiles.search(session, identifier=f"phone:{one.phone}")
            profiles.bill_heads(session, one.customer_id)
            interactions.timeline(session, one.customer_id)
            interactions.open_with_customer(session, one.customer_id)
        treatments.decide(one.customer_id, clock.now())
    finally:
        event.remove(engine, "before_cursor_execute", keep)
    with db.reading() as session:
        return sorted({found for statement, given in asked for found in _scanned(session, statement, given)})


def _scanned(session: Session, statement: str, parameters: Any) -> Iterator[str]:
    how = "EXPLAIN " if db.dialect() == "postgresql" else "EXPLAIN QUERY PLAN "
    for line in session.connection().exec_driver_sql(how + statement, parameters):
        text = str(line[-1])
        for table in OWNED:
            if f"Seq Scan on {table} " in f"{text} " or f"SCAN {table} " in f"{text} ":
                yield f"{table}: {' '.join(statement.split())[:120]}"
