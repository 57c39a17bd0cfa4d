"""What a member of staff is, and whether they are one still: changed by somebody else, never by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlmodel import Session

from backend import db
from backend.people import sessions
from backend.people.permissions import STAFF_ROLES
from backend.people.tables import CredentialRow, StaffRow
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid, NotFound

_STAFF, _CREDENTIAL = db.table_of(StaffRow), db.table_of(CredentialRow)


@dataclass(frozen=True, slots=True)
class Employee:
    """A member of staff, at work here or no longer. `is_demo`: their password is the demo's public one."""

    staff_id: UUID
    name: str
    email: str
    role: str
    is_active: bool
    created_at: datetime
    left_at: datetime | None
    last_in_at: datetime | None
    is_demo: bool


_EMPLOYEES = select(
    *(_STAFF.c[name] for name in Employee.__slots__ if name != "is_demo"), _CREDENTIAL.c.is_demo
).outerjoin(_CREDENTIAL, (_CREDENTIAL.c.subject_id == _STAFF.c.staff_id) & (_CREDENTIAL.c.kind == "staff"))


def employees(session: Session) -> tuple[Employee, ...]:
    """Everybody who works here or ever did: who does first, by name."""
    rows = session.execute(_EMPLOYEES.order_by(_STAFF.c.is_active.desc(), _STAFF.c.name, _STAFF.c.staff_id))
    return tuple(_from(row) for row in rows)


def employee(session: Session, staff_id: UUID) -> Employee:
    """Raises NotFound."""
    row = session.execute(_EMPLOYEES.where(_STAFF.c.staff_id == staff_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such member of staff.")
    return _from(row)


def change_role(session: Session, staff_id: UUID, role: str, by: Actor) -> tuple[Employee, Employee]:
    """What they are from now on: as it was, and as it is. Raises Invalid for no role, Conflict as `_require_other` and `_require_admin` say."""
    if role not in STAFF_ROLES:
        raise Invalid(errors={"role": "Choose what they are."})
    _require_other(by, staff_id, "Nobody changes their own role: another administrator does.")
    before = _held(session, staff_id)
    if not before.is_active:
        raise Conflict(f"{before.name} does not work here any more. Take them back first.")
    if before.role == "admin" and role != "admin":
        _require_admin(session, before)
    session.execute(update(_STAFF).where(_STAFF.c.staff_id == staff_id).values(role=role))
    return before, employee(session, staff_id)


def end_work(session: Session, staff_id: UUID, by: Actor, now: datetime) -> tuple[Employee, Employee]:
    """They do not work here any more: nothing opens for them, from the next page on. As it was, and as it is. Raises Conflict."""
    _require_other(by, staff_id, "Nobody ends their own work: another administrator does.")
    before = _held(session, staff_id)
    if not before.is_active:
        raise Conflict(f"{before.name} does not work here any more already.")
    if before.role == "admin":
        _require_admin(session, before)
    session.execute(update(_STAFF).where(_STAFF.c.staff_id == staff_id).values(is_active=False, left_at=now))
    sessions.end_sessions(session, staff_id, now)
    return before, employee(session, staff_id)


def take_back(session: Session, staff_id: UUID) -> tuple[Employee, Employee]:
    """They work here again, as what they were, and sign in as before. Raises Conflict where they do already."""
    before = _held(session, staff_id)
    if before.is_active:
        raise Conflict(f"{before.name} works here already.")
    session.execute(update(_STAFF).where(_STAFF.c.staff_id == staff_id).values(is_active=True, left_at=None))
    return before, employee(session, staff_id)


def give_password(session: Session, staff_id: UUID, kept: str, now: datetime) -> None:
    """From now on they sign in with this password. `kept`: its hash."""
    row = {
        "subject_id": staff_id, "kind": "staff", "password_hash": kept, "is_demo": False, "changed_at": now,
    }  # fmt: skip
    db.upsert(
        session, CredentialRow, [row], key=("subject_id", "kind"), update=("password_hash", "is_demo", "changed_at")
    )


def _held(session: Session, staff_id: UUID) -> Employee:
    """The member of staff and all administrators, held until the end of the transaction: two never demote each other at once."""
    held = select(_STAFF.c.staff_id).where((_STAFF.c.staff_id == staff_id) | (_STAFF.c.role == "admin"))
    session.execute(held.order_by(_STAFF.c.staff_id).with_for_update()).all()
    return employee(session, staff_id)


def _require_other(by: Actor, staff_id: UUID, words: str) -> None:
    if by.id == str(staff_id):
        raise Conflict(words)


def _require_admin(session: Session, leaving: Employee) -> None:
    others = select(_STAFF.c.staff_id).where(
        _STAFF.c.role == "admin", _STAFF.c.is_active, _STAFF.c.staff_id != leaving.staff_id
    )
    if session.execute(others.limit(1)).scalar() is None:
        raise Conflict(f"{leaving.name} is the last administrator. Make somebody else one first.")


def _from(row: Any) -> Employee:
    return Employee(**{**row._mapping, "is_demo": bool(row.is_demo)})
