"""Learning from answers: many at once, one by one, and what a page costs while epochs are published."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from backend import db, worker
from backend.benching.clients import Sent, sent
from backend.benching.copies import BenchFailed, Tell, serving
from backend.benching.drawing import drawing, drawn, rounds
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
PAGES = 200
"""In one block."""
BLOCKS = 8
"""Of each kind, by turns."""
BREATH_SECONDS = 0.2
PATIENCE_SECONDS = 60
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
    # Of the time for one answer the mean is promised, at most a millisecond; p99 is a customer for whom the disk was waited for.
    return row("single", seconds, sum(seconds), answers=learned, mean_ms=_mean(seconds))


def _pages(url: str, home: Path, tell: Tell) -> list[Row]:
    """The customer page at the desk, each with a decision to compute: as it is, and while another process publishes epochs.

    By turns, block after block at one warm server, and added up: what else the machine is at falls on both alike. `of_quiet` is what
    the p99 is beside the quiet one, with how much it differs between halves of the quiet blocks themselves: less says nothing.
    """
    customers = first_customers(CLIENTS * 8)
    with serving(url, home) as house:
        going = rounds("desk", house.port, customers)[:1]
        drawn("warm", going, PAGES // 2)
        found = {name: [Sent() for _ in range(BLOCKS)] for name in ("page_quiet", "page_publishing")}
        with publishing(url) as publisher:
            # The first of each is for the caches alone: what an epoch is read with, and what is drawn with it.
            for nth in range(-1, BLOCKS):
                for name in found if nth % 2 else reversed(found):
                    publisher.turn(publish=name == "page_publishing")
                    block = sent(name, drawing(going, PAGES))
                    if nth >= 0:
                        found[name][nth] = block
                tell(f"{nth + 1} of {BLOCKS} blocks of pages are measured.")
            epochs = publisher.published
        for one in going:
            one.client.close()
    quiet, busy = (_together(name, blocks) for name, blocks in found.items())
    halves = [_together("half", found["page_quiet"][first::2])["p99_ms"] for first in (0, 1)]
    noise = max(halves) / min(halves)
    beside = {"of_quiet": round(busy["p99_ms"] / quiet["p99_ms"], 3), "quiet_halves": round(noise, 3)}
    return [quiet, {**busy, "epochs": epochs, **beside}]


def _together(name: str, blocks: list[Sent]) -> Row:
    every = Sent()
    for one in blocks:
        every.add(one)
    return every.row(name, clients=1, mean_ms=_mean(every.seconds))


def _mean(seconds: list[float]) -> float:
    return round(1000 * sum(seconds) / len(seconds), 4)


class Publisher:
    """A process that publishes one epoch after another while it is its turn."""

    def __init__(self, turn: Any, idle: Any) -> None:
        self._turn, self._idle = turn, idle
        self.published = 0
        """How many there were in its turns so far."""
        self._before = 0

    def turn(self, *, publish: bool) -> None:
        """Its turn begins, or ends with the epoch that it is at."""
        with db.reading() as session:
            last = learning.latest(session).number
        if publish:
            self._before = last
            self._turn.set()
        elif self._turn.is_set():
            self._turn.clear()
            if not self._idle.wait(PATIENCE_SECONDS):
                raise BenchFailed("Whoever publishes epochs does not end.")
            self.published += last - self._before


@contextmanager
def publishing(url: str) -> Iterator[Publisher]:
    """A process beside this one, that gives way to pages as the worker does."""
    context = multiprocessing.get_context("spawn")
    ended, turn, idle = context.Event(), context.Event(), context.Event()
    process = context.Process(target=_publish_until, args=(url, ended, turn, idle))
    process.start()
    try:
        if not idle.wait(PATIENCE_SECONDS):
            raise BenchFailed("Whoever publishes epochs does not begin.")
        yield Publisher(turn, idle)
    finally:
        ended.set()
        process.join()


def _publish_until(url: str, ended: Any, turn: Any, idle: Any) -> None:
    """Publishes one epoch after another in its turns, a breath between them."""
    os.nice(worker.GIVING_WAY)
    db.open(url)
    idle.set()
    while not ended.wait(BREATH_SECONDS):
        idle.clear()
        if turn.is_set():
            teaching.publish_now(clock.now())
        else:
            idle.set()
