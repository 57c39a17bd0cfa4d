"""How far a treatment stands before the next, in words that somebody on a call can use."""

from types import SimpleNamespace
from typing import Any

import pytest

from backend.engine.service import margin_in_words


def ranked(priority: float, pinned: bool = False) -> Any:
    return SimpleNamespace(priority=priority, pinned=pinned)


@pytest.mark.parametrize(
    ("mine", "next_one", "said"),
    [
        (ranked(10), None, ""),
        (ranked(10), ranked(9.5), "Hardly ahead of “A chat”: either is a good choice."),
        (ranked(10), ranked(7), "Ahead of “A chat”."),
        (ranked(10), ranked(2), "Far ahead of “A chat”."),
        (ranked(2), ranked(10), "Before “A chat” because it resolves why they are here."),
        (
            ranked(2, pinned=True),
            ranked(10),
            "They heard of this first, so it stays before “A chat” until they answer.",
        ),
    ],
)
def test_the_margin_is_told_in_words(mine: Any, next_one: Any, said: str) -> None:
    assert margin_in_words(mine, next_one, "A chat") == said
