"""Which telephone is whose: extensions, as the telephone system names them, and the members of staff who answer there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlmodel import Session

from backend import db
from backend.people.tables import ExtensionRow, StaffRow
from shared.kernel.actors import Actor
from shared.kernel.errors import Invalid, NotFound

_EXTENSION, _STAFF = db.table_of(ExtensionRow), db.table_of(StaffRow)
_FORM = re.compile(r"[a-z0-9+*#@._/-]{1,60}")
_FILLERS = re.compile(r"[\s()]|(?<=\d)[-./](?=\d)")


@dataclass(frozen=True, slots=True)
class Extension:
    """A telephone and whose it is, since when and by whom that was said."""

    extension: str
    staff_id: UUID
    name: str
    email: str
    set_at: datetime
    set_by: str


@dataclass(frozen=True, slots=True)
class Colleague:
    """A member of staff at work, to be chosen from."""

    staff_id: UUID
    name: str
    email: str
    role: str = ""


def spelled(text: str) -> str:
    """The one spelling of an extension: without spaces, and in a number without what divides it."""
    return _FILLERS.sub("", text.strip().lower())


def assign_extension(session: Session, extension: str, email: str, by: Actor, now: datetime) -> Extension:
    """From now on this telephone is this person's, whosever it was. Raises Invalid, and NotFound for nobody of this e-mail."""
    wanted = spelled(extension)
    if not _FORM.fullmatch(wanted):
        raise Invalid(
            "That is no extension.", {"extension": "Digits or letters, as the telephone system names it: 101, SIP/101."}
        )
    staff = session.execute(
        select(_STAFF.c.staff_id).where(_STAFF.c.email == email.strip().lower(), _STAFF.c.is_active)
    ).scalar()
    if staff is None:
        raise NotFound(f"Nobody signs in as {email}.")
    row = {"extension": wanted, "staff_id": staff, "set_at": now, "set_by": by.name}
    db.upsert(session, ExtensionRow, [row], key=("extension",), update=("staff_id", "set_at", "set_by"))
    return next(one for one in extensions(session) if one.extension == wanted)


def withdraw_extension(session: Session, extension: str) -> None:
    """The telephone is nobody's. Raises NotFound."""
    gone = session.execute(delete(_EXTENSION).where(_EXTENSION.c.extension == spelled(extension)))
    if not db.touched(gone):
        raise NotFound(f"No extension {extension} is known.")


def extensions(session: Session) -> tuple[Extension, ...]:
    """All that are known, shorter ones first, then in their order."""
    rows = session.execute(
        select(
            _EXTENSION.c.extension, _STAFF.c.staff_id, _STAFF.c.name, _STAFF.c.email, _EXTENSION.c.set_at, _EXTENSION.c.set_by,
        ).join(_STAFF, _STAFF.c.staff_id == _EXTENSION.c.staff_id)
    )  # fmt: skip
    return tuple(sorted((Extension(*row) for row in rows), key=lambda one: (len(one.extension), one.extension)))


def whose_extension(session: Session, text: str) -> tuple[UUID, str] | None:
    """The active member of staff who answers at this telephone; None for one that is nobody's."""
    wanted = spelled(text)
    if not wanted:
        return None
    row = session.execute(
        select(_STAFF.c.staff_id, _STAFF.c.name)
        .join(_EXTENSION, _EXTENSION.c.staff_id == _STAFF.c.staff_id)
        .where(_EXTENSION.c.extension == wanted, _STAFF.c.is_active)
    ).one_or_none()
    return None if row is None else (row.staff_id, row.name)


def everyone(session: Session) -> tuple[Colleague, ...]:
    """Every member of staff whom there ever was, by name."""
    rows = session.execute(
        select(_STAFF.c.staff_id, _STAFF.c.name, _STAFF.c.email, _STAFF.c.role).order_by(_STAFF.c.name)
    )
    return tuple(Colleague(*row) for row in rows)


def colleagues(session: Session) -> tuple[Colleague, ...]:
    """Every active member of staff, by name."""
    rows = session.execute(
        select(_STAFF.c.staff_id, _STAFF.c.name, _STAFF.c.email, _STAFF.c.role)
        .where(_STAFF.c.is_active)
        .order_by(_STAFF.c.name)
    )
    return tuple(Colleague(*row) for row in rows)
