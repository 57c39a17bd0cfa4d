"""Messages that came in from outside, known by the id that their senders gave them: each counts once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select
from sqlmodel import Session

from backend import db
from backend.interactions.tables import ReceivedRow

KEPT = timedelta(days=30)
"""So long the same message sent again is known."""
_RECEIVED = db.table_of(ReceivedRow)
_KNOWN = select(_RECEIVED.c.message_id).where(
    _RECEIVED.c.customer_id == bindparam("customer_id"), _RECEIVED.c.message_id.in_(bindparam("ids", expanding=True))
)
_RECEIVE = insert(_RECEIVED)


def received(session: Session, customer_id: UUID, message_ids: Collection[str]) -> set[str]:
    """Which of these messages of the customer came in before."""
    return set(session.execute(_KNOWN, {"customer_id": customer_id, "ids": list(message_ids)}).scalars())


def receive(session: Session, customer_id: UUID, message_ids: Collection[str], now: datetime) -> None:
    """They have come in now. Raises Conflict at the end where one of them had; the caller holds the customer."""
    session.execute(_RECEIVE, [{"customer_id": customer_id, "message_id": one, "at": now} for one in message_ids])


def forget_received(now: datetime) -> int:
    """Forgets messages that came in long ago; returns how many. Opens its own transaction."""
    with db.transaction() as session:
        return db.touched(session.connection().execute(delete(_RECEIVED).where(_RECEIVED.c.at < now - KEPT)))
