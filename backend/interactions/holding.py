"""The customer is put on hold, and spoken with again: as the telephone tells, or as the agent says where it does not."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session

from backend import db
from backend.interactions import calls
from backend.interactions.calls import CALL
from backend.interactions.contacts import INTERACTION, this
from backend.interactions.types import Call
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, NotFound


def hold(session: Session, call_id: UUID, actor: Actor | None, now: datetime) -> Call:
    """From now on they wait. Held already, they go on waiting. Raises NotFound, Conflict for a call that does not go on, or a colleague's."""
    call = _own(session, call_id, actor)
    held = session.execute(
        update(CALL).where(CALL.c.call_id == call_id, CALL.c.state == "talking", CALL.c.held_at.is_(None)).values(held_at=now)
    )  # fmt: skip
    if db.touched(held) and call.customer_id is not None and call.interaction_id is not None:
        once = update(INTERACTION).where(*this(call.customer_id, call.interaction_id))
        session.execute(once.values(holds=INTERACTION.c.holds + 1))
    return calls.told(session, call_id, now)


def retrieve(session: Session, call_id: UUID, actor: Actor | None, now: datetime) -> Call:
    """They are spoken with again; the time of waiting is kept with the contact. Not held, nothing changes."""
    call = _own(session, call_id, actor)
    calls.end_hold(session, call, now)
    return calls.told(session, call_id, now)


def _own(session: Session, call_id: UUID, actor: Actor | None) -> Call:
    call = calls.call_of(session, call_id)
    if call.state != "talking":
        raise Conflict("This call does not go on.")
    if actor is not None and str(call.staff_id) != actor.id:
        raise Conflict(f"This call is {call.staff or 'another colleague'}'s.")
    return call


def told_of(session: Session, external_id: str, event: str, now: datetime) -> Call:
    """What the telephone tells: `hold` or `retrieve`. Raises NotFound for a call that never rang; of one that is over, nothing changes."""
    found = calls.by_external(session, external_id)
    if found is None:
        raise NotFound("There is no such call.")
    if found.state != "talking":
        return found
    act = hold if event == "hold" else retrieve
    return act(session, found.call_id, None, now)
