"""Who is asked to work here: by a link that is good once and for three days, of which only the digest is kept."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlmodel import Session

from backend import db
from backend.people.permissions import STAFF_ROLES
from backend.people.tables import InvitationRow, StaffRow
from shared.kernel import ids
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid, NotFound

LASTS = timedelta(hours=72)
KEPT = timedelta(days=30)
LONGEST_EMAIL, LONGEST_NAME = 254, 100
_USED = "This invitation was taken up already. Sign in with your e-mail address."
_OVER = "This invitation is over: it was good for three days. Ask whoever invited you to send it again."
_INVITATION, _STAFF = db.table_of(InvitationRow), db.table_of(StaffRow)


@dataclass(frozen=True, slots=True)
class Invitation:
    """One that was sent and not taken up yet."""

    invitation_id: UUID
    email: str
    role: str
    teams: tuple[str, ...]
    invited_by: str
    made_at: datetime
    until: datetime
    used_at: datetime | None

    def refusal(self, now: datetime) -> str:
        """Why its link opens nothing any more; empty while it does."""
        return _USED if self.used_at is not None else _OVER if self.until <= now else ""


_COLUMNS = tuple(_INVITATION.c[one.name] for one in fields(Invitation))


def invite(
    session: Session, email: str, role: str, teams: Collection[str], by: Actor, now: datetime
) -> tuple[Invitation, str]:
    """Asks somebody to work here; gives the invitation and its token, this once.

    Raises Invalid for what is no address or no role, and Conflict where they work here, worked here, or are asked already.
    """
    address = email.strip().lower()
    errors = {}
    if not _is_address(address):
        errors["email"] = "Enter an e-mail address, such as kim@example.com."
    if role not in STAFF_ROLES:
        errors["role"] = "Choose what they will be."
    if errors:
        raise Invalid("This invitation cannot be sent.", errors)
    _require_new(session, address)
    open_one = select(_INVITATION.c.invitation_id).where(
        _INVITATION.c.email == address, _INVITATION.c.used_at.is_(None)
    )
    if session.execute(open_one).scalar() is not None:
        raise Conflict("They are invited already. Send that invitation again, or withdraw it first.")
    token, invitation_id = secrets.token_urlsafe(32), ids.uuid7(now)
    row = {
        "invitation_id": invitation_id, "email": address, "role": role, "teams": sorted(set(teams)), "token_digest": _digest(token),
        "invited_by": by.name, "made_at": now, "until": now + LASTS,
    }  # fmt: skip
    session.execute(_INVITATION.insert().values(**row))
    return invitation(session, invitation_id), token


def invite_again(session: Session, invitation_id: UUID, by: Actor, now: datetime) -> tuple[Invitation, str]:
    """The same invitation by a new link, good for as long again; the old one opens nothing any more. Raises NotFound."""
    token = secrets.token_urlsafe(32)
    mine = (_INVITATION.c.invitation_id == invitation_id, _INVITATION.c.used_at.is_(None))
    values = {"token_digest": _digest(token), "until": now + LASTS, "invited_by": by.name}
    if db.touched(session.execute(update(_INVITATION).where(*mine).values(**values))) != 1:
        raise NotFound("This invitation was taken up or withdrawn.")
    return invitation(session, invitation_id), token


def withdraw_invitation(session: Session, invitation_id: UUID) -> Invitation:
    """Its link opens nothing any more. Raises NotFound."""
    found = invitation(session, invitation_id)
    mine = (_INVITATION.c.invitation_id == invitation_id, _INVITATION.c.used_at.is_(None))
    if db.touched(session.execute(delete(_INVITATION).where(*mine))) != 1:
        raise NotFound("This invitation was taken up or withdrawn.")
    return found


def invitation(session: Session, invitation_id: UUID) -> Invitation:
    """Raises NotFound."""
    row = session.execute(select(*_COLUMNS).where(_INVITATION.c.invitation_id == invitation_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such invitation.")
    return _from(row)


def invitations(session: Session) -> tuple[Invitation, ...]:
    """Those that were not taken up, also where their time is over, the last first."""
    asked = select(*_COLUMNS).where(_INVITATION.c.used_at.is_(None)).order_by(_INVITATION.c.made_at.desc())
    return tuple(_from(row) for row in session.execute(asked))


def by_token(session: Session, token: str) -> Invitation | None:
    """The invitation whose link this is, taken up or over too; None for a link that leads nowhere."""
    row = session.execute(select(*_COLUMNS).where(_INVITATION.c.token_digest == _digest(token))).one_or_none()
    return None if row is None else _from(row)


def take_up(session: Session, token: str, name: str, now: datetime) -> tuple[Invitation, UUID, str]:
    """Whoever has the link works here from now on, by this name: the invitation, their id, and the name as it is kept.

    Raises NotFound for a link that leads nowhere, Conflict for one that was used or is over, Invalid without a name.
    """
    found = by_token(session, token)
    if found is None:
        raise NotFound("This link leads nowhere: the invitation was withdrawn, or sent anew by another link.")
    if refusal := found.refusal(now):
        raise Conflict(refusal)
    known = " ".join(name.split())
    if not known or len(known) > LONGEST_NAME or not known.isprintable():
        raise Invalid(errors={"name": f"Enter your name, in at most {LONGEST_NAME} characters."})
    # In the database: of two who send the form at the same moment, one makes the sign-in.
    mine = (_INVITATION.c.invitation_id == found.invitation_id, _INVITATION.c.used_at.is_(None))
    if db.touched(session.execute(update(_INVITATION).where(*mine).values(used_at=now))) != 1:
        raise Conflict(_USED)
    _require_new(session, found.email)
    staff_id = ids.uuid7()
    row = {
        "staff_id": staff_id, "email": found.email, "name": known, "role": found.role, "is_active": True, "created_at": now,
    }  # fmt: skip
    session.execute(_STAFF.insert().values(**row))
    return found, staff_id, known


def forget_invitations(now: datetime) -> int:
    """An invitation that was taken up is told of by its link for a month. Opens its own transaction."""
    with db.transaction() as session:
        return db.touched(session.execute(delete(_INVITATION).where(_INVITATION.c.used_at < now - KEPT)))


def _require_new(session: Session, address: str) -> None:
    known = session.execute(select(_STAFF.c.name, _STAFF.c.is_active).where(_STAFF.c.email == address)).one_or_none()
    if known is not None:
        works = "works here already" if known.is_active else "worked here before: take them back below"
        raise Conflict(f"{known.name} {works}.")


def _is_address(text: str) -> bool:
    name, _, domain = text.rpartition("@")
    plain = text.isprintable() and not any(c in text for c in ' ,;<>"()')
    return bool(name) and "." in domain.strip(".") and plain and len(text) <= LONGEST_EMAIL


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _from(row: Any) -> Invitation:
    values: dict[str, Any] = dict(row._mapping)
    return Invitation(**values | {"teams": tuple(row.teams)})
