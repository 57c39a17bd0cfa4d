"""What staff type at the desk before they send it: kept for any browser of theirs, and never written over unseen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlmodel import Session

from backend import db
from backend.interactions.tables import DeskDraftRow
from shared.kernel.errors import Conflict, Invalid

NOBODY = UUID(int=0)
"""In the place of the customer, where nobody knows yet who it is about."""
LONGEST_DRAFT = 20_000
KEPT = timedelta(days=30)
KEPT_OF_NOBODY = timedelta(days=1)
_DRAFT = db.table_of(DeskDraftRow)
_KEY = ("customer_id", "staff_id", "place")


@dataclass(frozen=True, slots=True)
class DeskDraft:
    """What was typed, and its version: whoever writes on says which one they saw."""

    text: str
    version: int
    saved_at: datetime


def desk_draft(session: Session, customer_id: UUID, staff_id: UUID, place: str) -> DeskDraft | None:
    """What this member of staff has typed there and not sent."""
    row = session.execute(select(_DRAFT).where(*_this(customer_id, staff_id, place))).one_or_none()
    return None if row is None else DeskDraft(row.text, row.version, row.saved_at)


def keep_desk_draft(
    session: Session, customer_id: UUID, staff_id: UUID, place: str, text: str, seen: int | None, now: datetime
) -> DeskDraft:
    """Keeps what was typed so far. `seen`: upon which version, 0 for none yet; None: whatever stands there.

    Raises Invalid for too much, and Conflict where another browser wrote meanwhile: its extra `version` says on what to go on.
    """
    if len(text) > LONGEST_DRAFT:
        raise Invalid(f"A draft holds {LONGEST_DRAFT:,} characters.", {"text": "shorten it"})
    found = desk_draft(session, customer_id, staff_id, place)
    if found is not None and found.text == text:
        return found
    version = found.version if found is not None else 0
    if seen is not None and seen != version:
        raise Conflict("This was written on in another window.", version=version)
    this: dict[str, Any] = {"customer_id": customer_id, "staff_id": staff_id, "place": place}
    if found is None:
        row = this | {"text": text, "version": 1, "saved_at": now}
        written = db.upsert(session, DeskDraftRow, [row], key=_KEY)
    else:
        again = update(_DRAFT).where(*_this(customer_id, staff_id, place), _DRAFT.c.version == version)
        written = db.touched(session.execute(again.values(text=text, version=version + 1, saved_at=now)))
    if written != 1:
        raise Conflict("This was written on in another window.", version=version + 1)
    return DeskDraft(text, version + 1, now)


def drop_desk_draft(session: Session, customer_id: UUID, staff_id: UUID, place: str) -> None:
    """It was sent, or is no longer wanted."""
    session.execute(delete(_DRAFT).where(*_this(customer_id, staff_id, place)))


def forget_drafts(now: datetime) -> int:
    """Removes what nobody has touched for a month, and for a day where it is about nobody known. Opens its own transaction."""
    old = (_DRAFT.c.saved_at < now - KEPT) | (
        (_DRAFT.c.customer_id == NOBODY) & (_DRAFT.c.saved_at < now - KEPT_OF_NOBODY)
    )
    with db.transaction() as session:
        return db.touched(session.execute(delete(_DRAFT).where(old)))


def _this(customer_id: UUID, staff_id: UUID, place: str) -> tuple[Any, ...]:
    return (_DRAFT.c.customer_id == customer_id, _DRAFT.c.staff_id == staff_id, _DRAFT.c.place == place)
