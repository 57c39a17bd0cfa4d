"""Calls back: asked for at a time, moved, taken, tried, missed. Each act is one event, each place is taken under a guard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlmodel import Session

from backend import db
from backend.cases import slots
from backend.cases.listing import teams_of
from backend.cases.pieces import CASE, Particulars, case_from, case_of, open_case, tell, this, time_of
from backend.cases.slots import CALLBACK
from backend.cases.types import Callback, Case, Slot
from backend.matrix.service import Pack
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import Conflict, Invalid, NotFound
from shared.kernel.languages import gettext, noted

CallView = Literal["mine", "team", "all", "missed"]
CALL_VIEWS: tuple[CallView, ...] = ("mine", "team", "all", "missed")
SHOWN = 100
_OVER = {"done": noted("This call was made already."), "cancelled": noted("This call is cancelled already.")}
_FULL = {
    "morning": noted("Nothing is free in the morning for now. Choose another time."),
    "afternoon": noted("Nothing is free in the afternoon for now. Choose another time."),
    "evening": noted("Nothing is free in the evening for now. Choose another time."),
}
GONE = noted("That time was just taken. Choose another.")
_TOGETHER = select(
    CASE, *(CALLBACK.c[name] for name in ("team", "staff_id", "staff", "tries", "taken_at", "missed_at"))
).outerjoin(CALLBACK, (CALLBACK.c.customer_id == CASE.c.customer_id) & (CALLBACK.c.case_id == CASE.c.case_id))
_WAITING = (CASE.c.kind == "callback", CASE.c.state == "open")


@dataclass(frozen=True, slots=True)
class Tried:
    """What follows from a call that nobody took: when the next is, or that there is none."""

    tries: int
    case: Case
    given_up: bool


def free_slots(session: Session, pack: Pack, now: datetime, team: str = "") -> tuple[Slot, ...]:
    """The times at which a call back can be made, soonest first. Raises Invalid for a team that the pack has not."""
    return slots.free(session, time_of(pack), pack.casework.callbacks, team_for(pack, team), now)


def team_for(pack: Pack, team: str = "") -> str:
    """The team that calls back. Raises Invalid."""
    if team and team not in {one.key for one in pack.casework.team}:
        raise Invalid(gettext("There is no such team."), {"team": gettext("There is no such team.")})
    return team or pack.casework.callbacks.team or ""


def ask_callback(
    session: Session, customer_id: UUID, about: str, *, at: datetime | None = None, part: str = "", wish: str = "", team: str = "",
    zone: str, pack: Pack, actor: Actor, now: datetime, channel: str | None, reference: str | None = None, offer_id: UUID | None = None,
    booked: Slot | None = None, particulars: Particulars = (),
) -> Case:  # fmt: skip
    """Notes that a call is wanted, at a free time: that one, else the next in this part of the day, else the next of all.

    Raises Invalid where nothing is free then. Where nothing is free at all, it is asked for without a time. An offer asks once;
    what it `booked` was taken before.
    """
    team = team_for(pack, team)
    if offer_id is not None:
        # Asked again for the same offer, no second place is taken.
        known = session.execute(
            select(CASE).where(CASE.c.customer_id == customer_id, CASE.c.offer_id == offer_id)
        ).one_or_none()
        if known is not None:
            return case_from(known)
    slot = booked or _taken(session, pack, team, at, part, zone, now)
    told = slots.told(slot, zone) if slot else {}
    made = open_case(
        session, customer_id, "callback", about, actor=actor, now=now, channel=channel, wish=wish, reference=reference,
        offer_id=offer_id, slot=slot, told=told, particulars=particulars,
    )  # fmt: skip
    session.execute(
        insert(CALLBACK).values(customer_id=customer_id, case_id=made.case_id, team=team, staff="", tries=0)
    )
    return made


def move(
    session: Session, customer_id: UUID, case_id: UUID, at: datetime, *, zone: str, pack: Pack, actor: Actor, now: datetime, channel: str | None
) -> Case:  # fmt: skip
    """The call is made at another time; the old one is free again. Raises NotFound, Invalid, and Conflict where it was made or called off."""
    call = callback_of(session, customer_id, case_id)
    require_waiting(call.case)
    if call.case.slot_at == at:
        return call.case
    slot = _taken(session, pack, call.team, at, "", zone, now)
    assert slot is not None  # noqa: S101 — an instant was asked for, and it was taken
    _put(session, call, slot, now)
    write(session, call, missed_at=None, taken_at=None)
    after = case_of(session, customer_id, case_id)
    told = slots.told(slot, zone)
    tell(session, customer_id, after, "callback.moved", actor, channel, now, told)
    return after


def take_call(
    session: Session, customer_id: UUID, case_id: UUID, *, actor: Actor, now: datetime, channel: str
) -> Callback:
    """Somebody calls now: it is theirs. Raises Conflict where it was made or called off, or a colleague calls already."""
    call = callback_of(session, customer_id, case_id)
    require_waiting(call.case)
    mine = UUID(actor.id)
    if call.taken_at is not None and call.staff_id not in (None, mine) and now - call.taken_at < timedelta(minutes=15):
        raise Conflict(f"{call.staff or 'A colleague'} is calling them just now.")
    if call.taken_at is None or call.staff_id != mine:
        write(session, call, staff_id=mine, staff=actor.name, taken_at=now)
        tell(session, customer_id, call.case, "callback.taken", actor, channel, now)
    return callback_of(session, customer_id, case_id)


def not_reached(
    session: Session,
    customer_id: UUID,
    case_id: UUID,
    *,
    zone: str,
    pack: Pack,
    actor: Actor,
    now: datetime,
    channel: str,
) -> Tried:
    """Nobody took the call: it is tried again at the next free time by the pack's rule, or no more after so many tries."""
    call = callback_of(session, customer_id, case_id)
    require_waiting(call.case)
    rules, tries = pack.casework.callbacks, call.tries + 1
    given_up = tries >= rules.tries
    after = now + timedelta(minutes=rules.again_minutes)
    slot = None if given_up else _taken(session, pack, call.team, None, "", zone, now, after)
    if slot is not None:
        _put(session, call, slot, now)
    write(
        session,
        call,
        tries=tries,
        tried_at=now,
        taken_at=None,
        missed_at=None,
        staff_id=UUID(actor.id),
        staff=actor.name,
    )
    case = case_of(session, customer_id, case_id)
    told: dict[str, Any] = {"tries": tries, "given_up": given_up}
    if slot is not None:
        told |= slots.told(slot, zone)
    tell(session, customer_id, case, "callback.not_reached", actor, channel, now, told)
    return Tried(tries, case, given_up)


