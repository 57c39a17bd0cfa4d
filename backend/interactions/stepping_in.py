"""A supervisor steps in: a word to the agent, which no customer reads; the contact is taken over, handed to another, or ended.

Each is an act with its reason, on record; of two at once the first counts, and the other is told so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlmodel import Session

from backend import db
from backend.interactions import agents, calls, contacts
from backend.interactions.calls import CALL
from backend.interactions.contacts import INTERACTION, UNVERIFIED, this
from backend.interactions.tables import AgentRow, FloorWordRow
from backend.interactions.timeline import record
from backend.interactions.types import Call, Interaction
from backend.profiles import service as profiles
from backend.record import service as changes
from shared.kernel import ids
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound

LONGEST_WORD, LONGEST_WHY = 500, 200
SHOWN_FOR = timedelta(hours=12)
"""What nobody put away by then is old, and shown no more."""
WordKind = Literal["whisper", "taken", "handed", "given", "ended"]
_WORD, _AGENT = db.table_of(FloorWordRow), db.table_of(AgentRow)
_OPEN = (_WORD.c.withdrawn_at.is_(None), _WORD.c.dismissed_at.is_(None))


@dataclass(frozen=True, slots=True)
class FloorWord:
    """What a supervisor said to an agent about a contact. `kind`: a whisper, or what was done with the contact: taken over,
    handed on to somebody else, given to this agent, ended."""

    customer_id: UUID
    word_id: UUID
    interaction_id: UUID
    kind: WordKind
    text: str
    by_id: UUID
    by_name: str
    to_id: UUID
    to_name: str
    at: datetime
    withdrawn_at: datetime | None
    dismissed_at: datetime | None


_COLUMNS = tuple(_WORD.c[name] for name in FloorWord.__slots__)


def whisper(
    session: Session, customer_id: UUID, interaction_id: UUID, text: str, actor: Actor, now: datetime
) -> FloorWord:
    """Says a word to the contact's agent, which stands on their page at once. Raises Invalid, and Conflict where nobody is at it any more."""
    text = _said(text, LONGEST_WORD, "text", "Write what you want to tell them.")
    found = _going(session, customer_id, interaction_id, actor)
    if str(found.staff_id) == actor.id:
        raise Conflict("This contact is your own.")
    word = _tell(session, found, "whisper", text, found.staff_id, found.staff or "", actor, now)
    _audit(session, found, "floor.whispered", actor, {"to": found.staff, "text": text, "word": str(word.word_id)}, now)
    return word


def withdraw(session: Session, customer_id: UUID, word_id: UUID, actor: Actor, now: datetime) -> FloorWord:
    """Takes a word of one's own back. Raises NotFound, and Conflict where they have read it and put it away."""
    word = _word(session, customer_id, word_id)
    _may_supervise(actor)
    if str(word.by_id) != actor.id or word.kind != "whisper":
        raise Conflict("Only who said it can take it back.")
    taken = session.execute(update(_WORD).where(*_this(word.customer_id, word_id), *_OPEN).values(withdrawn_at=now))
    if not db.touched(taken):
        raise Conflict("It is taken back already." if word.withdrawn_at else "They have read it already.")
    _told(session, word, now)
    changes.audit(
        session, actor=actor, action="floor.withdrawn", subject=f"interaction:{word.interaction_id}",
        customer_id=word.customer_id, payload={"to": word.to_name, "text": word.text, "word": str(word_id)}, now=now,
    )  # fmt: skip
    return _word(session, customer_id, word_id)


def dismiss(session: Session, customer_id: UUID, word_id: UUID, actor: Actor, now: datetime) -> None:
    """The agent has read it and puts it away; twice is once. Raises NotFound for what was said to somebody else."""
    word = _word(session, customer_id, word_id)
    if str(word.to_id) != actor.id:
        raise NotFound("There is no such word.")
    put = session.execute(update(_WORD).where(*_this(word.customer_id, word_id), *_OPEN).values(dismissed_at=now))
    if db.touched(put):
        _told(session, word, now)
        changes.audit(
            session, actor=actor, action="floor.read", subject=f"interaction:{word.interaction_id}",
            customer_id=word.customer_id, payload={"by": word.by_name, "word": str(word_id)}, now=now,
        )  # fmt: skip


STEPPED_IN = frozenset({"call.transferred", "contact.handed", "contact.ended"})
"""What the timeline tells of a contact that supervision took, handed on or ended."""


def words_to(session: Session, customer_id: UUID, staff_id: UUID, now: datetime) -> tuple[FloorWord, ...]:
    """What supervision said to this agent about the customer and they have not put away, oldest first."""
    mine = (_WORD.c.customer_id == customer_id, _WORD.c.to_id == staff_id, _WORD.c.at >= now - SHOWN_FOR)
    return tuple(
        FloorWord(*row) for row in session.execute(select(*_COLUMNS).where(*mine, *_OPEN).order_by(_WORD.c.word_id))
    )


