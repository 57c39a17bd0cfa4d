"""The rows of this room: what customers cancelled. Private to the room."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from backend.db import Json, UtcDateTime


class CancellationRow(SQLModel, table=True):
    """One thing that a customer cancelled; `guard` is what it is while it stands, so that it is cancelled once at a time."""

    __tablename__ = "cancellation"
    __table_args__ = (
        CheckConstraint("state IN ('asked', 'undone', 'done')", name="state"),
        UniqueConstraint("customer_id", "guard"),
        {"sqlite_with_rowid": False},
    )

    customer_id: UUID = Field(primary_key=True, foreign_key="customer.customer_id")
    cancellation_id: UUID = Field(primary_key=True)
    what: str
    label: str
    reference: str
    state: str
    guard: str
    last_day: date
    early_minor: int
    monthly_minor: int | None = None
    monthly_then_minor: int | None = None
    currency: str
    loses: list[Any] = Field(sa_type=Json)
    reason: str = ""
    case_id: UUID | None = None
    asked_at: datetime = Field(sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
