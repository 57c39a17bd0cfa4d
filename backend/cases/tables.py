"""The rows of this room: cases, callbacks and appointments, one list of what is still to be done. Private to the room."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from backend.db import UtcDateTime

_OPEN = text("state = 'open'")


class CaseRow(SQLModel, table=True):
    """One piece of work; the offer that it fulfils opens it once, whoever fulfils it again."""

    __tablename__ = "customer_case"
    __table_args__ = (
        CheckConstraint("kind IN ('case', 'callback', 'appointment')", name="kind"),
        CheckConstraint("state IN ('open', 'done', 'cancelled')", name="state"),
        CheckConstraint("(kind = 'appointment') = (day IS NOT NULL)", name="day"),
        CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed"),
        Index("uq_customer_case_offer", "customer_id", "offer_id", unique=True),
        Index("ix_customer_case_day", "day", sqlite_where=_OPEN, postgresql_where=_OPEN),
        {"sqlite_with_rowid": False},
    )

    customer_id: UUID = Field(primary_key=True)
    case_id: UUID = Field(primary_key=True)
    kind: str
    state: str
    subject: str
    reference: str
    wish: str = ""
    day: date | None = None
    offer_id: UUID | None = None
    opened_at: datetime = Field(sa_type=UtcDateTime)
    opened_by: str
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_by: str = ""
    outcome: str = ""
