"""What staff do with a case: take it, hand it on, let it wait, resolve it, open it again. Each act upon the version that was seen."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlmodel import Session

from backend import db
from backend.cases import levels, pieces
from backend.cases.pieces import WORK, case_of, tell, this, time_of
from backend.cases.types import WAITS_FOR, Case, Work
from backend.matrix.service import Pack
from backend.people import service as people
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid, NotFound

Who = tuple[UUID, str]
"""A member of staff: id and name."""
MOST_TAGS, LONGEST_TAG = 20, 60
_ON_TRAIL = ("status", "type", "priority", "team", "staff", "tags", "waits_for", "wake_at", "merged_into")
"""Of what an act changes, that which people mean when they ask what it was before."""
_COLUMNS = tuple(WORK.c[one.name] for one in fields(Work))
_ONE = select(*_COLUMNS).where(WORK.c.customer_id == bindparam("customer_id"), WORK.c.case_id == bindparam("case_id"))


def work_of(session: Session, customer_id: UUID, case_id: UUID) -> Work:
    """How the case stands. Raises NotFound, for another customer's, and for a callback or an appointment."""
    row = session.execute(_ONE, {"customer_id": customer_id, "case_id": case_id}).one_or_none()
    if row is None:
        raise NotFound("There is no such case.")
    return work_from(row)


def work_from(row: Any) -> Work:
    return Work(**{column.name: getattr(row, column.name) for column in _COLUMNS} | {"tags": tuple(row.tags)})


def require_version(session: Session, customer_id: UUID, case_id: UUID, seen: int | None) -> Work:
    """The case as it stands. Raises Conflict where somebody did something since `seen`; None: whatever was done."""
    work = work_of(session, customer_id, case_id)
    if seen is not None and seen != work.version:
        raise Conflict(f"{work.changed_by} changed this case meanwhile. Look at what is new, then do it again.")
    return work


def assign(
    session: Session, customer_id: UUID, case_id: UUID, *, to: Who | None, team: str | None = None, pack: Pack, seen: int | None,
    actor: Actor, now: datetime,
) -> Work:  # fmt: skip
    """Whose case it is from now on: a person's, or nobody's; and of which team, where one is said. Raises Invalid, Conflict."""
    work = _active(session, customer_id, case_id, seen)
    if to is not None and to not in workers(session):
        raise Invalid("Choose somebody who works cases.", {"staff": "no member of staff who works cases"})
    team = work.team if team is None else pieces.known_team(pack, team)
    if (work.staff_id, work.team) == (to[0] if to else None, team):
        return work
    values: dict[str, Any] = {"staff_id": to[0] if to else None, "staff": to[1] if to else "", "team": team}
    # Who takes a new case has looked at it; given to somebody, it is still new to them.
    if work.status in ("new", "reopened") and to is not None and to[0] == _staff_id(actor):
        values["status"] = "open"
    told = {"to": to[1] if to else "", "team": pack.casework.team_label(team) if team != work.team else ""}
    return change(session, work, "case.assigned", actor, now, values, told)


def workers(session: Session) -> tuple[Who, ...]:
    """Everyone who works cases, by name."""
    return tuple(
        (one.staff_id, one.name)
        for one in people.colleagues(session)
        if people.Permission.WORK_CASES in people.ROLES[one.role]
    )


def classify(
    session: Session, customer_id: UUID, case_id: UUID, *, type: str = "", priority: str = "", tags: Collection[str] | None = None,
    pack: Pack, seen: int | None, actor: Actor, now: datetime,
) -> Work:  # fmt: skip
    """What it is about, how urgent it is, and its tags; what is left out stays. Another priority is due at other times."""
    work = _active(session, customer_id, case_id, seen)
    values: dict[str, Any] = {}
    told: dict[str, Any] = {}
    if pieces.known_type(pack, type) and type != work.type:
        values["type"], told["type_label"] = type, pack.casework.type_of(type).label
    if pieces.known_priority(pack, priority) and priority != work.priority:
        urgency = pack.casework.priority_of(priority)
        first, solve = levels.due_times(time_of(pack), urgency, work.began_at, work.paused_seconds)
        values |= {"priority": priority, "first_due": first, "solve_due": solve}
        told["priority_label"] = urgency.label
    if tags is not None and (wanted := _tags(tags)) != list(work.tags):
        values["tags"], told["tags"] = wanted, wanted
    return change(session, work, "case.changed", actor, now, values, told) if values else work


