"""What of this room is over its time: counted, and removed a batch at a time, for whoever says how long things are kept.

Events and contacts are found by their customers, in the order of their ids: no index by time has to be kept for them.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlmodel import Session

from backend import db, tidying
from backend.interactions.tables import CallRow, EventRow, FloorWordRow, InteractionRow, VisitRow
from shared.kernel import ids

_EVENT, _CALL = db.table_of(EventRow), db.table_of(CallRow)
_WORD = db.table_of(FloorWordRow)
_INTERACTION, _VISIT = db.table_of(InteractionRow), db.table_of(VisitRow)


def count_old(
    session: Session, of: str, before: datetime, among: Collection[UUID] = (), kinds: Collection[str] = (), but: Collection[str] = ()
) -> int:  # fmt: skip
    """How many of this there are from before then: call or visit, or event or interaction of those customers."""
    table, where = _old(of, before, among, kinds, but)
    return int(session.execute(select(func.count()).select_from(table).where(where)).scalar_one())


def remove_old(
    session: Session, of: str, before: datetime, among: Collection[UUID], kinds: Collection[str], but: Collection[str], most: int
) -> int:  # fmt: skip
    """Removes at most so many of them and gives how many. What still goes on is never old."""
    table, where = _old(of, before, among, kinds, but)
    if of == "interaction":
        # What supervision said about a contact is no older than it, and goes with it.
        old = _WORD.c.customer_id.in_(sorted(among)) & (_WORD.c.word_id < ids.first_at(before))
        session.execute(delete(_WORD).where(old))
    return tidying.delete_some(session, table, where, most)


def heard_of_since(session: Session, customer_ids: Collection[UUID], since: datetime) -> frozenset[UUID]:
    """Those of them to whom anything happened since then."""
    asked = select(_EVENT.c.customer_id).where(
        _EVENT.c.customer_id.in_(sorted(customer_ids)), _EVENT.c.event_id >= ids.first_at(since)
    )
    return frozenset(session.execute(asked.distinct()).scalars())


def _old(
    of: str, before: datetime, among: Collection[UUID], kinds: Collection[str], but: Collection[str]
) -> tuple[Any, ColumnElement[bool]]:
    if of == "call":
        # Its id was made as it rang: the primary key finds it.
        return _CALL, (_CALL.c.call_id < ids.first_at(before)) & (_CALL.c.state == "ended")
    if of == "visit":
        return _VISIT, _VISIT.c.seen_at < before
    if of == "interaction":
        over = _INTERACTION.c.wrapped_at.is_not(None) | _INTERACTION.c.staff_id.is_(None)
        theirs: ColumnElement[bool] = _INTERACTION.c.customer_id.in_(sorted(among))
        return _INTERACTION, theirs & over & (_INTERACTION.c.interaction_id < ids.first_at(before))
    where: ColumnElement[bool] = _EVENT.c.customer_id.in_(sorted(among)) & (_EVENT.c.event_id < ids.first_at(before))
    if kinds:
        where &= or_(*(_of_kind(kind) for kind in kinds))
    for kind in but:
        where &= ~_of_kind(kind)
    return _EVENT, where


def _of_kind(kind: str) -> ColumnElement[bool]:
    """`offer.*` is every kind that begins so."""
    if kind.endswith("*"):
        begins: ColumnElement[bool] = _EVENT.c.kind.startswith(kind[:-1], autoescape=True)
        return begins
    same: ColumnElement[bool] = _EVENT.c.kind == kind
    return same
