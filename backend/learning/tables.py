"""The rows of this room: examples of what was presented and what came of it, and the epochs made of them. Private to the room."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from backend.db import Json, UtcDateTime

_WAITING = text("state = 'waiting'")


class ExampleRow(SQLModel, table=True):
    """One presentation that the customer got, as numbers, and what came of it: any process may write it, and write it again."""

    __tablename__ = "learning_example"
    __table_args__ = (
        CheckConstraint("state IN ('waiting','taken','untaken')", name="state"),
        Index("ix_learning_example_due", "due_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index("ix_learning_example_learned_at", "learned_at"),
        {"sqlite_with_rowid": False},
    )

    customer_id: UUID = Field(primary_key=True)
    offer_id: UUID = Field(primary_key=True)
    treatment: str
    day: date
    """The customer's local day of the presentation."""
    channel: str
    columns: str
    """Names the vector's shape."""
    x: bytes = Field(sa_type=LargeBinary)
    """The vector without the channel's columns, as 64-bit floats."""
    chance: float | None = None
    """What was foretold; empty where no decision had ranked it."""
    epoch: int
    """The epoch that foretold it."""
    state: str
    due_at: datetime = Field(sa_type=UtcDateTime)
    """From when on no answer is a no."""
    learned_at: datetime = Field(sa_type=UtcDateTime)
    """When the outcome became known, or was corrected."""


class ShapeRow(SQLModel, table=True):
    """What the places of a vector mean, once for all vectors of one shape."""

    __tablename__ = "learning_shape"

    shape: str = Field(primary_key=True)
    columns: list[str] = Field(sa_type=Json)


class EpochRow(SQLModel, table=True):
    """What was learned up to one instant. Never changed: decisions name it, and replay uses it."""

    __tablename__ = "learning_epoch"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    made_at: datetime = Field(sa_type=UtcDateTime)
    digest: str
    body: bytes = Field(sa_type=LargeBinary)
    examples: int
    report: dict[str, Any] = Field(sa_type=Json)
    """How well chances came true and what has changed, by treatment and channel; nobody is named."""
