"""Signing in: who proves to be whom. Call these outside any transaction: checking a password takes a tenth of a second."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, select

from backend import db
from backend.people import passwords
from backend.people.permissions import ROLES
from backend.people.tables import CredentialRow, StaffRow
from shared.kernel.actors import Actor
from shared.kernel.errors import Unauthenticated

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


def sign_in_customer(customer_id: UUID | None, password: str, now: datetime, name: str = "") -> Actor:
    """The customer with this password. Raises Unauthenticated; None stands for a name that nobody has.

    Opens its own short transactions.
    """
    _prove("customer", customer_id, password, now)
    assert customer_id is not None  # noqa: S101 (for the type checker: _prove raised otherwise)
    return _customer(customer_id, name)


def staff_actor(session: Session, staff_id: UUID) -> Actor | None:
    """The member of staff as an actor, with the rights of today; None when they left."""
    staff = session.get(StaffRow, staff_id)
    return _actor_of(staff) if staff is not None and staff.is_active else None


def customer_actor(session: Session, customer_id: UUID, name: str) -> Actor | None:
    """The customer as an actor of the portal; None when they have no sign-in any more."""
    kept = session.get(CredentialRow, (customer_id, "customer"))
    return _customer(customer_id, name) if kept is not None else None


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


def _actor_of(staff: StaffRow) -> Actor:
    return Actor("staff", str(staff.staff_id), staff.name, frozenset(ROLES[staff.role]), role=staff.role)


def _customer(customer_id: UUID, name: str) -> Actor:
    return Actor("customer", str(customer_id), name, frozenset(ROLES["customer"]), customer_id)
