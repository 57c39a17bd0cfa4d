"""How well an article fits what somebody typed, and which piece of it to show. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from backend.knowledge.types import Piece
from backend.profiles.service import fold, forgiven, is_slip

MOST_WORDS = 12
SHORTEST = 3
EXCERPT = 190
_WORD = re.compile(r"[^\W_]+")
_EMPTY_WORDS = """
a about after again all also an and any are as at be been but by can cannot could did do does for from get had has have he her his how i
if in into is it its just me my no not of off on or our out she should so some than that the their them then there they this to too up us
was we were what when where which who why will with would you your
"""
_EMPTY = frozenset(_EMPTY_WORDS.split())
"""Words that tell nothing: a search by them alone looks for all of them."""
_TITLE, _WORDS, _TEXT = 4.0, 2.0, 1.0
_SLIP, _BEGINS = 0.6, 0.85


def query_words(query: str) -> tuple[str, ...]:
    """The words to look for, folded, each once; at most twelve."""
    words = list(dict.fromkeys(_WORD.findall(fold(query))))
    telling = [word for word in words if word not in _EMPTY and (len(word) >= SHORTEST or word.isdigit())]
    return tuple((telling or [word for word in words if len(word) >= SHORTEST])[:MOST_WORDS])


def search_text(title: str, words: str, text: str) -> str:
    """What is looked through: three parts, folded. A bar stands before each, so that a word's beginning can be told."""
    return "|".join(" ".join(_WORD.findall(fold(part))) for part in (title, words, text))


def score(wanted: Sequence[str], looked_through: str) -> float:
    """How well the text fits, 0 to 1: words in the title count most, a slip less than the word itself.

    0 where less than half of the words are there.
    """
    if not wanted:
        return 0.0
    parts = [part.split() for part in looked_through.split("|", 2)]
    found = [
        max(_in(word, part) * weight for part, weight in zip(parts, (_TITLE, _WORDS, _TEXT), strict=False))
        for word in wanted
    ]
    hits = sum(1 for one in found if one > 0)
    if hits * 2 < len(wanted):
        return 0.0
    return round(sum(found) / (_TITLE * len(wanted)) * hits / len(wanted), 6)


def _in(word: str, there: Sequence[str]) -> float:
    best = 0.0
    for other in there:
        if other == word:
            return 1.0
        if other.startswith(word) or (len(word) > 4 and word.startswith(other) and len(other) >= len(word) - 2):
            best = max(best, _BEGINS)
        elif best < _SLIP and abs(len(word) - len(other)) <= 1 and forgiven(word) and is_slip(word, other):
            best = _SLIP
    return best


def marked(text: str, wanted: Sequence[str]) -> tuple[Piece, ...]:
    """The text in pieces, the words that were looked for marked."""
    pieces: list[Piece] = []
    reached = 0
    for found in _WORD.finditer(text):
        if wanted and any(_in(word, (fold(found.group()),)) for word in wanted):
            if found.start() > reached:
                pieces.append((text[reached : found.start()], False))
            pieces.append((found.group(), True))
            reached = found.end()
    if reached < len(text):
        pieces.append((text[reached:], False))
    return tuple(pieces)


def excerpt(text: str, wanted: Sequence[str], otherwise: str = "") -> tuple[Piece, ...]:
    """The piece of the text in which most of the words stand; `otherwise`, or the beginning, where none does."""
    flat = " ".join(text.split())
    places = [
        found.start() for found in _WORD.finditer(flat) if any(_in(word, (fold(found.group()),)) for word in wanted)
    ]
    if not places and otherwise:
        return ((otherwise, False),)
    start = max(places, key=lambda at: (sum(at <= one < at + EXCERPT for one in places), -at), default=0)
    begin = max(0, start - 40)
    begin = flat.find(" ", begin) + 1 if begin else 0
    end = begin + EXCERPT
    if end < len(flat):
        end = flat.rfind(" ", begin, end) if " " in flat[begin:end] else end
    before, after = "… " if begin else "", " …" if end < len(flat) else ""
    return tuple(piece for piece in ((before, False), *marked(flat[begin:end], wanted), (after, False)) if piece[0])
