"""Who does something: a member of staff, a customer, a program with a key, or the system itself."""

from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Actor:
    """The one on whose behalf a service acts, with what they may do. `customer_id` is set for customers alone."""

    kind: Literal["staff", "customer", "key", "system"]
    id: str
    name: str
    permissions: frozenset[str] = field(default_factory=frozenset)
    customer_id: UUID | None = None
    source: str = ""
    """Of a program that tells of customers: which system it is, as the pack's sources are called."""
    role: str = ""
    """Of staff alone: by it a pack may say who sees what."""

    def may(self, permission: str) -> bool:
        """Whether this one has the permission; the system has all."""
        return self.kind == "system" or permission in self.permissions


SYSTEM = Actor("system", "system", "Evenhand")
