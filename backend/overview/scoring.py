"""Scores of all customers: the day's cut-offs worked out by the worker, and everyone scored at once where somebody asks for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from backend import db
from backend.catalogue import service as catalogues
from backend.profiles import service as profiles
from backend.profiles.service import Cuts, Reckoning
from shared.kernel import clock
from shared.kernel.errors import Conflict, NotFound

CHUNK = 1_000
AT_ONCE = 100
"""So many customers are scored in one transaction."""


@dataclass(frozen=True, slots=True)
class Scored:
    """By which cut-offs; how many customers there are, how many got other scores, and how many are in each descriptive segment."""

    cuts: Cuts
    customers: int
    changed: int
    segments: dict[str, int]


def scorer() -> Callable[[datetime], int]:
    """A chore for a worker: works out the cut-offs of each new day, some customers a turn; gives how many it read."""
    kept: list[Reckoning] = []

    def step(now: datetime) -> int:
        with db.reading() as session:
            try:
                pack = catalogues.pack_in_force(session)
            except NotFound:
                return 0
            if pack.rfm is None:
                return 0
            day = clock.local_day(now, pack.timezone)
            if not kept or not kept[0].fits(pack) or kept[0].day != day:
                known = profiles.cuts_now(session, pack)
                if known is not None and known.day >= day:
                    return 0
                kept[:] = [Reckoning(pack, day)]
            read = kept[0].step(session, now)
        if kept[0].done:
            with db.transaction() as session:
                profiles.keep_cuts(session, kept.pop().cuts(), now)
            return 0
        return read

    return step


def score_all(now: datetime, tell: Callable[[str], None] = lambda _: None) -> Scored:
    """Works out the cut-offs anew and scores every customer by them. Opens its own transactions. Raises Conflict where the pack scores nobody."""
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
        if pack.rfm is None:
            raise Conflict("The pack in force says nothing of what customers are scored by: [rfm] in segments.toml.")
        reckoning = Reckoning(pack, clock.local_day(now, pack.timezone))
        while not reckoning.done:
            reckoning.step(session, now)
        cuts = reckoning.cuts()
        starts = profiles.beginnings(session, CHUNK) if profiles.count(session) else []
    with db.transaction() as session:
        profiles.keep_cuts(session, cuts, now)
    tell(f"Cut-offs worked out over {cuts.customers:,} customers who ever paid.")
    changed = customers = 0
    for place, start in enumerate(starts):
        with db.reading() as session:
            end = starts[place + 1] if place + 1 < len(starts) else None
            some = [one.customer_id for one in profiles.between(session, start, end)]
        customers += len(some)
        for first in range(0, len(some), AT_ONCE):
            with db.transaction() as session:
                for customer_id in some[first : first + AT_ONCE]:
                    try:
                        changed += profiles.renew_kept(session, customer_id, cuts, pack, now)
                    except NotFound:
                        continue
    segments: Counter[str] = Counter()
    described = [segment.key for segment in pack.segments if segment.kind == "descriptive"]
    for place, start in enumerate(starts):
        with db.reading() as session:
            end = starts[place + 1] if place + 1 < len(starts) else None
            for one in profiles.between(session, start, end):
                segments.update(profiles.snapshot(one, now, pack).segments)
    return Scored(cuts, customers, changed, {key: segments[key] for key in described})
