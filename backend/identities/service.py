"""The door of identities: near matches that are suggested, and the merge and unmerge of two customers by a person."""

from __future__ import annotations

from backend.identities.leaving import erase_customer, export_customer
from backend.identities.merging import merge, merge_of, merges, unmerge
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

__all__ = [
    "LOOK", "Agreement", "Comparison", "FieldLine", "Merge", "Side", "Suggestion", "erase_customer", "export_customer",
    "keep_apart", "look_again", "merge", "merge_of", "merges", "of_customer", "queue", "suggest", "suggestion", "unmerge",
]  # fmt: skip
