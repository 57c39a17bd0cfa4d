"""How much of each budget a treatment takes for one customer. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from backend.engine.catalogue import Treatment
from backend.engine.facts import TermValue
from backend.rules.service import RuleFailed, number_of


def amounts_of(t: Treatment, figures: Sequence[Any], terms: Sequence[TermValue], digits: int) -> dict[str, float]:
    """Budget → how much: places, or money in major units of so many digits. Never below zero. Raises RuleFailed.

    `figures` are what the amounts came to, in the order of the treatment's uses; a RuleFailed stands where one failed.
    """
    found: dict[str, float] = {}
    for use, figure in zip(t.use, figures, strict=True):
        if use.term:
            value = next((float(term.value) for term in terms if term.key == use.term), 0.0)
            amount = value / float(10**digits)
        elif isinstance(figure, RuleFailed):
            raise figure
        else:
            amount = number_of(figure)
        found[use.budget] = found.get(use.budget, 0.0) + max(amount, 0.0)
    return found
