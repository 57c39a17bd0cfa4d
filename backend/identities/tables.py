"""The rows of this room: pairs that may be one person, by what keys they were found, and merges with all that they moved. Private to the room."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from backend.db import Json, UtcDateTime

_OPEN = text("state = 'open'")
_STANDS = text("unmerged_at IS NULL")


class SuggestionRow(SQLModel, table=True):
    """Two customers who may be one person. The smaller id comes first, so that a pair is there once, whoever found it."""

    __tablename__ = "duplicate_suggestion"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'merged', 'distinct')", name="state"),
        CheckConstraint("customer_id <> other_id", name="two"),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided"),
        Index("ix_duplicate_suggestion_other_id", "other_id"),
        Index(
            "ix_duplicate_suggestion_open", "score", "customer_id", "other_id",
            sqlite_where=_OPEN, postgresql_where=_OPEN,
        ),
        {"sqlite_with_rowid": False},
    )  # fmt: skip

    customer_id: UUID = Field(primary_key=True)
    other_id: UUID = Field(primary_key=True)
    score: float
    """Base-2 logarithm of how much likelier the agreement is of one person than of two."""
    weights: dict[str, Any] = Field(sa_type=Json)
    """By field: its level of agreement and its weight."""
    state: str = "open"
    found_at: datetime = Field(sa_type=UtcDateTime)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    decided_by: str | None = None
    decided_by_id: str | None = None


class MatchKeyRow(SQLModel, table=True):
    """What a customer has in common with those who may be the same person: digests, by which few are compared with few."""

    __tablename__ = "match_key"
    __table_args__ = (Index("ix_match_key_key", "key"), {"sqlite_with_rowid": False})

    customer_id: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True)


class MatchSeenRow(SQLModel, table=True):
    """Up to which version of the profile near matches were looked for, and what identity it had then."""

    __tablename__ = "match_seen"
    __table_args__ = ({"sqlite_with_rowid": False},)

    customer_id: UUID = Field(primary_key=True)
    version: int
    digest: str


class MergeRow(SQLModel, table=True):
    """One merge: who became part of whom, by whom, and all that is needed to take it back."""

    __tablename__ = "customer_merge"
    __table_args__ = (
        CheckConstraint("(unmerged_at IS NULL) = (unmerged_by IS NULL)", name="unmerged"),
        Index("ix_customer_merge_merge_id", "merge_id"),
        Index("ix_customer_merge_from_id", "from_id", sqlite_where=_STANDS, postgresql_where=_STANDS),
    )

    customer_id: UUID = Field(primary_key=True)
    """Whose it is now: the survivor, or whom they became part of later."""
    merge_id: UUID = Field(primary_key=True)
    into_id: UUID
    from_id: UUID
    number: str
    name: str
    """The merged one's, for those who read of it."""
    merged_at: datetime = Field(sa_type=UtcDateTime)
    merged_by: str
    merged_by_id: str
    body: bytes | None = Field(default=None, sa_type=LargeBinary)
    """What was moved and what it was before, compressed."""
    unmerged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    unmerged_by: str | None = None
