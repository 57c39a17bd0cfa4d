"""Terms: computed once per customer, as plain values that can be frozen, read aloud and honoured. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from backend.rules.service import RuleFailed, number_of
from backend.treatments.catalogue import Term, Treatment
from backend.treatments.facts import TermValue
from shared.kernel import money

_WHOLE = ("months", "days", "count")


def terms_of(treatment: Treatment, values: Iterable[Any], digits: int) -> tuple[TermValue, ...]:
    """The terms within their bounds, from what their expressions came to; money has so many digits. Raises RuleFailed."""
    return tuple([frozen(term, value, digits) for term, value in zip(treatment.term, values, strict=False)])


def frozen(term: Term, value: Any, digits: int) -> TermValue:
    """One term's value within its bounds, rounded as its unit is: money to minor units, `digits` behind the point. Raises RuleFailed."""
    if term.unit == "text":
        if not isinstance(value, str):
            raise RuleFailed(f"the term {term.key} gave {value!r}, not a text")
        return TermValue(term.key, term.label, term.unit, value)
    number = number_of(value)
    low, high, unit = term.low, term.high, term.unit
    if low is not None and number < low:
        number = low
    if high is not None and number > high:
        number = high
    if unit == "money":
        return TermValue(term.key, term.label, unit, money.minor_of(number, digits))
    return TermValue(term.key, term.label, unit, round(number) if unit in _WHOLE else number)


def concession_of(treatment: Treatment, terms: tuple[TermValue, ...], currency: str) -> float:
    """The money that this offer gives away, in major units; 0 for all but concessions."""
    if not treatment.concession:
        return 0.0
    marked = {t.key for t in treatment.term if t.concession}
    minor = sum(float(t.value) for t in terms if t.key in marked)
    return minor / float(10 ** money.exponent(currency))
