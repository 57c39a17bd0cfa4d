"""What waits for an agent, read in one statement: cases, customers' messages, calls to make, promises, answers to approvals."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import String, and_, case, cast, func, insert, literal, or_, select, union_all, update
from sqlmodel import Session

from backend import db
from backend.cases.levels import FAR
from backend.cases.pieces import CASE, WORK
from backend.cases.slots import CALLBACK
from backend.cases.tables import NoticeRow, TaskRow, TeamMemberRow
from backend.cases.types import Waiting
from backend.record import service as record
from shared.kernel import ids
from shared.kernel.errors import NotFound

MOST = 100
"""So many of each kind are shown at the most, those that burn first."""
NOTICE, TASK, _MEMBER = db.table_of(NoticeRow), db.table_of(TaskRow), db.table_of(TeamMemberRow)
_ASLEEP = ("pending", "snoozed")


def waiting_for(session: Session, staff_id: UUID) -> tuple[Waiting, ...]:
    """All that waits for this member of staff, in no order: a case whose customer wrote last is a message.

    Cases that wait or sleep are left out, unless their customer wrote. Messages in cases that nobody has wait for the whole team.
    """
    parts = [part.subquery() for part in _parts(staff_id)]
    rows = session.execute(union_all(*(select(part) for part in parts)))
    return tuple(
        Waiting(
            row.kind, row.customer_id, row.thing_id, row.what, row.state, row.detail,
            None if row.due_at is None or row.due_at >= FAR else row.due_at, row.since, bool(row.answered),
        )
        for row in rows
    )  # fmt: skip


def count_waiting(session: Session, staff_id: UUID, now: datetime) -> tuple[int, int]:
    """How many things wait for them, and how many of those are over their time."""
    parts = [part.subquery() for part in _parts(staff_id)]
    together = union_all(*(select(part.c.kind, part.c.due_at) for part in parts)).subquery()
    late = and_(together.c.due_at < now, together.c.kind != "approval")
    many, over = session.execute(select(func.count(), func.count(case((late, 1)))).select_from(together)).one()
    return int(many), int(over)


def notify(session: Session, customer_id: UUID, to: str, kind: str, what: str, detail: str, now: datetime) -> None:
    """Tells a member of staff how something came out for which they wait; a program, which has no inbox, is not told."""
    try:
        staff_id = UUID(to)
    except ValueError:
        return
    row = {
        "customer_id": customer_id, "notice_id": ids.uuid7(), "staff_id": staff_id, "kind": kind, "what": what,
        "detail": detail, "at": now,
    }  # fmt: skip
    session.execute(insert(NOTICE), row)
    record.changed(session, "inbox", subject=str(staff_id), now=now)


def seen_notice(session: Session, customer_id: UUID, notice_id: UUID, staff_id: UUID, now: datetime) -> None:
    """They have seen it; seen twice, it is seen once. Raises NotFound for what was told to somebody else."""
    mine = (NOTICE.c.customer_id == customer_id, NOTICE.c.notice_id == notice_id, NOTICE.c.staff_id == staff_id)
    seen = session.execute(update(NOTICE).where(*mine).values(seen_at=func.coalesce(NOTICE.c.seen_at, now)))
    if not db.touched(seen):
        raise NotFound("There is no such notice.")
    record.changed(session, "inbox", subject=str(staff_id), now=now)


def _parts(staff_id: UUID) -> list[Any]:
    """One statement for each kind, all with the same columns."""
    number = WORK.c.staff_id.type
    teams = select(_MEMBER.c.team).where(_MEMBER.c.staff_id == staff_id)
    mine = and_(WORK.c.staff_id == staff_id, or_(WORK.c.unanswered, WORK.c.status.not_in(_ASLEEP)))
    ours = and_(WORK.c.staff_id.is_(None), WORK.c.unanswered, WORK.c.team.in_(teams))

    def text_of(word: str) -> Any:
        return cast(literal(word), String)

    of_case = (
        select(
            case((WORK.c.unanswered, text_of("message")), else_=text_of("case")).label("kind"),
            WORK.c.customer_id, cast(WORK.c.case_id, number).label("thing_id"), CASE.c.subject.label("what"),
            WORK.c.status.label("state"), CASE.c.reference.label("detail"), WORK.c.burns_at.label("due_at"),
            WORK.c.changed_at.label("since"), WORK.c.answered_at.is_not(None).label("answered"),
        )
        .join(CASE, and_(CASE.c.customer_id == WORK.c.customer_id, CASE.c.case_id == WORK.c.case_id))
        .where(WORK.c.active)
        .order_by(WORK.c.burns_at, WORK.c.case_id)
        .limit(MOST)
    )  # fmt: skip
    of_callback = (
        select(
            text_of("callback").label("kind"), CASE.c.customer_id, CASE.c.case_id.label("thing_id"), CASE.c.subject.label("what"),
            CASE.c.wish.label("state"), CASE.c.reference.label("detail"),
            func.coalesce(CASE.c.slot_until, CASE.c.opened_at).label("due_at"),
            CASE.c.opened_at.label("since"), literal(False).label("answered"),
        )
        .outerjoin(CALLBACK, and_(CALLBACK.c.customer_id == CASE.c.customer_id, CALLBACK.c.case_id == CASE.c.case_id))
        .where(
            CASE.c.state == "open",
            CASE.c.kind == "callback",
            or_(CALLBACK.c.staff_id.is_(None), CALLBACK.c.staff_id == staff_id),
        )
        .order_by(func.coalesce(CASE.c.slot_until, CASE.c.opened_at))
        .limit(MOST)
    )  # fmt: skip
    of_task = (
        select(
            text_of("task").label("kind"), TASK.c.customer_id, TASK.c.task_id.label("thing_id"), TASK.c.what.label("what"),
            TASK.c.made_by.label("state"), text_of("").label("detail"), TASK.c.due_at.label("due_at"),
            TASK.c.made_at.label("since"), literal(False).label("answered"),
        )
        .where(TASK.c.staff_id == staff_id, TASK.c.state == "open")
        .order_by(TASK.c.due_at)
        .limit(MOST)
    )  # fmt: skip
    of_notice = (
        select(
            text_of("approval").label("kind"), NOTICE.c.customer_id, NOTICE.c.notice_id.label("thing_id"),
            NOTICE.c.what.label("what"), NOTICE.c.kind.label("state"), NOTICE.c.detail.label("detail"),
            NOTICE.c.at.label("due_at"), NOTICE.c.at.label("since"), literal(True).label("answered"),
        )
        .where(NOTICE.c.staff_id == staff_id, NOTICE.c.seen_at.is_(None))
        .order_by(NOTICE.c.at)
        .limit(MOST)
    )  # fmt: skip
    # Two halves, each by its own index.
    return [of_case.where(mine), of_case.where(ours), of_callback, of_task, of_notice]
