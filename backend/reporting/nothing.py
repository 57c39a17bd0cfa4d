"""Why customers got nothing: the decisions of a span that came to nothing, each made again from what was stored with it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlmodel import Session

from backend.reporting.spans import Span
from backend.reporting.working import treatment_names
from backend.treatments import service as treatments

MOST = 300
"""So many decisions are made again for their reasons; all are counted."""
SHOWN = 15


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step of the funnel: in how many of those decisions a treatment got so far and no further, and how many treatments it removed."""

    step: str
    last: int
    removed: int


@dataclass(frozen=True, slots=True)
class RuleLine:
    treatment: str
    step: str
    rule: str
    many: int


@dataclass(frozen=True, slots=True)
class Nothing:
    """Of so many decisions with so many customers, so many came to nothing, and why; steps in the order of the funnel.

    Why is told of `looked_at` of them, spread evenly over the span; `gone` more could not be read any more.
    """

    decisions: int
    customers: int
    nothing: int
    with_nothing: int
    looked_at: int
    gone: int
    steps: tuple[StepLine, ...]
    rules: tuple[RuleLine, ...]


def why_nothing(session: Session, span: Span, most: int = MOST) -> Nothing:
    """Looks at the stored decisions of these days, each as it was made then. Writes nothing."""
    found = treatments.came_to_nothing(session, span.begins, span.ends, most)
    called = treatment_names(session)
    order = list(treatments.STEP_LABELS)
    last: Counter[str] = Counter()
    removed: Counter[str] = Counter()
    rules: Counter[tuple[str, str, str]] = Counter()
    for left in found.withheld:
        removed.update(one.step for one in left)
        rules.update((called.get(one.treatment, one.treatment), one.step, one.rule) for one in left)
        if left:
            last[max((one.step for one in left), key=lambda step: order.index(step) if step in order else -1)] += 1
    steps = sorted(removed, key=lambda step: order.index(step) if step in order else len(order))
    common = sorted(rules.items(), key=lambda item: (-item[1], item[0]))[:SHOWN]
    return Nothing(
        found.decisions, found.customers, found.nothing, found.with_nothing, len(found.withheld), found.gone,
        tuple(StepLine(step, last[step], removed[step]) for step in steps),
        tuple(RuleLine(*which, many) for which, many in common),
    )  # fmt: skip
