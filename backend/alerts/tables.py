"""The rows of this room. Private to the room."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from backend.db import Json, UtcDateTime

_OPEN = text("done_at IS NULL")


class AlertRow(SQLModel, table=True):
    """One alert: raised once for each subject while it is not done. Of no customer: `customer_id` is `NOBODY`."""

    __tablename__ = "alert"
    __table_args__ = (
        CheckConstraint("urgency IN ('now', 'soon')", name="urgency"),
        Index(
            "ux_alert_open", "customer_id", "key", "subject", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
        ),
        Index("ix_alert_waiting", "raised_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_alert_id", "alert_id"),
        Index("ix_alert_done", "done_at"),
    )

    customer_id: UUID = Field(primary_key=True)
    alert_id: UUID = Field(primary_key=True)
    key: str
    """The rule's, in the pack that was in force."""
    subject: str
    """What it is about: a call or a contact by its id, a budget by its key, a rule by its place."""
    about: str
    label: str
    urgency: str
    seen: dict[str, Any] = Field(sa_type=Json)
    """What the rule saw when it was raised, by name."""
    details: str = ""
    raised_at: datetime = Field(sa_type=UtcDateTime)
    over_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Since when the rule no longer sees it; it waits all the same until somebody has looked."""
    owner_id: UUID | None = None
    owner: str = ""
    acknowledged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    snoozed_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_by: str = ""
    what_was_done: str = ""
