"""Values of a customer's attributes, as people write them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from backend.matrix.types import Attribute
from shared.kernel import dates, money
from shared.kernel.languages import gettext, ngettext

_COUNTED: Mapping[str, Callable[[float, str], str]] = {
    "months": lambda count, shown: ngettext("%(shown)s month", "%(shown)s months", count, shown=shown),
    "days": lambda count, shown: ngettext("%(shown)s day", "%(shown)s days", count, shown=shown),
    "years": lambda count, shown: ngettext("%(shown)s year", "%(shown)s years", count, shown=shown),
}


def day_text(day: date | str) -> str:
    """A day, or an ISO day, as people say it: "5 December 2026"."""
    when = day if isinstance(day, date) else date.fromisoformat(day[:10])
    return dates.long_day(when)


def attribute_text(attribute: Attribute, value: Any, currency: str, language: str = "en") -> str:
    """The value in words: yes or no, money, a day, a number with its unit; empty for none."""
    if value is None or value == "":
        return ""
    if attribute.type == "bool":
        return gettext("yes") if value else gettext("no")
    if attribute.type == "date":
        return day_text(value)
    if attribute.unit == "money":
        return money.text(money.of_major(float(value), currency), language)
    shown = f"{value:g}" if isinstance(value, float) else str(value)
    counted = _COUNTED.get(attribute.unit)
    return counted(value, shown) if counted else f"{shown} {attribute.unit}".strip()
