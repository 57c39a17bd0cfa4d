"""What this room tells the others: frozen, complete, free of the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from shared.kernel.money import Money

State = Literal["asked", "undone", "done"]
When = Literal["soon", "contract"]
PLAN = "plan"
"""What is cancelled where all of it is."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that may be cancelled: the whole plan, or one service; `less` is how much less is paid in a month then."""

    what: str
    label: str
    less: Money | None


@dataclass(frozen=True, slots=True)
class Ends:
    """One of the days on which it may end, and what that costs."""

    when: When
    last_day: date
    early_cost: Money


@dataclass(frozen=True, slots=True)
class Summary:
    """What cancelling this would mean, worked out today. `monthly` and `monthly_then`: what is paid in a month, now and afterwards."""

    choice: Choice
    ends: tuple[Ends, ...]
    monthly: Money | None
    monthly_then: Money | None
    loses: tuple[str, ...]
    ends_too: tuple[str, ...]
    """The services that the customer has no longer."""

    def on(self, when: str) -> Ends:
        """The day that was chosen; the first possible one by default."""
        return next((one for one in self.ends if one.when == when), self.ends[0])


@dataclass(frozen=True, slots=True)
class Cancellation:
    """What was cancelled, when it ends, and how it stands. It may be taken back up to and including `undo_until`."""

    customer_id: UUID
    cancellation_id: UUID
    what: str
    label: str
    reference: str
    state: State
    last_day: date
    undo_until: date
    early_cost: Money
    monthly: Money | None
    monthly_then: Money | None
    loses: tuple[str, ...]
    asked_at: datetime
    settled_at: datetime | None
    case_id: UUID | None
