"""Texts filled in for one customer: terms, dates and attributes as people write them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backend.matrix.service import Pack, attribute_text
from backend.profiles.snapshot import Snapshot
from backend.treatments.checking import PLACEHOLDER
from backend.treatments.facts import TermValue
from shared.kernel import money
from shared.kernel.money import Money

_COUNTED = {"months": ("month", "months"), "days": ("day", "days")}


def term_text(term: TermValue, currency: str, language: str = "en") -> str:
    """A term's value as it is said: "$8.95", "15%", "12 months"."""
    if term.unit == "money":
        return money.text(Money(int(term.value), currency), language)
    if term.unit == "percent":
        return f"{float(term.value):g}%"
    if term.unit in _COUNTED:
        return f"{term.value} {_COUNTED[term.unit][term.value != 1]}"
    return str(term.value)


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its {placeholders} filled in; nothing else in it has a meaning."""
    return PLACEHOLDER.sub(lambda found: values.get(found.group(1), ""), text)


def values_for(snapshot: Snapshot, pack: Pack, first_name: str, terms: tuple[TermValue, ...]) -> dict[str, str]:
    """What the placeholders of a treatment's texts stand for, for this customer."""
    language = snapshot.language
    values = {
        a.key: attribute_text(a, snapshot.attributes.get(a.key), pack.currency, language) or "unknown"
        for a in pack.attributes.values()
    }
    values |= {key: _fact_text(snapshot.facts.get(key), fact.key, pack, language) for key, fact in pack.facts.items()}
    return values | {t.key: term_text(t, pack.currency, language) for t in terms} | {"name": first_name}


def _fact_text(value: Any, key: str, pack: Pack, language: str) -> str:
    if key.endswith("_amount"):
        return money.text(money.of_major(float(value or 0), pack.currency), language)
    return f"{value:g}" if isinstance(value, float) else str(value)
