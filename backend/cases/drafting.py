"""What an agent has begun to write in a case, and who is writing there just now.

A draft is never written over unseen: a browser that did not see what another wrote is told. The one who writes first is named
to the next, who may go on knowingly.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import case, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from backend import db
from backend.cases.pieces import this
from backend.cases.tables import CaseDraftRow, CaseWritingRow
from backend.cases.types import Draft
from backend.cases.working import work_of
from backend.record import service as record
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid

LONGEST = 10_000
SILENT = timedelta(minutes=2)
"""Who has typed nothing for so long is not writing any more."""
DRAFT, WRITING = db.table_of(CaseDraftRow), db.table_of(CaseWritingRow)


@dataclass(frozen=True, slots=True)
class Writer:
    """Who is writing in the case, and since when."""

    staff_id: UUID
    name: str
    since: datetime


def keep_draft(
    session: Session, customer_id: UUID, case_id: UUID, kind: str, text: str, *, actor: Actor, now: datetime,
    seen: int | None = None, saving: str | None = None,
) -> Draft | None:  # fmt: skip
    """Keeps what the agent has written so far, for any browser of theirs; an empty text is none.

    `seen`: upon which version, 0 for none yet; None: whatever stands there. `saving`: what this browser was sending as it left
    the page, before it could hear of a version: where just that stands there, it is its own. Raises Invalid, and Conflict where
    another browser wrote meanwhile: its extra `draft` is what stands there now, None where that was sent.
    """
    if kind not in ("agent", "note"):
        raise Invalid("Write an answer or a note.", {"kind": "agent or note"})
    if len(text) > LONGEST:
        raise Invalid(f"A message holds {LONGEST:,} characters.", {"text": f"at most {LONGEST:,} characters"})
    work_of(session, customer_id, case_id)
    mine = (*this(DRAFT, customer_id, case_id), DRAFT.c.staff_id == UUID(actor.id))
    found = draft_of(session, customer_id, case_id, UUID(actor.id))
    if found is not None and (found.text, found.kind) == (text, kind):
        return found
    version = found.version if found is not None else 0
    if found is not None and saving is not None and (_lines(saving), seen) == (_lines(found.text), version - 1):
        seen = version
    if seen is not None and seen != version and (found is not None or text.strip()):
        raise Conflict("This draft was changed in another window.", draft=found)
    if not text.strip():
        session.execute(delete(DRAFT).where(*mine))
        return None
    values = {"kind": kind, "text": text, "saved_at": now, "version": version + 1}
    if found is None:
        row = {"customer_id": customer_id, "case_id": case_id, "staff_id": UUID(actor.id)} | values
        written = db.upsert(session, CaseDraftRow, [row], key=("customer_id", "case_id", "staff_id"))
    else:
        written = db.touched(session.execute(update(DRAFT).where(*mine, DRAFT.c.version == version).values(**values)))
    if written != 1:
        raise Conflict(
            "This draft was changed in another window.", draft=draft_of(session, customer_id, case_id, UUID(actor.id))
        )
    return Draft(kind, text, now, version + 1)


def _lines(text: str) -> list[str]:
    """As it was typed: browsers end the same lines in two ways, by how they send them."""
    return text.splitlines()


def draft_of(session: Session, customer_id: UUID, case_id: UUID, staff_id: UUID) -> Draft | None:
    """What this member of staff has begun to write in the case."""
    row = session.execute(
        select(DRAFT).where(*this(DRAFT, customer_id, case_id), DRAFT.c.staff_id == staff_id)
    ).one_or_none()
    return None if row is None else Draft(row.kind, row.text, row.saved_at, row.version)


def begin_writing(
    session: Session, customer_id: UUID, case_id: UUID, *, actor: Actor, now: datetime, knowing: bool = False
) -> Writer:
    """This agent types in the case; gives who is writing there: they, or a colleague who began before and still does.

    `knowing`: they go on although a colleague writes, and are the one who is named from now on. Settled in the database: of two
    who begin at one instant, one is told of the other.
    """
    work_of(session, customer_id, case_id)
    insert: Any = postgresql.insert if db.dialect() == "postgresql" else sqlite.insert
    row = {
        "customer_id": customer_id, "case_id": case_id, "staff_id": UUID(actor.id), "staff": actor.name, "since": now,
        "seen_at": now,
    }  # fmt: skip
    claim = insert(WRITING).values(**row)
    new, mine = claim.excluded, WRITING.c.staff_id == UUID(actor.id)
    free = or_(mine, WRITING.c.seen_at < now - SILENT)
    before = writing_in(session, customer_id, case_id, now)
    session.execute(
        claim.on_conflict_do_update(
            index_elements=["customer_id", "case_id"],
            set_={
                "staff_id": new.staff_id, "staff": new.staff, "seen_at": new.seen_at,
                "since": case((mine & (WRITING.c.seen_at >= now - SILENT), WRITING.c.since), else_=new.since),
            },
            where=None if knowing else free,
        )
    )  # fmt: skip
    # A colleague who held it may have left since: then it is this agent's, and their next word claims it.
    after = writing_in(session, customer_id, case_id, now) or Writer(UUID(actor.id), actor.name, now)
    if before is None or before.staff_id != after.staff_id:
        _told(session, customer_id, after.staff_id, now)
    return after


def writing_in(session: Session, customer_id: UUID, case_id: UUID, now: datetime) -> Writer | None:
    """Who is writing in the case; None where nobody has typed for two minutes."""
    asked = select(WRITING).where(*this(WRITING, customer_id, case_id), WRITING.c.seen_at >= now - SILENT)
    row = session.execute(asked).one_or_none()
    return None if row is None else Writer(row.staff_id, row.staff, row.since)


def end_writing(session: Session, customer_id: UUID, case_id: UUID, *, actor: Actor, now: datetime) -> None:
    """This agent writes no more: they left, or sent it. Where a colleague writes, nothing changes."""
    mine = (*this(WRITING, customer_id, case_id), WRITING.c.staff_id == UUID(actor.id))
    if db.touched(session.execute(delete(WRITING).where(*mine))):
        _told(session, customer_id, UUID(actor.id), now)


def forget_writing(now: datetime) -> int:
    """Removes who wrote last, where that is a day ago; gives how many. Opens its own transaction."""
    with db.transaction() as session:
        return db.touched(session.execute(delete(WRITING).where(WRITING.c.seen_at < now - timedelta(days=1))))


def sent(session: Session, customer_id: UUID, case_id: UUID, actor: Actor, now: datetime) -> None:
    """What they had begun to write was sent."""
    if actor.kind == "staff":
        session.execute(delete(DRAFT).where(*this(DRAFT, customer_id, case_id), DRAFT.c.staff_id == UUID(actor.id)))
        end_writing(session, customer_id, case_id, actor=actor, now=now)


def _told(session: Session, customer_id: UUID, staff_id: UUID, now: datetime) -> None:
    record.changed(session, "presence", customer_id=customer_id, subject=str(staff_id), private=True, now=now)
