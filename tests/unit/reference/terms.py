"""Terms as they are frozen: within their bounds, rounded as their unit is. Plain Python."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any

from tests.unit.reference.customer import answer_of


def terms_of(treatment: dict[str, Any], names: dict[str, Any]) -> list[tuple[str, Any]]:
    """Raises Failed where one has no answer."""
    return [(term["key"], _term(term, names)) for term in treatment.get("term", [])]


def _term(term: dict[str, Any], names: dict[str, Any]) -> Any:
    """Within its bounds; money to the cent, half away from zero; whole units to the nearest, a half to the even one."""
    found = answer_of(term["value"], names)
    if term["unit"] == "text":
        return found
    found = min(max(float(found), term.get("low", -math.inf)), term.get("high", math.inf))
    if term["unit"] == "money":
        cents = (Decimal(repr(found)) * 100).quantize(Decimal("1e-9"))
        return int(cents.quantize(Decimal(1), ROUND_HALF_UP))
    whole = Decimal(repr(found)).quantize(Decimal(1), ROUND_HALF_EVEN)
    return float(found) if term["unit"] == "percent" else int(whole)
