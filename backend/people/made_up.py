"""Made-up colleagues: they work in rehearsals and can never sign in, since nothing proves who they are."""

import re
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from backend.people.tables import StaffRow
from shared.kernel import ids
from shared.kernel.actors import Actor

_ADDRESS = "rehearsal{nth:02d}@demo.example"
_THEIRS = re.compile(r"rehearsal\d{2,}@demo\.example")
_NAME = "Made-up agent {nth}"


def is_made_up(email: str) -> bool:
    """Whether this is the address of a made-up agent: of those nobody needs to know that they ever worked here."""
    return _THEIRS.fullmatch(email) is not None


def call_in_made_up(session: Session, how_many: int, now: datetime) -> tuple[Actor, ...]:
    """So many made-up agents; those of an earlier rehearsal come back."""
    found = []
    for nth in range(1, how_many + 1):
        email = _ADDRESS.format(nth=nth)
        row = session.exec(select(StaffRow).where(StaffRow.email == email)).first()
        if row is None:
            row = StaffRow(staff_id=ids.uuid7(), email=email, name=_NAME.format(nth=nth), role="agent", created_at=now)
        row.is_active, row.left_at = True, None
        session.add(row)
        found.append(Actor("staff", str(row.staff_id), row.name))
    session.flush()
    return tuple(found)


def send_made_up_home(session: Session, now: datetime) -> None:
    """The rehearsal is over: nobody is asked to take anything over from them, or to hand anything on to them."""
    theirs = col(StaffRow.email).like("rehearsal%@demo.example")
    session.connection().execute(update(StaffRow).where(theirs).values(is_active=False, left_at=now))
