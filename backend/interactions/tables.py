"""The rows of this room: contacts and what happened in them. Appended, never changed. Private to the room."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from backend.db import Json, UtcDateTime

CLUSTERED = {"sqlite_with_rowid": False}
"""SQLite keeps such a table in the order of its primary key, so that one customer's rows lie side by side."""


class InteractionRow(SQLModel, table=True):
    """One contact: a call, a visit to the portal, a message."""

    __tablename__ = "interaction"
    __table_args__ = (CheckConstraint("direction IN ('inbound', 'outbound')", name="direction"), CLUSTERED)

    customer_id: UUID = Field(primary_key=True)
    interaction_id: UUID = Field(primary_key=True)
    channel: str
    direction: str
    started_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    staff: str | None = None
    stage: str | None = None
    intent: str | None = None
    summary: str | None = None


class EventRow(SQLModel, table=True):
    """One thing that happened. Its id is made at the instant that it happened: the primary key is the order of time."""

    __tablename__ = "event"
    __table_args__ = (CLUSTERED,)

    customer_id: UUID = Field(primary_key=True)
    event_id: UUID = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    kind: str
    channel: str | None = None
    stage: str | None = None
    interaction_id: UUID | None = None
    actor_kind: str
    actor_name: str
    data: dict[str, Any] = Field(sa_type=Json)