def note_missed(session: Session, customer_id: UUID, case_id: UUID, now: datetime) -> bool:
    """The time has passed and nobody called: it is told once. Whether it is so."""
    call = callback_of(session, customer_id, case_id)
    late = call.case.slot_until is not None and call.case.slot_until <= now
    if call.case.state != "open" or call.missed_at is not None or call.taken_at is not None or not late:
        return False
    write(session, call, missed_at=now)
    tell(session, customer_id, call.case, "callback.missed", SYSTEM, None, now)
    return True


def due_missed(session: Session, now: datetime, most: int) -> list[tuple[UUID, UUID]]:
    """Callbacks whose time has passed and of which nobody was told: (customer, case), the oldest first."""
    late = (CASE.c.slot_until <= now, CALLBACK.c.missed_at.is_(None), CALLBACK.c.taken_at.is_(None))
    asked = _TOGETHER.where(*_WAITING, *late).order_by(CASE.c.slot_at).limit(most)
    return [(row.customer_id, row.case_id) for row in session.execute(asked)]


def callback_of(session: Session, customer_id: UUID, case_id: UUID) -> Callback:
    """Raises NotFound, for another customer's, and for what is no callback."""
    row = session.execute(_TOGETHER.where(*this(CASE, customer_id, case_id), CASE.c.kind == "callback")).one_or_none()
    if row is None:
        raise NotFound(gettext("There is no such callback."))
    return _callback(row)


