"""The rows of this room. Private to the room."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from backend.db import Json, UtcDateTime


class AssignmentRow(SQLModel, table=True):
    """In which group of a holdout or an experiment a customer is, from the first decision in which it had a say. It never changes."""

    __tablename__ = "assignment"
    __table_args__ = (Index("ix_assignment_rule", "rule", "customer_id"),)

    customer_id: UUID = Field(primary_key=True)
    rule: str = Field(primary_key=True)
    """The holdout or the experiment, as `rules.rule_of` and `Experiment.rule` name it."""
    arm: str
    assigned_at: datetime = Field(sa_type=UtcDateTime)
    life_cycle: str = ""
    """As it was then, like the segments and the channel: what came after may be its doing."""
    segments: list[str] = Field(sa_type=Json)
    channel: str = ""
    """Where the customer's moment was learned; empty where there was none."""
    mixed: bool = False
    """Two customers of different groups were merged into this one: they count for neither."""
