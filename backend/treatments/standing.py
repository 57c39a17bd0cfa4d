"""Answers as they were sent, kept in this process: who asks for a decision that still stands is told the same, byte for byte.

A decision stands until a version that it read moves or its time is over, so these few numbers tell whether an answer still
holds. Each process keeps its own; nothing has to be told of a change, for each asking looks the versions up. Of an erasure all
are told, so that nothing of who is gone stays in any process's memory.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from threading import Lock
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, func, select
from sqlmodel import Session

from backend import db
from backend.catalogue import service as catalogues
from backend.profiles import service as profiles
from backend.treatments.asking import Decided
from backend.treatments.tables import DecisionRow, LedgerRow, OfferRow
from shared.kernel.errors import NotFound

MOST_BYTES = 32 * 1024 * 1024

Stamp = tuple[Any, ...]
_Key = tuple[Any, ...]
_Kept = tuple[Stamp, datetime, bytes]

_DECISION = db.table_of(DecisionRow)
_LEDGER = db.table_of(LedgerRow)
_OFFER = db.table_of(OfferRow)
_CUSTOMER: BindParameter[UUID] = bindparam("customer_id")
_LATEST = (
    select(_DECISION.c.decision_id)
    .where(_DECISION.c.customer_id == _CUSTOMER)
    .order_by(_DECISION.c.decision_id.desc())
    .limit(1)
)
_LEDGER_VERSION = select(func.max(_LEDGER.c.version)).where(_LEDGER.c.customer_id == _CUSTOMER)
_NOW = select(
    catalogues.VERSION_IN_FORCE.label("configuration"),
    _LATEST.scalar_subquery().label("decision"),
    _LEDGER_VERSION.scalar_subquery().label("ledger"),
    func.count().label("offers"),
    # Presenting moves no version; all else does, and only upwards: no two states of a ledger have both numbers in common.
    func.count(_OFFER.c.presented_at).label("presented"),
    func.coalesce(func.sum(_OFFER.c.version), 0).label("moves"),
).where(_OFFER.c.customer_id == _CUSTOMER)


class Answers:
    """Answers by customer, channel and length; the oldest go when there is no more room."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        """`most`: bytes of all answers together."""
        self._most = most
        self._size = 0
        self.turn = 0
        """Rises whenever all is forgotten: what was begun before that is not kept any more."""
        self._kept: dict[_Key, _Kept] = {}
        self._lock = Lock()

    def keep(self, key: _Key, stamp: Stamp, until: datetime, body: bytes, turn: int = 0) -> None:
        """The answer holds while the stamp is the same, until this instant. `turn`: which it was when the answer was begun."""
        with self._lock:
            if turn != self.turn:
                return
            self._drop(key)
            self._kept[key] = (stamp, until, body)
            self._size += len(body)
            while self._size > self._most:
                self._drop(next(iter(self._kept)))

    def found(self, key: _Key, now: datetime, holds: Callable[[Stamp], bool]) -> bytes | None:
        """The answer that was kept; one that holds no more is forgotten. `holds` is asked only where there is one."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        stamp, until, body = kept
        if now < until and holds(stamp):
            return body
        with self._lock:
            if self._kept.get(key) is kept:
                self._drop(key)
        return None

    def forget(self) -> None:
        """Drops every answer: each is made again when it is asked for."""
        with self._lock:
            self._kept.clear()
            self._size = 0
            self.turn += 1

    def _drop(self, key: _Key) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._size -= len(kept[2])


def stamp_of(decided: Decided) -> Stamp:
    """What a decision was made from, and how its offers stood when they were read."""
    inputs = decided.inputs
    return (
        decided.decision_id,
        (inputs.profile.version, inputs.profile.moment),
        inputs.ledger.version,
        inputs.configuration.version,
        len(decided.offers),
        sum(row.presented_at is not None for row in decided.offers),
        sum(row.version for row in decided.offers),
    )


def holds(session: Session, customer_id: UUID, stamp: Stamp) -> bool:
    """Whether all that it was made from is as it was. What moved most often is looked at first, alone.

    A former id of a merged customer has no stamp of its own: nothing holds of it.
    """
    try:
        seen = profiles.stamp(session, customer_id)
    except NotFound:
        return False
    if seen != stamp[1]:
        return False
    row = session.execute(_NOW, {"customer_id": customer_id}).one()
    return stamp == (row.decision, seen, row.ledger or 0, row.configuration, row.offers, row.presented, row.moves)
