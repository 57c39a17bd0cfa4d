"""What this room hands out: reviews, how they were before, and how far reviewers agree. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from backend.matrix.service import ReviewQuestion
from backend.quality.scoring import Agreement, Score, score


@dataclass(frozen=True, slots=True)
class Past:
    """A review as it was before somebody mended it, and why."""

    at: datetime
    by: str
    why: str
    answers: Mapping[str, Mapping[str, str]]
    summary: str
    score: float
    failed: bool


@dataclass(frozen=True, slots=True)
class Review:
    """One review of one contact. `answers`: question → {answer, note}."""

    customer_id: UUID
    review_id: UUID
    interaction_id: UUID
    nth: int
    paired: bool
    agent_id: UUID
    agent: str
    channel: str
    at: datetime
    week: date
    reason: str
    why: str
    form: str
    questions: tuple[ReviewQuestion, ...]
    state: str
    reviewer_id: UUID | None
    reviewer: str
    answers: Mapping[str, Mapping[str, str]]
    summary: str
    version: int
    score: float | None
    failed: bool
    drawn_at: datetime
    given_at: datetime | None
    said: str
    said_at: datetime | None
    replied: str
    replied_at: datetime | None
    mended_at: datetime | None
    past: tuple[Past, ...] = ()

    def answer(self, key: str) -> str:
        return self.answers.get(key, {}).get("answer", "")

    def note(self, key: str) -> str:
        return self.answers.get(key, {}).get("note", "")

    @property
    def so_far(self) -> Score:
        """The score in the making."""
        return score(self.questions, {key: one.get("answer", "") for key, one in self.answers.items()})


@dataclass(frozen=True, slots=True)
class Agreed:
    """How far two reviewers agree on one question of a form."""

    form: str
    question: ReviewQuestion
    found: Agreement


@dataclass(frozen=True, slots=True)
class Pair:
    """Two reviews of one contact, both given."""

    one: Review
    other: Review

    @property
    def differ(self) -> tuple[str, ...]:
        """The labels of the questions that they answered differently."""
        return tuple(q.label for q in self.one.questions if self.one.answer(q.key) != self.other.answer(q.key))
