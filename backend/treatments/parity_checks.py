"""Parity, checked all the time on customers whom somebody is serving, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlmodel import Session

from backend import db
from backend.catalogue.service import pack_in_force
from backend.record import service as record
from backend.treatments.parity import View, compare_channels, view_from
from backend.treatments.tables import ParityCheckRow, ParityViewRow
from shared.kernel import ids
from shared.kernel.errors import Conflict, NotFound

SAMPLE = 5
KEPT = timedelta(days=30)
MOST_DETAILS = 20
_CHECK, _VIEW = db.table_of(ParityCheckRow), db.table_of(ParityViewRow)


@dataclass(frozen=True, slots=True)
class ParityCheck:
    """What one comparison found: customers looked at, pairs of channels compared, differences that no rule explains."""

    at: datetime
    customers: int
    compared: int
    differences: int
    details: tuple[str, ...]
    check_id: UUID | None = None

    @property
    def found(self) -> tuple[tuple[UUID, str], ...]:
        """Whom each difference that was kept is about, and what it is."""
        pairs = (line.partition(": ") for line in self.details)
        return tuple((UUID(customer_id), what) for customer_id, _, what in pairs)


def check_some(now: datetime) -> int:
    """Compares all channels on the customers of whom anything changed lately; gives how many it looked at."""
    with db.reading() as session:
        channels = [channel.key for channel in pack_in_force(session).channels]
        lately = record.lately(session, ("offers", "moment", "visit", "interaction"), SAMPLE)
    looked, found = 0, []
    seen: dict[UUID, list[View]] = {}
    for customer_id in lately:
        try:
            views, differences = compare_channels(customer_id, channels, now)
        except (NotFound, Conflict):
            continue  # erased since, or in the middle of something: it is looked at again when it has settled
        looked += 1
        if differences:
            seen[customer_id] = views
        found += [f"{customer_id}: {what}" for what in differences]
    if looked:
        with db.transaction() as session:
            note_check(session, looked, looked * len(channels) * (len(channels) - 1) // 2, found, now, seen)
    return looked


def note_check(
    session: Session, customers: int, compared: int, differences: Sequence[str], now: datetime,
    seen: Mapping[UUID, Sequence[View]] = MappingProxyType({}),
) -> None:  # fmt: skip
    """Writes down what a comparison found, and forgets those of more than thirty days ago.

    `seen`: of whom a difference was found, what each channel showed then.
    """
    row = {
        "check_id": ids.uuid7(now), "at": now, "customers": customers, "compared": compared, "differences": len(differences),
        "details": list(differences[:MOST_DETAILS]),
    }  # fmt: skip
    for table in (_CHECK, _VIEW):
        session.execute(delete(table).where(table.c.at < now - KEPT))
    session.execute(insert(_CHECK), row)
    for customer_id, views in seen.items():
        theirs = {
            "customer_id": customer_id,
            "check_id": row["check_id"],
            "at": now,
            "views": [asdict(view) for view in views],
        }
        session.execute(insert(_VIEW), theirs)
    record.changed(session, "parity", now=now)


def last_check(session: Session) -> ParityCheck | None:
    """The newest comparison; None before the first."""
    return next(iter(_checks(session, select(_CHECK).limit(1))), None)


def checks_since(session: Session, since: datetime) -> tuple[ParityCheck, ...]:
    """Every comparison since then, newest first."""
    return _checks(session, select(_CHECK).where(_CHECK.c.at >= since))


def checks_that_differed(session: Session, limit: int = 50) -> tuple[ParityCheck, ...]:
    """The comparisons of the last thirty days that found differences, newest first."""
    return _checks(session, select(_CHECK).where(_CHECK.c.differences > 0).limit(limit))


def views_then(session: Session, customer_id: UUID, check_id: UUID) -> tuple[datetime, tuple[View, ...]] | None:
    """When a comparison found a difference of this customer, and what each channel showed then; None where that is not kept."""
    kept = (_VIEW.c.customer_id == customer_id, _VIEW.c.check_id == check_id)
    row = session.execute(select(_VIEW.c.at, _VIEW.c.views).where(*kept)).one_or_none()
    return None if row is None else (row.at, tuple(view_from(one) for one in row.views))


def _checks(session: Session, asked: Any) -> tuple[ParityCheck, ...]:
    rows = session.execute(asked.order_by(_CHECK.c.check_id.desc()))
    return tuple(
        ParityCheck(row.at, row.customers, row.compared, row.differences, tuple(row.details), row.check_id)
        for row in rows
    )
