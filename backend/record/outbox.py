"""Work for later: a row written with the act itself, done at least once by a worker, each time in its own transaction.

A handler's writes and the job's end commit together, so what a handler does in the database happens exactly once; only
what it sends outward may be repeated.
"""

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from backend import db
from backend.record.tables import OutboxJobRow
from shared.kernel import ids
from shared.kernel.errors import EvenhandError

Handler = Callable[[Session, UUID, dict[str, Any], datetime], None]

LEASE = timedelta(seconds=60)
FIRST_DELAY = timedelta(seconds=2)
LONGEST_DELAY = timedelta(hours=1)
MOST_ATTEMPTS = 15

_handlers: dict[str, Handler] = {}
_log = logging.getLogger("evenhand.outbox")


@dataclass(frozen=True)
class _Job:
    customer_id: UUID
    job_id: UUID
    topic: str
    payload: dict[str, Any]
    attempts: int


class _Lost(Exception):
    """The lease ended and another worker has the job."""


def put(
    session: Session, *, customer_id: UUID, topic: str, payload: dict[str, Any], now: datetime,
    run_at: datetime | None = None,
) -> UUID:  # fmt: skip
    """Leaves work to be done after this transaction commits, not before `run_at`. Returns the job's id."""
    job_id = ids.uuid7()
    row = OutboxJobRow(
        customer_id=customer_id, job_id=job_id, topic=topic, payload=payload, run_at=run_at or now, created_at=now
    )
    session.add(row)
    return job_id


def register(topic: str, handler: Handler) -> None:
    """Names who does the work of a topic. A second handler for it raises ValueError; the same one again does not."""
    if _handlers.setdefault(topic, handler) is not handler:
        raise ValueError(f"{topic} has a handler already.")


def run_due(now: datetime, limit: int = 100) -> int:
    """Does the work that is due, at most `limit` jobs; returns how many were done. What fails is tried again later."""
    return sum(_run(job, now) for job in _lease(now, limit))


def erase_customer(session: Session, customer_id: UUID) -> None:
    """Drops what was still to be done for the customer."""
    session.connection().execute(delete(OutboxJobRow).where(col(OutboxJobRow.customer_id) == customer_id))


def export_customer(session: Session, customer_id: UUID) -> list[dict[str, Any]]:
    """What is still to be done for the customer."""
    rows = session.exec(select(OutboxJobRow).where(OutboxJobRow.customer_id == customer_id))
    return [row.model_dump() for row in rows]


def _lease(now: datetime, limit: int) -> list[_Job]:
    """Takes due jobs for one lease. Reads first, so that an idle worker never takes the writers' place."""
    due = (
        select(OutboxJobRow)
        .where(col(OutboxJobRow.run_at) <= now, col(OutboxJobRow.failed_at).is_(None))
        .where(col(OutboxJobRow.topic).in_(sorted(_handlers)))
        .order_by(col(OutboxJobRow.run_at), col(OutboxJobRow.job_id))
        .limit(limit)
    )
    with db.reading() as session:
        if session.exec(due.limit(1)).first() is None:
            return []
    with db.transaction() as session:
        rows = session.exec(due.with_for_update(skip_locked=True)).all()
        for row in rows:
            row.run_at = now + LEASE
            row.attempts += 1
        session.flush()
        return [_Job(row.customer_id, row.job_id, row.topic, row.payload, row.attempts) for row in rows]


def _run(job: _Job, now: datetime) -> bool:
    try:
        with db.transaction() as session:
            mine = (*_is(job), col(OutboxJobRow.attempts) == job.attempts)
            if session.connection().execute(delete(OutboxJobRow).where(*mine)).rowcount != 1:
                raise _Lost
            _handlers[job.topic](session, job.customer_id, job.payload, now)
    except _Lost:
        return False
    except Exception as failure:  # any handler's failure is the job's own: the others go on
        _put_off(job, failure, now)
        return False
    return True


def _put_off(job: _Job, failure: Exception, now: datetime) -> None:
    """Later and later, and at last never. Only our own errors' words are kept: others may carry a customer's data."""
    delay = min(FIRST_DELAY * 2 ** (job.attempts - 1), LONGEST_DELAY)
    words = f": {failure}" if isinstance(failure, EvenhandError) else ""
    last = traceback.extract_tb(failure.__traceback__)[-1]
    reason = f"{type(failure).__name__}{words} ({last.name}, line {last.lineno})"
    gone = now if job.attempts >= MOST_ATTEMPTS else None
    later = update(OutboxJobRow).where(*_is(job), col(OutboxJobRow.attempts) == job.attempts)
    with db.transaction() as session:
        session.connection().execute(later.values(run_at=now + delay, last_error=reason, failed_at=gone))
    _log.warning("job %s of %s failed, attempt %d: %s", job.job_id, job.topic, job.attempts, reason)


def _is(job: _Job) -> tuple[Any, ...]:
    return (col(OutboxJobRow.customer_id) == job.customer_id, col(OutboxJobRow.job_id) == job.job_id)
