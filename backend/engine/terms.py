"""Terms: computed once per customer, as plain values that can be frozen, read aloud and honoured. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from backend.engine.catalogue import Term, Treatment
from backend.engine.facts import TermValue
from backend.rules.service import RuleFailed, number_of
from shared.kernel import money

_WHOLE = ("months", "days", "count")
_made = tuple.__new__
"""A named tuple made in one step: a decision makes hundreds."""


def terms_of(treatment: Treatment, values: Sequence[Any], digits: int) -> tuple[TermValue, ...]:
    """The terms within their bounds, from what their expressions came to (or why they failed); money has so many digits. Raises RuleFailed."""
    found: list[TermValue] = []
    for term in treatment.term:
        found.append(frozen(term, values[len(found)], digits))
    return tuple(found)


def frozen(term: Term, value: Any, digits: int) -> TermValue:
    """One term's value within its bounds, rounded as its unit is: money to minor units, `digits` behind the point. Raises RuleFailed."""
    if isinstance(value, RuleFailed):
        raise value
    unit = term.unit
    if unit == "text":
        if not isinstance(value, str):
            raise RuleFailed(f"the term {term.key} gave {value!r}, not a text")
        return TermValue(term.key, term.label, unit, value)
    number = number_of(value)
    if term.low is not None and number < term.low:
        number = term.low
    if term.high is not None and number > term.high:
        number = term.high
    if unit == "money":
        number = money.minor_of(number, digits)
    elif unit in _WHOLE:
        number = round(number)
    return _made(TermValue, (term.key, term.label, unit, number))


def concession_of(treatment: Treatment, terms: tuple[TermValue, ...], currency: str) -> float:
    """The money that this offer gives away, in major units; 0 for all but concessions."""
    if not treatment.concession:
        return 0.0
    marked = {t.key for t in treatment.term if t.concession}
    minor = sum(float(t.value) for t in terms if t.key in marked)
    return minor / float(10 ** money.exponent(currency))
