"""Terms: computed once per customer, as plain values that can be frozen, read aloud and honoured. Pure."""

from __future__ import annotations

from backend.rules.service import Context, RuleFailed
from backend.treatments.catalogue import Term, Treatment
from backend.treatments.facts import TermValue
from shared.kernel import money

_WHOLE = ("months", "days", "count")


def terms_of(treatment: Treatment, context: Context, currency: str) -> tuple[TermValue, ...]:
    """The terms for the customer of this context, within their bounds. Raises RuleFailed."""
    return tuple(TermValue(t.key, t.label, t.unit, _value(t, context, currency)) for t in treatment.term)


def _value(term: Term, context: Context, currency: str) -> int | float | str:
    if term.unit == "text":
        result = term.value.value(context)
        if not isinstance(result, str):
            raise RuleFailed(f"the term {term.key} gave {result!r}, not a text")
        return result
    number = term.value.number(context)
    if term.low is not None:
        number = max(number, term.low)
    if term.high is not None:
        number = min(number, term.high)
    if term.unit == "money":
        return money.of_major(number, currency).minor
    return round(number) if term.unit in _WHOLE else number


def concession_of(treatment: Treatment, terms: tuple[TermValue, ...], currency: str) -> float:
    """The money that this offer gives away, in major units; 0 for all but concessions."""
    if not treatment.concession:
        return 0.0
    marked = {t.key for t in treatment.term if t.concession}
    minor = sum(float(t.value) for t in terms if t.key in marked)
    return minor / float(10 ** money.exponent(currency))
