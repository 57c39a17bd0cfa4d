"""Word of what changed: a row in the act's own transaction, so that it is told exactly when the act counts.

Watchers hear of it by the hub and look at the thing itself; after an hour nobody asks for the row any more.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, text
from sqlmodel import Session, col, func, select

from backend import db, jsons
from backend.record.tables import ChangeRow
from backend.record.types import RETURN, Change

CHANNEL = "evenhand_change"
KEPT = timedelta(hours=1)
CHANGED = "changed profiles"
"""Under this name a session keeps whose profile it changed and when, for what follows from it at its end."""
READ_BACK = 500
"""So many changes are looked through for whoever comes back; after more, looking at everything anew is cheaper."""
LATE = 200, timedelta(seconds=10)
"""On PostgreSQL a transaction may commit after others whose numbers are higher: by so many, and so long, at the most."""
SKEW = timedelta(seconds=2)
"""How far the clocks of two machines may differ, with the time from an act's beginning to its commit."""

# One round trip for all; the word is delivered by the commit, or never.
_TELL = text(
    "WITH told AS (INSERT INTO change (at, topic, customer_id, subject, private)"
    " SELECT at, topic, customer_id, subject, private FROM json_to_recordset(CAST(:told AS json)) AS told"
    " (at timestamptz, topic varchar, customer_id uuid, subject varchar, private boolean) RETURNING *)"
    " SELECT pg_notify(:channel, json_build_object('id', change_id, 'topic', topic, 'customer_id', customer_id,"
    " 'subject', subject, 'private', private)::text) FROM told"
).bindparams(channel=CHANNEL)
_COLUMNS = ("at", "topic", "customer_id", "subject", "private")
TOLD = "told"
"""Under this name a session keeps what is to be told at its end, each thing once."""
_APPEND = insert(ChangeRow)


def changed(
    session: Session, topic: str, *, customer_id: UUID | None = None, subject: str | None = None, private: bool = False,
    now: datetime,
) -> None:  # fmt: skip
    """Tells all watchers, once the caller's transaction has committed. `private`: not the customer's own pages.

    However often a transaction changes the same thing, it is told once.
    """
    if topic == "profile" and customer_id is not None:
        session.info.setdefault(CHANGED, {})[customer_id] = now
    session.info.setdefault(TOLD, {})[topic, customer_id, subject, private] = now


def _tell(session: Session) -> None:
    """Writes what is to be told, at the end of the transaction that did it."""
    told: dict[tuple[str, UUID | None, str | None, bool], datetime] = session.info.pop(TOLD, {})
    if not told:
        return
    rows = [dict(zip(_COLUMNS, (now, *what), strict=True)) for what, now in told.items()]
    if session.get_bind().dialect.name == "postgresql":
        db.connection(session).execute(_TELL, {"told": jsons.write(rows)})
    else:
        db.connection(session).execute(_APPEND, rows)


db.before_commit(_tell, last=True)


def followed(session: Session, customer_id: UUID) -> None:
    """What follows from the changes of this customer so far has been done already: nothing is left for the transaction's end."""
    session.info.get(CHANGED, {}).pop(customer_id, None)


def reached() -> tuple[int, int]:
    """Where the changes have got to: two readings are equal only when nothing was told between them.

    The newest number alone would not do, since on PostgreSQL a lower one may be committed after it.
    """
    late = col(ChangeRow.change_id) > select(func.max(ChangeRow.change_id) - LATE[0]).scalar_subquery()
    with db.reading() as session:
        last, many = session.exec(select(func.max(ChangeRow.change_id), func.count()).where(late)).one()
    return last or 0, many


def newest() -> int:
    """The number of the newest change, 0 when there is none."""
    with db.reading() as session:
        return session.exec(select(func.max(ChangeRow.change_id))).one() or 0


def read_back(after: int | None, since: datetime | None) -> list[Change]:
    """The changes after the one with this number, or else since the instant; none when neither is given.

    Where it cannot be said any more which they were, a single one of topic RETURN. Some may be given that were told
    before: looking twice does no harm.
    """
    if after is None and since is None:
        return []
    late_numbers, late_time = LATE if db.dialect() == "postgresql" else (0, timedelta(0))
    statement = select(ChangeRow).order_by(col(ChangeRow.change_id).desc()).limit(READ_BACK)
    if after is not None:
        statement = statement.where(col(ChangeRow.change_id) >= after - late_numbers)
    with db.reading() as session:
        rows = session.exec(statement).all()
    if after is None:
        assert since is not None  # noqa: S101 (one of the two is given)
        missed = [row for row in rows if row.at >= since - SKEW]
        lost = len(missed) == READ_BACK
    else:
        last = next((row for row in rows if row.change_id == after), None)
        missed = [row for row in rows if _number(row) > after or (last and _perhaps_late(row, last, late_time))]
        lost = len(rows) == READ_BACK or (last is None and after > 0)
    if lost:
        return [Change(_number(rows[0]) if rows else 0, RETURN)]
    return [Change(_number(row), row.topic, row.customer_id, row.subject, row.private) for row in reversed(missed)]


def purge(now: datetime) -> int:
    """Forgets changes older than an hour, never the newest one, by which others are counted; returns how many."""
    with db.transaction() as session:
        old = delete(ChangeRow).where(col(ChangeRow.at) < now - KEPT)
        last = select(func.max(ChangeRow.change_id)).scalar_subquery()
        return db.connection(session).execute(old.where(col(ChangeRow.change_id) < last)).rowcount


def export_customer(session: Session, customer_id: UUID) -> list[dict[str, Any]]:
    """What watchers were told of the customer in the last hour."""
    theirs = select(ChangeRow).where(ChangeRow.customer_id == customer_id).order_by(col(ChangeRow.change_id))
    return [row.model_dump() for row in session.exec(theirs)]


def erase_customer(session: Session, customer_id: UUID) -> None:
    """Drops what watchers were told of the customer, and what this transaction would tell."""
    for what in [what for what in session.info.get(TOLD, {}) if what[1] == customer_id]:
        del session.info[TOLD][what]
    db.connection(session).execute(delete(ChangeRow).where(col(ChangeRow.customer_id) == customer_id))


def _perhaps_late(row: ChangeRow, last: ChangeRow, late: timedelta) -> bool:
    """Whether a row of a lower number may have been committed after the last one that was told."""
    return row is not last and last.at - row.at < late


def _number(row: ChangeRow) -> int:
    assert row.change_id is not None  # noqa: S101 (it was read from the database)
    return row.change_id
