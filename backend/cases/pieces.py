"""Pieces of work: cases, callbacks and appointments are opened, done or called off, each with its event on the timeline."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, insert, select, update
from sqlmodel import Session

from backend import db
from backend.cases import levels, slots
from backend.cases.tables import CaseRow, CaseWorkRow
from backend.cases.types import Case, Kind, Slot
from backend.cases.worktime import WorkTime
from backend.interactions import service as interactions
from backend.matrix.service import Pack
from backend.profiles import service as profiles
from backend.record import service as record
from shared.kernel import ids
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid, NotFound
from shared.kernel.languages import gettext

OPEN_CASES = "open_cases"
"""The value of the profile that counts the cases which are open: rules read it as a fact.

What an offer set in motion is no trouble of the customer's, and does not count.
"""
Particulars = Sequence[tuple[str, str]]
"""What the customer said about it: label and text of each."""
LONGEST_SUBJECT, LONGEST_OUTCOME = 200, 500
EVERYONE = "everyone"
"""The subject of word that concerns all agents: what waits for nobody in person."""
SHOWN = 20
CASE = db.table_of(CaseRow)
WORK = db.table_of(CaseWorkRow)
_OPEN = (
    select(CASE)
    .where(CASE.c.customer_id == bindparam("customer_id"), CASE.c.state == "open")
    .order_by(CASE.c.case_id.desc())
    .limit(SHOWN)
)
_ONE = select(CASE).where(CASE.c.customer_id == bindparam("customer_id"), CASE.c.case_id == bindparam("case_id"))
_OF_OFFER = select(CASE).where(CASE.c.customer_id == bindparam("customer_id"), CASE.c.offer_id == bindparam("offer_id"))
_EVENTS = {
    ("case", "open"): "case.opened",
    ("case", "done"): "case.resolved",
    ("case", "cancelled"): "case.cancelled",
    ("callback", "open"): "callback.requested",
    ("callback", "done"): "callback.made",
    ("callback", "cancelled"): "callback.cancelled",
    ("appointment", "open"): "appointment.planned",
    ("appointment", "done"): "appointment.kept",
    ("appointment", "cancelled"): "appointment.cancelled",
}


def open_case(
    session: Session, customer_id: UUID, kind: Kind, subject: str, *, actor: Actor, now: datetime,
    channel: str | None = None, reference: str | None = None, day: date | None = None, wish: str = "",
    offer_id: UUID | None = None, pack: Pack | None = None, type: str = "", priority: str = "", team: str = "",
    slot: Slot | None = None, told: dict[str, Any] | None = None, particulars: Particulars = (), quiet: bool = False,
) -> Case:  # fmt: skip
    """Opens a case, notes that a call is wanted, or plans an appointment for a day; the timeline tells of it.

    What an offer opened is opened once: asked again, it is given as it is. Of a case, the pack says by when it is due; it goes to
    the team of its type unless one is named. The `slot` of a callback or an appointment was taken before; `told` is what its event tells besides, `particulars` what the customer said about it; one that is `quiet` is no trouble of theirs, and not counted as such. Raises Invalid for a subject that is too long, a type, priority or team that the
    pack has not, and ValueError for an appointment without a day or a day without an appointment.
    """
    subject = subject_of(subject)
    if (kind == "appointment") != (day is not None):
        raise ValueError("An appointment has a day, and nothing else has one.")
    if offer_id is not None and (known := opened_by_offer(session, customer_id, offer_id)) is not None:
        return known
    case_id = ids.uuid7()
    row = {
        "customer_id": customer_id, "case_id": case_id, "kind": kind, "state": "open", "subject": subject,
        "reference": reference or ids.spoken_reference(), "wish": wish, "day": day, "offer_id": offer_id, "opened_at": now,
        "opened_by": actor.name, "slot_at": slot.at if slot else None, "slot_until": slot.until if slot else None,
        "particulars": [{"label": label, "text": text} for label, text in particulars] or None, "quiet": quiet,
    }  # fmt: skip
    work = new_work(customer_id, case_id, pack, now, actor.name, type, priority, team) if kind == "case" else None
    session.execute(insert(CASE), row)
    if work is not None:
        session.execute(insert(WORK), work)
        if offer_id is None and not quiet:
            profiles.learn(session, customer_id, add={OPEN_CASES: 1}, now=now)
    opened = case_of(session, customer_id, case_id)
    more = {name: work[name] for name in ("type", "priority")} if work else told
    tell(session, customer_id, opened, _EVENTS[kind, "open"], actor, channel, now, more)
    return opened


def subject_of(subject: str) -> str:
    """The subject in one line. Raises Invalid where it is too long."""
    subject = " ".join(subject.split())
    if len(subject) > LONGEST_SUBJECT:
        raise Invalid(
            gettext("Keep the subject to %(most)s characters.", most=LONGEST_SUBJECT),
            {"subject": f"at most {LONGEST_SUBJECT} characters"},
        )
    return subject


def new_work(
    customer_id: UUID, case_id: UUID, pack: Pack | None, now: datetime, by: str, type: str = "", priority: str = "",
    team: str = "", status: str = "new",
) -> dict[str, Any]:  # fmt: skip
    """The row that says how a new case stands. Raises Invalid."""
    first_due = solve_due = None
    if pack is not None:
        kind = pack.casework.type_of(known_type(pack, type) or pack.casework.default_type)
        type, team = kind.key, known_team(pack, team) or kind.team or ""
        urgency = pack.casework.priority_of(
            known_priority(pack, priority) or kind.priority or pack.casework.default_priority
        )
        priority = urgency.key
        first_due, solve_due = levels.due_times(time_of(pack), urgency, now)
    return {
        "customer_id": customer_id, "case_id": case_id, "status": status, "active": True, "type": type, "priority": priority,
        "staff_id": None, "staff": "", "team": team, "tags": [], "version": 1, "began_at": now, "first_due": first_due,
        "solve_due": solve_due, "burns_at": levels.burns(status, first_due, solve_due, False), "changed_at": now,
        "changed_by": by,
    }  # fmt: skip


def time_of(pack: Pack) -> WorkTime:
    """The pack's hours of work."""
    if WorkTime not in pack.worked_out:
        pack.worked_out[WorkTime] = WorkTime.of(pack.casework, pack.timezone)
    found: WorkTime = pack.worked_out[WorkTime]
    return found


