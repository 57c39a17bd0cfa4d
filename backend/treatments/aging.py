"""Old decisions and what they were made from: counted, and removed a batch at a time. One that stands is never old."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session

from backend import db
from backend.treatments.tables import DecisionRow, SnapshotRow

_DECISION, _SNAPSHOT = db.table_of(DecisionRow), db.table_of(SnapshotRow)


def count_old(session: Session, before: datetime, among: Collection[UUID]) -> int:
    """How many decisions about these customers ceased to stand before then."""
    return int(session.execute(select(func.count()).where(_old(before, among))).scalar_one())


def remove_old(session: Session, before: datetime, among: Collection[UUID], most: int) -> int:
    """Removes at most so many of them, with the inputs that no other decision was made from; gives how many."""
    old = select(_DECISION.c.customer_id, _DECISION.c.decision_id, _DECISION.c.input_hash).where(_old(before, among))
    rows = session.execute(old.limit(most)).all()
    for row in rows:
        session.execute(
            _DECISION.delete().where(
                _DECISION.c.customer_id == row.customer_id, _DECISION.c.decision_id == row.decision_id
            )
        )
        same = (_DECISION.c.customer_id == row.customer_id) & (_DECISION.c.input_hash == row.input_hash)
        session.execute(
            _SNAPSHOT.delete().where(
                _SNAPSHOT.c.customer_id == row.customer_id,
                _SNAPSHOT.c.input_hash == row.input_hash,
                ~select(_DECISION.c.decision_id).where(same).exists(),
            )
        )
    return len(rows)


def _old(before: datetime, among: Collection[UUID]) -> ColumnElement[bool]:
    where: ColumnElement[bool] = _DECISION.c.customer_id.in_(sorted(among)) & (_DECISION.c.stands_until < before)
    return where
