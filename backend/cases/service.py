"""The door of cases: work that outlives a contact is opened, done or cancelled here, each with its event on the timeline."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlmodel import Session

from backend import db, moving
from backend.cases.tables import CaseRow
from backend.cases.types import Case, Kind, PastCase
from backend.interactions import service as interactions
from backend.moving import Kept, Moved, Since
from backend.profiles import service as profiles
from backend.record import service as record
from shared.kernel import ids
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid, NotFound

__all__ = [
    "Case", "Kind", "PastCase", "cancel", "case_of", "done", "enter_past", "erase_customer", "export_customer", "keys_of", "move_customer",
    "move_customer_back", "of_customer",
    "open_case", "opened_by_offer",
]  # fmt: skip

OPEN_CASES = "open_cases"
"""The value of the profile that counts the cases which are open: rules read it as a fact.

What an offer set in motion is no trouble of the customer's, and does not count.
"""
LONGEST_SUBJECT, LONGEST_OUTCOME = 200, 500
SHOWN = 20
_CASE = db.table_of(CaseRow)
_OPEN = (
    select(_CASE)
    .where(_CASE.c.customer_id == bindparam("customer_id"), _CASE.c.state == "open")
    .order_by(_CASE.c.case_id.desc())
    .limit(SHOWN)
)
_ONE = select(_CASE).where(_CASE.c.customer_id == bindparam("customer_id"), _CASE.c.case_id == bindparam("case_id"))
_OF_OFFER = select(_CASE).where(
    _CASE.c.customer_id == bindparam("customer_id"), _CASE.c.offer_id == bindparam("offer_id")
)
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
    offer_id: UUID | None = None,
) -> Case:  # fmt: skip
    """Opens a case, notes that a call is wanted, or plans an appointment for a day; the timeline tells of it.

    What an offer opened is opened once: asked again, it is given as it is. Raises Invalid for a subject that is too long or
    empty, and ValueError for an appointment without a day or a day without an appointment.
    """
    subject = " ".join(subject.split())
    if len(subject) > LONGEST_SUBJECT:
        raise Invalid(
            f"Keep the subject to {LONGEST_SUBJECT} characters.", {"subject": f"at most {LONGEST_SUBJECT} characters"}
        )
    if (kind == "appointment") != (day is not None):
        raise ValueError("An appointment has a day, and nothing else has one.")
    if offer_id is not None and (known := opened_by_offer(session, customer_id, offer_id)) is not None:
        return known
    case_id = ids.uuid7()
    row = {
        "customer_id": customer_id, "case_id": case_id, "kind": kind, "state": "open", "subject": subject,
        "reference": reference or ids.spoken_reference(), "wish": wish, "day": day, "offer_id": offer_id, "opened_at": now,
        "opened_by": actor.name,
    }  # fmt: skip
    session.execute(insert(_CASE), row)
    if kind == "case" and offer_id is None:
        profiles.learn(session, customer_id, add={OPEN_CASES: 1}, now=now)
    opened = case_of(session, customer_id, case_id)
    _tell(session, customer_id, opened, actor, channel, now)
    return opened


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
        raise NotFound("There is no such case.")
    return _case(row)


def opened_by_offer(session: Session, customer_id: UUID, offer_id: UUID) -> Case | None:
    """What was opened to fulfil this offer, if anything was."""
    row = session.execute(_OF_OFFER, {"customer_id": customer_id, "offer_id": offer_id}).one_or_none()
    return _case(row) if row is not None else None


def of_customer(session: Session, customer_id: UUID) -> tuple[Case, ...]:
    """What is still to be done for the customer, newest first, at most twenty."""
    return tuple(_case(row) for row in session.execute(_OPEN, {"customer_id": customer_id}))


def enter_past(session: Session, past: Iterable[PastCase]) -> None:
    """Enters the cases that were open before a load; the loaded profile counts them already, and its timeline tells of them."""
    rows = [
        {
            "customer_id": one.customer_id, "case_id": one.case_id, "kind": "case", "state": "open", "subject": one.subject,
            "reference": one.reference, "opened_at": one.opened_at, "opened_by": one.opened_by, "wish": "", "closed_by": "",
            "outcome": "",
        }
        for one in past
    ]  # fmt: skip
    db.insert_many(session, _CASE, rows)


def export_customer(session: Session, customer_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """Every row of this room about the customer, by table."""
    found = session.execute(select(_CASE).where(_CASE.c.customer_id == customer_id))
    return {_CASE.name: [dict(row._mapping) for row in found]}


def erase_customer(session: Session, customer_id: UUID) -> int:
    """Deletes every row of this room about the customer; gives how many there were."""
    erased = session.execute(delete(_CASE).where(_CASE.c.customer_id == customer_id))
    return db.touched(erased)


def move_customer(session: Session, from_id: UUID, to_id: UUID) -> list[Moved]:
    """All that is to be done for the one is to be done for the other."""
    counted = Moved(OPEN_CASES, held=[{"open": _counted(session, from_id)}])
    return [moving.move(session, _CASE, from_id, to_id), counted]


def keys_of(
    session: Session, customer_id: UUID, offers: Iterable[str], found: Iterable[str]
) -> dict[str, list[list[str]]]:
    """The keys of the customer's cases among these, or opened by one of these offers."""
    ids_, by = [UUID(one) for one in sorted(found)], [UUID(one) for one in sorted(offers)]
    mine = (_CASE.c.customer_id == customer_id, _CASE.c.case_id.in_(ids_) | _CASE.c.offer_id.in_(by))
    return {_CASE.name: [[str(one)] for one in session.execute(select(_CASE.c.case_id).where(*mine)).scalars()]}


