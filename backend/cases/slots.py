"""Slots in which calls back are made and visits come: cut from hours, each with so many places, taken under a guard in the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from backend import db
from backend.cases.tables import CallbackRow, CallbackSlotRow, CaseRow
from backend.cases.types import Case, Slot
from backend.cases.worktime import WorkTime
from backend.matrix.service import Calendar, Callbacks
from shared.kernel import clock, dates, languages

CALLBACK, SLOT, CASE = db.table_of(CallbackRow), db.table_of(CallbackSlotRow), db.table_of(CaseRow)
_TAKEN = select(SLOT.c.slot_at, SLOT.c.taken).where(
    SLOT.c.team == bindparam("of_team"), SLOT.c.slot_at >= bindparam("start"), SLOT.c.slot_at < bindparam("until")
)
MOST_KEPT = 64
_kept: dict[tuple[Any, ...], tuple[tuple[Slot, ...], WorkTime, Callbacks | Calendar]] = {}
PARTS = {"morning": (0, 12), "afternoon": (12, 17), "evening": (17, 24)}
"""Parts of a day, by the hours where the customer lives."""


def cut(
    time: WorkTime, rules: Callbacks | Calendar, start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """The slots that begin between two instants: whole ones, from the beginning of each stretch of work on."""
    length = timedelta(minutes=rules.slot_minutes)
    for begin, until in time.shifts_between(start, end):
        at = begin
        while at + length <= until and at < end:
            if at >= start:
                yield at, at + length
            at += length


def free(session: Session, time: WorkTime, rules: Callbacks | Calendar, team: str, now: datetime) -> tuple[Slot, ...]:
    """The slots that can still be taken, soonest first."""
    start, end = now + timedelta(minutes=rules.lead_minutes), now + timedelta(days=rules.days_ahead)
    rows = session.execute(_TAKEN, {"of_team": team, "start": start, "until": end})
    taken = {row.slot_at: row.taken for row in rows}
    places = rules.places_of(team)
    some = [one for one in _all_from(time, rules, places, start, end) if start <= one.at < end]
    found = (replace(one, free=places - taken[one.at]) if one.at in taken else one for one in some) if taken else some
    return tuple(one for one in found if one.free > 0)


def _all_from(
    time: WorkTime, rules: Callbacks | Calendar, places: int, start: datetime, end: datetime
) -> Sequence[Slot]:
    """Every slot that begins in the hours of these two instants, with all its places: the same for whoever asks in one hour."""
    hour = start.replace(minute=0, second=0, microsecond=0)
    key = (id(time), id(rules), places, hour)
    kept = _kept.get(key)
    if kept is None:
        some = tuple(Slot(at, until, places) for at, until in cut(time, rules, hour, end + timedelta(hours=1)))
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        # With hours and rules themselves: while they are kept, no others can have their ids.
        kept = _kept[key] = (some, time, rules)
    return kept[0]


def take(session: Session, rules: Callbacks | Calendar, team: str, at: datetime) -> bool:
    """Takes a place of the slot, where one is left: however many ask at once, never more than there are."""
    places = rules.places_of(team)
    if places < 1:
        return False
    build: Any = postgresql.insert if db.dialect() == "postgresql" else sqlite.insert
    statement = build(SLOT).values(team=team, slot_at=at, taken=1)
    statement = statement.on_conflict_do_update(
        index_elements=["team", "slot_at"], set_={"taken": SLOT.c.taken + 1}, where=SLOT.c.taken < places
    )
    return db.touched(session.connection().execute(statement, execution_options={"preserve_rowcount": True})) == 1


def give_back(session: Session, team: str, at: datetime) -> None:
    """A place of the slot is free again."""
    session.execute(
        update(SLOT).where(SLOT.c.team == team, SLOT.c.slot_at == at, SLOT.c.taken > 0).values(taken=SLOT.c.taken - 1)
    )


def release(session: Session, customer_id: UUID, case: Case, now: datetime) -> None:
    """What was booked for a callback or a visit that is over or called off is free again, where it lies ahead."""
    if case.slot_at is None or case.slot_at <= now:
        return
    team = session.execute(
        select(CALLBACK.c.team).where(CALLBACK.c.customer_id == customer_id, CALLBACK.c.case_id == case.case_id)
    ).scalar_one_or_none()
    if team is not None:
        give_back(session, team, case.slot_at)


def release_all(session: Session, customer_id: UUID) -> None:
    """What was booked for the customer is free again."""
    asked = (
        select(CALLBACK.c.team, CASE.c.slot_at)
        .join(CASE, (CASE.c.customer_id == CALLBACK.c.customer_id) & (CASE.c.case_id == CALLBACK.c.case_id))
        .where(CALLBACK.c.customer_id == customer_id, CASE.c.state == "open", CASE.c.slot_at.is_not(None))
    )
    for row in session.execute(asked).all():
        give_back(session, row.team, row.slot_at)


def fits(slot: Slot, part: str, zone: str) -> bool:
    """Whether the slot lies in this part of the day where the customer lives; "soon" is any."""
    begin, end = PARTS.get(part, (0, 24))
    return begin <= slot.at.astimezone(clock.zone_named(zone)).hour < end


def slot_text(at: datetime, until: datetime, zone: str) -> str:
    """ "Monday 23 November, 18:00 to 18:30", where the customer lives."""
    there = clock.zone_named(zone)
    return dates.span(at.astimezone(there), until.astimezone(there))


def told(slot: Slot, zone: str) -> dict[str, str]:
    """What an event keeps of a time that was taken, for whoever reads it in whichever language."""
    with languages.speaking(languages.ENGLISH):
        words = slot_text(slot.at, slot.until, zone)
    return {"slot_text": words, "slot_at": slot.at.isoformat(), "slot_until": slot.until.isoformat(), "zone": zone}
