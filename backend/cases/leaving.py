"""What this room holds of a customer: entered by a load, handed over, erased, moved to another customer and back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlmodel import Session

from backend import db, moving
from backend.cases.pieces import CASE, OPEN_CASES, WORK, new_work
from backend.cases.slots import CALLBACK, release_all
from backend.cases.tables import (
    CaseDraftRow,
    CaseFileRow,
    CaseLinkRow,
    CaseMessageRow,
    CaseWritingRow,
    NoticeRow,
    TaskRow,
)
from backend.cases.types import PastCase
from backend.matrix.service import Pack
from backend.moving import Kept, Moved, Since
from backend.profiles import service as profiles

BESIDE = (
    WORK,
    db.table_of(CaseMessageRow),
    db.table_of(CaseDraftRow),
    db.table_of(CaseWritingRow),
    db.table_of(CaseFileRow),
    db.table_of(CaseLinkRow),
    CALLBACK,
)
"""What belongs to a case goes where the case goes."""
_TASK, _NOTICE = db.table_of(TaskRow), db.table_of(NoticeRow)
_OWNED = (CASE, *BESIDE, _TASK, _NOTICE)


def enter_past(session: Session, past: Iterable[PastCase], pack: Pack, now: datetime) -> None:
    """Enters the cases that were open before a load; the loaded profile counts them already, and its timeline tells of them.

    The time in which they are due begins with the load: what another system promised is not known here.
    """
    cases, works = [], []
    for one in past:
        cases.append({
            "customer_id": one.customer_id, "case_id": one.case_id, "kind": "case", "state": "open", "subject": one.subject,
            "reference": one.reference, "opened_at": one.opened_at, "opened_by": one.opened_by, "wish": "", "closed_by": "",
            "outcome": "",
        })  # fmt: skip
        standing = {"paused_seconds": 0, "waits_for": "", "unanswered": False}
        works.append(new_work(one.customer_id, one.case_id, pack, now, one.opened_by, status="open") | standing)
    db.insert_many(session, CASE, cases)
    db.insert_many(session, WORK, works)


def export_customer(session: Session, customer_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """Every row of this room about the customer, by table."""
    return {
        table.name: [
            dict(row._mapping) for row in session.execute(select(table).where(table.c.customer_id == customer_id))
        ]
        for table in _OWNED
    }


def erase_customer(session: Session, customer_id: UUID) -> int:
    """Deletes every row of this room about the customer; gives how many there were."""
    release_all(session, customer_id)
    return sum(
        db.touched(session.execute(delete(table).where(table.c.customer_id == customer_id)))
        for table in reversed(_OWNED)
    )


def move_customer(session: Session, from_id: UUID, to_id: UUID) -> list[Moved]:
    """All that is to be done for the one is to be done for the other."""
    counted = Moved(OPEN_CASES, held=[{"open": _counted(session, from_id)}])
    return [*(moving.move(session, table, from_id, to_id) for table in _OWNED), counted]


def keys_of(
    session: Session, customer_id: UUID, offers: Iterable[str], found: Iterable[str]
) -> dict[str, list[list[str]]]:
    """The keys of the customer's cases among these, or opened by one of these offers."""
    ids_, by = [UUID(one) for one in sorted(found)], [UUID(one) for one in sorted(offers)]
    mine = (CASE.c.customer_id == customer_id, CASE.c.case_id.in_(ids_) | CASE.c.offer_id.in_(by))
    return {CASE.name: [[str(one)] for one in session.execute(select(CASE.c.case_id).where(*mine)).scalars()]}


def move_customer_back(session: Session, from_id: UUID, to_id: UUID, kept: Kept, since: Since, now: datetime) -> None:
    """Each case goes back to whose it was, with all that was written in it since, and whether it is open still.

    The profiles are there again already.
    """
    before: int = kept[OPEN_CASES].held[0]["open"]
    moving.move_back(session, CASE, from_id, to_id, kept, since)
    back = select(CASE.c.case_id).where(CASE.c.customer_id == from_id)
    for table in BESIDE:
        session.execute(
            update(table).where(table.c.customer_id == to_id, table.c.case_id.in_(back)).values(customer_id=from_id)
        )
    for table in (_TASK, _NOTICE):
        moving.move_back(session, table, from_id, to_id, kept, since)
    if more := _counted(session, from_id) - before:
        profiles.learn(session, from_id, add={OPEN_CASES: more}, now=now)
        profiles.learn(session, to_id, add={OPEN_CASES: -more}, now=now)


def _counted(session: Session, customer_id: UUID) -> int:
    """How many of the customer's cases the profile counts as open."""
    mine = (CASE.c.customer_id == customer_id, CASE.c.state == "open")
    counted = select(func.count()).where(
        *mine, CASE.c.kind == "case", CASE.c.offer_id.is_(None), CASE.c.quiet.is_(False)
    )
    many: int = session.execute(counted).scalar_one()
    return many
