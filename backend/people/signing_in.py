"""Signing in: who proves to be whom. Call these outside any transaction: checking a password takes a tenth of a second."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import update
from sqlmodel import Session, select

from backend import db
from backend.people import passwords
from backend.people.permissions import ROLES
from backend.people.tables import CredentialRow, StaffRow
from shared.kernel.actors import Actor
from shared.kernel.errors import Unauthenticated

_STAFF_TABLE = db.table_of(StaffRow)
_STAFF = sa.select(_STAFF_TABLE).where(_STAFF_TABLE.c.staff_id == sa.bindparam("staff_id"))
"""Asked by every page of the desk: the row alone, without what an object of the mapper costs."""
WRONG_IN_A_ROW = 10
PAUSE = timedelta(seconds=30)
REFUSAL = (
    "This sign-in and this password do not go together. "
    "After ten wrong tries in a row, please wait half a minute before the next one."
)


def sign_in_staff(email: str, password: str, now: datetime) -> Actor:
    """The member of staff with this e-mail and password. Raises Unauthenticated, in the same words whatever was wrong.

    Opens its own short transactions.
    """
    with db.reading() as session:
        staff = session.exec(select(StaffRow).where(StaffRow.email == email.strip().lower())).first()
    active = staff is not None and staff.is_active
    _prove("staff", staff.staff_id if staff and active else None, password, now)
    assert staff is not None  # noqa: S101 (for the type checker: _prove raised otherwise)
    return _actor_of(staff)


def sign_in_customer(
    customer_id: UUID | None, password: str, now: datetime, name: str = "", known_as: Sequence[UUID] = ()
) -> Actor:
    """The customer with this password. Raises Unauthenticated; None stands for a name that nobody has.

    `known_as` are ids of theirs from before they were merged: each may have a sign-in of its own, and each goes on. Opens its own
    short transactions.
    """
    subject = customer_id
    if customer_id is not None and known_as:
        subject = _whose("customer", (customer_id, *known_as), password)
    _prove("customer", subject, password, now)
    assert subject is not None  # noqa: S101 (for the type checker: _prove raised otherwise)
    assert customer_id is not None  # noqa: S101
    return _customer(subject, name, customer_id)


def staff_actor(session: Session, staff_id: UUID) -> Actor | None:
    """The member of staff as an actor, with the rights of today; None when they left."""
    staff = session.execute(_STAFF, {"staff_id": staff_id}).one_or_none()
    return _actor_of(staff) if staff is not None and staff.is_active else None


def customer_actor(session: Session, subject_id: UUID, name: str, customer_id: UUID | None = None) -> Actor | None:
    """The customer as an actor of the portal; None when they have no sign-in any more.

    `customer_id` is who they are today, where the sign-in is one of before a merge.
    """
    kept = session.get(CredentialRow, (subject_id, "customer"))
    return _customer(subject_id, name, customer_id or subject_id) if kept is not None else None


def _whose(kind: str, subjects: Sequence[UUID], password: str) -> UUID:
    """Of several sign-ins of one customer, the one that the password belongs to; if none, the first that there is."""
    with db.reading() as session:
        kept = [one for one in (session.get(CredentialRow, (subject, kind)) for subject in subjects) if one is not None]
    if len(kept) < 2:
        return kept[0].subject_id if kept else subjects[0]
    return next((one for one in kept if passwords.matches(password, one.password_hash)), kept[0]).subject_id


def _prove(kind: str, subject_id: UUID | None, password: str, now: datetime) -> None:
    kept = None
    if subject_id is not None:
        with db.reading() as session:
            kept = session.get(CredentialRow, (subject_id, kind))
    right = passwords.matches(password, kept.password_hash if kept else None)
    # A pause refuses the right password too, and in the same words: nobody learns whether there is such a sign-in.
    if kept is not None and kept.paused_until is not None and now < kept.paused_until:
        raise Unauthenticated(REFUSAL)
    if kept is not None and (not right or kept.wrong_in_a_row):
        with db.transaction() as session:
            _count(session, kept, right, now)
    if not right:
        raise Unauthenticated(REFUSAL)


def _count(session: Session, kept: CredentialRow, right: bool, now: datetime) -> None:
    row = update(CredentialRow).where(
        CredentialRow.subject_id == kept.subject_id, CredentialRow.kind == kept.kind  # type: ignore[arg-type]
    )  # fmt: skip
    if right:
        session.connection().execute(row.values(wrong_in_a_row=0, paused_until=None))
        return
    # Counted in the database: tries at the same moment all count.
    session.connection().execute(row.values(wrong_in_a_row=CredentialRow.wrong_in_a_row + 1))
    tenth = row.where(CredentialRow.wrong_in_a_row >= WRONG_IN_A_ROW)  # type: ignore[arg-type]
    session.connection().execute(tenth.values(wrong_in_a_row=0, paused_until=now + PAUSE))


def _actor_of(staff: Any) -> Actor:
    return Actor("staff", str(staff.staff_id), staff.name, frozenset(ROLES[staff.role]), role=staff.role)


def _customer(subject_id: UUID, name: str, customer_id: UUID) -> Actor:
    return Actor("customer", str(subject_id), name, frozenset(ROLES["customer"]), customer_id)
