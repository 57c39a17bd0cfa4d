"""Contacts at the desk: begun, noted on, ended, wrapped up. A contact is open until its agent has wrapped it up."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select, union_all, update
from sqlmodel import Session

from backend import db
from backend.interactions import agents
from backend.interactions.counting import to_count
from backend.interactions.tables import CallRow, InteractionRow
from backend.interactions.timeline import ordered_id, record
from backend.interactions.types import Interaction
from backend.profiles import service as profiles
from backend.record import service as changes
from shared.kernel import ids
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import Conflict, Invalid, NotFound

LONGEST_NOTES = 5_000
LONGEST_SUMMARY = 500
GOES_ON = timedelta(hours=12)
"""A contact that was not wrapped up for so long is over: the next call begins another."""
UNVERIFIED: dict[str, Any] = {"verified_at": None, "verified_how": None, "verified_until": None, "proof": None}
"""Whoever speaks from now on has yet to prove who they are."""
INTERACTION = db.table_of(InteractionRow)
_CALL = db.table_of(CallRow)
_COLUMNS = tuple(INTERACTION.c[name] for name in Interaction.__slots__)
# Asked by every page of the desk, so built once.
_OPEN = select(*_COLUMNS).where(INTERACTION.c.wrapped_at.is_(None)).order_by(INTERACTION.c.started_at)
_MINE = _OPEN.where(INTERACTION.c.staff_id == bindparam("staff_id"))
_WRAPPED = select(INTERACTION.c.ended_at, INTERACTION.c.wrapped_at).where(
    INTERACTION.c.staff_id == bindparam("staff_id"), INTERACTION.c.wrapped_at >= bindparam("since")
)
_THEIRS = _OPEN.where(INTERACTION.c.customer_id == bindparam("customer_id"), INTERACTION.c.staff_id.is_not(None))
# Two indexed reads in one statement: with OR in its place SQLite reads all contacts.
_AROUND = union_all(_MINE.order_by(None), _THEIRS.where(INTERACTION.c.staff_id != bindparam("staff_id")).order_by(None))


def begin(
    session: Session, customer_id: UUID, channel: str, actor: Actor, now: datetime, direction: str = "inbound"
) -> Interaction:
    """An agent opens a contact without a call; the one that is open with this customer already goes on."""
    customer_id = profiles.resolve(session, customer_id)
    found = open_with(session, customer_id, UUID(actor.id))
    if found is None:
        found = open_contact(session, customer_id, channel, direction, UUID(actor.id), actor.name, now)
    return interaction(session, customer_id, found)


def open_contact(
    session: Session, customer_id: UUID, channel: str, direction: str, staff_id: UUID | None, staff: str | None, now: datetime
) -> UUID:  # fmt: skip
    profiles.hold(session, customer_id)
    interaction_id = ordered_id(now)
    row = {
        "customer_id": customer_id, "interaction_id": interaction_id, "channel": channel, "direction": direction,
        "started_at": now, "staff_id": staff_id, "staff": staff,
    }  # fmt: skip
    session.execute(insert(INTERACTION), row)
    _changed(session, customer_id, interaction_id, staff_id, False, now)
    return interaction_id


def interaction(session: Session, customer_id: UUID, interaction_id: UUID) -> Interaction:
    """Raises NotFound, for another customer's too."""
    row = session.execute(select(*_COLUMNS).where(*this(customer_id, interaction_id))).one_or_none()
    if row is None:
        raise NotFound("There is no such contact.")
    return Interaction(*row)


def open_interactions(session: Session, staff_id: UUID) -> tuple[Interaction, ...]:
    """The agent's contacts that are not wrapped up, oldest first."""
    return tuple(Interaction(*row) for row in session.execute(_MINE, {"staff_id": staff_id}))


def open_with_customer(session: Session, customer_id: UUID) -> tuple[Interaction, ...]:
    """Everyone's contacts with the customer that are not wrapped up, oldest first."""
    return tuple(Interaction(*row) for row in session.execute(_THEIRS, {"customer_id": customer_id}))


def open_around(session: Session, staff_id: UUID, customer_id: UUID | None) -> tuple[Interaction, ...]:
    """What `open_interactions` and `open_with_customer` give, together, oldest first."""
    found = session.execute(_AROUND, {"staff_id": staff_id, "customer_id": customer_id})
    return tuple(sorted((Interaction(*row) for row in found), key=lambda one: one.started_at))


def all_open(session: Session) -> tuple[Interaction, ...]:
    """Every contact that goes on at any desk, longest first; what was forgotten long ago does not."""
    return tuple(Interaction(*row) for row in session.execute(_OPEN.where(INTERACTION.c.staff_id.is_not(None))))


