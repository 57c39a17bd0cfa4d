"""The groups between which dealing is compared: by age, gender and how long they have been customers. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

GROUPS = {"age": "Age", "gender": "Gender", "loyalty": "Months as a customer"}
AGES = ((25, "under 25"), (35, "25 to 34"), (45, "35 to 44"), (55, "45 to 54"), (65, "55 to 64"))
OLDEST = "65 or older"
YOUNGER = "under 65"
LOYALTIES = ((12, "under 12"), (36, "12 to 35"), (60, "36 to 59"))
LONGEST = "60 or more"
_ORDER = (*(label for _, label in AGES), YOUNGER, OLDEST, *(label for _, label in LOYALTIES), LONGEST)


def age_of(born: date | None, known: Mapping[str, Any], day: date) -> str:
    """The band of age on that day; where no birth date is known, whether they are 65, where that is."""
    if born is not None:
        years = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
        return next((label for below, label in AGES if years < below), OLDEST)
    senior = known.get("senior_citizen")
    return "" if senior is None else OLDEST if senior else YOUNGER


def gender_of(known: Mapping[str, Any]) -> str:
    return str(known.get("gender") or "")


def loyalty_of(known: Mapping[str, Any]) -> str:
    """The band of the months for which they have been customers, by the attribute `tenure`."""
    months = known.get("tenure")
    if not isinstance(months, (int, float)):
        return ""
    return next((label for below, label in LOYALTIES if months < below), LONGEST)


def place(label: str) -> tuple[int, str]:
    """Bands in their order, other groups by name, those of whom nothing is known last."""
    return (len(_ORDER) + (label == "unknown"), label) if label not in _ORDER else (_ORDER.index(label), label)
