"""The rows of this room: attempts to pay. Private to the room. No card, account number or name is in any of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from backend.db import Json, UtcDateTime

_SILENT = text("state = 'started'")


class PaymentRow(SQLModel, table=True):
    """One attempt to pay one bill; `guard` is the bill's while it may still be paid by it, so that there is one at a time."""

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint("state IN ('started', 'paid', 'failed', 'cancelled', 'disputed')", name="state"),
        CheckConstraint("amount_minor > 0", name="amount"),
        UniqueConstraint("customer_id", "guard"),
        Index("ix_payment_silent", "started_at", sqlite_where=_SILENT, postgresql_where=_SILENT),
        {"sqlite_with_rowid": False},
    )

    customer_id: UUID = Field(primary_key=True, foreign_key="customer.customer_id")
    payment_id: UUID = Field(primary_key=True, index=True)
    """Told to the provider, and by it to us: looked up without knowing whose it is."""
    reference: str = Field(default="", index=True, sa_column_kwargs={"server_default": text("''")})
    """What people read out of the receipt; the same for good."""
    bill_id: UUID
    bill: str
    amount_minor: int
    currency: str
    state: str
    guard: str
    page: str = ""
    provider_id: str = ""
    method: str = ""
    why: str = ""
    came_minor: int | None = None
    """What came where it was not what was asked."""
    came_currency: str | None = None
    case_id: UUID | None = None
    """The case in which colleagues look at what came."""
    notices: list[Any] = Field(sa_type=Json)
    """The ids of what the provider told, the last ones: told again, nothing happens."""
    started_at: datetime = Field(sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
