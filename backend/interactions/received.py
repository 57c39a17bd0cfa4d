"""Messages that came in from outside, known by the id that their senders gave them: each counts once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from sqlalchemy import bindparam, delete, text
from sqlmodel import Session

from backend import db
from backend.interactions.tables import ReceivedRow

KEPT = timedelta(days=30)
"""So long the same message sent again is known."""
_RECEIVED = db.table_of(ReceivedRow)
_TOLD = {"sqlite": "json_each(:ids)", "postgresql": "json_array_elements_text(CAST(:ids AS json)) AS told (value)"}
# One statement for all of a customer's, which notes the new ones and says which they are.
_RECEIVE = {
    dialect: text(
        f"INSERT INTO received (customer_id, message_id, at) SELECT :customer_id, value, :at FROM {told} WHERE true"  # noqa: S608 (`told` is one of the two above)
        " ON CONFLICT DO NOTHING RETURNING message_id"
    ).bindparams(bindparam("customer_id", type_=db.Uuid()), bindparam("at", type_=db.UtcDateTime()))
    for dialect, told in _TOLD.items()
}


def receive(session: Session, customer_id: UUID, message_ids: Collection[str], now: datetime) -> set[str]:
    """Notes that these messages of the customer came in, and gives those of them that had not before; the caller holds the customer."""
    told = {"customer_id": customer_id, "ids": orjson.dumps(list(message_ids)).decode(), "at": now}
    found = db.connection(session).execute(_RECEIVE[session.get_bind().dialect.name], told)
    return set(found.scalars())


def forget_received(now: datetime) -> int:
    """Forgets messages that came in long ago; returns how many. Opens its own transaction."""
    with db.transaction() as session:
        return db.touched(db.connection(session).execute(delete(_RECEIVED).where(_RECEIVED.c.at < now - KEPT)))
