"""Telephone calls as the telephone system tells of them: they ring, are answered, end. Each telling may come twice, or late.

A call rings for the agent whom the telephone system names; where it names none, for the one who has been ready longest, of
those who may open the customer.
Whose call it is is known at once where the number belongs to one customer, else an agent says so. The contact begins when
somebody answers; a call of a customer whose contact is still open with that agent goes on in it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update
from sqlmodel import Session

from backend import db
from backend.interactions import agents, contacts, offering
from backend.interactions.tables import CallRow
from backend.interactions.types import Call
from backend.people import service as people
from backend.profiles import service as profiles
from backend.record import service as record
from shared.kernel import ids
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, NotFound

CALL = db.table_of(CallRow)
_COLUMNS = tuple(CALL.c[name] for name in Call.__slots__)
LIVE = ("ringing", "talking")
LONG_WAIT = timedelta(minutes=5)
"""Who waits so long until somebody takes the call remembers it."""
_UNCLAIMED = (CALL.c.state == "ended") & CALL.c.interaction_id.is_(None) & CALL.c.answered_at.is_not(None)
# Asked by every page of the desk, so built once.
MINE = (
    select(*_COLUMNS)
    .where(CALL.c.staff_id == bindparam("staff_id"), CALL.c.state.in_(LIVE) | _UNCLAIMED)
    .order_by(CALL.c.rang_at)
)


def ring(
    session: Session, external_id: str, number: str, line: str, direction: str, named: Sequence[str], now: datetime
) -> Call:
    """A call begins. Told twice, it is one call. `named` are the agents whom the telephone system rings, as it calls them."""
    known = by_external(session, external_id)
    if known is not None:
        return known
    # What the telephone system gives to nobody, the desk offers.
    offers = not named and direction == "inbound"
    queue = offering.queue_values(session, line) if offers else {}
    spelled = _spelled(number)
    customer_id = profiles.owner(session, "phone", spelled)
    skill = str(queue.get("skill", ""))
    agent = offering.next_agent(session, skill, customer_id) if offers else _agent(session, named, customer_id)
    call_id = ids.uuid7(now)
    row = {
        "call_id": call_id, "external_id": external_id, "direction": direction, "number": spelled, "line": line,
        "state": "ringing", "staff_id": agent[0] if agent else None, "staff": agent[1] if agent else "",
        "customer_id": customer_id, "rang_at": now, "offers": offers, "offered_at": now if offers and agent else None,
        "asked": str(agent[0]) if offers and agent else "", **queue,
    }  # fmt: skip
    session.execute(insert(CALL), row)
    return told(session, call_id, now)


def answered(session: Session, external_id: str, named: Sequence[str], now: datetime) -> Call:
    """Somebody took the call: its contact begins, and the agent is on a call. Raises NotFound for a call that never rang.

    Taken by another agent while it goes on, it is put through: its contact, with the notes, is theirs from then on.
    """
    call = _known(session, external_id)
    if call.state != "ringing":
        taken = _agent(session, named, call.customer_id) if named and call.state == "talking" else None
        return call if taken is None or taken[0] == call.staff_id else _put_through(session, call, taken, now)
    theirs = (call.staff_id, call.staff) if call.staff_id else None
    agent = _agent(session, named, None) if named else None
    agent = agent or theirs or _agent(session, (), call.customer_id)
    values: dict[str, Any] = {"state": "talking", "answered_at": now, "waited": _waited(call, now)}
    if agent is not None and agent[0] is not None:
        values |= {"staff_id": agent[0], "staff": agent[1]}
        agents.put(session, agent[0], agent[1], "on_call", now)
    if call.staff_id is not None and values.get("staff_id") != call.staff_id:
        # At their desk it rings no more.
        record.changed(session, "agents", subject=str(call.staff_id), now=now)
    _set(session, call.call_id, values)
    call = _get(session, call.call_id)
    if call.customer_id is not None and call.staff_id is not None:
        _begin(session, call, call.customer_id, now)
    return told(session, call.call_id, now)


def _put_through(session: Session, call: Call, to: tuple[UUID, str], now: datetime) -> Call:
    """The call goes on with another agent. The first is ready again, unless something of theirs is left."""
    end_hold(session, call, now)
    _set(session, call.call_id, {"staff_id": to[0], "staff": to[1]})
    agents.put(session, to[0], to[1], "on_call", now)
    if call.customer_id is not None:
        handed = call.interaction_id is not None and contacts.hand_over(
            session, call.customer_id, call.interaction_id, to, now
        )
        if not handed:
            _begin(session, _get(session, call.call_id), call.customer_id, now)
    if call.staff_id is not None:
        _left(session, call.staff_id, call.staff, now)
        record.changed(session, "agents", subject=str(call.staff_id), now=now)
    return told(session, call.call_id, now)


def hung_up(session: Session, external_id: str, cause: str, now: datetime) -> Call:
    """The call is over. Its agent wraps it up, unless nobody had taken it. Raises NotFound for a call that never rang."""
    call = _known(session, external_id)
    if call.state == "ended":
        return call
    end_hold(session, call, now)
    given_up = {"waited": _waited(call, now)} if call.answered_at is None else {}
    _set(session, call.call_id, {"state": "ended", "ended_at": now, "cause": cause, **given_up})
    if call.interaction_id is not None and call.customer_id is not None:
        contacts.end(session, call.customer_id, call.interaction_id, now)
    if call.answered_at is None and call.customer_id is not None:
        contacts.missed(session, call.customer_id, now, call.direction, cause)
    if call.answered_at is not None and call.staff_id is not None and not talks(session, call.staff_id):
        agents.put(session, call.staff_id, call.staff, "wrap_up", now)
        if call.interaction_id is not None:
            # Wrapped up before the telephone told of the end: then there is nothing left to do.
            contacts.ready_again(session, call.staff_id, call.staff, now)
    return told(session, call.call_id, now)


def _waited(call: Call, now: datetime) -> int:
    return max(0, int((now - call.rang_at).total_seconds()))


def end_hold(session: Session, call: Call, now: datetime) -> None:
    """The customer is on hold no more; for how long they were is kept with the contact."""
    ended = session.execute(
        update(CALL).where(CALL.c.call_id == call.call_id, CALL.c.held_at.is_not(None)).values(held_at=None)
    )
    if (
        db.touched(ended)
        and call.held_at is not None
        and call.customer_id is not None
        and call.interaction_id is not None
    ):
        contacts.add_hold(session, call.customer_id, call.interaction_id, now - call.held_at)


def _left(session: Session, staff_id: UUID, staff: str, now: datetime) -> None:
    """An agent has put their call through: without another one and with nothing to wrap up, they are ready."""
    if agents.state_of(session, staff_id) == "on_call" and not talks(session, staff_id):
        agents.put(session, staff_id, staff, "wrap_up", now)
        contacts.ready_again(session, staff_id, staff, now)


def talks(session: Session, staff_id: UUID) -> bool:
    """Whether a call of the agent's goes on."""
    return any(call.state == "talking" for call in calls_of(session, staff_id))


