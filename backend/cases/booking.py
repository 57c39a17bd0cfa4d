"""Times that a customer chooses when they accept something: shown, taken under the guard of slots, kept for a visit, given back."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlmodel import Session

from backend import db
from backend.cases import slots
from backend.cases.calling_back import GONE, team_for
from backend.cases.pieces import CASE, Particulars, case_of, open_case, opened_by_offer, tell, this, time_of
from backend.cases.slots import CALLBACK
from backend.cases.types import Case, Slot
from backend.cases.worktime import WorkTime
from backend.matrix.service import CALLBACKS, Calendar, Callbacks, Pack
from shared.kernel import clock
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid, NotFound
from shared.kernel.languages import gettext, noted

_UNMOVABLE = noted("This can't be moved here. Please call us.")


def free_times(session: Session, pack: Pack, calendar: str, now: datetime) -> tuple[Slot, ...]:
    """The times of this calendar that can still be taken, soonest first. Raises NotFound for one that the pack has not."""
    time, rules, whose = _of(pack, calendar)
    return slots.free(session, time, rules, whose, now)


def take_time(session: Session, pack: Pack, calendar: str, at: datetime, now: datetime) -> Slot | None:
    """The time, taken: whoever asks at once, never more than there are places. None where it has gone, or never was.

    Raises NotFound for a calendar that the pack has not.
    """
    _, rules, whose = _of(pack, calendar)
    found = next((one for one in free_times(session, pack, calendar, now) if one.at == at), None)
    return found if found is not None and slots.take(session, rules, whose, at) else None


def give_time_back(session: Session, pack: Pack, calendar: str, at: datetime, now: datetime | None = None) -> None:
    """A time that was taken and for which nothing was booked is free again, where it lies ahead of `now`."""
    if now is None or at > now:
        slots.give_back(session, _whose(pack, calendar), at)


def plan_visit(
    session: Session, customer_id: UUID, subject: str, *, day: date, slot: Slot | None, calendar: str, zone: str, actor: Actor,
    now: datetime, reference: str, offer_id: UUID, particulars: Particulars = (),
) -> Case:  # fmt: skip
    """Plans an appointment for a day, between the hours that were taken in the calendar, if any were. An offer plans once."""
    known = opened_by_offer(session, customer_id, offer_id)
    if known is not None:
        return known
    told = slots.told(slot, zone) if slot else None
    made = open_case(
        session, customer_id, "appointment", subject, actor=actor, now=now, reference=reference, day=day, offer_id=offer_id,
        slot=slot, told=told, particulars=particulars,
    )  # fmt: skip
    if slot is not None:
        # It says whose place it has, so that calling the visit off frees it.
        row = {"customer_id": customer_id, "case_id": made.case_id, "team": calendar, "staff": "", "tries": 0}
        session.execute(insert(CALLBACK).values(**row))
    return made


def visit_times(session: Session, customer_id: UUID, case_id: UUID, pack: Pack, now: datetime) -> tuple[Slot, ...]:
    """The times to which this visit can be moved, soonest first. Raises NotFound, and Conflict for one that cannot be moved."""
    return free_times(session, pack, _calendar_of(session, customer_id, case_id, pack, now), now)


def move_visit(
    session: Session, customer_id: UUID, case_id: UUID, at: datetime, *, zone: str, pack: Pack, actor: Actor, now: datetime,
    channel: str,
) -> Case:  # fmt: skip
    """The visit at another time of its calendar; the old one is free again. Raises NotFound, Invalid, Conflict."""
    calendar = _calendar_of(session, customer_id, case_id, pack, now)
    before = case_of(session, customer_id, case_id)
    if before.slot_at == at:
        return before
    slot = take_time(session, pack, calendar, at, now)
    if slot is None:
        raise Invalid(gettext(GONE), {"when": gettext(GONE)})
    same = (*this(CASE, customer_id, case_id), CASE.c.slot_at == before.slot_at, CASE.c.state == "open")
    values = {"slot_at": slot.at, "slot_until": slot.until, "day": clock.local_day(slot.at, zone)}
    if db.touched(session.execute(update(CASE).where(*same).values(**values))) != 1:
        raise Conflict(gettext("Somebody else changed this visit at the same moment. Please look again."))
    if before.slot_at is not None:
        give_time_back(session, pack, calendar, before.slot_at, now)
    after = case_of(session, customer_id, case_id)
    told = slots.told(slot, zone)
    tell(session, customer_id, after, "appointment.moved", actor, channel, now, told)
    return after


def _calendar_of(session: Session, customer_id: UUID, case_id: UUID, pack: Pack, now: datetime) -> str:
    """Where a visit has its place that is still to come and has hours."""
    case = case_of(session, customer_id, case_id)
    if case.kind != "appointment" or case.state != "open" or case.slot_at is None or case.slot_at <= now:
        raise Conflict(gettext(_UNMOVABLE))
    mine = (CALLBACK.c.customer_id == customer_id, CALLBACK.c.case_id == case_id)
    calendar: str | None = session.execute(select(CALLBACK.c.team).where(*mine)).scalar_one_or_none()
    if calendar is None or pack.casework.calendar_of(calendar) is None:
        raise Conflict(gettext(_UNMOVABLE))
    return calendar


def _of(pack: Pack, calendar: str) -> tuple[WorkTime, Calendar | Callbacks, str]:
    if calendar == CALLBACKS:
        return time_of(pack), pack.casework.callbacks, team_for(pack)
    rules = pack.casework.calendar_of(calendar)
    if rules is None:
        raise NotFound(f"There is no calendar {calendar}.")
    name = (WorkTime, calendar)
    if name not in pack.worked_out:
        pack.worked_out[name] = WorkTime.of(pack.casework, pack.timezone, rules.hours)
    time: WorkTime = pack.worked_out[name]
    return time, rules, calendar


def _whose(pack: Pack, calendar: str) -> str:
    """By which name its places are counted; of a calendar that is gone from the pack too."""
    return team_for(pack) if calendar == CALLBACKS else calendar
