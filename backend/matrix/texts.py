"""Values of a customer's attributes, as people write them. Pure."""

from __future__ import annotations

from datetime import date
from typing import Any

from backend.matrix.types import Attribute
from shared.kernel import money

_ONE_OF = {"months": "month", "days": "day", "years": "year"}


def day_text(day: date | str) -> str:
    """A day, or an ISO day, as people say it: "5 December 2026"."""
    when = day if isinstance(day, date) else date.fromisoformat(day[:10])
    return f"{when.day} {when:%B %Y}"


def attribute_text(attribute: Attribute, value: Any, currency: str, language: str = "en") -> str:
    """The value in words: yes or no, money, a day, a number with its unit; empty for none."""
    if value is None or value == "":
        return ""
    if attribute.type == "bool":
        return "yes" if value else "no"
    if attribute.type == "date":
        return day_text(value)
    if attribute.unit == "money":
        return money.text(money.of_major(float(value), currency), language)
    shown = f"{value:g}" if isinstance(value, float) else str(value)
    unit = _ONE_OF.get(attribute.unit, attribute.unit) if value == 1 else attribute.unit
    return f"{shown} {unit}".strip()