def attach(
    session: Session, call_id: UUID, customer_id: UUID, actor: Actor, now: datetime, *, instead: bool = False
) -> Call:
    """The agent says whose call it is; `instead`, that it is this customer's and not the one's whom it was taken for.

    Their contact then goes along with its notes, unless it was there before the call. Raises NotFound, and Conflict where
    another customer's contact came of the call already, or that is wrapped up or a colleague's.
    """
    call = call_of(session, call_id)
    customer_id = profiles.resolve(session, customer_id)
    left = None
    if call.interaction_id is not None and call.customer_id is not None:
        if call.customer_id == customer_id:
            return call
        if not instead:
            raise Conflict("This call belongs to another customer's contact already.")
        left = contacts.leave(session, call.customer_id, call.interaction_id, call.answered_at or now, actor, now)
    values: dict[str, Any] = {"customer_id": customer_id, "interaction_id": None}
    if call.staff_id is None:
        values |= {"staff_id": UUID(actor.id), "staff": actor.name}
    _set(session, call_id, values)
    call = _get(session, call_id)
    if call.answered_at is not None:
        _begin(session, call, customer_id, call.answered_at)
        call = _get(session, call_id)
        if left is not None and call.interaction_id is not None:
            contacts.carry(session, left, customer_id, call.interaction_id)
        if call.ended_at is not None and call.interaction_id is not None:
            contacts.end(session, customer_id, call.interaction_id, call.ended_at)
    return told(session, call_id, now)


def take_waiting(session: Session, actor: Actor, now: datetime) -> Call | None:
    """The call that has rung longest for nobody in particular rings for this agent, where they are ready."""
    if agents.state_of(session, UUID(actor.id)) != "ready":
        return None
    me = UUID(actor.id)
    call = next((one for one in waiting(session) if _is_for(session, one, me)), None)
    if call is None:
        return None
    taken = session.execute(
        update(CALL)
        .where(CALL.c.call_id == call.call_id, CALL.c.staff_id.is_(None))
        .values(staff_id=me, staff=actor.name, offered_at=now, asked=actor.id)
    )
    return told(session, call.call_id, now) if db.touched(taken) == 1 else None


def _is_for(session: Session, call: Call, staff_id: UUID) -> bool:
    """Whether they have the skill that the call needs, and may open whose it is."""
    if not people.is_skilled(session, staff_id, call.skill):
        return False
    only = offering.may_serve(session, call.customer_id)
    return only is None or staff_id in only


def drop(session: Session, call_id: UUID, actor: Actor, now: datetime) -> None:
    """An ended call of nobody known is left as it is, without a contact; the agent is ready again."""
    call = call_of(session, call_id)
    if call.state != "ended" or call.interaction_id is not None:
        raise Conflict("This call is still going on, or has a contact of its own to wrap up.")
    _set(session, call_id, {"staff_id": None})
    contacts.ready_again(session, UUID(actor.id), actor.name, now)
    record.changed(session, "agents", subject=actor.id, now=now)