def wrapped_between(session: Session, since: datetime, until: datetime) -> tuple[Interaction, ...]:
    """Every agent's contacts that began and were wrapped up between these instants, oldest first."""
    asked = select(*_COLUMNS).where(
        INTERACTION.c.started_at >= since, INTERACTION.c.started_at < until,
        INTERACTION.c.wrapped_at < until, INTERACTION.c.staff_id.is_not(None),
    )  # fmt: skip
    rows = session.execute(asked.order_by(INTERACTION.c.started_at, INTERACTION.c.interaction_id))
    return tuple(Interaction(*row) for row in rows)


def wrapped_since(session: Session, staff_id: UUID, since: datetime) -> tuple[int, float]:
    """How many contacts the agent wrapped up since then, and the seconds from a contact's end to that, on average."""
    found = session.execute(_WRAPPED, {"staff_id": staff_id, "since": since}).all()
    seconds = [max(0.0, (row.wrapped_at - row.ended_at).total_seconds()) for row in found if row.ended_at is not None]
    return len(found), sum(seconds) / len(seconds) if seconds else 0.0


def open_with(session: Session, customer_id: UUID, staff_id: UUID) -> UUID | None:
    """The contact that is still open between these two."""
    found: UUID | None = session.execute(
        select(INTERACTION.c.interaction_id)
        .where(
            INTERACTION.c.customer_id == customer_id,
            INTERACTION.c.staff_id == staff_id,
            INTERACTION.c.wrapped_at.is_(None),
        )
        .order_by(INTERACTION.c.interaction_id.desc())
        .limit(1)
    ).scalar()
    return found


def go_on(session: Session, customer_id: UUID, interaction_id: UUID, now: datetime) -> None:
    """The contact had ended and goes on: they called again."""
    session.execute(update(INTERACTION).where(*this(customer_id, interaction_id)).values(ended_at=None, **UNVERIFIED))
    changed_now(session, customer_id, interaction_id, now)


def end(session: Session, customer_id: UUID, interaction_id: UUID, now: datetime) -> None:
    """Nobody talks any more; what is left is to wrap it up."""
    session.execute(
        update(INTERACTION)
        .where(*this(customer_id, interaction_id), INTERACTION.c.wrapped_at.is_(None))
        .values(ended_at=now)
    )
    changed_now(session, customer_id, interaction_id, now)


def close_visit(session: Session, customer_id: UUID, interaction_id: UUID, at: datetime) -> None:
    """A visit to the portal was over then, and for whatever the customer had come by then."""
    why = profiles.stamp(session, customer_id)[1]
    intent = why.intent if why is not None and why.set_at <= at else None
    session.execute(
        update(INTERACTION)
        .where(*this(customer_id, interaction_id), INTERACTION.c.ended_at.is_(None))
        .values(ended_at=at, intent=intent)
    )


def add_hold(session: Session, customer_id: UUID, interaction_id: UUID, length: timedelta) -> None:
    """The customer was on hold for so long."""
    seconds = INTERACTION.c.held_seconds + max(0, round(length.total_seconds()))
    session.execute(update(INTERACTION).where(*this(customer_id, interaction_id)).values(held_seconds=seconds))


def leave(
    session: Session, customer_id: UUID, interaction_id: UUID, since: datetime, actor: Actor, now: datetime
) -> Interaction | None:
    """The call that began at `since` was not this customer's: its contact is as if it had never been, and given to be carried.

    One that was there before the call ends, and nothing of it is carried. Raises Conflict where it is wrapped up, or a
    colleague's.
    """
    found = own(session, customer_id, interaction_id, actor)
    if found.wrapped_at is not None:
        raise Conflict("This contact is wrapped up already.")
    if found.started_at < since:
        end(session, customer_id, interaction_id, now)
        return None
    _changed(session, customer_id, interaction_id, found.staff_id, found.is_private, now)
    session.execute(delete(INTERACTION).where(*this(customer_id, interaction_id)))
    return found


def carry(session: Session, left: Interaction, customer_id: UUID, interaction_id: UUID) -> None:
    """What was noted in a contact with the wrong customer stands in the right one's, after what stood there already."""
    there = interaction(session, customer_id, interaction_id)
    notes = "\n\n".join(text for text in (there.notes, left.notes) if text)[:LONGEST_NOTES]
    kept = {"notes": notes, "notes_version": there.notes_version + 1, "is_private": there.is_private or left.is_private}
    session.execute(update(INTERACTION).where(*this(customer_id, interaction_id)).values(kept))


def waited(session: Session, customer_id: UUID, minutes: int, interaction_id: UUID, now: datetime) -> None:
    """The customer waited so long until somebody took the call."""
    record(session, customer_id, "call.waited", "phone", SYSTEM, {"minutes": minutes}, now, interaction_id)


