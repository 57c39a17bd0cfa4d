"""What this room holds of a customer: handed over, erased, moved to another customer and back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlmodel import Session

from backend import db, moving, tidying
from backend.mail.incoming import RECEIVED
from backend.mail.posting import SENT
from backend.mail.types import CODES
from backend.moving import Kept, Moved, Since
from shared.kernel import ids


def export_customer(
    session: Session, customer_id: UUID, words: Collection[str] = ()
) -> dict[str, list[dict[str, Any]]]:
    """Every row of this room about the customer, by table, with mail from their addresses that is nobody's yet.

    A code that is on its way is no answer to what is held of somebody: whoever asks must not be able to use it.
    """
    sent = [dict(row._mapping) for row in session.execute(select(SENT).where(SENT.c.customer_id == customer_id))]
    found = session.execute(select(RECEIVED).where(_theirs(customer_id, words)))
    return {
        SENT.name: [row | ({"text": ""} if row["purpose"] in CODES else {}) for row in sent],
        RECEIVED.name: [dict(row._mapping) for row in found],
    }


def erase_customer(session: Session, customer_id: UUID, words: Collection[str] = ()) -> int:
    """Deletes every row of this room about the customer; gives how many there were."""
    gone = session.execute(delete(SENT).where(SENT.c.customer_id == customer_id))
    return db.touched(gone) + db.touched(session.execute(delete(RECEIVED).where(_theirs(customer_id, words))))


def move_customer(session: Session, from_id: UUID, to_id: UUID) -> list[Moved]:
    """What was sent to the one and came from them is the other's."""
    return [moving.move(session, table, from_id, to_id) for table in (SENT, RECEIVED)]


def move_customer_back(session: Session, from_id: UUID, to_id: UUID, kept: Kept, since: Since) -> None:
    for table in (SENT, RECEIVED):
        moving.move_back(session, table, from_id, to_id, kept, since)


def keys_of(session: Session, customer_id: UUID, about: Collection[str]) -> dict[str, list[list[str]]]:
    """The keys of mails that are about one of these cases or offers."""
    some = sorted({UUID(one) for one in about})
    sent = select(SENT.c.mail_id).where(SENT.c.customer_id == customer_id, SENT.c.about_id.in_(some))
    came = select(RECEIVED.c.mail_id).where(RECEIVED.c.customer_id == customer_id, RECEIVED.c.case_id.in_(some))
    return {
        SENT.name: [[str(one)] for one in session.execute(sent).scalars()],
        RECEIVED.name: [[str(one)] for one in session.execute(came).scalars()],
    }


def count_old(session: Session, before: datetime, people: Collection[UUID]) -> int:
    """How many mails of these customers were sent, or came in, before then; what is on its way is never old."""
    counted = (select(func.count()).select_from(table).where(where) for table, where in _old(before, people))
    return sum(int(session.execute(asked).scalar_one()) for asked in counted)


def remove_old(session: Session, before: datetime, people: Collection[UUID], most: int) -> int:
    """Removes at most so many of them and gives how many; what was written stays in its case."""
    removed = 0
    for table, where in _old(before, people):
        removed += tidying.delete_some(session, table, where, most - removed) if removed < most else 0
    return removed


def _old(before: datetime, people: Collection[UUID]) -> tuple[tuple[Any, ColumnElement[bool]], ...]:
    some, first = sorted(people), ids.first_at(before)
    return (
        (SENT, SENT.c.customer_id.in_(some) & (SENT.c.mail_id < first) & (SENT.c.state != "queued")),
        (RECEIVED, RECEIVED.c.customer_id.in_(some) & (RECEIVED.c.mail_id < first)),
    )


def _theirs(customer_id: UUID, words: Collection[str]) -> Any:
    addresses = sorted({word.lower() for word in words if "@" in word})
    mine = RECEIVED.c.customer_id == customer_id
    return or_(mine, RECEIVED.c.customer_id.is_(None) & RECEIVED.c.sender.in_(addresses)) if addresses else mine