def known_type(pack: Pack, key: str) -> str:
    """The key, where the pack has it or it is empty. Raises Invalid."""
    return _known(key, "type", [one.key for one in pack.casework.case_type])


def known_priority(pack: Pack, key: str) -> str:
    return _known(key, "priority", [one.key for one in pack.casework.priority])


def known_team(pack: Pack, key: str) -> str:
    return _known(key, "team", [one.key for one in pack.casework.team])


def _known(key: str, what: str, among: list[str]) -> str:
    if key and key not in among:
        raise Invalid(f"There is no {what} {key}.", {what: f"one of {', '.join(among)}"})
    return key


def done(
    session: Session, customer_id: UUID, case_id: UUID, *, actor: Actor, now: datetime, channel: str | None = None,
    outcome: str = "",
) -> Case:  # fmt: skip
    """Closes it as done, with how it came out. Raises NotFound, Invalid, and Conflict where it is closed already."""
    return _close(session, customer_id, case_id, "done", actor, channel, outcome, now)


def cancel(
    session: Session, customer_id: UUID, case_id: UUID, *, actor: Actor, now: datetime, channel: str | None = None,
    outcome: str = "",
) -> Case:  # fmt: skip
    """Closes it as not wanted any more. Raises NotFound, Invalid, and Conflict where it is closed already."""
    return _close(session, customer_id, case_id, "cancelled", actor, channel, outcome, now)


def case_of(session: Session, customer_id: UUID, case_id: UUID) -> Case:
    """One of the customer's. Raises NotFound, for another customer's too."""
    row = session.execute(_ONE, {"customer_id": customer_id, "case_id": case_id}).one_or_none()
    if row is None:
        raise NotFound(gettext("There is no such case."))
    return case_from(row)


def opened_by_offer(session: Session, customer_id: UUID, offer_id: UUID) -> Case | None:
    """What was opened to fulfil this offer, if anything was."""
    row = session.execute(_OF_OFFER, {"customer_id": customer_id, "offer_id": offer_id}).one_or_none()
    return case_from(row) if row is not None else None


def of_customer(session: Session, customer_id: UUID) -> tuple[Case, ...]:
    """What is still to be done for the customer, newest first, at most twenty."""
    return tuple(case_from(row) for row in session.execute(_OPEN, {"customer_id": customer_id}))


def is_open_again(session: Session, customer_id: UUID, case_id: UUID, now: datetime) -> None:
    """What was done or called off is to be done after all; whoever says so tells of it."""
    before = case_of(session, customer_id, case_id)
    session.execute(
        update(CASE)
        .where(*this(CASE, customer_id, case_id))
        .values(state="open", closed_at=None, closed_by="", outcome="")
    )
    if before.counts:
        profiles.learn(session, customer_id, add={OPEN_CASES: 1}, now=now)


