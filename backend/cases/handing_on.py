"""Whoever leaves has cases, calls back and promises in hand: what they are, and how each becomes somebody else's, or the team's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import Session

from backend.cases import calling_back, pieces, working
from backend.cases.pieces import CASE, WORK
from backend.cases.slots import CALLBACK
from backend.cases.tasks import TASK
from backend.cases.working import Who
from backend.matrix.service import Pack
from backend.record import service as record
from shared.kernel.actors import Actor
from shared.kernel.errors import Invalid

What = Literal["case", "callback", "promise"]
_WAITS = (CALLBACK.c.customer_id == CASE.c.customer_id, CALLBACK.c.case_id == CASE.c.case_id, CASE.c.state == "open")


@dataclass(frozen=True, slots=True)
class InHand:
    """One thing of theirs that is not done."""

    what: What
    customer_id: UUID
    thing_id: UUID


def in_hand(session: Session, staff_id: UUID) -> tuple[InHand, ...]:
    """All that somebody has in hand: cases, calls back that are still to be made, promises."""
    found: list[InHand] = []
    for what, asked in _asked().items():
        rows = session.execute(asked.add_columns(_KEYS[what][1], _KEYS[what][2]).where(_KEYS[what][0] == staff_id))
        found += [InHand(what, row[0], row[1]) for row in rows]
    return tuple(found)


def count_in_hand(session: Session) -> dict[UUID, dict[What, int]]:
    """How many of each everybody has in hand; who has nothing is left out."""
    found: dict[UUID, dict[What, int]] = {}
    for what, asked in _asked().items():
        staff = _KEYS[what][0]
        for row in session.execute(asked.add_columns(staff, func.count()).group_by(staff)):
            if row[0] is not None:
                found.setdefault(row[0], {})[what] = int(row[1])
    return found


def give_call(
    session: Session, customer_id: UUID, case_id: UUID, to: Who | None, *, actor: Actor, now: datetime
) -> None:
    """Who makes the call: somebody, or whoever of its team comes first. Raises NotFound, Conflict where it was made already."""
    call = calling_back.callback_of(session, customer_id, case_id)
    calling_back.require_waiting(call.case)
    if to is not None and to not in working.workers(session):
        raise Invalid("Choose somebody who works cases.", {"to": "Choose somebody who works cases."})
    calling_back.write(session, call, staff_id=to[0] if to else None, staff=to[1] if to else "", taken_at=None)
    record.audit(
        session, actor=actor, action="callback.assigned", subject=str(case_id), customer_id=customer_id,
        payload={"before": {"staff": call.staff}, "after": {"staff": to[1] if to else ""}}, now=now,
    )  # fmt: skip
    pieces.told_owners(session, {call.staff_id, to[0] if to else None}, now)


def give_case(
    session: Session, customer_id: UUID, case_id: UUID, to: Who | None, *, pack: Pack, actor: Actor, now: datetime
) -> None:
    """Whose case it is, however it stands: somebody's, or its team's. Raises NotFound, Conflict where it is done."""
    working.assign(session, customer_id, case_id, to=to, pack=pack, seen=None, actor=actor, now=now)


_KEYS: dict[What, tuple[Any, Any, Any]] = {
    "case": (WORK.c.staff_id, WORK.c.customer_id, WORK.c.case_id),
    "callback": (CALLBACK.c.staff_id, CALLBACK.c.customer_id, CALLBACK.c.case_id),
    "promise": (TASK.c.staff_id, TASK.c.customer_id, TASK.c.task_id),
}
"""Whose it is, and by what it is found."""


def _asked() -> dict[What, Any]:
    return {
        "case": select().where(WORK.c.active),
        "callback": select().select_from(CALLBACK.join(CASE, _WAITS[0] & _WAITS[1])).where(_WAITS[2]),
        "promise": select().where(TASK.c.state == "open"),
    }
