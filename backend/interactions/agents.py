"""Who is at work at the desk, and in which state: ready, on a call, wrapping up, away."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import cast, get_args
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlmodel import Session

from backend import db
from backend.interactions.tables import AgentRow, CallRow, InteractionRow
from backend.interactions.types import AgentState, AtWork
from backend.matrix.service import Labelled
from backend.record import service as record
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid

BY_HAND = ("ready", "away", "offline")
"""What an agent may choose; the other states come with calls."""
SEEN_ANEW = timedelta(minutes=1)
"""That somebody is at the desk is written once in so long."""
GONE = timedelta(minutes=5)
"""Whose pages have all been closed for so long is not at work any more: nothing rings for them."""
_AGENT, _CALL, _INTERACTION = db.table_of(AgentRow), db.table_of(CallRow), db.table_of(InteractionRow)
_COLUMNS = tuple(_AGENT.c[name] for name in AgentState.__slots__)
# Asked by every page of the desk, so built once.
_ONE = select(*_COLUMNS).where(_AGENT.c.staff_id == bindparam("staff_id"))


def agent_state(session: Session, actor: Actor, now: datetime) -> AgentState:
    """The state of this member of staff; offline from now on for one who has not been here yet."""
    row = session.execute(_ONE, {"staff_id": UUID(actor.id)}).one_or_none()
    return AgentState(*row) if row is not None else AgentState(UUID(actor.id), actor.name, "offline", now, now)


def state_of(session: Session, staff_id: UUID) -> str:
    """The state alone; offline for one who has not been here yet."""
    return session.execute(select(_AGENT.c.state).where(_AGENT.c.staff_id == staff_id)).scalar() or "offline"


def at_work(session: Session) -> tuple[AgentState, ...]:
    """Everyone who is not offline, by name."""
    rows = session.execute(select(*_COLUMNS).where(_AGENT.c.state != "offline").order_by(_AGENT.c.name))
    return tuple(AgentState(*row) for row in rows)


def set_agent_state(
    session: Session, actor: Actor, state: str, now: datetime, reason: str = "", reasons: Iterable[Labelled] = ()
) -> AgentState:
    """The agent says what they do; who is away may say why, by one of the pack's `reasons`.

    Raises Invalid for no such state or reason, Conflict while they are on a call or have one to wrap up.
    """
    if state not in BY_HAND:
        raise Invalid("There is no such state.", {"state": f"one of {', '.join(BY_HAND)}"})
    why = next((one.label for one in reasons if one.key == reason), "")
    if reason and (state != "away" or not why):
        raise Invalid("There is no such reason to be away.", {"reason": "choose one of the list"})
    current = agent_state(session, actor, now)
    if current.state == "on_call":
        raise Conflict("You are on a call. Your state can change when it has ended.")
    if current.state == "wrap_up" and state == "ready" and has_to_wrap_up(session, UUID(actor.id)):
        raise Conflict("Wrap up the contact first: then you are ready by yourself.")
    made = put(session, UUID(actor.id), actor.name, state, now, why)
    if (current.state, current.reason) != (made.state, made.reason):
        record.audit(
            session, actor=actor, action="state.changed", subject=f"staff:{actor.id}", customer_id=None,
            payload={"before": {"state": current.state, "reason": current.reason}, "after": {"state": made.state, "reason": made.reason}},
            now=now,
        )  # fmt: skip
    return made


def has_to_wrap_up(session: Session, staff_id: UUID) -> bool:
    """Whether a contact of theirs has ended and is not wrapped up, or a call of which nobody has said whose it was."""
    contact = select(_INTERACTION.c.interaction_id).where(
        _INTERACTION.c.staff_id == staff_id, _INTERACTION.c.wrapped_at.is_(None), _INTERACTION.c.ended_at.is_not(None)
    )
    call = select(_CALL.c.call_id).where(
        _CALL.c.staff_id == staff_id, _CALL.c.state == "ended", _CALL.c.interaction_id.is_(None),
        _CALL.c.answered_at.is_not(None),
    )  # fmt: skip
    return any(session.execute(one.limit(1)).scalar() is not None for one in (contact, call))


def here(state: AgentState, now: datetime) -> None:
    """A page of this agent's is open. Opens a transaction of its own, once a minute."""
    if state.state == "offline" or now - state.seen_at < SEEN_ANEW:
        return
    with db.transaction() as session:
        record.no_act(session)
        session.execute(update(_AGENT).where(_AGENT.c.staff_id == state.staff_id).values(seen_at=now))


def sign_off_absent(now: datetime) -> int:
    """Whoever left without signing out is offline, unless a call of theirs goes on; gives how many. Opens its own transaction."""
    gone = (_AGENT.c.seen_at < now - GONE, _AGENT.c.state.in_(("ready", "away", "wrap_up")))
    with db.transaction() as session:
        found = session.execute(select(_AGENT.c.staff_id, _AGENT.c.name).where(*gone).with_for_update()).all()
        for staff_id, name in found:
            put(session, staff_id, name, "offline", now)
    return len(found)


def sign_off(session: Session, staff_id: UUID, name: str, now: datetime) -> None:
    """Nothing rings for them any more, whatever they are doing: they no longer serve customers here."""
    if state_of(session, staff_id) != "offline":
        put(session, staff_id, name, "offline", now)


def put(session: Session, staff_id: UUID, name: str, state: str, now: datetime, reason: str = "") -> AgentState:
    """Writes the state; its clock goes on where it was that state, for that reason, already."""
    if state not in get_args(AtWork):
        raise ValueError(f"{state!r} is no state of an agent.")
    known = session.execute(_ONE, {"staff_id": staff_id}).one_or_none()
    if known is not None and (known.state, known.reason) == (state, reason):
        return AgentState(*known)
    row = {"staff_id": staff_id, "name": name, "state": state, "since": now, "seen_at": now, "reason": reason}
    db.upsert(session, AgentRow, [row], key=("staff_id",), update=("name", "state", "since", "seen_at", "reason"))
    record.changed(session, "agents", subject=str(staff_id), now=now)
    return AgentState(staff_id, name, cast(AtWork, state), now, now, reason)


def longest_ready(session: Session, among: Iterable[UUID] | None = None) -> tuple[UUID, str] | None:
    """Of those who are ready, the one who has waited longest for a call."""
    ready = select(_AGENT.c.staff_id, _AGENT.c.name).where(_AGENT.c.state == "ready")
    if among is not None:
        ready = ready.where(_AGENT.c.staff_id.in_(list(among)))
    row = session.execute(ready.order_by(_AGENT.c.since, _AGENT.c.staff_id).limit(1)).one_or_none()
    return None if row is None else (row.staff_id, row.name)
