"""The rows of this room. Private to the room; none of them is a customer's."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from backend.db import Json, UtcDateTime

_RUNNING = text("state = 'running'")


class ExperimentRow(SQLModel, table=True):
    """One experiment. What the constraints say holds whoever races: two people, and nothing runs that has no second arm."""

    __tablename__ = "experiment"
    __table_args__ = (
        CheckConstraint("state IN ('draft','asked','running','stopped','decided','withdrawn')", name="state"),
        CheckConstraint("approved_by_id IS NULL OR approved_by_id <> made_by_id", name="second_person"),
        CheckConstraint("(state IN ('running','stopped','decided')) = (started_at IS NOT NULL)", name="started"),
        CheckConstraint("(state IN ('stopped','decided')) = (ended_at IS NOT NULL)", name="ended"),
        CheckConstraint("share > 0 AND share <= 1", name="share"),
        Index("ix_experiment_running", "started_at", sqlite_where=_RUNNING, postgresql_where=_RUNNING),
    )

    experiment_id: UUID = Field(primary_key=True)
    name: str
    purpose: str
    state: str
    revision: int
    """Moves with every act, so that nobody acts on what they have not seen."""
    arms: list[dict[str, Any]] = Field(sa_type=Json)
    """The control first; each its key and label, its draft with the text's digest or its levers, and whether it was stopped."""
    share: float
    segment: str = ""
    metric: str
    window_days: int
    usual: float
    """What the metric comes to today, as it was known when the experiment was planned."""
    spread: float
    """How one customer's outcome varies: the standard deviation; of what happens or not it follows from `usual`."""
    lift: float
    """The part by which it should be more, so that it is worth knowing."""
    power: float
    needed: int
    """Customers of each arm."""
    guardrails: list[str] = Field(sa_type=Json)
    treatments: list[str] = Field(sa_type=Json)
    trigger: str = "decision"
    made_by: str
    made_by_id: str
    made_at: datetime = Field(sa_type=UtcDateTime)
    returned_words: str | None = None
    approved_by: str | None = None
    approved_by_id: str | None = None
    base_version: int | None = Field(default=None, foreign_key="catalogue_version.version")
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_by: str | None = None
    ended_words: str | None = None
    winner: str | None = None
    looked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class LookRow(SQLModel, table=True):
    """What one look at an experiment or a holdout found: figures alone, nobody is named."""

    __tablename__ = "trial_look"

    rule: str = Field(primary_key=True)
    at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    found: dict[str, Any] = Field(sa_type=Json)
