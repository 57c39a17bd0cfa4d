"""Decisions of a span that came to nothing, counted; and of some of them, spread evenly, what removed each treatment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, select
from sqlmodel import Session

from backend import db
from backend.engine.service import Withheld
from backend.treatments import replaying
from backend.treatments.tables import DecisionRow
from shared.kernel import ids
from shared.kernel.errors import Erased, NotFound

_DECISION = db.table_of(DecisionRow)
_EMPTY = func.json_array_length(_DECISION.c.ranked) == 0


@dataclass(frozen=True, slots=True)
class CameToNothing:
    """Of so many decisions with so many customers, so many ranked nothing at all. `withheld`: what removed what, in each one looked at.

    `gone`: of so many that were to be looked at, what they were made from is erased or can no longer be read.
    """

    decisions: int
    customers: int
    nothing: int
    with_nothing: int
    withheld: tuple[tuple[Withheld, ...], ...]
    gone: int


def came_to_nothing(session: Session, since: datetime, before: datetime, most: int) -> CameToNothing:
    """The stored decisions from `since` until before `before`; at most so many of them made again for what removed what. Writes nothing."""
    span = (_DECISION.c.decision_id >= ids.first_at(since), _DECISION.c.decision_id < ids.first_at(before))
    customers = func.count(_DECISION.c.customer_id.distinct())
    empty = case((_EMPTY, _DECISION.c.customer_id), else_=None)
    counted = select(
        func.count(), customers, func.count(empty), func.count(empty.distinct())
    ).where(*span)  # fmt: skip
    decisions, people, nothing, nobody = session.execute(counted).one()
    withheld, gone = [], 0
    for decision_id in _spread(session, span, int(nothing), most):
        try:
            withheld.append(replaying.recall(session, decision_id).ruling.withheld)
        except (Erased, NotFound, *replaying.UNREADABLE):
            gone += 1
    return CameToNothing(int(decisions), int(people), int(nothing), int(nobody), tuple(withheld), gone)


def _spread(session: Session, span: tuple[ColumnElement[bool], ...], total: int, most: int) -> list[UUID]:
    """At most so many of those that came to nothing, at even distances over the span, the same ones each time."""
    step = max(1, -(-total // most))
    order = func.row_number().over(order_by=_DECISION.c.decision_id).label("place")
    numbered = select(_DECISION.c.decision_id, order).where(*span, _EMPTY).subquery()
    chosen: Any = select(numbered.c.decision_id).where(numbered.c.place % step == 1 % step)
    return list(session.execute(chosen.order_by(numbered.c.decision_id)).scalars())
