"""The chance that a customer leaves, from the pack's logistic regression, and what drives it. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from backend.matrix.types import Score, ScoreTerm

STRONGEST = 3


def churn_risk(score: Score, attributes: Mapping[str, Any]) -> tuple[float, tuple[tuple[str, float], ...]]:
    """The chance (0 to 1) and the strongest drivers upward: (attribute, contribution to the log-odds), largest first.

    p = 1 / (1 + exp(-(intercept + sum of coefficient * x))), x as `ScoreTerm` says. Terms of one attribute are summed
    before they are compared, since a customer has one tenure, however many terms the score makes of it.
    """
    total = score.intercept
    by_attribute: dict[str, float] = {}
    for term in score.term:
        contribution = term.coefficient * _x(term, attributes.get(term.attribute))
        total += contribution
        by_attribute[term.attribute] = by_attribute.get(term.attribute, 0.0) + contribution
    upward = sorted(((a, c) for a, c in by_attribute.items() if c > 0), key=lambda pair: (-pair[1], pair[0]))
    return _logistic(total), tuple(upward[:STRONGEST])


def in_words(score: Score, attributes: Mapping[str, Any], reasons: tuple[tuple[str, float], ...]) -> tuple[str, ...]:
    """Each driver in the pack's words, in the order given; a driver without words is left out."""
    words = []
    for attribute, _ in reasons:
        value = attributes.get(attribute)
        driving = [t for t in score.term if t.attribute == attribute and t.coefficient * _x(t, value) > 0]
        said = [w for t in sorted(driving, key=lambda t: -t.coefficient * _x(t, value)) if (w := _said(t, value))]
        words += said[:1]
    return tuple(words)


def _said(term: ScoreTerm, value: Any) -> str:
    """A number below its mean has words of its own: a short tenure is another reason than a long one."""
    low = term.level is None and _x(term, value) < 0
    return (term.reason_low or term.reason) if low else term.reason


def band(risk: float) -> str:
    """low, medium or high: thirds of the log-odds where people act on it, at 0.3 and 0.6."""
    return "high" if risk >= 0.6 else "medium" if risk >= 0.3 else "low"


def _x(term: ScoreTerm, value: Any) -> float:
    if term.level is not None:
        return 1.0 if value == term.level else 0.0
    number = float(value or 0)
    if term.transform == "log1p":
        number = math.log1p(max(number, 0.0))
    return (number - term.mean) / term.scale


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))
