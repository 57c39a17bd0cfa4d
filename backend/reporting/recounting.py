"""The counts proved: everything is counted once more from what stands, and compared with what was counted as it came."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlmodel import Session

from backend import db
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.matrix.service import Pack
from backend.profiles import service as profiles
from backend.reporting.facts import add
from backend.reporting.rolling import BATCH, begin_anew, facts_now, hold_state, horizon_of, roll_all
from backend.reporting.stored import SHEETS, Sheet, Sums, add_counts, facts_of

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Recount:
    """What a recount found. `differences` names the first of them; `wrong` is how many there are: 0 where all agrees.

    `waiting`: customers to whom something happened that is not counted yet; of them what is kept is taken for true.
    """

    customers: int
    facts: int
    counts: int
    waiting: int
    wrong: int
    differences: tuple[str, ...]


def recount(now: datetime, tell: Callable[[int], None] | None = None) -> Recount:
    """Counts everything once more, in one look at everything, and compares; writes nothing."""
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
        waiting = interactions.customers_waiting(session)
        sums: dict[str, Sums] = {sheet.counts.name: {} for sheet in SHEETS}
        wrong: list[str] = []
        people = many = 0
        for some in _everyone(session):
            found = facts_now(session, some, pack, now)
            for sheet in SHEETS:
                kept, made = found[sheet.facts.name]
                for customer_id in some:
                    had, has = set(kept.get(customer_id, ())), set(made.get(customer_id, ()))
                    # What is too old to be counted one by one, and still is, goes at the next round.
                    stay = {fact for fact in had - has if fact.at < _first(pack, now)}
                    if customer_id not in waiting and had - stay != has:
                        wrong.append(f"{sheet.facts.name} of customer {customer_id}")
                    for fact in had if customer_id in waiting else has | stay:
                        add(sums[sheet.counts.name], fact, 1)
                    many += len(had)
            people += len(some)
            if tell is not None:
                tell(people)
        counts = 0
        for sheet in SHEETS:
            kept_counts = dict(_counts(session, sheet))
            counts += len(kept_counts)
            expected = {key: tuple(one) for key, one in sums[sheet.counts.name].items() if any(one)}
            for key in {*kept_counts, *expected}:
                if kept_counts.get(key) != expected.get(key):
                    wrong.append(f"{sheet.counts.name} of {' '.join(map(str, key))}")
    return Recount(people, many, counts, len(waiting), len(wrong), tuple(sorted(wrong)[:SHOWN]))


def mend(now: datetime) -> int:
    """Makes the counts the facts' sums again and has everybody counted anew; gives how many customers. Opens its own transactions."""
    with db.transaction() as session:
        pack = catalogues.pack_in_force(session)
        hold_state(session, pack)
        for sheet in SHEETS:
            session.execute(delete(sheet.counts).where(sheet.counts.c.gone.is_(False)))
            for sums in _pages(session, sheet):
                add_counts(session, sheet, sums, gone=False)
        begin_anew(session, pack)
    return roll_all(now)


def _pages(session: Session, sheet: Sheet) -> Iterator[Sums]:
    """The sums of all facts that are kept, those of some customers at a time."""
    for some in _everyone(session):
        sums: Sums = {}
        for facts in facts_of(session, sheet, some).values():
            for fact in facts:
                add(sums, fact, 1)
        yield sums


def _first(pack: Pack, now: datetime) -> datetime:
    return horizon_of(pack, now) or datetime.min.replace(tzinfo=UTC)


def _everyone(session: Session) -> Iterator[tuple[UUID, ...]]:
    after: UUID | None = None
    while people := profiles.everyone_after(session, after, BATCH):
        yield people
        after = people[-1]


def _counts(session: Session, sheet: Sheet) -> Iterator[tuple[tuple[Any, ...], tuple[int, ...]]]:
    keys, sums = [sheet.counts.c[name] for name in sheet.keys], [sheet.counts.c[name] for name in sheet.sums]
    for row in session.execute(select(*keys, *sums).where(sheet.counts.c.gone.is_(False))):
        values = tuple(map(int, row[len(keys) :]))
        if any(values):
            yield tuple(row[: len(keys)]), values
