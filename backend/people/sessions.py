"""Sign-ins at the desk, each a row: listed, ended by whoever they belong to or by an administrator, and over by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, update
from sqlmodel import Session

from backend import db
from backend.people.tables import StaffRow, StaffSessionRow
from backend.record import service as record
from shared.kernel import ids

Way = Literal["password", "sign_on"]
SESSION, STAFF = db.table_of(StaffSessionRow), db.table_of(StaffRow)
IDLE = timedelta(hours=2)
"""What nobody has used for so long is over."""
LONGEST = timedelta(hours=12)
"""After a shift one signs in anew, however busy it was."""
COARSE = timedelta(minutes=5)
KEPT = timedelta(days=30)
ENDED = "sign_in.ended"
"""The change by which an open page hears that its sign-in is over; its subject is the sign-in."""


@dataclass(frozen=True, slots=True)
class StaffSession:
    """One sign-in of a member of staff, as they see it."""

    session_id: UUID
    staff_id: UUID
    way: Way
    words: str
    began_at: datetime
    seen_at: datetime
    is_this: bool


def begin_session(session: Session, staff_id: UUID, way: Way, words: str, now: datetime) -> UUID:
    """A sign-in begins, and gives its id. `words`: the device as its owner would name it."""
    session_id = ids.uuid7(now)
    row = {
        "session_id": session_id, "staff_id": staff_id, "way": way, "words": words, "began_at": now, "seen_at": now,
    }  # fmt: skip
    session.execute(SESSION.insert().values(**row))
    session.execute(update(STAFF).where(STAFF.c.staff_id == staff_id).values(last_in_at=now))
    return session_id


def seen_now(session: Session, session_id: UUID, now: datetime) -> None:
    """They are here; that is no act of theirs."""
    record.no_act(session)
    session.execute(
        update(SESSION).where(SESSION.c.session_id == session_id, SESSION.c.ended_at.is_(None)).values(seen_at=now)
    )


def sessions_of(session: Session, staff_id: UUID, now: datetime, this: UUID | None = None) -> tuple[StaffSession, ...]:
    """Where they are signed in, this one first, then the last used."""
    rows = session.execute(select(SESSION).where(SESSION.c.staff_id == staff_id, *_going(now)))
    found = [
        StaffSession(
            row.session_id, row.staff_id, row.way, row.words, row.began_at, row.seen_at, row.session_id == this
        )
        for row in rows
    ]
    return tuple(sorted(found, key=lambda one: (not one.is_this, -one.seen_at.timestamp(), one.session_id)))


def signed_in_now(session: Session, now: datetime) -> frozenset[UUID]:
    """Who is signed in anywhere."""
    return frozenset(session.execute(select(SESSION.c.staff_id).where(*_going(now)).distinct()).scalars())


def end_sessions(
    session: Session, staff_id: UUID, now: datetime, *, only: UUID | None = None, but: UUID | None = None
) -> tuple[StaffSession, ...]:
    """Ends all of theirs, or `only` this one, or all `but` this one, and gives what was ended; open pages hear of it."""
    wanted = [
        one
        for one in sessions_of(session, staff_id, now)
        if one.session_id != but and (only is None or one.session_id == only)
    ]
    for one in wanted:
        session.execute(update(SESSION).where(SESSION.c.session_id == one.session_id).values(ended_at=now))
        record.changed(session, ENDED, subject=str(one.session_id), now=now)
    return tuple(wanted)


def forget_sessions(now: datetime) -> int:
    """What is over is kept for a month. Opens its own transaction."""
    with db.transaction() as session:
        return db.touched(session.execute(delete(SESSION).where(SESSION.c.seen_at < now - KEPT)))


def _going(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (SESSION.c.ended_at.is_(None), SESSION.c.seen_at > now - IDLE - COARSE, SESSION.c.began_at > now - LONGEST)
