"""A catalogue made ready to be decided on: what does not depend on the customer is worked out once. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from backend.rules.service import Context, Expression, RuleFailed, Together
from backend.treatments.catalogue import Catalogue, Treatment

_WORTH = ("experience", "equity", "cost")


@dataclass(frozen=True, slots=True)
class Line:
    """One treatment, ready: its rules but for those that always hold, and all its figures to be worked out in one go."""

    t: Treatment
    rules: tuple[tuple[str, Expression], ...]
    """Step and rule, in the funnel's order."""
    suitable: tuple[Expression, ...]
    """Its own suitability and that of what is bundled in it: what a live offer has to pass too."""
    members: tuple[Treatment, ...]
    scores: tuple[tuple[str, float], ...]
    conflicts: frozenset[str]
    figures: tuple[Expression, ...]
    _figures: Together
    _fixed: tuple[Any, ...] | None

    def worked_out(self, context: Context) -> Figures:
        """Experience, equity, cost, uses and terms for the customer of this context."""
        values = self._fixed
        if values is None:
            try:
                values = tuple(self._figures.values(context))
            except RuleFailed:
                values = one_by_one(self.figures, context)
        uses = len(self.t.use)
        return Figures(values[0], values[1], values[2], values[3 : 3 + uses], values[3 + uses :])


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
class Figures:
    """What a treatment's expressions came to; a RuleFailed stands where one could not be worked out."""

    experience: Any
    equity: Any
    cost: Any
    uses: tuple[Any, ...]
    terms: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """All treatments of one version, and every condition of their rules, each once."""

    lines: Mapping[str, Line]
    conditions: Together
    kinds: Mapping[str, Together]
    """Kind of holding → the conditions that only treatments for it read."""


def plan_of(catalogue: Catalogue) -> Plan:
    """The version's plan, made when it is first asked for."""
    plan = catalogue.worked_out.get("plan")
    if plan is None:
        plan = catalogue.worked_out["plan"] = _made(catalogue)
    return plan


def _made(catalogue: Catalogue) -> Plan:
    lines = {key: _line(t, catalogue) for key, t in catalogue.treatments.items()}
    by_kind: dict[str, dict[Expression, None]] = {}
    for line in lines.values():
        found = by_kind.setdefault(line.t.subject, {})
        for _, rule in line.rules:
            found.update(dict.fromkeys(rule.conditions()))
    everyone = by_kind.pop("", {})
    return Plan(
        lines,
        Together(list(everyone)),
        {kind: Together([c for c in found if c not in everyone]) for kind, found in by_kind.items()},
    )


def _line(t: Treatment, catalogue: Catalogue) -> Line:
    members = tuple(catalogue.treatments[key] for key in t.bundle if key in catalogue.treatments)
    rules = [(step, getattr(t.rules, step)) for step in ("eligible", "applicable", "suitable")]
    rules[1:1] = [("eligible", m.rules.eligible) for m in members]
    rules += [("suitable", m.rules.suitable) for m in members]
    figures = (*(getattr(t.value, name) for name in _WORTH), *(u.amount for u in t.use), *(x.value for x in t.term))
    fixed = None
    if not any(figure.names for figure in figures):
        fixed = one_by_one(figures, Context({}))
    return Line(
        t=t,
        rules=tuple((step, rule) for step, rule in rules if rule.text != "true"),
        suitable=tuple(rule for step, rule in rules if step == "suitable" and rule.text != "true"),
        members=members,
        scores=tuple((objective, score) for objective, score in t.objectives.items() if score),
        conflicts=catalogue.conflicts[t.key],
        figures=figures,
        _figures=Together(figures, most=len(figures)),
        _fixed=fixed,
    )
