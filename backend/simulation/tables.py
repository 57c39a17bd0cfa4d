"""The rows of this room: what was simulated, and what came out. Private to the room."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from backend.db import Json, UtcDateTime


class SimulationRow(SQLModel, table=True):
    """A simulation of a draft's text that was asked for, taken by one worker at a time, with how far it is and what it found."""

    __tablename__ = "catalogue_simulation"
    __table_args__ = (CheckConstraint("state IN ('waiting','running','done','failed')", name="state"),)

    draft_id: UUID = Field(primary_key=True, foreign_key="catalogue_draft.draft_id")
    digest: str
    state: str
    asked_by: str
    asked_by_id: str
    asked_at: datetime = Field(sa_type=UtcDateTime)
    lease_until: datetime = Field(sa_type=UtcDateTime)
    done: int = 0
    total: int = 0
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    configuration_version: int | None = None
    report: dict[str, Any] | None = Field(default=None, sa_type=Json)
    error: str | None = None