def hand_over(session: Session, customer_id: UUID, interaction_id: UUID, to: tuple[UUID, str], now: datetime) -> bool:
    """The contact is another agent's from now on, with all that was noted; that it changed hands is on the timeline.

    False for one that was wrapped up already: it stays whose it was.
    """
    found = interaction(session, customer_id, interaction_id)
    moved = session.execute(
        update(INTERACTION)
        .where(*this(customer_id, interaction_id), INTERACTION.c.wrapped_at.is_(None))
        # What was proved to one agent is proved to the next only where the pack says so.
        .values(staff_id=to[0], staff=to[1], ended_at=None, **({} if found.verified_stays else UNVERIFIED))
    )
    if not db.touched(moved):
        return False
    data = {"from": found.staff or "", "to": to[1]}
    record(session, customer_id, "call.transferred", "phone", SYSTEM, data, now, interaction_id)
    _changed(session, customer_id, interaction_id, found.staff_id, found.is_private, now)
    changed_now(session, customer_id, interaction_id, now)
    return True


def pass_on(
    session: Session, customer_id: UUID, interaction_id: UUID, to: tuple[UUID, str], actor: Actor, now: datetime
) -> bool:
    """Somebody gives a colleague's contact to another, as it stands: one that has ended is theirs to wrap up.

    Like `hand_over`, which is for a call that is put through. False for one that was wrapped up already.
    """
    found = interaction(session, customer_id, interaction_id)
    moved = session.execute(
        update(INTERACTION)
        .where(*this(customer_id, interaction_id), INTERACTION.c.wrapped_at.is_(None))
        .values(staff_id=to[0], staff=to[1], **({} if found.verified_stays else UNVERIFIED))
    )
    if not db.touched(moved):
        return False
    if found.channel == "phone":
        data = {"from": found.staff or "", "to": to[1]}
        record(session, customer_id, "call.transferred", "phone", actor, data, now, interaction_id)
    changes.audit(
        session, actor=actor, action="contact.passed_on", subject=str(interaction_id), customer_id=customer_id,
        payload={"before": {"staff": found.staff}, "after": {"staff": to[1]}}, now=now,
    )  # fmt: skip
    _changed(session, customer_id, interaction_id, found.staff_id, found.is_private, now)
    changed_now(session, customer_id, interaction_id, now)
    return True


def missed(session: Session, customer_id: UUID, now: datetime, direction: str = "inbound", cause: str = "") -> None:
    """They called and nobody took it, or we called and did not reach them; why, in the telephone's own word."""
    record(session, customer_id, "call.missed", "phone", SYSTEM, {"direction": direction, "cause": cause}, now)


def note_why(session: Session, customer_id: UUID, channel: str, stage: str, intent: str | None, now: datetime) -> None:
    """What was learned of why the customer is here is kept with the contact that goes on in this channel, the newest of them."""
    newest = (
        select(INTERACTION.c.interaction_id)
        .where(
            INTERACTION.c.customer_id == customer_id, INTERACTION.c.channel == channel,
            INTERACTION.c.interaction_id >= ids.first_at(now - GOES_ON), INTERACTION.c.wrapped_at.is_(None),
        )
        .order_by(INTERACTION.c.interaction_id.desc())
        .limit(1)
        .scalar_subquery()
    )  # fmt: skip
    session.execute(update(INTERACTION).where(*this(customer_id, newest)).values(stage=stage, intent=intent))


def contact_ids(session: Session, customer_id: UUID) -> frozenset[UUID]:
    """The customer's contacts of whatever kind."""
    mine = select(INTERACTION.c.interaction_id).where(INTERACTION.c.customer_id == customer_id)
    return frozenset(session.execute(mine).scalars())


def write_notes(
    session: Session, customer_id: UUID, interaction_id: UUID, text: str, seen: int, actor: Actor, now: datetime
) -> Interaction:
    """Keeps what the agent has written so far. Raises Invalid, and Conflict where it was written on elsewhere (extra `notes`)."""
    if len(text) > LONGEST_NOTES:
        raise Invalid(f"Notes hold {LONGEST_NOTES:,} characters.", {"notes": f"at most {LONGEST_NOTES:,} characters"})
    current = own(session, customer_id, interaction_id, actor)
    if current.notes == text:
        return current
    changed = session.execute(
        update(INTERACTION)
        .where(*this(customer_id, interaction_id), INTERACTION.c.notes_version == seen)
        .values(notes=text, notes_version=seen + 1)
    )
    if db.touched(changed) != 1:
        raise Conflict(
            "These notes were changed in another window.", notes=current.notes, version=current.notes_version
        )
    changes.changed(session, "notes", customer_id=customer_id, private=True, now=now)
    return interaction(session, customer_id, interaction_id)


