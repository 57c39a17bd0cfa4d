"""What a member of staff has in hand, read in two statements: every page of the desk shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, literal, select
from sqlmodel import Session

from backend import db
from backend.interactions import calls, contacts
from backend.interactions.tables import AgentRow
from backend.interactions.types import AgentState, Call, Hand
from shared.kernel.actors import Actor

_AGENT, _MY_CALL = db.table_of(AgentRow), calls.MINE.subquery()
_STATE = tuple(_AGENT.c[name] for name in AgentState.__slots__)
_ONE = select(literal(1).label("one")).subquery()
_ME: Any = bindparam("staff_id")
_STATE_AND_CALLS = select(*_STATE, *_MY_CALL.c).select_from(
    _ONE.outerjoin(_AGENT, _AGENT.c.staff_id == _ME).outerjoin(_MY_CALL, _MY_CALL.c.staff_id == _ME)
)


def hand_of(session: Session, actor: Actor, now: datetime, customer_id: UUID | None = None) -> Hand:
    """What this member of staff has in hand; offline from now on for one who has not been here yet."""
    staff_id, width = UUID(actor.id), len(_STATE)
    rows = session.execute(_STATE_AND_CALLS, {"staff_id": staff_id}).all()
    known = rows[0][0] is not None
    me = AgentState(*rows[0][:width]) if known else AgentState(staff_id, actor.name, "offline", now, now)
    mine = [Call(*row[width:]) for row in rows if row[width] is not None]
    around = contacts.open_around(session, staff_id, customer_id)
    return Hand(
        me,
        tuple(sorted(mine, key=lambda call: call.rang_at)),
        tuple(one for one in around if one.staff_id == staff_id),
        tuple(one for one in around if one.customer_id == customer_id),
    )
