"""Words of the authors' pages: states of a draft, steps of its life, treatments by issue."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

STATES = {
    "draft": ("Draft", ""), "checked": ("Checked", "good"), "simulated": ("Simulated", "good"), "asked": ("Waits for approval", "warn"),
    "approved": ("Approved", "good"), "published": ("Published", "good"), "withdrawn": ("Withdrawn", ""),
    "in_force": ("In force", "good"), "retired": ("Retired", ""), "tried": ("Tried", ""),
}  # fmt: skip
LIFE = ("draft", "checked", "simulated", "asked", "approved", "published")
_STEPS = {
    "draft": "Written",
    "checked": "Checked",
    "simulated": "Simulated",
    "asked": "Put before a second person",
    "approved": "Approved",
    "published": "In force",
}
ISSUES = {
    "retention": "Retention",
    "service": "Service",
    "sales": "Sales",
    "collections": "Collections",
    "care": "Care",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a draft's life: reached, the one at which it stands, or still to come."""

    label: str
    reached: bool
    here: bool


def steps(state: str) -> tuple[Step, ...]:
    """The life of a draft with the place where it stands; a withdrawn one stands nowhere."""
    at = LIFE.index(state) if state in LIFE else -1
    return tuple(Step(_STEPS[name], n <= at, n == at) for n, name in enumerate(LIFE))


def issues_of(treatments: Iterable[Any]) -> list[tuple[str, list[Any]]]:
    """The treatments by issue, in the order in which issues are usually named."""
    by_issue: dict[str, list[Any]] = {}
    for treatment in treatments:
        by_issue.setdefault(treatment.issue, []).append(treatment)
    return [(ISSUES[issue], by_issue[issue]) for issue in ISSUES if issue in by_issue]
