"""The rows of this room: reviews of contacts, and how they were before they were mended. Private to the room."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from backend.db import Json, UtcDateTime

CLUSTERED = {"sqlite_with_rowid": False}
"""SQLite keeps such a table in the order of its primary key, so that one customer's rows lie side by side."""


class ReviewRow(SQLModel, table=True):
    """One review of one contact, from being drawn until it is given; two of a contact that is given to two reviewers."""

    __tablename__ = "review"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'draft', 'given')", name="state"),
        CheckConstraint("(state = 'waiting') = (reviewer_id IS NULL)", name="taken"),
        CheckConstraint("(state = 'given') = (given_at IS NOT NULL)", name="given"),
        UniqueConstraint("customer_id", "interaction_id", "nth"),
        Index("ix_review_state", "state", "week"),
        Index("ix_review_agent", "agent_id", "given_at"),
        Index("ix_review_week", "week"),
        CLUSTERED,
    )

    customer_id: UUID = Field(primary_key=True)
    review_id: UUID = Field(primary_key=True)
    interaction_id: UUID
    nth: int
    """1, or 2 for the second reviewer's."""
    paired: bool
    agent_id: UUID
    agent: str
    channel: str
    at: datetime = Field(sa_type=UtcDateTime)
    """When the contact began."""
    week: date
    """The Monday of its week, by the pack's clock."""
    reason: str
    """Why it was drawn: empty for by lot, else the key of the rule."""
    why: str
    """The same in words."""
    form: str
    questions: list[dict[str, Any]] = Field(sa_type=Json)
    """The form as it was when the contact was drawn."""
    state: str
    reviewer_id: UUID | None = None
    reviewer: str = ""
    answers: dict[str, Any] = Field(sa_type=Json)
    summary: str = ""
    version: int = 1
    written_in: str = ""
    """The window in which it was written last: what one window keeps follows upon itself."""
    score: float | None = None
    failed: bool = False
    drawn_at: datetime = Field(sa_type=UtcDateTime)
    given_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    said: str = ""
    """What the agent answered, once."""
    said_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    replied: str = ""
    replied_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    mended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ReviewPastRow(SQLModel, table=True):
    """A review as it was given before it was mended, by whom and why. Appended, never changed."""

    __tablename__ = "review_past"
    __table_args__ = (CLUSTERED,)

    customer_id: UUID = Field(primary_key=True)
    past_id: UUID = Field(primary_key=True)
    review_id: UUID
    at: datetime = Field(sa_type=UtcDateTime)
    by: str
    why: str
    answers: dict[str, Any] = Field(sa_type=Json)
    summary: str
    score: float
    failed: bool