def _close(
    session: Session, customer_id: UUID, case_id: UUID, state: str, actor: Actor, channel: str | None, outcome: str, now: datetime
) -> Case:  # fmt: skip
    outcome = " ".join(outcome.split())
    if len(outcome) > LONGEST_OUTCOME:
        raise Invalid(f"Keep it to {LONGEST_OUTCOME} characters.", {"outcome": f"at most {LONGEST_OUTCOME} characters"})
    shut(session, customer_id, case_id, state, actor, outcome, now)
    after = case_of(session, customer_id, case_id)
    tell(session, customer_id, after, _EVENTS[after.kind, after.state], actor, channel, now)
    return after


def shut(
    session: Session, customer_id: UUID, case_id: UUID, state: str, actor: Actor, outcome: str, now: datetime
) -> None:
    """Closes it without a word; whoever does it tells of it. Raises Conflict where it is closed already."""
    before = case_of(session, customer_id, case_id)
    closed = session.execute(
        update(CASE)
        .where(*this(CASE, customer_id, case_id), CASE.c.state == "open")
        .values(state=state, closed_at=now, closed_by=actor.name, outcome=outcome)
    )
    if db.touched(closed) != 1:
        state_now = case_of(session, customer_id, case_id).state_label.lower()
        raise Conflict(f"This {before.kind_label.lower()} is {state_now} already.")
    if before.slot_at is not None:
        slots.release(session, customer_id, before, now)
    if before.kind == "case":
        whose = session.execute(select(WORK.c.staff_id).where(*this(WORK, customer_id, case_id))).scalar()
        told_owners(session, {whose}, now)
        session.execute(
            update(WORK)
            .where(*this(WORK, customer_id, case_id))
            .values(
                status="resolved" if state == "done" else "closed", active=False, burns_at=levels.FAR, resolved_at=now,
                wake_at=None, waits_for="", unanswered=False, version=WORK.c.version + 1, changed_at=now,
                changed_by=actor.name, paused_at=func.coalesce(WORK.c.paused_at, now),
            )
        )  # fmt: skip
        if before.counts:
            profiles.learn(session, customer_id, add={OPEN_CASES: -1}, now=now)


def tell(
    session: Session, customer_id: UUID, case: Case, event: str, actor: Actor, channel: str | None, now: datetime,
    more: dict[str, Any] | None = None, moved: Mapping[str, tuple[Any, Any]] | None = None,
) -> None:  # fmt: skip
    """One event on the timeline, and one line in the audit, with what was `moved`: each from what to what."""
    data: dict[str, Any] = {"case_id": str(case.case_id), "reference": case.reference, "subject": case.subject}
    if case.kind == "callback":
        data |= {"when": case.wish, "about": case.subject}
        if case.slot_at is not None:
            data["slot"] = case.slot_at.isoformat()
    if case.day is not None:
        data["day"] = case.day.isoformat()
    if case.offer_id is not None:
        data["offer_id"] = str(case.offer_id)
    if case.outcome:
        data["outcome"] = case.outcome
    data |= more or {}
    interactions.record(session, customer_id, event, channel, actor, data, now)
    if case.kind == "callback":
        told_owners(session, {None}, now)
    record.audit(
        session, actor=actor, action=event, subject=str(case.case_id), customer_id=customer_id,
        payload={"kind": case.kind, "channel": channel} | _before_and_after(moved or {}), now=now,
    )  # fmt: skip


def _before_and_after(moved: Mapping[str, tuple[Any, Any]]) -> dict[str, Any]:
    changed = {name: pair for name, pair in moved.items() if pair[0] != pair[1]}
    if not changed:
        return {}
    return {
        when: {name: _plain(pair[at]) for name, pair in changed.items()} for at, when in enumerate(("before", "after"))
    }


def _plain(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


def told_owners(session: Session, owners: Collection[UUID | None], now: datetime) -> None:
    """What waits changed for these members of staff; None: for everyone."""
    for one in owners:
        record.changed(session, "inbox", subject=EVERYONE if one is None else str(one), now=now)


def this(table: Any, customer_id: UUID, case_id: UUID) -> tuple[Any, Any]:
    """The condition for the customer's rows of one case."""
    return table.c.customer_id == customer_id, table.c.case_id == case_id


def case_from(row: Any) -> Case:
    return Case(
        case_id=row.case_id, kind=row.kind, state=row.state, subject=row.subject, reference=row.reference,
        opened_at=row.opened_at, day=row.day, wish=row.wish, offer_id=row.offer_id, closed_at=row.closed_at,
        closed_by=row.closed_by, outcome=row.outcome, opened_by=row.opened_by, slot_at=row.slot_at, slot_until=row.slot_until,
        particulars=tuple((one["label"], one["text"]) for one in row.particulars or ()), quiet=row.quiet,
    )  # fmt: skip
