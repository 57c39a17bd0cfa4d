"""Why customers got nothing: those who came last, looked at as a decision of now would be, by the step that removed each treatment."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from backend import db
from backend.reporting.stored import CONTACTS
from backend.reporting.working import treatment_names
from backend.treatments import service as treatments
from shared.kernel.errors import EvenhandError

MOST = 100
"""So many customers are looked at: each is a decision, which is made anew and stored nowhere."""
SHOWN = 15


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step of the funnel: for how many of those customers a treatment got so far and no further, and how many treatments it removed."""

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
    """Of so many customers, so many would be offered nothing, and why; steps in the order of the funnel."""

    looked_at: int
    with_nothing: int
    steps: tuple[StepLine, ...]
    rules: tuple[RuleLine, ...]


def why_nothing(now: datetime, most: int = MOST) -> Nothing:
    """Looks at the customers who were last in contact. Writes nothing; opens its own look at the database."""
    with db.reading() as session:
        people = _last(session, most)
        called = treatment_names(session)
    order = list(treatments.STEP_LABELS)
    looked = nothing = 0
    last: Counter[str] = Counter()
    removed: Counter[str] = Counter()
    rules: Counter[tuple[str, str, str]] = Counter()
    for customer_id in people:
        try:
            decided = treatments.preview(customer_id, now)
        except EvenhandError:
            continue  # merged or erased since
        looked += 1
        if decided.ranked:
            continue
        nothing += 1
        left = treatments.withheld_of(decided)
        removed.update(one.step for one in left)
        rules.update((called.get(one.treatment, one.treatment), one.step, one.rule) for one in left)
        if left:
            last[max((one.step for one in left), key=lambda step: order.index(step) if step in order else -1)] += 1
    steps = sorted(removed, key=lambda step: order.index(step) if step in order else len(order))
    common = sorted(rules.items(), key=lambda item: (-item[1], item[0]))[:SHOWN]
    return Nothing(
        looked, nothing, tuple(StepLine(step, last[step], removed[step]) for step in steps),
        tuple(RuleLine(*which, many) for which, many in common),
    )  # fmt: skip


def _last(session: db.Session, most: int) -> list[UUID]:
    """The customers of the last contacts and visits, each once."""
    table = CONTACTS.facts
    found: dict[UUID, None] = {}
    for kind in ("contact", "visit"):
        asked = select(table.c.customer_id).where(table.c.kind == kind).order_by(table.c.at.desc()).limit(2 * most)
        found |= dict.fromkeys(session.execute(asked).scalars())
    return list(found)[:most]
