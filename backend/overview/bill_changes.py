"""What changed from one bill to the next, line by line; the changes add up to the difference of the two. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from shared.kernel.money import Money

Kind = Literal[
    "new", "gone", "dearer", "cheaper", "one_off", "one_off_over", "credit", "credit_over", "credit_more", "credit_less"
]
ONE_OFF = "One-off"
"""With this begins the text of a line that is charged once."""
_ORDER: tuple[Kind, ...] = (
    "new", "dearer", "one_off", "credit_over", "credit_less", "gone", "cheaper", "one_off_over", "credit", "credit_more",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BillChange:
    """One line that is another than the month before: `by` is what it makes the bill higher (or lower) by."""

    kind: Kind
    text: str
    before: Money | None
    after: Money | None
    by: Money


Lines = Iterable[tuple[str, Money]]


def changes(now: Lines, before: Lines, currency: str) -> tuple[BillChange, ...]:
    """What makes this bill another than the one before: what made it higher first, the largest first."""
    new, old = _by_text(now), _by_text(before)
    found = []
    for text in dict.fromkeys((*new, *old)):
        after, was = new.get(text), old.get(text)
        if (after or 0) == (was or 0):
            continue
        found.append(
            BillChange(
                _kind(text, was, after), text, None if was is None else Money(was, currency),
                None if after is None else Money(after, currency), Money((after or 0) - (was or 0), currency),
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda one: (_ORDER.index(one.kind), -abs(one.by.minor), one.text)))


def _by_text(lines: Lines) -> dict[str, int]:
    summed: dict[str, int] = defaultdict(int)
    for text, amount in lines:
        summed[text] += amount.minor
    return dict(summed)


def _kind(text: str, was: int | None, after: int | None) -> Kind:
    if was is None:
        return "credit" if (after or 0) < 0 else "one_off" if text.startswith(ONE_OFF) else "new"
    if after is None:
        return "credit_over" if was < 0 else "one_off_over" if text.startswith(ONE_OFF) else "gone"
    if was < 0 and after < 0:
        return "credit_more" if after < was else "credit_less"
    return "dearer" if after > was else "cheaper"
