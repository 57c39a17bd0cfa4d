"""The rows of this room: what was published and is in force, and the drafts of what may follow. Private to the room."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from backend.db import Json, UtcDateTime

_DUE = text("state = 'approved'")


class CatalogueVersionRow(SQLModel, table=True):
    """One immutable version of the catalogue: the pack's whole text, compressed, and the digest that names it."""

    __tablename__ = "catalogue_version"

    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    digest: str
    body: bytes = Field(sa_type=LargeBinary)
    published_at: datetime = Field(sa_type=UtcDateTime)
    published_by: str


class ConfigurationRow(SQLModel, table=True):
    """One immutable version of what is published: which catalogue is in force, with which levers and bid prices."""

    __tablename__ = "configuration_version"

    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    catalogue_version: int = Field(foreign_key="catalogue_version.version")
    levers: dict[str, float] = Field(sa_type=Json)
    prices: dict[str, float] = Field(sa_type=Json)
    """Bid price of one unit of each budget, in major units."""
    exhausted: list[str] = Field(sa_type=Json)
    """Budgets of which nothing was left."""
    experiments: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)
    """Those that run, as `Experiment.to_json` gives them."""
    published_at: datetime = Field(sa_type=UtcDateTime)
    published_by: str


class CatalogueSourceRow(SQLModel, table=True):
    """The text files of a catalogue version as they were written, compressed: for reading, comparing and export."""

    __tablename__ = "catalogue_source"

    version: int = Field(
        primary_key=True, foreign_key="catalogue_version.version", sa_column_kwargs={"autoincrement": False}
    )
    files: bytes = Field(sa_type=LargeBinary)


class DraftRow(SQLModel, table=True):
    """A catalogue being written. What the constraints say holds whoever races: no problem, two people, the text approved."""

    __tablename__ = "catalogue_draft"
    __table_args__ = (
        CheckConstraint(
            "state IN ('draft','checked','simulated','asked','approved','published','withdrawn')", name="state"
        ),
        CheckConstraint("state IN ('draft','withdrawn') OR coalesce(problem_count, -1) = 0", name="in_order"),
        CheckConstraint("(approved_by_id IS NULL) = (approved_digest IS NULL)", name="approver"),
        CheckConstraint("approved_by_id IS NULL OR approved_by_id <> made_by_id", name="second_person"),
        CheckConstraint("(state IN ('approved','published')) = (approved_digest IS NOT NULL)", name="approved"),
        CheckConstraint("approved_digest IS NULL OR approved_digest = digest", name="as_approved"),
        CheckConstraint("effective_at IS NULL OR state IN ('approved','published')", name="effective"),
        CheckConstraint("(state = 'published') = (catalogue_version IS NOT NULL)", name="published"),
        Index("ix_catalogue_draft_due", "effective_at", sqlite_where=_DUE, postgresql_where=_DUE),
    )

    draft_id: UUID = Field(primary_key=True)
    name: str
    base_version: int = Field(foreign_key="catalogue_version.version")
    state: str
    revision: int
    """Moves with every act, so that nobody acts on what they have not seen."""
    files: dict[str, str] = Field(sa_type=Json)
    digest: str
    """Names the files' text: what was checked, simulated and approved is this and nothing else."""
    made_by: str
    made_by_id: str
    made_at: datetime = Field(sa_type=UtcDateTime)
    changed_by: str
    changed_at: datetime = Field(sa_type=UtcDateTime)
    problems: list[dict[str, Any]] | None = Field(default=None, sa_type=Json)
    problem_count: int | None = None
    checked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    asked_by: str | None = None
    asked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    returned_by: str | None = None
    returned_words: str | None = None
    approved_by: str | None = None
    approved_by_id: str | None = None
    approved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    approved_digest: str | None = None
    effective_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    catalogue_version: int | None = Field(default=None, foreign_key="catalogue_version.version")


class DraftEditorRow(SQLModel, table=True):
    """Who had a hand in a draft: none of them may approve it."""

    __tablename__ = "catalogue_draft_editor"

    draft_id: UUID = Field(primary_key=True, foreign_key="catalogue_draft.draft_id")
    editor_id: str = Field(primary_key=True)
