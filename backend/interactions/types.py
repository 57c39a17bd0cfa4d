"""What this room tells the others: frozen, free of the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a customer, whoever did it and wherever."""

    event_id: UUID
    customer_id: UUID
    at: datetime
    kind: str
    channel: str | None
    stage: str | None
    interaction_id: UUID | None
    actor_kind: str
    actor_name: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class NewContact:
    """One past contact to be entered by a load."""

    interaction_id: UUID
    channel: str
    started_at: datetime
    ended_at: datetime | None
    staff: str | None
    summary: str | None
    direction: str = "inbound"
    stage: str | None = None
    intent: str | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """All that happened to one customer before a load, events in the order of time."""

    customer_id: UUID
    contacts: tuple[NewContact, ...]
    events: tuple[Event, ...]


AtWork = Literal["ready", "on_call", "wrap_up", "away", "offline"]


@dataclass(frozen=True, slots=True)
class AgentState:
    """What a member of staff is doing at the desk, and since when."""

    staff_id: UUID
    name: str
    state: AtWork
    since: datetime
    seen_at: datetime
    """When they were last at the desk, to within a minute."""
    reason: str = ""
    """Why they are away, in words; empty where they did not say."""


@dataclass(frozen=True, slots=True)
class Call:
    """One telephone call, as far as the telephone system has told; nobody's until `customer_id` is set."""

    call_id: UUID
    direction: str
    number: str
    line: str
    state: Literal["ringing", "talking", "ended"]
    staff_id: UUID | None
    staff: str
    customer_id: UUID | None
    interaction_id: UUID | None
    rang_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    cause: str | None
    offers: bool = False
    """The telephone system gave it to nobody: the desk offers it to one agent after another."""
    queue: str = ""
    """In words, where the called number belongs to one."""
    skill: str = ""
    ring_seconds: int = 20
    offered_at: datetime | None = None
    asked: str = ""
    held_at: datetime | None = None
    """Since when the customer is on hold; None while they speak."""
    external_id: str = ""
    """The telephone system's own name for it."""


@dataclass(frozen=True, slots=True)
class Interaction:
    """One contact at the desk: open until its agent has wrapped it up. `notes` are the agent's own, for colleagues."""

    customer_id: UUID
    interaction_id: UUID
    channel: str
    staff_id: UUID | None
    staff: str | None
    started_at: datetime
    ended_at: datetime | None
    wrapped_at: datetime | None
    summary: str | None
    is_private: bool
    notes: str
    notes_version: int
    wrap_up_code: str | None
    person_id: UUID | None = None
    """The representative with whom the agent speaks; None for the customer themselves."""
    verified_at: datetime | None = None
    verified_how: str | None = None
    """How whoever speaks proved who they are; None until they have."""
    held_seconds: int = 0
    """For so long the customer was on hold, as far as that is over; and how often."""
    holds: int = 0
    verified_until: datetime | None = None
    """When that ends by itself; None: with the contact."""
    verified_stays: bool = False
    """Whether a colleague to whom the call is put through has it too."""
    proof: Mapping[str, Any] | None = field(default=None, repr=False)
    direction: str = "inbound"
    stage: str | None = None
    intent: str | None = None
    """Why the customer was here, as far as it was learned."""
    wrong_answers: int = 0
    wrong_at: datetime | None = None

    def verified(self, now: datetime) -> bool:
        """Whether whoever speaks has proved who they are, and that holds still."""
        return self.verified_at is not None and (self.verified_until is None or now < self.verified_until)


@dataclass(frozen=True, slots=True)
class Visit:
    """A customer at the portal: the page where they were last, where they let us see it, and since when."""

    customer_id: UUID
    interaction_id: UUID
    page: str | None
    page_since: datetime
    seen_at: datetime
    steps: Sequence[Sequence[str]] | None = None
    """The pages of this visit, [title, instant], the last one last."""


@dataclass(frozen=True, slots=True)
class Lately:
    """Where a customer was last at the portal, and when somebody last spoke with them, and who."""

    visit: Visit | None
    spoke_at: datetime | None
    staff: str


@dataclass(frozen=True, slots=True)
class Hand:
    """What a member of staff has in hand: their state, their calls as `calls_of` gives them, and the contacts that are not wrapped up, oldest first: their own, and
    everyone's with the customer in question."""

    me: AgentState
    calls: tuple[Call, ...]
    contacts: tuple[Interaction, ...]
    theirs: tuple[Interaction, ...]
