"""How well a customer's search text fits what someone typed, and which trigrams it must have. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rapidfuzz.distance import OSA

_WORD = re.compile(r"[ |@.+_\-]+")
_AFTER = (" ", "|")
"""What stands before a word that a trigram can name the beginning of."""
SLIPS_FROM = 4
"""From so many letters on a word may have a slip."""


def words_of(text: str) -> list[str]:
    return [word for word in _WORD.split(text) if word]


def begins_words(parts: Sequence[str], text: str) -> bool:
    """Whether each part is the beginning of a word of the text."""
    padded = f"|{text}"
    return all(any(f"{mark}{part}" in padded for mark in _AFTER) for part in parts)


def forgiven(word: str) -> bool:
    """Whether a slip in this word is taken for one: a letter left out, put in, taken for another, or two swapped.

    Not in a short word nor in digits: there another one is meant.
    """
    return len(word) >= SLIPS_FROM and not any(c.isdigit() for c in word)


def slips(words: Sequence[str], text: str) -> int | None:
    """In how many words there is a slip against a word of the text, or the beginning of one; None where one has more."""
    there, total = words_of(text), 0
    for word in words:
        if word in text:
            continue
        if not forgiven(word) or not any(is_slip(word, other) for other in there):
            return None
        total += 1
    return total


def is_slip(word: str, other: str) -> bool:
    """Whether the other, or its beginning, is this word but for one slip."""
    begun = (other, *(other[:length] for length in range(len(word) - 1, len(word) + 2) if length < len(other)))
    return any(OSA.distance(word, one, score_cutoff=1) <= 1 for one in begun)


def meant(word: str) -> list[tuple[str, str]]:
    """What may be meant by a word with a slip: what stands before and after one letter that is not known.

    Nothing stands after where all is known. What leaves too little to look up is left out.
    """
    found: dict[tuple[str, str], None] = {}
    for nth in range(len(word)):
        before, after = word[:nth], word[nth + 1 :]
        found[(before + after, "")] = None
        if after:
            found[(before + after[0] + word[nth] + after[1:], "")] = None
        for split in ((before, after), (before, word[nth:])):
            if len(split[0]) >= 2 or len(split[1]) >= 3:
                found[split] = None
    return [one for one in found if one != (word, "") and len(one[0]) + len(one[1]) >= 3]


def held(parts: Iterable[str]) -> str | None:
    """The FTS5 query for the trigrams that a text with all these parts has; None where they are too short to have any.

    A part of two letters is looked for at the beginning of words alone.
    """
    groups = [group for part in parts for group in _groups(part)]
    return " AND ".join(groups) or None


def nearly(words: Sequence[str]) -> str | None:
    """The FTS5 query for texts that have each word with one slip at the most; None where there is nothing to look up."""
    found = []
    for word in words:
        if forgiven(word):
            ways = dict.fromkeys(" AND ".join(_split(*one)) for one in [(word, ""), *meant(word)])
            found.append(f"({' OR '.join(f'({way})' for way in ways)})")
        else:
            found += _groups(word)
    return " AND ".join(found) or None


def _split(before: str, after: str) -> list[str]:
    begin = [_either(f"{mark}{before}" for mark in _AFTER)] if len(before) == 2 else []
    return begin + [_quoted(one) for one in dict.fromkeys((*_trigrams(before), *_trigrams(after)))]


def _groups(part: str) -> list[str]:
    if len(part) == 2:
        return [_either(f"{mark}{part}" for mark in _AFTER)]
    return [_quoted(one) for one in _trigrams(part)]


def _trigrams(text: str) -> list[str]:
    return list(dict.fromkeys(text[nth : nth + 3] for nth in range(len(text) - 2)))


def _either(some: Iterable[str]) -> str:
    return f"({' OR '.join(_quoted(one) for one in some)})"


def _quoted(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"'