def pend(
    session: Session, customer_id: UUID, case_id: UUID, *, on: str, until: datetime | None, pack: Pack, seen: int | None,
    actor: Actor, now: datetime,
) -> Work:  # fmt: skip
    """It waits for somebody, and its clock stands still; it comes back when the customer writes, or at `until`. Raises Invalid."""
    work = _active(session, customer_id, case_id, seen)
    if on not in WAITS_FOR:
        raise Invalid("Say for whom it waits.", {"on": f"one of {', '.join(WAITS_FOR)}"})
    values = {
        "status": "pending", "waits_for": on, "wake_at": _ahead(until, now), "paused_at": work.paused_at or now,
        "unanswered": False,
    }  # fmt: skip
    return change(session, work, "case.pending", actor, now, values, {"on": WAITS_FOR[on], **_until(until, pack)})


def snooze(
    session: Session, customer_id: UUID, case_id: UUID, *, until: datetime, pack: Pack, seen: int | None, actor: Actor,
    now: datetime,
) -> Work:  # fmt: skip
    """Out of sight until then; its clock goes on. Raises Invalid for an instant that has passed."""
    work = _active(session, customer_id, case_id, seen)
    values = {"status": "snoozed", "wake_at": _ahead(until, now), "waits_for": ""} | _clock_goes_on(work, pack, now)
    return change(session, work, "case.snoozed", actor, now, values, _until(until, pack))


def go_on(
    session: Session, customer_id: UUID, case_id: UUID, *, pack: Pack, seen: int | None, actor: Actor, now: datetime
) -> Work:
    """A case that waited or slept is worked on again; one that is, stays as it is."""
    work = _active(session, customer_id, case_id, seen)
    if work.status == "open":
        return work
    why = "slept" if work.status == "snoozed" else "waited" if work.status == "pending" else ""
    return change(session, work, "case.woken", actor, now, opened(work, pack, now), {"why": why})


def opened(work: Work, pack: Pack, now: datetime) -> dict[str, Any]:
    """What changes where the case is open and its clock goes on."""
    return {"status": "open", "wake_at": None, "waits_for": "", **_clock_goes_on(work, pack, now)}


def reopen(
    session: Session, customer_id: UUID, case_id: UUID, *, pack: Pack, seen: int | None, actor: Actor, now: datetime,
    channel: str | None = None,
) -> Work:  # fmt: skip
    """A resolved or closed case is not done after all. Raises Conflict for one that is open, or that became part of another."""
    work = require_version(session, customer_id, case_id, seen)
    if work.is_active:
        raise Conflict("This case is open already.")
    if work.merged_into is not None:
        raise Conflict("This case became part of another one: go on there.")
    pieces.is_open_again(session, customer_id, case_id, now)
    values = {"status": "reopened", "resolved_at": None} | _clock_goes_on(work, pack, now)
    return change(session, work, "case.reopened", actor, now, values, {}, channel)


def resolve(
    session: Session, customer_id: UUID, case_id: UUID, *, outcome: str, seen: int | None, actor: Actor, now: datetime,
    channel: str | None = None,
) -> Case:  # fmt: skip
    """It is solved; the customer reads how it came out. A case that an offer opened is closed through the offers' room."""
    _active(session, customer_id, case_id, seen)
    return pieces.done(session, customer_id, case_id, actor=actor, now=now, channel=channel, outcome=outcome)


def close(session: Session, customer_id: UUID, case_id: UUID, *, seen: int | None, actor: Actor, now: datetime) -> Work:
    """A resolved case is over for good: what comes later is another case. Raises Conflict for one that is not resolved."""
    work = require_version(session, customer_id, case_id, seen)
    if work.status != "resolved":
        raise Conflict("Only a resolved case can be closed.")
    return change(session, work, "case.closed", actor, now, {"status": "closed"}, {})


