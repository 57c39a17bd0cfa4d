"""Texts filled in for one customer: terms, dates and attributes as people write them. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from backend.engine.facts import TermValue
from backend.matrix.service import Pack, attribute_text
from backend.profiles.masking import DOTS, OPEN, Mask
from backend.profiles.snapshot import Snapshot
from shared.kernel import money
from shared.kernel.languages import gettext, ngettext
from shared.kernel.money import Money

PLACEHOLDER = re.compile(r"\{([a-z_0-9]+)\}")
_NOBODY: Mapping[str, str] = {}
_COUNTED: Mapping[str, Callable[[int], str]] = {
    "months": lambda count: ngettext("%(num)s month", "%(num)s months", count),
    "days": lambda count: ngettext("%(num)s day", "%(num)s days", count),
}


def term_text(term: TermValue, currency: str, language: str = "en") -> str:
    """A term's value as it is said: "$8.95", "15%", "12 months"."""
    if term.unit == "money":
        return money.text(Money(int(term.value), currency), language)
    if term.unit == "percent":
        return f"{float(term.value):g}%"
    if term.unit in _COUNTED:
        return _COUNTED[term.unit](int(term.value))
    return str(term.value)


class Words:
    """What the placeholders of a treatment's texts stand for, for one customer; each is worked out when a text asks for it."""

    __slots__ = ("_first_name", "_mask", "_pack", "_snapshot", "_spoken", "_terms")

    def __init__(
        self, snapshot: Snapshot, pack: Pack, first_name: str, terms: tuple[TermValue, ...], mask: Mask = OPEN,
        spoken: Mapping[str, str] = _NOBODY,
    ) -> None:  # fmt: skip
        """`mask`: what of the customer the reader must not see; dots stand for it. `spoken`: names that only a script knows."""
        self._snapshot, self._pack, self._first_name, self._mask = snapshot, pack, first_name, mask
        self._terms, self._spoken = {t.key: t for t in terms}, spoken

    def of(self, key: str) -> str:
        """The words for one placeholder: the name, a term, an attribute or a fact, in this order; empty for none of them."""
        pack, snapshot = self._pack, self._snapshot
        if key == "name":
            return self._first_name
        if key in self._spoken:
            return self._spoken[key]
        if key in self._terms:
            return self._mask.text(pack.said(term_text(self._terms[key], pack.currency, snapshot.language)))
        if key in self._mask.hidden:
            return DOTS
        if key in pack.attributes:
            value = snapshot.attributes.get(key)
            words = attribute_text(pack.attributes[key], value, pack.currency, snapshot.language)
            return pack.said(words) if words else gettext("unknown")
        return _fact_text(snapshot.facts[key], key, pack, snapshot.language) if key in snapshot.facts else ""


def fill(text: str, words: Words) -> str:
    """The text with its {placeholders} filled in; nothing else in it has a meaning."""
    return PLACEHOLDER.sub(lambda found: words.of(found.group(1)), text)


def _fact_text(value: Any, key: str, pack: Pack, language: str) -> str:
    if key.endswith("_amount"):
        return money.text(money.of_major(float(value or 0), pack.currency), language)
    return f"{value:g}" if isinstance(value, float) else str(value)