def words_waiting(session: Session, staff_id: UUID, now: datetime) -> frozenset[UUID]:
    """The customers about whom supervision said something to this agent that they have not put away."""
    mine = (_WORD.c.to_id == staff_id, _WORD.c.at >= now - SHOWN_FOR)
    return frozenset(session.execute(select(_WORD.c.customer_id).where(*mine, *_OPEN)).scalars())


def words_in(session: Session, customer_id: UUID, interaction_id: UUID) -> tuple[FloorWord, ...]:
    """All that was said to whoever had the contact, the last first."""
    its = (_WORD.c.customer_id == customer_id, _WORD.c.interaction_id == interaction_id)
    return tuple(
        FloorWord(*row) for row in session.execute(select(*_COLUMNS).where(*its).order_by(_WORD.c.word_id.desc()))
    )


def put_away(session: Session, customer_id: UUID, interaction_id: UUID, actor: Actor, now: datetime) -> None:
    """The agent has closed the contact: whispers about it are of no more use."""
    whispers = (_WORD.c.customer_id == customer_id, _WORD.c.interaction_id == interaction_id, _WORD.c.kind == "whisper")
    session.execute(update(_WORD).where(*whispers, _WORD.c.to_id == UUID(actor.id), *_OPEN).values(dismissed_at=now))


def take_over(
    session: Session, customer_id: UUID, interaction_id: UUID, seen: UUID, why: str, actor: Actor, now: datetime
) -> Interaction:
    """The contact is the supervisor's from now on; its agent is told at once, and has nothing to do with it any more.

    `seen` is whose it was when they decided so. Raises Invalid without a reason, and Conflict where it is another's by now,
    has ended, or the supervisor is on a call of their own.
    """
    why = _said(why, LONGEST_WHY, "why", "Say why.")
    found = _going(session, customer_id, interaction_id, actor, seen)
    call = _call_of(session, found)
    if call is not None and agents.state_of(session, UUID(actor.id)) == "on_call":
        raise Conflict("You are on a call of your own.")
    _hand(session, found, call, (UUID(actor.id), actor.name), "taken", why, actor, now)
    return contacts.interaction(session, found.customer_id, interaction_id)


def reassign(
    session: Session, customer_id: UUID, interaction_id: UUID, seen: UUID, to: UUID, why: str, actor: Actor, now: datetime
) -> Interaction:  # fmt: skip
    """The contact goes on with another agent, who must be ready; both are told at once. Raises as `take_over`."""
    why = _said(why, LONGEST_WHY, "why", "Say why.")
    found = _going(session, customer_id, interaction_id, actor, seen)
    # Held until the end: of two calls at one instant only one goes to them.
    agent = session.execute(
        select(_AGENT.c.name, _AGENT.c.state).where(_AGENT.c.staff_id == to).with_for_update()
    ).one_or_none()
    if to == found.staff_id:
        raise Conflict(f"{found.staff} has this contact already.")
    if agent is None or agent.state != "ready":
        raise Conflict(f"{agent.name} is no longer ready." if agent else "They are not at work.")
    _hand(session, found, _call_of(session, found), (to, agent.name), "handed", why, actor, now)
    return contacts.interaction(session, found.customer_id, interaction_id)


def end_contact(
    session: Session, customer_id: UUID, interaction_id: UUID, seen: UUID, why: str, actor: Actor, now: datetime
) -> Interaction:
    """The contact is over; its agent wraps it up. A call that the telephone did not tell the end of is over too. Raises as `take_over`."""
    why = _said(why, LONGEST_WHY, "why", "Say why.")
    found = _going(session, customer_id, interaction_id, actor, seen)
    call = _call_of(session, found)
    if call is not None:
        calls.hung_up(session, _external(session, call.call_id), "normalClearing", now)
    else:
        contacts.end(session, found.customer_id, interaction_id, now)
    data = {"by": actor.name, "why": why, "staff": found.staff or ""}
    record(session, found.customer_id, "contact.ended", found.channel, actor, data, now, interaction_id)
    _audit(session, found, "contact.ended", actor, {"staff": found.staff, "why": why}, now)
    if str(found.staff_id) != actor.id:
        _tell(session, found, "ended", why, found.staff_id, found.staff or "", actor, now)
    return contacts.interaction(session, found.customer_id, interaction_id)


