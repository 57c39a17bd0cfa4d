"""Who proves to be whom. Call what checks a password outside any transaction: it takes a tenth of a second.

How often somebody may try is not for this room: whoever asks counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, select

from backend import db
from backend.people import passwords
from backend.people.permissions import ROLES
from backend.people.sessions import COARSE, IDLE, LONGEST, SESSION
from backend.people.tables import CredentialRow, StaffRow
from shared.kernel.actors import Actor

_STAFF_TABLE = db.table_of(StaffRow)
_STAFF = sa.select(_STAFF_TABLE).where(_STAFF_TABLE.c.staff_id == sa.bindparam("staff_id"))
"""The row alone, without what an object of the mapper costs."""
_SIGNED_IN = (
    sa.select(_STAFF_TABLE.c.staff_id, _STAFF_TABLE.c.name, _STAFF_TABLE.c.role, SESSION.c.seen_at)
    .join(SESSION, SESSION.c.staff_id == _STAFF_TABLE.c.staff_id)
    .where(
        SESSION.c.session_id == sa.bindparam("session_id"),
        SESSION.c.staff_id == sa.bindparam("staff_id"),
        SESSION.c.ended_at.is_(None),
        SESSION.c.seen_at > sa.bindparam("since"),
        SESSION.c.began_at > sa.bindparam("earliest"),
        _STAFF_TABLE.c.is_active,
    )
)
"""Asked by every page of the desk: who they are and whether their sign-in holds, in one."""
Check = Callable[[], Actor | None]


def prove_staff(email: str, password: str) -> Actor | None:
    """The member of staff with this e-mail and password; None, after the same work, whatever was wrong."""
    with db.reading() as session:
        staff = session.exec(select(StaffRow).where(StaffRow.email == email.strip().lower())).first()
        kept = session.get(CredentialRow, (staff.staff_id, "staff")) if staff and staff.is_active else None
    right = passwords.matches(password, kept.password_hash if kept else None)
    return _actor_of(staff) if right else None


def prove_customer(customer_id: UUID | None, password: str, subjects: Sequence[UUID] = ()) -> Actor | None:
    """The customer with this password; None, after the same work, whatever was wrong, and for a name that nobody has.

    `subjects` are ids of theirs from before they were merged: each may have a sign-in of its own, and each goes on.
    """
    tried = tuple(dict.fromkeys((*((customer_id,) if customer_id else ()), *subjects)))
    with db.reading() as session:
        kept = [one for one in (session.get(CredentialRow, (subject, "customer")) for subject in tried) if one]
    if not kept or customer_id is None:
        passwords.matches(password, None)
        return None
    right = next((one for one in kept if passwords.matches(password, one.password_hash)), None)
    return customer_of(right.subject_id, "", customer_id) if right else None


def staff_by_email(session: Session, email: str) -> UUID | None:
    """The member of staff with this e-mail address, at work or not."""
    return session.exec(select(StaffRow.staff_id).where(StaffRow.email == email.strip().lower())).first()


def staff_actor(session: Session, staff_id: UUID) -> Actor | None:
    """The member of staff as an actor, with the rights of today; None when they left."""
    staff = session.execute(_STAFF, {"staff_id": staff_id}).one_or_none()
    return _actor_of(staff) if staff is not None and staff.is_active else None


def by_session(session: Session, staff_id: UUID, session_id: UUID, now: datetime) -> tuple[Actor, bool] | None:
    """Who is signed in by this sign-in, with the rights of today, and whether it is time to write down that they are here.

    None once it was ended, or is over by itself, and for who left.
    """
    asked = {"staff_id": staff_id, "session_id": session_id, "since": now - IDLE - COARSE, "earliest": now - LONGEST}
    found = session.execute(_SIGNED_IN, asked).one_or_none()
    return None if found is None else (_actor_of(found), found.seen_at < now - COARSE)


def customer_of(subject_id: UUID, name: str, customer_id: UUID) -> Actor:
    """The customer as an actor of the portal. `customer_id` is who they are today, where the sign-in is one of before a merge."""
    return Actor("customer", str(subject_id), name, frozenset(ROLES["customer"]), customer_id)


def _actor_of(staff: Any) -> Actor:
    return Actor("staff", str(staff.staff_id), staff.name, frozenset(ROLES[staff.role]), role=staff.role)
