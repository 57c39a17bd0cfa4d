"""Parity, checked all the time on customers whom somebody is serving, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlmodel import Session

from backend import db
from backend.catalogue.service import pack_in_force
from backend.record import service as record
from backend.treatments.parity import compare_channels
from backend.treatments.tables import ParityCheckRow
from shared.kernel import ids
from shared.kernel.errors import Conflict, NotFound

SAMPLE = 5
KEPT = timedelta(days=30)
MOST_DETAILS = 20
_CHECK = db.table_of(ParityCheckRow)


@dataclass(frozen=True, slots=True)
class ParityCheck:
    """What one comparison found: customers looked at, pairs of channels compared, differences that no rule explains."""

    at: datetime
    customers: int
    compared: int
    differences: int
    details: tuple[str, ...]

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
    for customer_id in lately:
        try:
            differences = compare_channels(customer_id, channels, now)[1]
        except (NotFound, Conflict):
            continue  # erased since, or in the middle of something: it is looked at again when it has settled
        looked += 1
        found += [f"{customer_id}: {what}" for what in differences]
    if looked:
        with db.transaction() as session:
            note_check(session, looked, looked * len(channels) * (len(channels) - 1) // 2, found, now)
    return looked


def note_check(session: Session, customers: int, compared: int, differences: Sequence[str], now: datetime) -> None:
    """Writes down what a comparison found, and forgets those of more than thirty days ago."""
    row = {
        "check_id": ids.uuid7(now), "at": now, "customers": customers, "compared": compared, "differences": len(differences),
        "details": list(differences[:MOST_DETAILS]),
    }  # fmt: skip
    session.execute(delete(_CHECK).where(_CHECK.c.at < now - KEPT))
    session.execute(insert(_CHECK), row)
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


def _checks(session: Session, asked: Any) -> tuple[ParityCheck, ...]:
    rows = session.execute(asked.order_by(_CHECK.c.check_id.desc()))
    return tuple(ParityCheck(row.at, row.customers, row.compared, row.differences, tuple(row.details)) for row in rows)
