"""What the door of alerts gives and takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

NOBODY = UUID(int=0)
"""In the place of a customer where an alert is about none."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule sees now: for one rule and one subject."""

    key: str
    subject: str
    about: str
    label: str
    urgency: str
    details: str
    seen: Mapping[str, Any] = field(default_factory=dict)
    customer_id: UUID = NOBODY


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert as it stands. It waits until it is done; snoozed, it waits unseen until then."""

    customer_id: UUID
    alert_id: UUID
    key: str
    subject: str
    about: str
    label: str
    urgency: str
    seen: Mapping[str, Any]
    details: str
    raised_at: datetime
    over_at: datetime | None
    owner_id: UUID | None
    owner: str
    acknowledged_at: datetime | None
    snoozed_until: datetime | None
    done_at: datetime | None
    done_by: str
    what_was_done: str

    @property
    def is_open(self) -> bool:
        return self.done_at is None

    def sleeps(self, now: datetime) -> bool:
        """Whether it is snoozed now."""
        return self.done_at is None and self.snoozed_until is not None and self.snoozed_until > now
