"""What this room tells the others: frozen, complete, free of the database. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

State = Literal["open", "merged", "distinct"]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How two customers compare in one field: the level of agreement, and its weight in bits."""

    field: str
    level: str
    weight: float


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Two customers who may be one person: the score in bits, and what speaks for and against it, heaviest first."""

    customer_id: UUID
    other_id: UUID
    score: float
    agreements: tuple[Agreement, ...]
    state: State
    found_at: datetime
    decided_at: datetime | None = None
    decided_by: str | None = None


@dataclass(frozen=True, slots=True)
class Merge:
    """A merge as it is told: who became part of whom, by whom, whether it was taken back, and why it cannot be (empty: it can)."""

    merge_id: UUID
    customer_id: UUID
    from_id: UUID
    number: str
    name: str
    merged_at: datetime
    merged_by: str
    unmerged_at: datetime | None
    unmerged_by: str | None
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class FieldLine:
    """One field of two customers side by side. `same`: there is nothing to choose.

    Where `masked`, no value is told, but whether the two are the same.
    """

    key: str
    label: str
    ours: Any
    theirs: Any
    ours_text: str
    theirs_text: str
    same: bool
    masked: bool = False


@dataclass(frozen=True, slots=True)
class Side:
    """One of two customers, as compared: their profile's version tells whether it changed since."""

    customer_id: UUID
    number: str
    name: str
    version: int
    created_at: datetime | None
    counts: tuple[tuple[str, int], ...]
    """What there is of theirs, in words and numbers."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two customers side by side, and what a merge would do beside the fields."""

    ours: Side
    theirs: Side
    fields: tuple[FieldLine, ...]
    suggestion: Suggestion | None
    consents: tuple[tuple[str, str], ...]
    """Purpose and channel in words, and the state after a merge."""
    in_clear: bool = False
    """What is masked for this viewer elsewhere is shown."""
