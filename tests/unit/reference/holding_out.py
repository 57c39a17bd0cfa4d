"""Control groups, by hand: who is kept from what."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from tests.unit.reference.facts import Left, Sight, Treatment


def kept_from(sight: Sight, parts: tuple[Treatment, ...]) -> None:
    """Raises Left where the customer is in a control group of the treatment, or of anything bundled in it."""
    if sight.customer.stated and any(sight.customer.intent in part.get("resolves", ()) for part in parts):
        return
    for part in parts:
        extra = part["issue"] in ("sales", "retention", "care") and part["objective"] not in ("resolve", "collect")
        if not extra or part.get("owed") or part.get("benefit"):
            return
    for holdout in sight.body.get("holdouts", {}).get("holdout", ()):
        if any(_covers(holdout, part) for part in parts) and _is_control(sight, holdout):
            raise Left("holdout", f"holdout:{holdout['key']}", {})


def _covers(holdout: dict[str, Any], part: Treatment) -> bool:
    named = holdout.get("treatments", []), holdout.get("groups", [])
    return named == ([], []) or part["key"] in named[0] or part["group"] in named[1]


def _is_control(sight: Sight, holdout: dict[str, Any]) -> bool:
    if holdout.get("segment") and holdout["segment"] not in sight.customer.segments:
        return False
    told = f"{holdout.get('salt') or holdout['key']}\0{UUID(int=sight.number)}".encode()
    return int(hashlib.blake2b(told, digest_size=8).hexdigest(), 16) / 2**64 < holdout["share"]
