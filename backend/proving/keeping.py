"""Groups written down: once, with the decision in which they first had a say; read beside all else that a decision reads."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, delete, func, select
from sqlmodel import Session

from backend import db, moving
from backend.moving import Kept, Moved, Since
from backend.proving.tables import AssignmentRow

_ASSIGNMENT = db.table_of(AssignmentRow)
_CUSTOMER: BindParameter[UUID] = bindparam("customer_id")
ASSIGNED = (
    select(func.aggregate_strings(_ASSIGNMENT.c.rule + "=" + _ASSIGNMENT.c.arm, ","))
    .where(_ASSIGNMENT.c.customer_id == _CUSTOMER)
    .scalar_subquery()
)
"""All groups of the customer of the parameter `customer_id` as one text, for a select: see `assigned_from`."""


@dataclass(frozen=True, slots=True)
class Assigned:
    """One customer's group, and what they were like when it was written down."""

    customer_id: UUID
    arm: str
    at: datetime
    life_cycle: str
    segments: tuple[str, ...]
    channel: str


def assigned_from(text: str | None) -> dict[str, str]:
    """Rule → group, of what `ASSIGNED` gave."""
    pairs = (pair.partition("=") for pair in sorted((text or "").split(",")) if pair)
    return {rule: arm for rule, _, arm in pairs}


def assigned_between(session: Session, first: UUID, before: UUID | None) -> dict[UUID, dict[str, str]]:
    """Customer → rule → group, of the customers from `first` up to `before`; None: to the end."""
    wanted = _ASSIGNMENT.c.customer_id >= first
    if before is not None:
        wanted &= _ASSIGNMENT.c.customer_id < before
    found: dict[UUID, dict[str, str]] = {}
    for row in session.execute(
        select(_ASSIGNMENT.c.customer_id, _ASSIGNMENT.c.rule, _ASSIGNMENT.c.arm)
        .where(wanted)
        .order_by(_ASSIGNMENT.c.customer_id, _ASSIGNMENT.c.rule)
    ):
        found.setdefault(row.customer_id, {})[row.rule] = row.arm
    return found


def write_down(
    session: Session,
    customer_id: UUID,
    met: Mapping[str, str],
    *,
    life_cycle: str,
    segments: Collection[str],
    channel: str,
    now: datetime,
) -> None:
    """Keeps the customer's groups of the rules that they met, those that are kept already left as they are."""
    rows = [
        {
            "customer_id": customer_id, "rule": rule, "arm": arm, "assigned_at": now, "life_cycle": life_cycle,
            "segments": list(segments), "channel": channel, "mixed": False,
        }
        for rule, arm in sorted(met.items())
    ]  # fmt: skip
    db.upsert(session, AssignmentRow, rows, key=("customer_id", "rule"), update=())


def counts(session: Session, rules: Collection[str]) -> dict[str, dict[str, int]]:
    """Rule → group → how many customers, those left out of whom a merge made a mixture."""
    found: dict[str, dict[str, int]] = {}
    if not rules:
        return found
    asked = (
        select(_ASSIGNMENT.c.rule, _ASSIGNMENT.c.arm, func.count().label("customers"))
        .where(_ASSIGNMENT.c.rule.in_(sorted(rules)), _ASSIGNMENT.c.mixed.is_(False))
        .group_by(_ASSIGNMENT.c.rule, _ASSIGNMENT.c.arm)
    )
    for row in session.execute(asked):
        found.setdefault(row.rule, {})[row.arm] = row.customers
    return found


def assigned_to(
    session: Session, rule: str, until: datetime, after: UUID | None = None, most: int = 1_000
) -> Sequence[Assigned]:
    """Those who met the rule by this instant, in the order of their ids, from the one after `after` on."""
    wanted = (
        _ASSIGNMENT.c.rule == rule,
        _ASSIGNMENT.c.assigned_at <= until,
        _ASSIGNMENT.c.mixed.is_(False),
        *([_ASSIGNMENT.c.customer_id > after] if after is not None else []),
    )
    rows = session.execute(select(_ASSIGNMENT).where(*wanted).order_by(_ASSIGNMENT.c.customer_id).limit(most))
    return [
        Assigned(row.customer_id, row.arm, row.assigned_at, row.life_cycle, tuple(row.segments), row.channel)
        for row in rows
    ]


def everyone_assigned(session: Session, rule: str, until: datetime, most: int = 1_000) -> Iterator[Sequence[Assigned]]:
    """The same, all of them, in pieces."""
    after = None
    while piece := assigned_to(session, rule, until, after, most):
        yield piece
        after = piece[-1].customer_id


def export_customer(session: Session, customer_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """Every row of this room about the customer, by table."""
    found = session.execute(select(_ASSIGNMENT).where(_ASSIGNMENT.c.customer_id == customer_id))
    return {_ASSIGNMENT.name: [dict(row._mapping) for row in found]}


def erase_customer(session: Session, customer_id: UUID) -> int:
    """Deletes every row of this room about the customer; gives how many there were."""
    return db.touched(session.execute(delete(_ASSIGNMENT).where(_ASSIGNMENT.c.customer_id == customer_id)))


def move_customer(session: Session, from_id: UUID, to_id: UUID) -> list[Moved]:
    """The survivor's groups hold, and the merged one's of all that the survivor never met. Who was in both counts for neither."""
    return [
        moving.choose(
            session, _ASSIGNMENT, from_id, to_id, lambda theirs, ours: None if theirs.arm == ours.arm else {"mixed": True}
        )
    ]  # fmt: skip


def move_customer_back(session: Session, from_id: UUID, to_id: UUID, kept: Kept, since: Since) -> None:
    moving.move_back(session, _ASSIGNMENT, from_id, to_id, kept, since)
