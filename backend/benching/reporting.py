"""Reports over as many events as are asked for: made straight into the tables, counted by the roll-up, each report timed."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from backend import db
from backend.benching.copies import Tell
from backend.benching.rows import Row, row
from backend.interactions import service as interactions
from backend.interactions.service import Event, NewContact, Past
from backend.profiles import service as profiles
from backend.profiles.service import NewCustomer
from backend.reporting import service as reporting
from backend.reporting.service import Only, Span
from shared.kernel import clock, ids
from shared.kernel.actors import SYSTEM, Actor

EVENTS = 1_000_000
EACH = 10
"""So many events a customer has, and two contacts."""
BATCH = 1_000
DAYS = 365
AGENTS = 100
TIMES = 5
SEED = 2026
INTENTS = ("bill_question", "not_working", "slow_internet", "payment_trouble")


def reports(n: int, tell: Tell) -> list[Row]:
    """Figures of the load, of counting all of it, of one more customer's, and of each report over the last year and month."""
    now = clock.now()
    with db.reading() as session:
        names = reporting.names(session)
    rows = [_load(n, now, names, tell), _caught_up(now, n, tell), _one_more(now)]
    today = clock.local_day(now, names.pack.timezone)
    spans = {
        "year": Span(today - timedelta(days=DAYS - 1), today, names.pack.timezone),
        "month": Span(today - timedelta(days=29), today, names.pack.timezone),
    }
    for label, span in spans.items():
        for name, ask in _asked(span, names).items():
            rows.append(_timed(f"{name}_{label}", ask, events=n))
    return rows


def _asked(span: Span, names: reporting.Names) -> dict[str, Callable[[db.Session], Any]]:
    """What each page asks, page by page."""
    everybody, alone = Only(), Only(staff=next(iter(names.staff)))
    return {
        "floor": lambda s: (reporting.figures(s, span, everybody, names), reporting.split(s, span, "agent", everybody, names)),
        "floor_agent": lambda s: (reporting.figures(s, span, alone, names), reporting.split(s, span, "channel", alone, names)),
        "behind": lambda s: reporting.contacts_behind(s, reporting.BY_KEY["resolution"], span, everybody, names),
        "treatments": lambda s: (
            reporting.work(s, span, "treatment", everybody, names), reporting.by_channel(s, span, names),
            reporting.reasons(s, span, names), reporting.hints(s, span, names),
        ),
        "by_segment": lambda s: reporting.work(s, span, "segment", everybody, names),
        "by_agent": lambda s: reporting.work(s, span, "agent", everybody, names),
        "answers": lambda s: reporting.offers_behind(s, "declined", span, everybody, names),
        "dealing": lambda s: (reporting.agents_dealing(s, span, everybody, names), reporting.groups_dealt_with(s, span, names)),
    }  # fmt: skip


def _timed(name: str, ask: Callable[[db.Session], Any], **more: Any) -> Row:
    seconds = []
    for _ in range(TIMES):
        began = time.perf_counter()
        with db.reading() as session:
            ask(session)
        seconds.append(time.perf_counter() - began)
    return row(name, seconds, sum(seconds), **more)