def _hand(
    session: Session, found: Interaction, call: Call | None, to: tuple[UUID, str], how: WordKind, why: str, actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """The contact changes hands under a guard: it is still whose it was, and goes on. What was proved ends, unless the pack keeps it."""
    moved = session.execute(
        update(INTERACTION)
        .where(
            *this(found.customer_id, found.interaction_id), INTERACTION.c.staff_id == found.staff_id,
            INTERACTION.c.wrapped_at.is_(None), INTERACTION.c.ended_at.is_(None),
        )
        .values(staff_id=to[0], staff=to[1], **({} if found.verified_stays else UNVERIFIED))
    )  # fmt: skip
    if not db.touched(moved):
        raise Conflict("Somebody else was faster. Please look again.")
    before, before_name = found.staff_id, found.staff or ""
    assert before is not None  # noqa: S101 (`_going` gives no contact without an agent; for the type checker)
    if call is not None:
        session.execute(update(CALL).where(CALL.c.call_id == call.call_id).values(staff_id=to[0], staff=to[1]))
        agents.put(session, to[0], to[1], "on_call", now)
        if agents.state_of(session, before) == "on_call" and not calls.talks(session, before):
            agents.put(session, before, before_name, "wrap_up", now)
    data = {"from": before_name, "to": to[1], "by": actor.name, "why": why}
    record(session, found.customer_id, "contact.handed", found.channel, actor, data, now, found.interaction_id)
    payload = {"before": {"staff": before_name}, "after": {"staff": to[1]}, "why": why, "how": how}
    _audit(session, found, "contact.handed", actor, payload, now)
    _tell(session, found, how, why if how == "taken" else f"{to[1]} has it now. {why}", before, before_name, actor, now)
    if str(to[0]) != actor.id:
        _tell(session, found, "given", f"{before_name} had it. {why}", to[0], to[1], actor, now)
    contacts.changed_now(session, found.customer_id, found.interaction_id, now)
    for staff_id in (before, to[0]):
        changes.changed(session, "agents", subject=str(staff_id), now=now)


def _going(
    session: Session, customer_id: UUID, interaction_id: UUID, actor: Actor, seen: UUID | None = None
) -> Interaction:
    """The contact, where some agent is still at it (the one that was seen, where it was said who). Raises Conflict, Forbidden, NotFound."""
    _may_supervise(actor)
    found = contacts.interaction(session, profiles.resolve(session, customer_id), interaction_id)
    if found.staff_id is None:
        raise Conflict("Nobody speaks with them: they are at the portal alone.")
    if found.ended_at is not None or found.wrapped_at is not None:
        raise Conflict("This contact has ended meanwhile.")
    if seen is not None and found.staff_id != seen:
        raise Conflict(f"Somebody else was faster: {found.staff or 'a colleague'} has this contact now.")
    return found


def _call_of(session: Session, found: Interaction) -> Call | None:
    """The call of the contact, while it goes on."""
    call = calls.came_by(session, found.customer_id, found.interaction_id)
    return call if call is not None and call.state == "talking" else None


def _external(session: Session, call_id: UUID) -> str:
    return str(session.execute(select(CALL.c.external_id).where(CALL.c.call_id == call_id)).scalar_one())


def _tell(
    session: Session, found: Interaction, kind: WordKind, text: str, to_id: UUID | None, to_name: str, actor: Actor, now: datetime
) -> FloorWord:  # fmt: skip
    assert to_id is not None  # noqa: S101 (the same: a contact that goes on has an agent)
    word = FloorWord(
        found.customer_id, ids.uuid7(), found.interaction_id, kind, text, UUID(actor.id), actor.name, to_id, to_name, now, None, None
    )  # fmt: skip
    session.execute(insert(_WORD), {name: getattr(word, name) for name in FloorWord.__slots__})
    _told(session, word, now)
    return word


def _told(session: Session, word: FloorWord, now: datetime) -> None:
    """Word of it goes to the agent, and to whoever looks in; never to the customer's own pages."""
    changes.changed(session, "word", customer_id=word.customer_id, subject=str(word.to_id), private=True, now=now)


def _audit(
    session: Session, found: Interaction, action: str, actor: Actor, payload: dict[str, Any], now: datetime
) -> None:
    changes.audit(
        session, actor=actor, action=action, subject=f"interaction:{found.interaction_id}", customer_id=found.customer_id,
        payload=payload, now=now,
    )  # fmt: skip


def _word(session: Session, customer_id: UUID, word_id: UUID) -> FloorWord:
    customer_id = profiles.resolve(session, customer_id)
    row = session.execute(select(*_COLUMNS).where(*_this(customer_id, word_id))).one_or_none()
    if row is None:
        raise NotFound("There is no such word.")
    return FloorWord(*row)


def _this(customer_id: UUID, word_id: UUID) -> tuple[Any, Any]:
    return _WORD.c.customer_id == customer_id, _WORD.c.word_id == word_id


def _may_supervise(actor: Actor) -> None:
    if not actor.may("supervise"):
        raise Forbidden("Stepping in is for supervisors.")


def _said(text: str, most: int, name: str, missing: str) -> str:
    """What was written, white space folded. Raises Invalid for nothing, or too much."""
    text = " ".join(text.split())
    if not text:
        raise Invalid(missing, {name: missing})
    if len(text) > most:
        raise Invalid("Shorten it.", {name: f"Keep it to {most} characters."})
    return text
