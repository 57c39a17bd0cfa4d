"""What a mask leaves of plain data: pairs of a label and a value, lists of them, and everything else."""

from __future__ import annotations

from typing import Any

import pytest

from backend.profiles.masking import DOTS, Mask

MASK = Mask(masked=frozenset({"income"}), words={}, labels=frozenset({"Income"}))


@pytest.mark.parametrize(
    ("given", "left"),
    [
        (["Income", 900], ["Income", DOTS]),
        (["Calls in 30 days", 2], ["Calls in 30 days", 2]),
        ([["Income", 900], ["Calls in 30 days", 2]], [["Income", DOTS], ["Calls in 30 days", 2]]),
        ([["Income", 900]], [["Income", DOTS]]),
        ([[1, 2], {"income": 900, "calls": 2}], [[1, 2], {"income": DOTS, "calls": 2}]),
        ({"Income": 900, "why": [["Recency", 5], ["Frequency", 1]]}, {"Income": DOTS, "why": [["Recency", 5], ["Frequency", 1]]}),
        ([None, None], [None, None]),
    ],
)  # fmt: skip
def test_what_is_masked_goes_and_all_else_stays(given: Any, left: Any) -> None:
    assert MASK.plain(given) == left