def change(
    session: Session, work: Work, event: str, actor: Actor, now: datetime, values: dict[str, Any], told: dict[str, Any],
    channel: str | None = None,
) -> Work:  # fmt: skip
    """Writes what changes, in the very version that was read, with its one event. Raises Conflict where somebody was quicker."""
    status = values.get("status", work.status)
    first = values.get("first_due", work.first_due)
    solve = values.get("solve_due", work.solve_due)
    answered = values.get("answered_at", work.answered_at) is not None
    values = {
        **values, "active": status not in ("resolved", "closed"), "burns_at": levels.burns(status, first, solve, answered),
        "version": work.version + 1, "changed_at": now, "changed_by": actor.name,
    }  # fmt: skip
    written = session.execute(
        update(WORK).where(*this(WORK, work.customer_id, work.case_id), WORK.c.version == work.version).values(**values)
    )
    if db.touched(written) != 1:
        raise Conflict("Somebody else changed this case at the same moment. Look at what is new, then do it again.")
    case = case_of(session, work.customer_id, work.case_id)
    moved = {name: (getattr(work, name), values[name]) for name in _ON_TRAIL if name in values}
    tell(session, work.customer_id, case, event, actor, channel, now, {"state": status, **told}, moved)
    pieces.told_owners(session, {work.staff_id, values.get("staff_id", work.staff_id)}, now)
    return work_of(session, work.customer_id, work.case_id)


def due_to_wake(session: Session, now: datetime, most: int) -> list[tuple[UUID, UUID]]:
    """Cases whose time of waiting or sleeping is over, the longest first: (customer, case)."""
    due = select(WORK.c.customer_id, WORK.c.case_id).where(WORK.c.active, WORK.c.wake_at <= now)
    return [(row.customer_id, row.case_id) for row in session.execute(due.order_by(WORK.c.wake_at).limit(most))]


def due_to_close(session: Session, before: datetime, most: int) -> list[tuple[UUID, UUID]]:
    """Cases that were resolved before this instant and are not closed: (customer, case)."""
    due = select(WORK.c.customer_id, WORK.c.case_id).where(WORK.c.status == "resolved", WORK.c.resolved_at <= before)
    return [(row.customer_id, row.case_id) for row in session.execute(due.order_by(WORK.c.resolved_at).limit(most))]


def _active(session: Session, customer_id: UUID, case_id: UUID, seen: int | None) -> Work:
    work = require_version(session, customer_id, case_id, seen)
    if not work.is_active:
        raise Conflict(f"This case is {work.status_label.lower()}: open it again first.")
    return work


def _clock_goes_on(work: Work, pack: Pack, now: datetime) -> dict[str, Any]:
    if work.paused_at is None:
        return {}
    time = time_of(pack)
    stood = int(time.between(work.paused_at, now).total_seconds())
    return {
        "paused_at": None, "paused_seconds": work.paused_seconds + stood,
        "solve_due": levels.moved_on(time, work.solve_due, work.paused_at, now),
        "first_due": work.first_due if work.answered_at else levels.moved_on(time, work.first_due, work.paused_at, now),
    }  # fmt: skip


def _ahead(until: datetime | None, now: datetime) -> datetime | None:
    if until is not None and until <= now:
        raise Invalid("That time has passed.", {"until": "a day after today"})
    return until


def _until(until: datetime | None, pack: Pack) -> dict[str, str]:
    zone = time_of(pack).zone
    return {} if until is None else {"until": until.astimezone(zone).date().isoformat()}


def _tags(tags: Collection[str]) -> list[str]:
    wanted = sorted({"_".join(tag.lower().split()) for tag in tags} - {""})
    if len(wanted) > MOST_TAGS or any(len(tag) > LONGEST_TAG for tag in wanted):
        raise Invalid("Keep to twenty short tags.", {"tags": f"at most {MOST_TAGS}, each of {LONGEST_TAG} characters"})
    return wanted


def _staff_id(actor: Actor) -> UUID | None:
    return UUID(actor.id) if actor.kind == "staff" else None
