"""Cut-offs worked out over all customers once a day, a stretch at a time, and each profile's scores by the latest of them."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from backend import db
from backend.matrix.types import Pack
from backend.profiles.belonging import ACCOUNTS, COMPLAINT, SIZE, with_belonging
from backend.profiles.queries import CUSTOMER, RFM_CUT
from backend.profiles.rewriting import held, rewrite
from backend.profiles.rfm import FACTS, NAMES, Cuts, Values, cuts_of, scores_of, values_of
from backend.profiles.types import Profile
from shared.kernel import clock

STRETCH = 2_000
"""So many customers are read in one turn."""
OWN_VALUES = frozenset({SIZE, ACCOUNTS, COMPLAINT, *FACTS.values()})
"""The values of a profile that this room keeps right itself."""
NEWEST_CUTS = (
    select(*(RFM_CUT.c[name] for name in ("day", "version", "customers", "of", "cuts")))
    .order_by(RFM_CUT.c.day.desc())
    .limit(1)
    .subquery()
)
"""The latest cut-offs, for a select of others too; `cuts_in` reads them."""
_BASE = (
    select(CUSTOMER.c.customer_id, CUSTOMER.c.facts, CUSTOMER.c.timezone)
    .where(CUSTOMER.c.is_anonymous.is_(False))
    .order_by(CUSTOMER.c.customer_id)
    .limit(STRETCH)
)


def cuts_now(session: Session, pack: Pack) -> Cuts | None:
    """The latest cut-offs, where they are of what the pack in force scores by; None otherwise."""
    row = session.execute(select(NEWEST_CUTS)).one_or_none()
    return None if row is None else cuts_in(row, pack)


def cuts_in(row: Sequence[Any], pack: Pack) -> Cuts | None:
    """The same of the columns of `NEWEST_CUTS`."""
    day, version, customers, of, cuts = row
    if day is None or pack.rfm is None:
        return None
    found = Cuts(day, version, customers, of, *(tuple(cuts[name]) for name in NAMES))
    return found if found.fits(pack.rfm) else None


def is_scored(profile: Profile) -> bool:
    """Whether the customer has scores; who is new has none until a day of theirs begins."""
    values = profile.facts.get("values", {})
    return any(values.get(key) for key in FACTS.values())


def keep_cuts(session: Session, cuts: Cuts, now: datetime) -> None:
    """Writes the cut-offs of a day; worked out again on that day they stand instead."""
    plain = asdict(cuts)
    row = {"day": cuts.day, "version": cuts.version, "customers": cuts.customers, "of": dict(cuts.of), "made_at": now}
    row["cuts"] = {name: list(plain[name]) for name in NAMES}
    db.upsert(session, RFM_CUT, [row], key=("day",), update=("version", "customers", "of", "cuts", "made_at"))


class Reckoning:
    """Works out the cut-offs of a day in turns, so that no other work waits for a million customers."""

    def __init__(self, pack: Pack, day: date) -> None:
        self.day = day
        self.done = False
        self._pack = pack
        self._after: UUID | None = None
        self._columns = tuple(array("d") for _ in NAMES)

    def fits(self, pack: Pack) -> bool:
        return self._pack.rfm == pack.rfm

    def step(self, session: Session, now: datetime) -> int:
        """Reads the next stretch; gives how many were read, and is done when there are no more."""
        asked = _BASE if self._after is None else _BASE.where(CUSTOMER.c.customer_id > self._after)
        rows = session.execute(asked).all()
        for row in rows:
            values = values_of(row.facts, clock.local_day(now, row.timezone), self._pack)
            for column, value in zip(self._columns, values or (), strict=False):
                column.append(value)
        self.done = len(rows) < STRETCH
        if rows:
            self._after = rows[-1].customer_id
        return len(rows)

    def cuts(self) -> Cuts:
        assert self._pack.rfm is not None  # noqa: S101 — nothing is reckoned without
        return cuts_of(zip(*self._columns, strict=True), self._pack.rfm, self.day)


def renew_kept(session: Session, customer_id: UUID, cuts: Cuts | None, pack: Pack, now: datetime) -> bool:
    """Works out anew what is kept in the profile of others: household, accounts and scores. Gives whether anything changed. Raises NotFound."""
    before = held(session, customer_id)
    facts = with_belonging(session, customer_id, before.facts)
    if cuts is not None and not before.is_anonymous:
        today = clock.local_day(now, before.timezone)
        facts = with_scores(facts, values_of(facts, today, pack), cuts)
    if facts is before.facts:
        return False
    rewrite(session, before, replace(before, facts=facts), now)
    return True


def with_scores(facts: dict[str, Any], values: Values | None, cuts: Cuts) -> dict[str, Any]:
    """The facts with the scores; the same where they are right already, or there are none to keep. Pure."""
    kept: Mapping[str, Any] = facts.get("values", {})
    scores = scores_of(values, cuts)
    if all((kept.get(key) or 0) == score for key, score in scores.items()):
        return facts
    return {**facts, "values": {**kept, **scores}}
