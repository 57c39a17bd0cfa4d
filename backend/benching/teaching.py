"""Learning from answers: many at once, one by one, and what a page costs while epochs are published."""

from __future__ import annotations

import multiprocessing
import time
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from backend import db
from backend.benching.copies import BenchFailed, Tell, serving
from backend.benching.drawing import drawn, rounds
from backend.benching.measuring import CLIENTS, first_customers
from backend.benching.rows import Row, row
from backend.catalogue import service as catalogues
from backend.learning import service as learning
from backend.matrix import service as matrix
from backend.reporting import service as reporting
from backend.teaching import service as teaching
from backend.treatments import service as treatments
from shared.kernel import clock
from shared.kernel.actors import Actor
from shared.kernel.errors import EvenhandError

ANSWERS = 5_000
SINGLES = 400
PAGES = 400
STEP = 200
"""Customers in one transaction of a batch."""
SEED = 2026
PACK = "telecom"
_AGENT = Actor("staff", str(UUID(int=1)), "Bench")


def learn(url: str, home: Path, n: int, tell: Tell) -> list[Row]:
    """`n` answers learned from in a batch with the epoch that they make; single ones; pages with and without publishing."""
    with db.transaction() as session:
        catalogues.publish(session, matrix.read_body(matrix.folder_of(PACK)), _AGENT, clock.now())
    reporting.roll_all(clock.now())
    customers = _answered(n + SINGLES, tell)
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
    few = customers[:: max(1, len(customers) // SINGLES)][:SINGLES]
    alone = set(few)
    many = [one for one in customers if one not in alone]
    batch = _in_a_batch(many, pack)
    single = _one_by_one(few, pack)
    tell("Learning is measured.")
    return [batch, single, *_pages(url, home, tell)]


def _answered(n: int, tell: Tell) -> list[UUID]:
    """Customers who were told of what was decided for them and answered, until there are `n` answers."""
    chance, found, done = Random(SEED), [], 0
    for customer_id in islice(first_customers(n), n):
        now = clock.now()
        decided = treatments.decide(customer_id, now)
        here = 0
        for item in decided.ranked[:3]:
            answer: Any = "accepted" if chance.random() < item.factors.propensity else "declined"
            try:
                with db.transaction() as session:
                    treatments.answer(
                        session, UUID(str(item.offer_id)), answer, channel=chance.choice(["phone", "portal"]), actor=_AGENT, now=now
                    )  # fmt: skip
                here += 1
            except EvenhandError:
                continue  # it needs a choice, or the one that was taken before excludes it
        if here:
            found.append(customer_id)
            done += here
        if done >= n:
            break
    if done < n // 2:
        raise BenchFailed(f"Only {done} answers could be given: too few to measure.")
    tell(f"{done:,} answers of {len(found):,} customers wait to be learned from.")
    return found


def _in_a_batch(customers: list[UUID], pack: Any) -> Row:
    """Each of the steps by itself, the epoch counted into the whole."""
    seconds, learned = [], 0
    began = time.perf_counter()
    for nth in range(0, len(customers), STEP):
        step = time.perf_counter()
        with db.transaction() as session:
            learned += teaching.feed(session, customers[nth : nth + STEP], pack, clock.now())
        seconds.append(time.perf_counter() - step)
    making = time.perf_counter()
    if not teaching.publish_now(clock.now()):
        raise BenchFailed("The epoch was not published.")
    ended = time.perf_counter()
    found = row("batch", seconds, ended - began, epoch_ms=round(1000 * (ended - making), 1), customers=len(customers))
    return {**found, "per_second": round(learned / (ended - began), 1), "n": learned}


def _one_by_one(customers: list[UUID], pack: Any) -> Row:
    """Each customer's answers in a transaction of their own."""
    seconds, learned = [], 0
    for customer_id in customers:
        began = time.perf_counter()
        with db.transaction() as session:
            fed = teaching.feed(session, [customer_id], pack, clock.now())
        seconds.append((time.perf_counter() - began) / max(fed, 1))
        learned += fed
    return row("single", seconds, sum(seconds), answers=learned)


def _pages(url: str, home: Path, tell: Tell) -> list[Row]:
    """The customer page at the desk, each with a decision to compute: as it is, and while another process publishes epochs."""
    customers = first_customers(CLIENTS * 8)
    with serving(url, home) as house:
        going = rounds("desk", house.port, customers)[:1]
        drawn("warm", going, PAGES // 4)
        found = [drawn("page_quiet", going, PAGES)]
        context = multiprocessing.get_context("spawn")
        ended = context.Event()
        publisher = context.Process(target=_publish_until, args=(url, ended))
        publisher.start()
        try:
            with db.reading() as session:
                before = learning.latest(session).number
            found.append(drawn("page_publishing", going, PAGES))
            with db.reading() as session:
                found[-1]["epochs"] = learning.latest(session).number - before
        finally:
            ended.set()
            publisher.join()
        for one in going:
            one.client.close()
    tell("Pages are measured.")
    return found


def _publish_until(url: str, ended: Any) -> None:
    """Publishes one epoch after another, a breath between them."""
    db.open(url)
    while not ended.wait(0.2):
        teaching.publish_now(clock.now())
