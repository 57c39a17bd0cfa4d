"""The door of identities: near matches that are suggested, and the merge and unmerge of two customers by a person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from backend.identities.leaving import erase_customer, export_customer
from backend.identities.merging import merge, merge_of, merges, unmerge
from backend.identities.reviewing import compare, lately, named
from backend.identities.suggesting import (
    LOOK,
    keep_apart,
    look_again,
    of_customer,
    queue,
    suggest,
    suggestion,
)
from backend.identities.types import Agreement, Comparison, FieldLine, Merge, Side, Suggestion
from backend.identities.words import reasons

__all__ = [
    "LOOK", "Agreement", "Comparison", "FieldLine", "Merge", "Side", "Suggestion", "compare", "erase_customer", "export_customer",
    "find_all", "keep_apart", "lately", "look", "look_again", "merge", "merge_of", "merges", "named", "of_customer", "patrol", "queue", "reasons", "shared", "suggest", "suggestion", "unmerge",
]  # fmt: skip


def find_all(now: datetime, tell: Callable[[str], None] = lambda _: None) -> Any:
    """Looks for near matches among all customers; see `finding.find_all`, of which what is compared in columns is loaded only here.

    Web processes never compare: they need none of the libraries for it.
    """
    from backend.identities import finding

    return finding.find_all(now, tell)


def look(session: Session, customer_id: UUID, payload: dict[str, Any], now: datetime) -> None:
    """The work of topic LOOK: near matches of one customer."""
    from backend.identities import finding

    finding.look(session, customer_id, payload, now)


def shared(session: Session, customer_id: UUID, kind: str, value: str, now: datetime) -> bool:
    """An identifier came with this customer that is somebody else's: suggests the two. Raises NotFound."""
    from backend.identities import finding

    return finding.shared(session, customer_id, kind, value, now)


def patrol() -> Callable[[datetime], int]:
    """A chore for a worker: goes round all customers a few at a time, and gives how many had to be looked at."""
    kept: list[Any] = []

    def step(now: datetime) -> int:
        if not kept:
            from backend.identities import finding

            kept.append(finding.Patrol())
        return int(kept[0].step(now))

    return step
