"""What this room tells the others: frozen, free of the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

RETURN = "return"
"""The topic of a change that stands for any number of others: whoever reads it looks at everything anew."""


@dataclass(frozen=True, slots=True)
class Change:
    """Word that something of this topic is no longer as it was. It says where to look, never what is to be seen there."""

    id: int
    topic: str
    customer_id: UUID | None = None
    subject: str | None = None
    private: bool = False
    """Not for the customer's own pages."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where events are sent. `pending` and `dead` count what is still on its way there, and what was given up."""

    endpoint_id: UUID
    url: str
    events: tuple[str, ...]
    active: bool
    created_at: datetime
    created_by: str
    pending: int = 0
    dead: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one endpoint: pending, delivered or dead. `status` is the last answer's, None without one."""

    message: str
    endpoint_id: UUID
    url: str
    event: str
    state: str
    attempts: int
    created_at: datetime
    next_at: datetime
    last_at: datetime | None
    status: int | None
    error: str | None
