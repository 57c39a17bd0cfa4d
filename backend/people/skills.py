"""What members of staff are skilled in: which calls are offered to them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlmodel import Session

from backend import db
from backend.people.tables import SkillRow, StaffRow
from shared.kernel.actors import Actor
from shared.kernel.errors import Invalid, NotFound

_SKILL, _STAFF = db.table_of(SkillRow), db.table_of(StaffRow)


def set_skills(
    session: Session, email: str, skills: Collection[str], known: Collection[str], by: Actor, now: datetime
) -> tuple[str, ...]:
    """From now on they are skilled in these and in nothing else. Raises NotFound for nobody of this e-mail, Invalid for what the pack has not."""
    staff_id = session.execute(
        select(_STAFF.c.staff_id).where(_STAFF.c.email == email.strip().lower(), _STAFF.c.is_active)
    ).scalar()
    if staff_id is None:
        raise NotFound(f"Nobody signs in as {email}.")
    wanted = tuple(sorted(set(skills)))
    if unknown := sorted(set(wanted) - set(known)):
        raise Invalid(f"There is no skill {unknown[0]}.", {"skill": f"one of {', '.join(sorted(known)) or 'none'}"})
    session.execute(delete(_SKILL).where(_SKILL.c.staff_id == staff_id))
    if wanted:
        rows = [{"staff_id": staff_id, "skill": skill, "set_at": now, "set_by": by.name} for skill in wanted]
        session.execute(insert(_SKILL), rows)
    return wanted


def skills(session: Session) -> dict[UUID, frozenset[str]]:
    """What everybody is skilled in; who is in nothing is left out."""
    found: dict[UUID, set[str]] = {}
    for row in session.execute(select(_SKILL.c.staff_id, _SKILL.c.skill)):
        found.setdefault(row.staff_id, set()).add(row.skill)
    return {staff_id: frozenset(some) for staff_id, some in found.items()}


def is_skilled(session: Session, staff_id: UUID, skill: str) -> bool:
    """Whether they are skilled in it; everybody is in none."""
    mine = select(_SKILL.c.skill).where(_SKILL.c.staff_id == staff_id, _SKILL.c.skill == skill)
    return not skill or session.execute(mine).scalar() is not None


def skilled_in(session: Session, skill: str) -> frozenset[UUID]:
    """Who is skilled in it."""
    return frozenset(session.execute(select(_SKILL.c.staff_id).where(_SKILL.c.skill == skill)).scalars())
