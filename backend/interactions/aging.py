"""What of this room is over its time: counted, and removed a batch at a time, for whoever says how long things are kept."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlmodel import Session

from backend import db, tidying
from backend.interactions.tables import CallRow, EventRow, InteractionRow, VisitRow

_EVENT, _CALL = db.table_of(EventRow), db.table_of(CallRow)
_INTERACTION, _VISIT = db.table_of(InteractionRow), db.table_of(VisitRow)


def count_old(
    session: Session, of: str, before: datetime, kinds: Collection[str] = (), but: Collection[str] = ()
) -> int:  # fmt: skip
    """How many of this there are from before then: event, interaction, call or visit."""
    table, where = _old(of, before, kinds, but)
    return int(session.execute(select(func.count()).select_from(table).where(where)).scalar_one())


def remove_old(
    session: Session, of: str, before: datetime, kinds: Collection[str], but: Collection[str], most: int
) -> int:  # fmt: skip
    """Removes at most so many of them and gives how many. What still goes on is never old."""
    table, where = _old(of, before, kinds, but)
    return tidying.delete_some(session, table, where, most)


def _old(of: str, before: datetime, kinds: Collection[str], but: Collection[str]) -> tuple[Any, ColumnElement[bool]]:
    if of == "call":
        return _CALL, (_CALL.c.state == "ended") & (_CALL.c.rang_at < before)
    if of == "visit":
        return _VISIT, _VISIT.c.seen_at < before
    if of == "interaction":
        over = _INTERACTION.c.wrapped_at.is_not(None) | _INTERACTION.c.staff_id.is_(None)
        return _INTERACTION, over & (_INTERACTION.c.started_at < before)
    where: ColumnElement[bool] = _EVENT.c.at < before
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
