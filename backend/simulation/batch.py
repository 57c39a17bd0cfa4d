"""Decisions over the whole base: chunk by chunk, a handful of queries for each, over several processes. Nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

from sqlmodel import Session

from backend import db
from backend.catalogue import service as catalogues
from backend.engine import service as engine
from backend.engine.catalogue import Catalogue
from backend.engine.facts import Configuration, Ledger
from backend.engine.ruling import Ranked
from backend.learning import service as learning
from backend.matrix.service import Pack
from backend.profiles import service as profiles
from backend.profiles.service import Profile, Snapshot
from backend.simulation.crew import Crew
from backend.treatments import service as treatments

CHUNK = 1_000
DRAFT = -1
"""The version of a catalogue that is none yet: no offer can name it."""
Range = tuple[UUID, UUID | None]
"""From this customer up to that one, or to the end."""
Progress = Callable[[int, int], None]
"""Told after each chunk: customers done, customers in all."""


class Sum(Protocol):
    """What is counted over customers; one of a chunk is added to one of all."""

    def add(self, other: Any) -> None: ...


S = TypeVar("S", bound=Sum)


@dataclass(frozen=True, slots=True)
class Case:
    """One customer as a decision reads them; offers not yet presented are no part of it."""

    profile: Profile
    ledger: Ledger


@dataclass(frozen=True, slots=True)
class Best:
    """What is best for one customer now; None where nothing is."""

    customer_id: UUID
    first: Ranked | None


def ranges(session: Session, size: int = CHUNK) -> list[Range]:
    """The whole base in chunks, in the order of the ids."""
    firsts = profiles.beginnings(session, size)
    return list(zip(firsts, [*firsts[1:], None], strict=True))


def cases(session: Session, chunk: Range) -> tuple[list[Case], set[int]]:
    """The customers of a chunk with their ledgers, and the versions of the catalogue that their offers name."""
    first, before = chunk
    ledger, named = treatments.ledgers(session, first, before)
    return [Case(one, ledger(one.customer_id)) for one in profiles.between(session, first, before)], named


def best_of_all(now: datetime, processes: int, size: int = CHUNK, progress: Progress | None = None) -> Iterator[Best]:
    """The best treatment for every customer under what is in force, in no order but by chunk."""
    with db.reading() as session:
        version = catalogues.in_force(session).version
        chunks, total = ranges(session, size), profiles.count(session)
    crew: Crew[Range, list[Best]] = Crew(begin_best, (version, now), processes)
    done = 0
    for _, found in crew.done(chunks):
        done += len(found)
        if progress:
            progress(min(done, total), total)
        yield from found


def summed(
    begin: Callable[..., Callable[[Range], tuple[int, S]]],
    given: Sequence[Any],
    empty: S,
    processes: int,
    *,
    progress: Progress | None = None,
    stopped: Callable[[], bool] = lambda: False,
    kindly: bool = False,
) -> S:
    """Everything that `begin(*given)` counts in a chunk, over all chunks, added in their order. Raises Stopped, CrewFailed."""
    with db.reading() as session:
        chunks, total = ranges(session), profiles.count(session)
    crew: Crew[Range, tuple[int, S]] = Crew(begin, given, processes, kindly=kindly)
    parts: dict[int, S] = {}
    done, following = 0, 0
    for place, (customers, part) in crew.done(chunks, stopped):
        parts[place] = part
        while following in parts:  # floats add up the same only in the same order
            empty.add(parts.pop(following))
            following += 1
        done += customers
        if progress:
            progress(min(done, total), total)
    return empty


def drafted(present: Configuration, catalogue: Catalogue) -> Configuration:
    """The configuration as it would be with this catalogue: levers, prices and exhausted budgets of what is still there."""
    budgets = {budget.key for budget in catalogue.pack.budgets}
    return replace(
        present,
        catalogue=catalogue,
        older={**present.older, present.catalogue.version: present.catalogue},
        levers={key: lever for key, lever in present.levers.items() if key in catalogue.treatments},
        prices={key: price for key, price in present.prices.items() if key in budgets},
        exhausted=present.exhausted & budgets,
    )


def begin_best(version: int, now: datetime) -> Callable[[Range], list[Best]]:
    """In one process: what is best for each customer of a chunk under this configuration."""

    def chunk(wanted: Range) -> list[Best]:
        with db.reading() as session:
            found, named = cases(session, wanted)
            configuration = replace(catalogues.as_of(session, version, named), epoch=learning.latest(session))
        out = []
        for one in found:
            snapshot, groups, own = treatments.faced_by(one.profile, configuration, one.ledger.assigned, now)
            ranked = engine.decide(snapshot, replace(one.ledger, assigned=groups), own).ranked
            out.append(Best(one.profile.customer_id, ranked[0] if ranked else None))
        return out

    return chunk


def snapshots(profile: Profile, now: datetime, packs: Sequence[Pack], alike: bool) -> list[Snapshot]:
    """The customer as each of the packs sees them."""
    first = profiles.snapshot(profile, now, packs[0])
    return [first, *(first if alike else profiles.snapshot(profile, now, pack) for pack in packs[1:])]
