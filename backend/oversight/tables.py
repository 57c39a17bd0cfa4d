"""The rows of this room: looks at customers, what the law keeps of the erased, what retention removed. Private to the room."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from backend.db import Json, UtcDateTime


class LookRow(SQLModel, table=True):
    """A member of staff, or a program, looked at a customer: once for each page and each few minutes."""

    __tablename__ = "look"
    __table_args__ = (Index("ix_look_since", "since"), {"sqlite_with_rowid": False})

    customer_id: UUID = Field(primary_key=True)
    since: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    """The beginning of the few minutes in which a second look is the same one."""
    actor_id: str = Field(primary_key=True)
    page: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    actor_kind: str
    actor_name: str
    interaction_id: UUID | None = None
    """The contact with the customer that was open; empty for a look without one."""


class KeptRecordRow(SQLModel, table=True):
    """What the law makes us keep of somebody who was erased: apart from every profile, with its ground and its last day."""

    __tablename__ = "kept_record"
    __table_args__ = (Index("ix_kept_record_until", "until"),)

    record_id: UUID = Field(primary_key=True)
    of: str
    """Which table it came from."""
    ground: str
    until: date
    name: str
    number: str
    body: dict[str, Any] = Field(sa_type=Json)
    kept_at: datetime = Field(sa_type=UtcDateTime)


class RetentionRunRow(SQLModel, table=True):
    """One time that something was removed because its time was over: how many of what; nobody is named."""

    __tablename__ = "retention_run"

    run_id: UUID = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    of: str
    before: datetime = Field(sa_type=UtcDateTime)
    removed: int
