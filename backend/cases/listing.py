"""Lists of cases, the one that burns most first; and which teams' cases an agent looks after."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import and_, case, delete, func, insert, literal, or_, select, tuple_
from sqlmodel import Session

from backend import db
from backend.cases.pieces import CASE, WORK, case_from, this
from backend.cases.tables import TeamMemberRow
from backend.cases.types import Counted, Listed, Work
from backend.cases.working import work_from
from backend.profiles.service import Page
from shared.kernel.errors import Invalid

View = Literal["mine", "team", "unassigned", "all"]
VIEWS: tuple[View, ...] = ("mine", "team", "unassigned", "all")
_MEMBER = db.table_of(TeamMemberRow)
_COLUMNS = [WORK.c[one.name] for one in fields(Work)]
_OF_CASE = (
    "kind",
    "state",
    "subject",
    "reference",
    "opened_at",
    "day",
    "wish",
    "offer_id",
    "closed_at",
    "closed_by",
    "outcome",
    "opened_by",
    "slot_at",
    "slot_until",
    "particulars",
    "quiet",
)
_TOGETHER = select(*_COLUMNS, *(CASE.c[name] for name in _OF_CASE)).join(
    CASE, (CASE.c.customer_id == WORK.c.customer_id) & (CASE.c.case_id == WORK.c.case_id)
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
COUNTED = 1_000
"""Counting stops here: nobody needs to know whether it is 4,311 or 4,312."""


def cases_in(
    session: Session, view: View, staff_id: UUID | None, *, statuses: Collection[str] = (), type: str = "", priority: str = "",
    team: str = "", limit: int = 25, cursor: str | None = None,
) -> Page[Listed]:  # fmt: skip
    """The cases of a list, what is due first foremost; snoozed ones only where they are asked for. Raises Invalid."""
    if not 1 <= limit <= 100:
        raise Invalid("A page holds 1 to 100.", {"limit": "1 to 100"})
    asked = _TOGETHER.where(WORK.c.active, *_of(session, view, staff_id))
    asked = asked.where(WORK.c.status.in_(statuses) if statuses else WORK.c.status != "snoozed")
    for column, wanted in ((WORK.c.type, type), (WORK.c.priority, priority), (WORK.c.team, team)):
        if wanted:
            asked = asked.where(column == wanted)
    if cursor:
        asked = asked.where(tuple_(WORK.c.burns_at, WORK.c.case_id) > _place(cursor))
    rows = session.execute(asked.order_by(WORK.c.burns_at, WORK.c.case_id).limit(limit + 1)).all()
    items = tuple(_listed(row) for row in rows[:limit])
    last = items[-1].work if len(rows) > limit else None
    return Page(items, None if last is None else _mark(last))


def counts(session: Session, staff_id: UUID) -> Counted:
    """How many there are in each list, snoozed ones left out; at most a thousand each."""

    def many(view: View) -> Any:
        some = select(WORK.c.case_id).where(WORK.c.active, WORK.c.status != "snoozed", *_of(session, view, staff_id))
        return select(func.count()).select_from(some.limit(COUNTED).subquery()).scalar_subquery()

    return Counted(*session.execute(select(*(many(view) for view in VIEWS))).one())


def of_customer_with_work(session: Session, customer_id: UUID, most: int = 20) -> tuple[Listed, ...]:
    """The customer's cases with how they stand: open ones first, then the newest."""
    first = case((WORK.c.active, 0), else_=1)
    asked = _TOGETHER.where(WORK.c.customer_id == customer_id).order_by(first, WORK.c.case_id.desc()).limit(most)
    return tuple(_listed(row) for row in session.execute(asked))


def awaiting_answer(session: Session, customer_id: UUID) -> dict[UUID, str]:
    """The cases in which we wait for the customer, with what each is about, the oldest first."""
    waits = (WORK.c.customer_id == customer_id, WORK.c.status == "pending", WORK.c.waits_for == "customer")
    joined = (CASE.c.customer_id == WORK.c.customer_id) & (CASE.c.case_id == WORK.c.case_id)
    asked = select(WORK.c.case_id, CASE.c.subject).join(CASE, joined).where(*waits, WORK.c.merged_into.is_(None))
    return {row.case_id: row.subject for row in session.execute(asked.order_by(WORK.c.case_id))}


def listed(session: Session, customer_id: UUID, case_id: UUID) -> Listed | None:
    """One case with how it stands; None for a callback, an appointment, or what there is not."""
    row = session.execute(_TOGETHER.where(*this(WORK, customer_id, case_id))).one_or_none()
    return None if row is None else _listed(row)


def subjects_of(session: Session, wanted: Collection[tuple[UUID, UUID]]) -> dict[UUID, str]:
    """What these cases (customer, case) are about, in one statement; of what there is not, nothing."""
    if not wanted:
        return {}
    asked = select(CASE.c.case_id, CASE.c.subject).where(or_(*(and_(*this(CASE, *one)) for one in wanted)))
    return {row.case_id: row.subject for row in session.execute(asked)}


def teams_of(session: Session, staff_id: UUID) -> tuple[str, ...]:
    """The teams whose cases this member of staff looks after."""
    asked = select(_MEMBER.c.team).where(_MEMBER.c.staff_id == staff_id).order_by(_MEMBER.c.team)
    return tuple(session.execute(asked).scalars())


def all_teams(session: Session) -> dict[UUID, tuple[str, ...]]:
    """Which teams each member of staff is in; who is in none is not named."""
    found: dict[UUID, list[str]] = {}
    for staff_id, team in session.execute(select(_MEMBER.c.staff_id, _MEMBER.c.team).order_by(_MEMBER.c.team)):
        found.setdefault(staff_id, []).append(team)
    return {staff_id: tuple(teams) for staff_id, teams in found.items()}


def join_teams(session: Session, staff_id: UUID, teams: Collection[str]) -> None:
    """From now on they look after the cases of these teams, and of no other."""
    session.execute(delete(_MEMBER).where(_MEMBER.c.staff_id == staff_id))
    if teams:
        session.execute(insert(_MEMBER), [{"staff_id": staff_id, "team": team} for team in sorted(set(teams))])


def _of(session: Session, view: View, staff_id: UUID | None) -> list[Any]:
    if view == "mine":
        return [WORK.c.staff_id == staff_id]
    if view == "team":
        return [WORK.c.team.in_(select(_MEMBER.c.team).where(_MEMBER.c.staff_id == staff_id))]
    return [WORK.c.staff_id.is_(None)] if view == "unassigned" else []


def _place(cursor: str) -> Any:
    """Where a page ended: whole microseconds since 1970, and the case."""
    at, _, text = cursor.partition(".")
    try:
        if not (at.isascii() and at.isdigit() and len(at) < 18):
            raise ValueError(at)
        place = EPOCH + timedelta(microseconds=int(at)), UUID(text)
    except (ValueError, OverflowError):
        raise Invalid("That is not a cursor of this list.", {"cursor": "take it from next_cursor"}) from None
    return tuple_(literal(place[0], WORK.c.burns_at.type), literal(place[1], WORK.c.case_id.type))


def _mark(work: Work) -> str:
    return f"{(work.burns_at - EPOCH) // timedelta(microseconds=1)}.{work.case_id}"


def _listed(row: Any) -> Listed:
    return Listed(case_from(row), work_from(row))
