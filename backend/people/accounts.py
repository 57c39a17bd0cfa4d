"""Making, finding and removing staff and sign-ins, those of the demo among them."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col, select

from backend import db
from backend.people import passwords
from backend.people.extensions import whose_extension
from backend.people.permissions import STAFF_ROLES
from backend.people.tables import CredentialRow, StaffRow
from shared.kernel import ids
from shared.kernel.errors import Conflict, Invalid

DEMO_PASSWORD = "evenhand-demo"  # noqa: S105 (public by design: production refuses to start while it is in use)
DEMO_STAFF = (
    ("agent1@demo.example", "Avery Quinn", "agent"),
    ("agent2@demo.example", "Noor Haddad", "agent"),
    ("supervisor@demo.example", "Sam Okafor", "supervisor"),
    ("author@demo.example", "Robin Lindqvist", "author"),
    ("admin@demo.example", "Dana Ivers", "admin"),
)
PASSWORD_LENGTH, LONGEST_PASSWORD = 10, 200
FEWEST_LETTERS = 5


def create_staff(session: Session, email: str, name: str, role: str, password: str, now: datetime) -> UUID:
    """A new member of staff who may sign in. Raises Invalid for a role or password that will not do, Conflict for a taken e-mail."""
    if role not in STAFF_ROLES:
        raise Invalid(errors={"role": f"A role is one of {', '.join(STAFF_ROLES)}."})
    if len(password) < PASSWORD_LENGTH:
        raise Invalid(errors={"password": f"A password has {PASSWORD_LENGTH} characters or more."})
    address = email.strip().lower()
    if "@" not in address:
        raise Invalid(errors={"email": "This is not an e-mail address."})
    if session.exec(select(StaffRow).where(StaffRow.email == address)).first() is not None:
        raise Conflict("A member of staff has this e-mail address already.")
    staff_id = ids.uuid7()
    session.add(StaffRow(staff_id=staff_id, email=address, name=name, role=role, created_at=now))
    session.add(_credential(staff_id, "staff", passwords.hash_of(password), now))
    session.flush()
    return staff_id


def create_demo_staff(session: Session, now: datetime) -> None:
    """The five people of the demo; those who are there stay as they are."""
    known = set(session.exec(select(StaffRow.email)))
    missing = [person for person in DEMO_STAFF if person[0] not in known]
    if not missing:
        return
    shared = passwords.hash_of(DEMO_PASSWORD)
    for email, name, role in missing:
        staff_id = ids.uuid7()
        session.add(StaffRow(staff_id=staff_id, email=email, name=name, role=role, created_at=now))
        session.add(_credential(staff_id, "staff", shared, now, is_demo=True))
    session.flush()


def give_demo_credentials(session: Session, customer_ids: Iterable[UUID], now: datetime) -> int:
    """Lets these customers sign in with the demo's password; who has a sign-in keeps it. Returns how many are new.

    They share one hash: thousands of own ones would take a quarter of an hour and protect nothing that is public anyway.
    """
    shared = passwords.hash_of(DEMO_PASSWORD)
    rows = [
        _credential(customer_id, "customer", shared, now, is_demo=True).model_dump() for customer_id in customer_ids
    ]
    return db.upsert(session, CredentialRow, rows, key=("subject_id", "kind"))


def sign_ins_of(session: Session, subjects: Collection[UUID]) -> tuple[UUID, ...]:
    """Which of these ids of one customer have a sign-in."""
    asked = select(CredentialRow.subject_id).where(
        col(CredentialRow.subject_id).in_(sorted(subjects)), CredentialRow.kind == "customer"
    )
    return tuple(session.exec(asked))


def require_password(password: str) -> None:
    """Raises Invalid for one that will not do."""
    if len(password) < PASSWORD_LENGTH:
        raise Invalid(errors={"password": f"A password has {PASSWORD_LENGTH} characters or more."})
    if len(password) > LONGEST_PASSWORD:
        raise Invalid(errors={"password": f"A password has {LONGEST_PASSWORD} characters or fewer."})
    if password == DEMO_PASSWORD or len(set(password)) < FEWEST_LETTERS:
        raise Invalid(errors={"password": "Choose one that is harder to guess."})


def set_password(session: Session, subjects: Iterable[UUID], kept: str, now: datetime) -> None:
    """From now on the customer signs in with this password, under each of these ids. `kept`: its hash."""
    rows = [_credential(subject, "customer", kept, now).model_dump() for subject in subjects]
    db.upsert(
        session, CredentialRow, rows, key=("subject_id", "kind"), update=("password_hash", "is_demo", "changed_at")
    )


def find_staff(session: Session, name: str) -> tuple[UUID, str] | None:
    """Whom another system means by this: an active member's e-mail, the part of it before the @, their name or their extension.

    None when unsure.
    """
    said = " ".join(name.split()).lower()
    if not said:
        return None
    active = session.exec(select(StaffRow).where(StaffRow.is_active)).all()
    found = [one for one in active if said in (one.email, one.email.partition("@")[0], one.name.lower())]
    if not found:
        return whose_extension(session, name)
    return (found[0].staff_id, found[0].name) if len(found) == 1 else None


def demo_credentials_exist(session: Session) -> bool:
    """Whether anyone can sign in with the demo's public password."""
    return session.exec(select(CredentialRow.subject_id).where(CredentialRow.is_demo).limit(1)).first() is not None


def export_customer(session: Session, customer_id: UUID, known_as: Collection[UUID] = ()) -> dict[str, Any]:
    """What this room holds on the customer, without what proves their password. `known_as`: their ids of before merges."""
    found = session.exec(select(CredentialRow).where(*_theirs(customer_id, known_as)))
    return {"credential": [kept.model_dump(exclude={"password_hash"}) for kept in found]}


def erase_customer(session: Session, customer_id: UUID, known_as: Collection[UUID] = ()) -> None:
    """Takes the customer's sign-ins away, those of before merges too."""
    session.connection().execute(delete(CredentialRow).where(*_theirs(customer_id, known_as)))


def _theirs(customer_id: UUID, known_as: Collection[UUID]) -> tuple[Any, ...]:
    mine = sorted({customer_id, *known_as})
    return (col(CredentialRow.subject_id).in_(mine), CredentialRow.kind == "customer")


def _credential(subject_id: UUID, kind: str, kept: str, now: datetime, is_demo: bool = False) -> CredentialRow:
    return CredentialRow(subject_id=subject_id, kind=kind, password_hash=kept, is_demo=is_demo, changed_at=now)
