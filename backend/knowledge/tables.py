"""The rows of this room: articles, their versions, what authors have begun, and whom they helped. Private to the room."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from backend.db import Json, UtcDateTime


class ArticleRow(SQLModel, table=True):
    """An article, and which of its versions counts. `search_text` is what searches look through."""

    __tablename__ = "article"
    __table_args__ = (
        CheckConstraint("current > 0", name="current"),
        CheckConstraint("audience IN ('internal', 'public')", name="audience"),
        Index("uq_article_slug", "slug", unique=True),
    )

    article_id: UUID = Field(primary_key=True)
    slug: str
    current: int
    audience: str
    language: str
    retired: bool = False
    from_pack: bool = False
    """Nobody here has changed it: a newer pack may."""
    search_text: str
    changed_at: datetime = Field(sa_type=UtcDateTime)


class ArticleVersionRow(SQLModel, table=True):
    """What was published once; never changed."""

    __tablename__ = "article_version"
    __table_args__ = (CheckConstraint("audience IN ('internal', 'public')", name="audience"),)

    article_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    slug: str
    title: str
    summary: str
    text: str
    audience: str
    language: str
    stages: list[str] = Field(sa_type=Json)
    intents: list[str] = Field(sa_type=Json)
    services: list[str] = Field(sa_type=Json)
    types: list[str] = Field(sa_type=Json)
    words: str
    translates: str | None = None
    """The address of the article that this one says in another language."""
    note: str
    published_at: datetime = Field(sa_type=UtcDateTime)
    published_by: str


class ArticleDraftRow(SQLModel, table=True):
    """What an author has begun to write and not published."""

    __tablename__ = "article_draft"

    article_id: UUID = Field(primary_key=True)
    staff_id: UUID = Field(primary_key=True)
    fields: dict[str, str] = Field(sa_type=Json)
    base: int
    saved_at: datetime = Field(sa_type=UtcDateTime)


class ArticleVoteRow(SQLModel, table=True):
    """Whether a version helped somebody who is no customer of ours by sign-in: staff, or a browser."""

    __tablename__ = "article_vote"

    article_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    voter: str = Field(primary_key=True)
    helpful: bool
    voted_at: datetime = Field(sa_type=UtcDateTime)


class ArticleCustomerVoteRow(SQLModel, table=True):
    """Whether a version helped a customer who was signed in."""

    __tablename__ = "article_customer_vote"
    __table_args__ = (Index("ix_article_customer_vote_article", "article_id", "version"),)

    customer_id: UUID = Field(primary_key=True)
    article_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    helpful: bool
    voted_at: datetime = Field(sa_type=UtcDateTime)