def call_of(session: Session, call_id: UUID) -> Call:
    """Raises NotFound."""
    row = session.execute(select(*_COLUMNS).where(CALL.c.call_id == call_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such call.")
    return Call(*row)


def calls_of(session: Session, staff_id: UUID) -> tuple[Call, ...]:
    """The agent's calls that ring or go on, and the ended ones of which nobody has said yet whose they were."""
    return tuple(Call(*row) for row in session.execute(MINE, {"staff_id": staff_id}))


def came_by(session: Session, customer_id: UUID, interaction_id: UUID) -> Call | None:
    """The last call of this contact; None for one without."""
    theirs = select(*_COLUMNS).where(CALL.c.customer_id == customer_id, CALL.c.interaction_id == interaction_id)
    row = session.execute(theirs.order_by(CALL.c.rang_at.desc()).limit(1)).one_or_none()
    return None if row is None else Call(*row)


def waiting(session: Session) -> tuple[Call, ...]:
    """Calls that ring for nobody in particular, longest first."""
    nobodys = select(*_COLUMNS).where(CALL.c.state == "ringing", CALL.c.staff_id.is_(None))
    return tuple(Call(*row) for row in session.execute(nobodys.order_by(CALL.c.rang_at)))


def live(session: Session) -> tuple[Call, ...]:
    """Every call that rings or goes on, longest first."""
    found = select(*_COLUMNS).where(CALL.c.state.in_(LIVE)).order_by(CALL.c.rang_at)
    return tuple(Call(*row) for row in session.execute(found))


def export_customer(session: Session, customer_id: UUID, numbers: Collection[str] = ()) -> list[dict[str, Any]]:
    found = session.execute(select(CALL).where(_theirs(customer_id, numbers)).order_by(CALL.c.rang_at))
    return [dict(row._mapping) for row in found]


def erase_customer(session: Session, customer_id: UUID, numbers: Collection[str] = ()) -> int:
    return db.touched(session.execute(CALL.delete().where(_theirs(customer_id, numbers))))


def _theirs(customer_id: UUID, numbers: Collection[str]) -> Any:
    """Calls that are theirs, and those from their telephone of which nobody has said whose they are."""
    from_them = CALL.c.customer_id.is_(None) & CALL.c.number.in_(sorted(numbers))
    return (CALL.c.customer_id == customer_id) | from_them


def _spelled(number: str) -> str:
    """The number as people are known by it; as it was told where it is none."""
    return profiles.caller_number(number) or number


def _begin(session: Session, call: Call, customer_id: UUID, at: datetime) -> None:
    """The call's contact: the one still open between these two, or a new one."""
    assert call.staff_id is not None  # noqa: S101 (whoever calls this has seen to it; for the type checker)
    found = contacts.open_with(session, customer_id, call.staff_id)
    if found is None:
        found = contacts.open_contact(session, customer_id, "phone", call.direction, call.staff_id, call.staff, at)
        if call.direction == "inbound" and (wait := at - call.rang_at) >= LONG_WAIT:
            contacts.waited(session, customer_id, round(wait.total_seconds() / 60), found, at)
    else:
        contacts.go_on(session, customer_id, found, at)
    _set(session, call.call_id, {"interaction_id": found})


def _agent(session: Session, named: Sequence[str], customer_id: UUID | None) -> tuple[UUID, str] | None:
    """Of the agents that were named, the one ready longest, or the first whom we know; where none was, of all who may open the customer."""
    known = [found for name in named if (found := people.find_staff(session, name)) is not None]
    if named:
        return agents.longest_ready(session, [staff_id for staff_id, _ in known]) or (known[0] if known else None)
    return agents.longest_ready(session, offering.may_serve(session, customer_id))


def told(session: Session, call_id: UUID, now: datetime) -> Call:
    call = _get(session, call_id)
    if call.staff_id is not None:
        record.changed(session, "agents", subject=str(call.staff_id), now=now)
    if call.offers:
        record.changed(session, "inbox", subject=offering.EVERYONE, now=now)
    record.changed(session, "interaction", customer_id=call.customer_id, subject=str(call_id), now=now)
    return call


def _known(session: Session, external_id: str) -> Call:
    call = by_external(session, external_id)
    if call is None:
        raise NotFound("There is no such call.")
    return call


def by_external(session: Session, external_id: str) -> Call | None:
    row = session.execute(select(*_COLUMNS).where(CALL.c.external_id == external_id).with_for_update()).one_or_none()
    return None if row is None else Call(*row)


def _get(session: Session, call_id: UUID) -> Call:
    return Call(*session.execute(select(*_COLUMNS).where(CALL.c.call_id == call_id)).one())


def _set(session: Session, call_id: UUID, values: dict[str, Any]) -> None:
    session.execute(update(CALL).where(CALL.c.call_id == call_id).values(values))
