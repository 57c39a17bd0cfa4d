"""Experiments as they are handed out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from backend.proving.service import Arm, Experiment

State = Literal["draft", "asked", "running", "stopped", "decided", "withdrawn"]
OPEN: frozenset[str] = frozenset({"draft", "asked", "running"})


@dataclass(frozen=True, slots=True)
class PlannedArm:
    """One face: of a draft of the catalogue, or of other levers; the control has neither."""

    key: str
    label: str
    draft_id: UUID | None = None
    digest: str = ""
    levers: tuple[tuple[str, float], ...] = ()
    version: int | None = None
    stopped: bool = False
    stopped_words: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "key": self.key, "label": self.label, "draft_id": str(self.draft_id) if self.draft_id else None, "digest": self.digest,
            "levers": [list(one) for one in self.levers], "version": self.version, "stopped": self.stopped,
            "stopped_words": self.stopped_words,
        }  # fmt: skip

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> PlannedArm:
        draft = UUID(given["draft_id"]) if given["draft_id"] else None
        return cls(**{**given, "draft_id": draft, "levers": tuple((t, f) for t, f in given["levers"])})


@dataclass(frozen=True, slots=True)
class Plan:
    """What an author says before an experiment begins. `usual` and `spread`: what one customer's outcome is today, and how it varies."""

    name: str
    purpose: str
    arms: tuple[PlannedArm, ...]
    metric: str
    window_days: int
    usual: float
    spread: float
    lift: float
    power: float
    share: float
    segment: str
    guardrails: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """An experiment as it is now."""

    experiment_id: UUID
    state: State
    revision: int
    plan: Plan
    needed: int
    treatments: tuple[str, ...]
    trigger: Any
    made_by: str
    made_by_id: str
    made_at: datetime
    returned_words: str | None
    approved_by: str | None
    base_version: int | None
    started_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None
    ended_words: str | None
    winner: str | None
    looked_at: datetime | None

    @property
    def key(self) -> str:
        """Its name in configurations and in what is stored of customers."""
        return self.experiment_id.hex

    @property
    def rule(self) -> str:
        return self.published().rule

    def published(self) -> Experiment:
        """As decisions read it."""
        arms = tuple(Arm(a.key, a.label, a.version, a.levers, a.stopped) for a in self.plan.arms)
        return Experiment(
            self.key, self.plan.name, arms, self.plan.share, self.plan.segment, self.treatments, self.trigger
        )