def move_customer_back(session: Session, from_id: UUID, to_id: UUID, kept: Kept, since: Since, now: datetime) -> None:
    """Each case goes back to whose it was, and with it, whether it is open still; the profiles are there again already."""
    before: int = kept[OPEN_CASES].held[0]["open"]
    moving.move_back(session, _CASE, from_id, to_id, kept, since)
    if more := _counted(session, from_id) - before:
        profiles.learn(session, from_id, add={OPEN_CASES: more}, now=now)
        profiles.learn(session, to_id, add={OPEN_CASES: -more}, now=now)


def _close(
    session: Session, customer_id: UUID, case_id: UUID, state: str, actor: Actor, channel: str | None, outcome: str, now: datetime
) -> Case:  # fmt: skip
    outcome = " ".join(outcome.split())
    if len(outcome) > LONGEST_OUTCOME:
        raise Invalid(f"Keep it to {LONGEST_OUTCOME} characters.", {"outcome": f"at most {LONGEST_OUTCOME} characters"})
    before = case_of(session, customer_id, case_id)
    closed = session.execute(
        update(_CASE)
        .where(_CASE.c.customer_id == customer_id, _CASE.c.case_id == case_id, _CASE.c.state == "open")
        .values(state=state, closed_at=now, closed_by=actor.name, outcome=outcome)
    )
    if db.touched(closed) != 1:
        state_now = case_of(session, customer_id, case_id).state_label.lower()
        raise Conflict(f"This {before.kind_label.lower()} is {state_now} already.")
    if before.kind == "case" and before.offer_id is None:
        profiles.learn(session, customer_id, add={OPEN_CASES: -1}, now=now)
    after = case_of(session, customer_id, case_id)
    _tell(session, customer_id, after, actor, channel, now)
    return after


def _counted(session: Session, customer_id: UUID) -> int:
    """How many of the customer's cases the profile counts as open."""
    mine = (_CASE.c.customer_id == customer_id, _CASE.c.state == "open")
    counted = select(func.count()).where(*mine, _CASE.c.kind == "case", _CASE.c.offer_id.is_(None))
    many: int = session.execute(counted).scalar_one()
    return many


def _tell(session: Session, customer_id: UUID, case: Case, actor: Actor, channel: str | None, now: datetime) -> None:
    data: dict[str, Any] = {"case_id": str(case.case_id), "reference": case.reference, "subject": case.subject}
    if case.kind == "callback":
        data |= {"when": case.wish, "about": case.subject}
    if case.day is not None:
        data["day"] = case.day.isoformat()
    if case.offer_id is not None:
        data["offer_id"] = str(case.offer_id)
    if case.outcome:
        data["outcome"] = case.outcome
    kind = _EVENTS[case.kind, case.state]
    interactions.record(session, customer_id, kind, channel, actor, data, now)
    record.audit(
        session, actor=actor, action=kind, subject=str(case.case_id), customer_id=customer_id,
        payload={"kind": case.kind, "channel": channel}, now=now,
    )  # fmt: skip


def _case(row: Any) -> Case:
    return Case(
        case_id=row.case_id, kind=row.kind, state=row.state, subject=row.subject, reference=row.reference,
        opened_at=row.opened_at, day=row.day, wish=row.wish, offer_id=row.offer_id, closed_at=row.closed_at,
        closed_by=row.closed_by, outcome=row.outcome,
    )  # fmt: skip
