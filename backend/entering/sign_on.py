"""Coming in by an organisation's own single sign-on: whom of ours the provider's people are.

A person of the provider's is connected with somebody of ours once, by an e-mail address that the provider has verified or by
signing in another way; from then on the provider's own id of them counts, whatever their address becomes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import bindparam, delete, select, update
from sqlmodel import Session

from backend import db
from backend.entering import letters
from backend.entering.sessions import on_trail, subjects_of, write_to
from backend.entering.tables import SignOnRow
from backend.people import service as people
from backend.profiles import service as profiles
from shared.kernel import clock
from shared.kernel.actors import Actor
from shared.kernel.errors import NotFound, Unauthenticated

Kind = Literal["customer", "staff"]
SIGN_ON = db.table_of(SignOnRow)
_THIS = (
    SIGN_ON.c.kind == bindparam("kind_"),
    SIGN_ON.c.issuer == bindparam("issuer_"),
    SIGN_ON.c.known_as == bindparam("known_as_"),
)
NO_PLACE = "You are known there, but you have no place at this desk. Ask an administrator to give you one."


def staff(session: Session, issuer: str, known_as: str, email: str, now: datetime) -> Actor:
    """The member of staff whom the provider knows by this id; at first by their address, as it has verified it.

    Raises Unauthenticated for who has no place at the desk, or none any more.
    """
    connected = _used(session, "staff", issuer, known_as, now)
    staff_id = connected or (people.staff_by_email(session, email) if email else None)
    actor = people.staff_actor(session, staff_id) if staff_id else None
    if staff_id is None or actor is None:
        raise Unauthenticated(NO_PLACE)
    if connected is None:
        _connect(session, "staff", issuer, known_as, staff_id, now)
    return actor


def customer(session: Session, issuer: str, known_as: str, email: str, now: datetime) -> Actor | None:
    """The customer whom the provider knows by this id; at first by their address, as it has verified it.

    None for whom we do not know yet: they sign in another way once, and are connected then.
    """
    connected = _used(session, "customer", issuer, known_as, now)
    subject_id = connected or (profiles.find_by_sign_in(session, email) if "@" in email else None)
    if subject_id is None:
        return None
    try:
        profile = profiles.profile(session, subject_id)
    except NotFound:
        return None
    actor = people.customer_of(subject_id, profile.name, profile.customer_id)
    if connected is None:
        connect(session, actor, issuer, known_as, now)
    return actor


def connect(session: Session, actor: Actor, issuer: str, known_as: str, now: datetime) -> None:
    """From now on the provider's person signs in as this customer, who hears of it by e-mail."""
    _connect(session, "customer", issuer, known_as, UUID(actor.id), now)
    on_trail(session, actor, "sign_on.connected", now, {"issuer": issuer})
    write_to(session, actor, letters.Letter("sign_on_connected"), now)


def connected_since(session: Session, actor: Actor) -> datetime | None:
    """Since when the customer is connected with somebody of a provider's; None where they are not."""
    asked = select(SIGN_ON.c.connected_at).where(
        SIGN_ON.c.kind == "customer", SIGN_ON.c.subject_id.in_(sorted(subjects_of(session, actor)))
    )
    return session.execute(asked.order_by(SIGN_ON.c.connected_at).limit(1)).scalar()


def disconnect(session: Session, actor: Actor) -> None:
    """No provider opens this customer's account any more; twice is once."""
    mine = SIGN_ON.c.subject_id.in_(sorted(subjects_of(session, actor)))
    if db.touched(session.execute(delete(SIGN_ON).where(SIGN_ON.c.kind == "customer", mine))):
        on_trail(session, actor, "sign_on.disconnected", clock.now())


def _used(session: Session, kind: Kind, issuer: str, known_as: str, now: datetime) -> UUID | None:
    asked = {"kind_": kind, "issuer_": issuer, "known_as_": known_as}
    found: UUID | None = session.execute(select(SIGN_ON.c.subject_id).where(*_THIS), asked).scalar()
    if found is not None:
        session.execute(update(SIGN_ON).where(*_THIS).values(used_at=now), asked)
    return found


def _connect(session: Session, kind: Kind, issuer: str, known_as: str, subject_id: UUID, now: datetime) -> None:
    """Whom two connect at once is connected once, with the first."""
    row = {
        "kind": kind, "issuer": issuer, "known_as": known_as, "subject_id": subject_id, "connected_at": now, "used_at": now,
    }  # fmt: skip
    db.upsert(session, SignOnRow, [row], key=("kind", "issuer", "known_as"))
