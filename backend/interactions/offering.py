"""Calls that the telephone system gives to nobody: offered to the ready agent with the skill who has been idle longest, and on.

The call of a customer whom only some may open is offered to those alone. Who answers is still the telephone's word: an offer is a desk at which the call rings.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlmodel import Session

from backend import db
from backend.interactions.tables import AgentRow, CallRow
from backend.matrix.service import Telephony
from backend.people import service as people
from backend.profiles import service as profiles
from backend.record import service as record

EVERYONE = "everyone"
_CALL, _AGENT = db.table_of(CallRow), db.table_of(AgentRow)
Openers = Callable[[Session, str], Collection[UUID] | None]
"""Who may open the customers of a restricted group; None: everybody."""
_readers: list[tuple[Callable[[Session], Telephony], Openers]] = []
"""Where the queues, and who may open whom, are read: this room stands below the catalogue that knows them."""
Agent = tuple[UUID, str]


def use_queues(read: Callable[[Session], Telephony], openers: Openers) -> None:
    """Says where the queues are read, and who may open whom; said once in every process."""
    _readers[:] = [(read, openers)]


def queue_values(session: Session, line: str) -> dict[str, str | int]:
    """What a call to this number keeps of its queue; nothing where it belongs to none."""
    queue = _readers[0][0](session).queue_of(line) if _readers else None
    if queue is None:
        return {}
    return {"queue": queue.label, "skill": queue.skill or "", "ring_seconds": queue.ring_seconds}


def may_serve(session: Session, customer_id: UUID | None) -> Collection[UUID] | None:
    """The members of staff to whom a call of this customer's may go; None: to everybody, as one of nobody known does.

    Nobody's, where this process was not told who may open whom.
    """
    group = profiles.restricted_group(session, customer_id) if customer_id is not None else ""
    if not group:
        return None
    return _readers[0][1](session, group) if _readers else ()


def next_agent(session: Session, skill: str, customer_id: UUID | None, but: Collection[UUID] = ()) -> Agent | None:
    """Of the agents who are ready, skilled, may open the customer, and at whose desk nothing rings, the one idle longest.

    The agent's row is held until the end of the transaction: two calls at one instant go to two agents.
    """
    rings = exists().where(_CALL.c.staff_id == _AGENT.c.staff_id, _CALL.c.state == "ringing")
    free = select(_AGENT.c.staff_id, _AGENT.c.name).where(_AGENT.c.state == "ready", ~rings)
    if but:
        free = free.where(_AGENT.c.staff_id.not_in(list(but)))
    if (only := may_serve(session, customer_id)) is not None:
        free = free.where(_AGENT.c.staff_id.in_(sorted(only)))
    if skill:
        free = free.where(_AGENT.c.staff_id.in_(people.skilled_in(session, skill)))
    first = free.order_by(_AGENT.c.since, _AGENT.c.staff_id).limit(1).with_for_update(skip_locked=True)
    row = session.execute(first).one_or_none()
    return None if row is None else (row.staff_id, row.name)


def offer_due(now: datetime) -> int:
    """Offers each call that waits, or has rung too long at one desk, to the next agent; gives how many. Opens its own transactions."""
    asked = select(_CALL.c.call_id, _CALL.c.staff_id, _CALL.c.offered_at, _CALL.c.ring_seconds)
    with db.reading() as session:
        ringing = session.execute(
            asked.where(_CALL.c.state == "ringing", _CALL.c.offers).order_by(_CALL.c.rang_at)
        ).all()
    moved = 0
    for row in ringing:
        if row.staff_id is None or _is_over(row.offered_at, row.ring_seconds, now):
            with db.transaction() as session:
                moved += _offer_on(session, row.call_id, now)
    return moved


def _offer_on(session: Session, call_id: UUID, now: datetime) -> bool:
    """Whether the call rings at another desk now. Where all were asked, a new round begins; alone, one goes on being asked."""
    call = session.execute(select(_CALL).where(_CALL.c.call_id == call_id).with_for_update()).one()
    waits = call.staff_id is None
    if call.state != "ringing" or not (waits or _is_over(call.offered_at, call.ring_seconds, now)):
        return False
    asked = {UUID(one) for one in call.asked.split()}
    to = next_agent(session, call.skill, call.customer_id, asked)
    if to is None and asked:
        asked = set() if waits else {call.staff_id}
        to = next_agent(session, call.skill, call.customer_id, asked)
    if to is None:
        still = not waits and session.execute(select(_AGENT.c.state).where(_AGENT.c.staff_id == call.staff_id)).scalar()
        if waits:
            return False
        if still == "ready":
            session.execute(update(_CALL).where(_CALL.c.call_id == call_id).values(offered_at=now))
            return False
    values = {
        "staff_id": to[0] if to else None, "staff": to[1] if to else "", "offered_at": now if to else None,
        "asked": " ".join(sorted(str(one) for one in ({*asked, to[0]} if to else asked))),
    }  # fmt: skip
    session.execute(update(_CALL).where(_CALL.c.call_id == call_id).values(**values))
    for staff_id in {call.staff_id, to[0] if to else None} - {None}:
        record.changed(session, "agents", subject=str(staff_id), now=now)
    record.changed(session, "inbox", subject=EVERYONE, now=now)
    record.changed(session, "interaction", customer_id=call.customer_id, subject=str(call_id), now=now)
    return True


def _is_over(offered_at: datetime | None, ring_seconds: int, now: datetime) -> bool:
    return offered_at is not None and offered_at + timedelta(seconds=ring_seconds) <= now