def _load(n: int, now: datetime, names: reporting.Names, tell: Tell) -> Row:
    """Customers with ten events and two contacts each, as a load enters them; agents and treatments are the copy's own and made-up ones."""
    rand = random.Random(SEED)
    staff = [*names.staff.values(), *(f"Agent {nth:03}" for nth in range(AGENTS))]
    with db.reading() as session:
        treatments = sorted(reporting.treatment_names(session))
    seconds, customers, began = [], max(1, n // EACH), time.perf_counter()
    for first in range(0, customers, BATCH):
        batch = range(first, min(first + BATCH, customers))
        started = time.perf_counter()
        made = [_person(nth, now, names, rand) for nth in batch]
        lives = [_life(one.customer_id, now, staff, treatments, rand) for one in made]
        with db.transaction() as session:
            profiles.enrol(session, made)
            interactions.enter_past(session, lives)
        seconds.append(time.perf_counter() - started)
        if (first // BATCH) % 50 == 49:
            tell(f"Events: {EACH * (first + BATCH):,} of {n:,} after {time.perf_counter() - began:.0f} s.")
    wall = time.perf_counter() - began
    return {**row("load", seconds, wall, events=n), "per_second": round(EACH * customers / wall, 1)}


def _caught_up(now: datetime, n: int, tell: Tell) -> Row:
    """Everything that was entered is counted, batch by batch, as the worker does."""
    seconds: list[float] = []
    began = last = time.perf_counter()
    done = 0
    while some := reporting.roll_due(now):
        done += some
        seconds.append(time.perf_counter() - last)
        last = time.perf_counter()
        if len(seconds) % 100 == 0:
            tell(f"Counted: {done:,} customers after {last - began:.0f} s.")
    wall = time.perf_counter() - began
    return {
        **row("count_all", seconds or [wall], wall, events=n, wall_s=round(wall, 1)),
        "per_second": round(n / wall, 1),
    }


def _one_more(now: datetime) -> Row:
    """From an act's commit until it is in the counts, with all that is there already; the worker looks once a second beside."""
    seconds = []
    with db.reading() as session:
        some = profiles.everyone_after(session, None, 50)
    for customer_id in some:
        with db.transaction() as session:
            told = {"offer_id": str(ids.uuid7()), "treatment": "bench"}
            interactions.record(session, customer_id, "offer.presented", "phone", SYSTEM, told, now)
        began = time.perf_counter()
        reporting.roll_due(now)
        seconds.append(time.perf_counter() - began)
    return row("count_one", seconds, sum(seconds))


def _person(nth: int, now: datetime, names: reporting.Names, rand: random.Random) -> NewCustomer:
    number = f"R{nth:07}"
    attributes: dict[str, Any] = {"tenure": rand.randint(0, 90), "gender": rand.choice(("Female", "Male"))}
    return NewCustomer(
        customer_id=ids.uuid7(), number=number, name=f"Customer {nth}", phone=None, email=None, birth_date=None, attributes=attributes,
        facts={"days": {}, "values": {}, "dates": {}}, identifiers=(("number", number),), bills=(), consents=(),
        timezone=names.pack.timezone, language=names.pack.language, made_up=True, created_at=now,
    )  # fmt: skip


def _life(
    customer_id: UUID, now: datetime, staff: list[str], treatments: list[str], rand: random.Random
) -> Past:  # fmt: skip
    events = sorted(_events(customer_id, now, staff, treatments, rand), key=lambda one: one.at)
    contacts = tuple(_contacts(events, staff, rand))
    return Past(customer_id, contacts, tuple(events))


def _events(
    customer_id: UUID, now: datetime, staff: list[str], treatments: list[str], rand: random.Random
) -> Iterator[Event]:
    """Two calls, and offers presented and answered, on any day of the last year."""

    def event(kind: str, at: datetime, channel: str, actor: Actor, data: dict[str, Any]) -> Event:
        made = interactions.new_event(customer_id, kind, channel, actor, at, data, "support")
        contact = ids.uuid7(at) if kind == "call" else None
        return Event(made.event_id, customer_id, at, kind, channel, "support", contact, actor.kind, actor.name, data)

    left = EACH
    for _ in range(2):
        at, actor = now - timedelta(days=rand.random() * DAYS), Actor("staff", "", rand.choice(staff))
        yield event("call", at, "phone", actor, {"summary": "", "minutes": 5, "intent": rand.choice(INTENTS)})
        left -= 1
    while left > 0:
        at, told = (
            now - timedelta(days=rand.random() * DAYS),
            {"offer_id": str(UUID(int=rand.getrandbits(128))), "treatment": rand.choice(treatments)},
        )
        desk = rand.random() < 0.5
        actor = Actor("staff", "", rand.choice(staff)) if desk else Actor("customer", str(customer_id), "")
        channel = "phone" if desk else "portal"
        yield event("offer.presented", at, channel, actor, told)
        left -= 1
        if left and rand.random() < 0.7:
            kind = rand.choice(("offer.accepted", "offer.declined", "offer.deferred"))
            reason = {"reason": "not_now"} if kind == "offer.declined" else {}
            yield event(kind, at + timedelta(minutes=2), channel, actor, told | reason)
            left -= 1


def _contacts(events: list[Event], staff: list[str], rand: random.Random) -> Iterator[NewContact]:
    for one in events:
        if one.interaction_id is not None:
            ended = one.at + timedelta(seconds=rand.randint(60, 1200))
            yield NewContact(one.interaction_id, "phone", one.at, ended, one.actor_name, "", intent=one.data["intent"])
