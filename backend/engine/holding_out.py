"""What may be held out, and from whom it is: the step before arbitration. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from backend.engine.catalogue import Treatment
from backend.engine.ruling import Withheld
from backend.matrix.holding_out import HELD_ISSUES, HELD_OBJECTIVES, Holdout
from backend.matrix.service import Pack
from backend.profiles.snapshot import Snapshot
from backend.proving.rules import CONTROL, group_in, rule_of

if TYPE_CHECKING:
    from backend.engine.plan import Line

_WHY = {"service": "it is service", "collections": "it settles what is owed, or eases it"}


def never_held(t: Treatment) -> str:
    """Why the treatment is kept from nobody, whatever there is to measure; empty where it may be held out."""
    if t.issue not in HELD_ISSUES:
        return _WHY.get(t.issue, f"it is {t.issue}")
    if t.owed:
        return "it is owed to the customer"
    if t.benefit:
        return "it is there for those who are protected"
    if t.objective not in HELD_OBJECTIVES:
        return f"its objective is to {t.objective.replace('_', ' ')}, which is a remedy and no extra"
    return ""


def holdouts_over(parts: Sequence[Treatment], pack: Pack) -> tuple[Holdout, ...]:
    """The holdouts that keep a treatment back, or anything bundled in it; none where any of that is kept from nobody."""
    if not pack.holdouts or any(never_held(part) for part in parts):
        return ()
    return tuple(h for h in pack.holdouts if any(h.covers(part.key, part.group) for part in parts))


def kept_back(
    line: Line, subject: str, snapshot: Snapshot, assigned: Mapping[str, str], met: dict[str, str]
) -> Withheld | None:
    """The first control group that keeps it from the customer. Every holdout that it comes to is noted in `met` with their group.

    What resolves the reason that the customer gave for coming answers them: it is kept from nobody.
    """
    if snapshot.stated and any(snapshot.intent in part.resolves for part in line.parts):
        return None
    kept_by: Holdout | None = None
    for one in line.holdouts:
        group = group_in(one, snapshot.customer_id, assigned, snapshot.segments)
        if group is not None:
            met[rule_of(one)] = group
        if group == CONTROL and kept_by is None:
            kept_by = one
    if kept_by is None:
        return None
    words = (
        f"This customer is in the control group “{kept_by.label}”: {kept_by.share * 100:g} of 100 customers are kept from it, "
        "to measure whether it helps."
    )
    return Withheld(line.key, "holdout", f"holdout:{kept_by.key}", words, subject=subject)