def callbacks_in(session: Session, view: CallView, staff_id: UUID | None, most: int = SHOWN) -> tuple[Callback, ...]:
    """The calls of a list that are still to be made: late ones first, then as they come."""
    due = func.coalesce(CASE.c.slot_at, CASE.c.opened_at)
    asked = _TOGETHER.where(*_WAITING, *_of(session, view, staff_id)).order_by(due, CASE.c.case_id).limit(most)
    return tuple(_callback(row) for row in session.execute(asked))


def count_calls(session: Session, staff_id: UUID) -> dict[str, int]:
    """How many there are in each list."""
    some = [
        select(func.count())
        .select_from(_TOGETHER.where(*_WAITING, *_of(session, view, staff_id)).subquery())
        .scalar_subquery()
        for view in CALL_VIEWS
    ]
    return dict(zip(CALL_VIEWS, session.execute(select(*some)).one(), strict=True))


def _of(session: Session, view: CallView, staff_id: UUID | None) -> list[Any]:
    if view == "mine":
        return [CALLBACK.c.staff_id == staff_id]
    if view == "team":
        return [CALLBACK.c.team.in_(teams_of(session, staff_id) if staff_id else ())]
    return [CALLBACK.c.missed_at.is_not(None)] if view == "missed" else []


def _taken(
    session: Session,
    pack: Pack,
    team: str,
    at: datetime | None,
    part: str,
    zone: str,
    now: datetime,
    after: datetime | None = None,
) -> Slot | None:
    """A place, taken: at this very time, or at the next that fits. None where nothing fits and nothing was asked for."""
    some: Sequence[Slot] = free_slots(session, pack, now, team)
    if at is not None:
        some = [one for one in some if one.at == at]
    elif part in slots.PARTS:
        some = [one for one in some if slots.fits(one, part, zone)]
    if after is not None:
        some = [one for one in some if one.at >= after]
    for one in some:
        if slots.take(session, pack.casework.callbacks, team, one.at):
            return one
    if at is not None:
        raise Invalid(gettext(GONE), {"when": gettext(GONE)})
    if part in slots.PARTS:
        words = gettext(_FULL[part])
        raise Invalid(words, {"when": words})
    return None


def _put(session: Session, call: Callback, slot: Slot, now: datetime) -> None:
    """The callback stands in this slot, which was taken for it; where another act was quicker, it does not. Raises Conflict."""
    before = call.case.slot_at
    mine = (*this(CASE, call.customer_id, call.case.case_id), CASE.c.state == "open")
    same = CASE.c.slot_at.is_(None) if before is None else CASE.c.slot_at == before
    moved = session.execute(update(CASE).where(*mine, same).values(slot_at=slot.at, slot_until=slot.until))
    if db.touched(moved) != 1:
        raise Conflict(gettext("Somebody else changed this callback at the same moment. Please look again."))
    if before is not None and before > now:
        slots.give_back(session, call.team, before)


def write(session: Session, call: Callback, **values: Any) -> None:
    """Changes what stands of the call beside its case."""
    row = {
        "customer_id": call.customer_id,
        "case_id": call.case.case_id,
        "team": call.team,
        "staff": call.staff,
        "tries": call.tries,
    }
    db.upsert(session, CALLBACK, [row | values], key=("customer_id", "case_id"), update=tuple(values))


def require_waiting(case: Case) -> None:
    """Raises Conflict for a call that was made, or called off."""
    if case.state != "open":
        raise Conflict(gettext(_OVER[case.state]))


def _callback(row: Any) -> Callback:
    return Callback(
        row.customer_id,
        case_from(row),
        row.team or "",
        row.staff_id,
        row.staff or "",
        row.tries or 0,
        row.taken_at,
        row.missed_at,
    )
