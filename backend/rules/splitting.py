"""Cuts a rule's text where that changes nothing but the time it takes: at `&&` and `||`, and at `least` and `greatest`. Pure.

Rules of a catalogue repeat each other's conditions, so that each condition needs to be worked out once per customer; and a
function of ours is called from inside the evaluator at ten times the price of a comparison.
"""

from __future__ import annotations

import re
from typing import Literal

_UNSURE = re.compile(r'//|"""|\'\'\'|\b[rRbB]{1,2}["\']')
"""Comments, long, raw and byte strings: such a text is left whole."""
_OPENING, _CLOSING = "([{", ")]}"
_CALL = re.compile(r"\b(least|greatest)\s*\(")


def connected(text: str) -> tuple[Literal["&&", "||", ""], list[str]]:
    """The operator that binds the text loosest and what it connects; "" and the text itself where there is none to cut at."""
    if _UNSURE.search(text):
        return "", [text]
    bare = _without_strings(text)
    if "?" in _top_level(bare):
        return "", [text]
    for operator in ("||", "&&"):
        parts = _cut(text, bare, operator)
        if len(parts) > 1:
            return operator, parts
    return "", [text]


def without_calls(text: str) -> str:
    """The same rule with `least(a, b)` and `greatest(a, b)` written as a choice; one inside another is left, lest texts explode."""
    if _UNSURE.search(text):
        return text
    bare = _without_strings(text)
    out, done = [], 0
    for found in _CALL.finditer(bare):
        if found.start() < done or bare[: found.start()].rstrip().endswith("."):
            continue
        end = _closing(bare, found.end() - 1)
        inside = slice(found.end(), end)
        arguments = _cut(text[inside], bare[inside], ",")
        if end < 0 or len(arguments) != 2 or _CALL.search(bare[inside]):
            continue
        a, b = (argument.strip() for argument in arguments)
        sign = "<" if found.group(1) == "least" else ">"
        out.append(f"{text[done : found.start()]}(({b}) {sign} ({a}) ? ({b}) : ({a}))")
        done = end + 1
    return "".join([*out, text[done:]])


def _without_strings(text: str) -> str:
    """The text with everything inside quotes blanked out, each character still in its place."""
    return re.sub(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'', lambda found: " " * len(found.group()), text)


def _top_level(bare: str) -> str:
    depth, out = 0, []
    for character in bare:
        depth += (character in _OPENING) - (character in _CLOSING)
        out.append(character if depth == 0 else " ")
    return "".join(out)


def _cut(text: str, bare: str, at: str) -> list[str]:
    """The text cut at each `at` that stands in no bracket."""
    top, parts, begin = _top_level(bare), [], 0
    while (place := top.find(at, begin)) >= 0:
        parts.append(text[begin:place])
        begin = place + len(at)
    return [*parts, text[begin:]]


def _closing(bare: str, opening: int) -> int:
    """Where the bracket that opens here closes; -1 where it never does."""
    depth = 0
    for place in range(opening, len(bare)):
        depth += (bare[place] in _OPENING) - (bare[place] in _CLOSING)
        if depth == 0:
            return place
    return -1