def set_private(
    session: Session, customer_id: UUID, interaction_id: UUID, private: bool, actor: Actor, now: datetime
) -> Interaction:
    """Marks the contact as one that the portal must not show, nor move by."""
    own(session, customer_id, interaction_id, actor)
    session.execute(update(INTERACTION).where(*this(customer_id, interaction_id)).values(is_private=private))
    changed_now(session, customer_id, interaction_id, now)
    return interaction(session, customer_id, interaction_id)


def wrap_up(
    session: Session,
    customer_id: UUID,
    interaction_id: UUID,
    *,
    code: str,
    label: str,
    summary: str,
    actor: Actor,
    now: datetime,
    intent: str | None = None,
) -> Interaction:
    """Closes the contact with its code and summary, puts it on the timeline, and makes the agent ready again.

    `intent` is why they called, where that was said: a second call for the same reason is told by it.

    Raises Conflict where it is closed already or its call still goes on, Invalid for a summary that is too long.
    """
    current = own(session, customer_id, interaction_id, actor)
    if current.wrapped_at is not None:
        raise Conflict("This contact is wrapped up already.")
    summary = " ".join(summary.split())
    if len(summary) > LONGEST_SUMMARY:
        raise Invalid("Shorten the summary.", {"summary": f"Keep it to {LONGEST_SUMMARY} characters."})
    ended = current.ended_at or now
    closed = session.execute(
        update(INTERACTION)
        .where(*this(customer_id, interaction_id), INTERACTION.c.wrapped_at.is_(None))
        .values(
            ended_at=ended, wrapped_at=now, wrap_up_code=code, summary=summary, **({"intent": intent} if intent else {})
        )
    )
    if db.touched(closed) != 1:
        raise Conflict("This contact is wrapped up already.")
    kind = "call" if current.channel == "phone" else "contact"
    if current.is_private:
        kind += ".private"
    minutes = max(1, round((ended - current.started_at).total_seconds() / 60))
    data = {"summary": summary, "minutes": minutes, "code": code, "code_label": label}
    if intent:
        data["intent"] = intent
    if current.holds:
        data |= {"held_seconds": current.held_seconds, "holds": current.holds}
    if cause := _cause(session, customer_id, interaction_id):
        data["cause"] = cause
    record(session, customer_id, kind, current.channel, actor, data, current.started_at, interaction_id)
    ready_again(session, UUID(actor.id), actor.name, now)
    changed_now(session, customer_id, interaction_id, now)
    return interaction(session, customer_id, interaction_id)


def _cause(session: Session, customer_id: UUID, interaction_id: UUID) -> str:
    """Why the last call of the contact ended, where that is worth a word: somebody hanging up is not."""
    of_this = (_CALL.c.customer_id == customer_id, _CALL.c.interaction_id == interaction_id)
    cause = session.execute(select(_CALL.c.cause).where(*of_this).order_by(_CALL.c.rang_at.desc()).limit(1)).scalar()
    return "" if cause in (None, "normalClearing") else str(cause)


def ready_again(session: Session, staff_id: UUID, name: str, now: datetime) -> None:
    """After the last contact that had ended is wrapped up, the agent is ready; while another call goes on, nothing changes."""
    state = agents.state_of(session, staff_id)
    left = [one for one in open_interactions(session, staff_id) if one.ended_at is not None]
    if state == "wrap_up" and not left:
        agents.put(session, staff_id, name, "ready", now)


def own(session: Session, customer_id: UUID, interaction_id: UUID, actor: Actor) -> Interaction:
    """The contact, where it is this agent's: another's is there to be read, not written."""
    found = interaction(session, customer_id, interaction_id)
    if found.staff_id != UUID(actor.id):
        raise Conflict(f"This contact is {found.staff or 'another colleague'}'s.")
    return found


def changed_now(session: Session, customer_id: UUID, interaction_id: UUID, now: datetime) -> None:
    found = interaction(session, customer_id, interaction_id)
    _changed(session, customer_id, interaction_id, found.staff_id, found.is_private, now)


def _changed(
    session: Session, customer_id: UUID, interaction_id: UUID, staff_id: UUID | None, private: bool, now: datetime
) -> None:
    to_count(session, customer_id)
    changes.changed(
        session, "interaction", customer_id=customer_id, subject=str(interaction_id), private=private, now=now
    )
    if staff_id is not None:
        changes.changed(session, "agents", subject=str(staff_id), now=now)


def this(customer_id: UUID, interaction_id: Any) -> tuple[Any, Any]:
    return (INTERACTION.c.customer_id == customer_id, INTERACTION.c.interaction_id == interaction_id)
