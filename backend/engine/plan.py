"""A catalogue made ready to be decided on: what does not depend on the customer is worked out once. Pure."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from backend.engine.catalogue import Catalogue, Treatment
from backend.engine.holding_out import holdouts_over
from backend.matrix.service import Holdout
from backend.rules.service import Context, Expression, RuleFailed, Together

WORTH = ("experience", "equity", "cost")


class Test(NamedTuple):
    """One rule of a step: the bits of the conditions that it connects, and whether all of them must hold or one is enough."""

    step: str
    rule: Expression
    every: bool
    bits: int


@dataclass(frozen=True, slots=True)
class Line:
    """One treatment, ready: its rules but for those that always hold, and all its figures to be worked out in one go."""

    t: Treatment
    key: str
    version: int
    """Of the catalogue under which an offer of it is made."""
    subject: str
    apart: bool
    """It has dates, or comes before or after others."""
    rules: tuple[Test, ...]
    """In the funnel's order."""
    suitable: tuple[Expression, ...]
    """Its own suitability and that of what is bundled in it: what a live offer has to pass too."""
    parts: tuple[Treatment, ...]
    """Itself and what is bundled in it."""
    purposes: frozenset[str]
    """Its own and those of what is bundled in it."""
    acceptance: float
    uses: int
    terms: int
    """The first of its figures that is a term; 0: it has none."""
    scores: tuple[tuple[str, float], ...]
    conflicts: frozenset[str]
    holdouts: tuple[Holdout, ...]
    """Those that keep it back from their control group."""
    figures: tuple[Expression, ...]
    _figures: Together
    _fixed: tuple[Any, ...] | None

    def uses_of(self, figures: Sequence[Any]) -> Sequence[Any]:
        """Of what was worked out, the uses of budgets."""
        return figures[len(WORTH) : len(WORTH) + self.uses]

    def worked_out(self, context: Context) -> Sequence[Any]:
        """Experience, equity, cost, uses and terms for the customer of this context; a RuleFailed where one has no value."""
        if self._fixed is not None:
            return self._fixed
        try:
            return self._figures.values(context)
        except RuleFailed:
            return one_by_one(self.figures, context)


def one_by_one(figures: Iterable[Expression], context: Context) -> tuple[Any, ...]:
    """What each came to, with the failure itself in place of what could not be worked out."""
    found: list[Any] = []
    for figure in figures:
        try:
            found.append(figure.value(context))
        except RuleFailed as failed:
            found.append(failed)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Plan:
    """All treatments of one version, and every condition of their rules, each once."""

    lines: Mapping[str, Line]
    conditions: Mapping[str, Together]
    """Kind of holding → the conditions of the treatments for it; "": of those for the customer."""


def plan_of(catalogue: Catalogue) -> Plan:
    """The version's plan, made when it is first asked for."""
    plan = catalogue.worked_out.get("plan")
    if plan is None:
        plan = catalogue.worked_out["plan"] = _made(catalogue)
        # It lives as long as the process: the collector's walks over it would hold a request up for a tenth of a second.
        gc.freeze()
    return plan


def _made(catalogue: Catalogue) -> Plan:
    by_kind: dict[str, dict[Expression, None]] = {"": {}}
    for t in catalogue.treatments.values():
        found = by_kind.setdefault(t.subject, {})
        for _, rule in _rules(t, _members(t, catalogue)):
            found.update(dict.fromkeys(rule.connects()[1]))
    conditions = {kind: Together(list(found)) for kind, found in by_kind.items()}
    return Plan(
        {key: _line(t, catalogue, conditions[t.subject]) for key, t in catalogue.treatments.items()}, conditions
    )


def _members(t: Treatment, catalogue: Catalogue) -> tuple[Treatment, ...]:
    return tuple(catalogue.treatments[key] for key in t.bundle if key in catalogue.treatments)


def _rules(t: Treatment, members: Iterable[Treatment]) -> list[tuple[str, Expression]]:
    """Step and rule, in the funnel's order: of the treatment and of what is bundled in it; without those that always hold."""
    rules = [("eligible", t.rules.eligible)]
    rules += [("eligible", m.rules.eligible) for m in members]
    rules += [("applicable", t.rules.applicable), ("suitable", t.rules.suitable)]
    rules += [("suitable", m.rules.suitable) for m in members]
    return [(step, rule) for step, rule in rules if rule.text != "true"]


def _test(step: str, rule: Expression, together: Together) -> Test:
    every, conditions = rule.connects()
    return Test(step, rule, every, sum({together.bit(c) for c in conditions}))


def _line(t: Treatment, catalogue: Catalogue, together: Together) -> Line:
    members = _members(t, catalogue)
    rules = _rules(t, members)
    figures = (*(getattr(t.value, name) for name in WORTH), *(u.amount for u in t.use), *(x.value for x in t.term))
    fixed = None
    if not any(figure.names for figure in figures):
        fixed = one_by_one(figures, Context({}))
    return Line(
        t=t,
        key=t.key,
        version=catalogue.version_of(t.key),
        subject=t.subject,
        apart=bool(t.in_force_from or t.in_force_until or t.requires or t.follows),
        rules=tuple(_test(step, rule, together) for step, rule in rules),
        suitable=tuple(rule for step, rule in rules if step == "suitable"),
        parts=(t, *members),
        purposes=frozenset(one.purpose for one in (t, *members)),
        acceptance=t.acceptance,
        uses=len(t.use),
        terms=len(WORTH) + len(t.use) if t.term else 0,
        scores=tuple((objective, score) for objective, score in t.objectives.items() if score),
        conflicts=catalogue.conflicts[t.key],
        holdouts=holdouts_over((t, *members), catalogue.pack),
        figures=figures,
        _figures=Together(figures, most=len(figures)),
        _fixed=fixed,
    )
