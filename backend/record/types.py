"""What this room tells the others: frozen, free of the database."""

from __future__ import annotations

from dataclasses import dataclass
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
