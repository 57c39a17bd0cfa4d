"""E-mail that came in, each once: kept by the id that its sender gave it, found by it, settled by whoever says whose it is."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlmodel import Session

from backend import db
from backend.mail.tables import MailReceivedRow
from backend.mail.types import Received
from shared.kernel.errors import Conflict, NotFound

RECEIVED = db.table_of(MailReceivedRow)
KEPT = timedelta(days=30)
"""So long mail of which nobody said whose it is waits for somebody; and so long what was dropped is known by its id."""
_COLUMNS = tuple(RECEIVED.c[name] for name in Received.__slots__)
SHOWN = 200


def key_of(message_name: str, content: bytes) -> str:
    """By what a mail that comes twice is known."""
    return hashlib.sha256(message_name.encode() if message_name else content).hexdigest()


def known(session: Session, key: str) -> Received | None:
    """The mail with this key, if it came before."""
    row = session.execute(select(*_COLUMNS).where(RECEIVED.c.message_key == key)).one_or_none()
    return None if row is None else Received(*row)


def keep(session: Session, key: str, mail: Received) -> None:
    """Writes it down. Somebody who writes the same one down at once: one of them raises Conflict."""
    row = {name: getattr(mail, name) for name in Received.__slots__}
    session.execute(insert(RECEIVED), row | {"message_key": key, "settled_by": ""})


def received_by_names(session: Session, names: Collection[str]) -> tuple[Received, ...]:
    """The mails with these Message-IDs that belong to a case, the last first."""
    keys = [key_of(name, b"") for name in names if name]
    asked = select(*_COLUMNS).where(RECEIVED.c.message_key.in_(keys), RECEIVED.c.case_id.is_not(None))
    return tuple(Received(*row) for row in session.execute(asked.order_by(RECEIVED.c.mail_id.desc())))


def received_in(session: Session, customer_id: UUID, case_ids: Collection[UUID]) -> tuple[Received, ...]:
    """The mails that were written in these cases of the customer, oldest first."""
    asked = select(*_COLUMNS).where(RECEIVED.c.customer_id == customer_id, RECEIVED.c.case_id.in_(sorted(case_ids)))
    return tuple(Received(*row) for row in session.execute(asked.order_by(RECEIVED.c.mail_id)))


def came_from(session: Session, sender: str, since: datetime) -> int:
    """How many mails came from this address since then."""
    asked = select(func.count()).where(RECEIVED.c.sender == sender, RECEIVED.c.at >= since)
    return int(session.execute(asked).scalar_one())


def unrecognised(session: Session) -> tuple[Received, ...]:
    """Mail of which nobody has said yet whose it is, oldest first."""
    asked = select(*_COLUMNS).where(RECEIVED.c.state == "unrecognised").order_by(RECEIVED.c.at, RECEIVED.c.mail_id)
    return tuple(Received(*row) for row in session.execute(asked.limit(SHOWN)))


def count_unrecognised(session: Session) -> int:
    return int(session.execute(select(func.count()).where(RECEIVED.c.state == "unrecognised")).scalar_one())


def one_unrecognised(session: Session, mail_id: UUID) -> Received:
    """Raises NotFound, and Conflict where somebody settled it already."""
    row = session.execute(select(*_COLUMNS).where(RECEIVED.c.mail_id == mail_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such mail.")
    if row.state != "unrecognised":
        raise Conflict("Somebody has dealt with this mail already.")
    return Received(*row)


def settle(session: Session, mail_id: UUID, values: dict[str, Any], by: str) -> None:
    """What became of a mail that waited; its text goes to where it belongs. Raises Conflict where somebody was quicker."""
    mine = (RECEIVED.c.mail_id == mail_id, RECEIVED.c.state == "unrecognised")
    done = session.execute(update(RECEIVED).where(*mine).values(text="", place="", settled_by=by, **values))
    if db.touched(done) != 1:
        raise Conflict("Somebody has dealt with this mail already.")


def forget_old(session: Session, now: datetime) -> list[str]:
    """Forgets mail that waited too long, what was dropped, and what was automatic; gives the places of what stood whole."""
    old = (RECEIVED.c.state != "filed", RECEIVED.c.at < now - KEPT)
    places = [str(place) for place in session.execute(select(RECEIVED.c.place).where(*old)).scalars() if place]
    session.execute(delete(RECEIVED).where(*old))
    return places
