"""What is still to be done for two customers, and told of them, becomes one's.

The audit trail stays as it is: its chain is sealed over the ids of that time. What watchers were told is over in an hour.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from backend import db, moving
from backend.moving import Kept, Moved, Since
from backend.record.tables import OutboxJobRow, WebhookDeliveryRow

_TABLES = (db.table_of(OutboxJobRow), db.table_of(WebhookDeliveryRow))


def move_customer(session: Session, from_id: UUID, to_id: UUID) -> list[Moved]:
    """Jobs and deliveries follow to the survivor. A worker that holds one of them loses it, and it is done again."""
    session.flush()
    return [moving.move(session, table, from_id, to_id) for table in _TABLES]


def move_customer_back(session: Session, from_id: UUID, to_id: UUID, kept: Kept, since: Since) -> None:
    for table in _TABLES:
        moving.move_back(session, table, from_id, to_id, kept, since)


def jobs_about(session: Session, customer_id: UUID, offers: set[str]) -> list[list[str]]:
    """The keys of the customer's jobs that are about one of these offers."""
    job = _TABLES[0]
    rows = session.execute(select(job.c.job_id, job.c.payload).where(job.c.customer_id == customer_id))
    return [[str(row.job_id)] for row in rows if row.payload.get("offer_id") in offers]
