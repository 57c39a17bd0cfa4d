"""What is learned from: presentations as numbers, with what came of them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Example:
    """One presentation as numbers, and what came of it. `y` None: it waits for an answer."""

    customer_id: UUID
    offer_id: UUID
    treatment: str
    day: date
    channel: str
    columns: tuple[str, ...]
    x: tuple[float, ...]
    chance: float | None
    epoch: int
    y: bool | None
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """Settled examples side by side: vectors of one shape, the channels' columns still to come."""

    treatment: Sequence[str]
    channel: Sequence[str]
    day: Sequence[date]
    customer: Sequence[UUID]
    x: Any
    y: Any
    chance: Any
    """NaN where nothing was foretold."""
    epoch: Any
    """Which epoch foretold it."""
