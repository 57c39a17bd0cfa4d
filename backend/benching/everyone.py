"""Decisions for everyone: the best treatment of each of 100,000 customers, and the simulation of a draft for as many."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from backend import db
from backend.benching import generating
from backend.benching.copies import BenchFailed, Tell
from backend.benching.rows import Row, row
from backend.catalogue import service as catalogues
from backend.matrix import service as matrix
from backend.simulation import batch, simulating
from backend.simulation.crew import Crew, cores
from shared.kernel import clock
from shared.kernel.actors import SYSTEM

SIZE = 50
CUSTOMERS = 100_000
PACK = "telecom"
LEAST_OFFERED = 0.9
Counted = tuple[int, int, float, float]
"""Of one chunk: customers, those who get something, seconds, and seconds of the processor."""


def everyone(n: int, tell: Tell) -> list[Row]:
    """`n` customers: those of the copy, gone through as often as it takes; each time they are read and decided for anew."""
    body = generating.generated_body(matrix.read_body(matrix.folder_of(PACK)), SIZE)
    draft = _changed(body)
    with db.transaction() as session:
        now = clock.now()
        catalogues.publish(session, body, SYSTEM, now)
        version = catalogues.in_force(session).version
    with db.reading() as session:
        chunks = batch.ranges(session)
    best = _measured(f"batch_{SIZE}", _best, (version, now), chunks, n, tell)
    if best["offered_share"] < LEAST_OFFERED:
        raise BenchFailed(f"Only {best['offered_share']:.0%} of the customers got anything: too easy a case.")
    return [best, _measured(f"simulate_{SIZE}", _simulated, (version, draft, now), chunks, n, tell)]


def _measured(
    name: str, begin: Callable[..., Any], given: tuple[Any, ...], chunks: list[batch.Range], n: int, tell: Tell
) -> Row:
    processes = cores()
    began = time.perf_counter()
    seconds, customers, offered, cpu = [], 0, 0, 0.0
    crew: Crew[batch.Range, Counted] = Crew(begin, given, processes)
    for _, (count, got, took, worked) in crew.done(_as_many(chunks, n)):
        customers += count
        offered += got
        cpu += worked
        seconds.append(took / max(count, 1))
    wall = time.perf_counter() - began
    tell(f"{name}: {customers:,} customers in {wall:.1f} s on {processes} processes.")
    return {
        **row(name, seconds, wall, treatments=SIZE, processes=processes, wall_s=round(wall, 2)),
        "per_second": round(customers / wall, 1),
        "n": customers,
        "cpu_ms": round(1000 * cpu / max(customers, 1), 3),
        "offered_share": round(offered / max(customers, 1), 3),
    }


def _as_many(chunks: list[batch.Range], n: int) -> list[batch.Range]:
    """So many chunks that they make `n` customers or a little more; the last of the base is smaller than the others."""
    times = -(-n // batch.CHUNK)
    whole = chunks[:-1] or chunks
    return [whole[place % len(whole)] for place in range(times)]


def _best(version: int, now: datetime) -> Callable[[batch.Range], Counted]:
    work = batch.begin_best(version, now)

    def chunk(wanted: batch.Range) -> Counted:
        began, worked = time.perf_counter(), time.process_time()
        found = work(wanted)
        offered = sum(one.first is not None for one in found)
        return len(found), offered, time.perf_counter() - began, time.process_time() - worked

    return chunk


def _simulated(version: int, body: Any, now: datetime) -> Callable[[batch.Range], Counted]:
    work = simulating.begin(version, body, now)

    def chunk(wanted: batch.Range) -> Counted:
        began, worked = time.perf_counter(), time.process_time()
        count, tally = work(wanted)
        nobody = sum(number for (_, key), number in tally.first.items() if not key) / 2
        return count, count - int(nobody), time.perf_counter() - began, time.process_time() - worked

    return chunk


def _changed(body: matrix.Body) -> matrix.Body:
    """The same with every tenth treatment worth twice as much: a draft that moves a good part of the base."""
    made = [dict(t) for t in body["treatments"]["generated"]["treatment"]]
    for t in made[::10]:
        t["value"] = {**t["value"], "equity": f"2.0 * ({t['value']['equity']})"}
    return {**body, "treatments": {"generated": {"treatment": made}}}
