"""What this room tells the others: frozen, free of the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
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
