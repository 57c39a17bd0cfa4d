"""The selects that find customers while someone types: each reads an index, and at most so many rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select, text

from backend import db
from backend.profiles.identity import like
from backend.profiles.likeness import forgiven, held, meant, nearly
from backend.profiles.queries import CUSTOMER, SEARCH, TRIGRAM

HAS_TRIGRAMS = text("SELECT to_regclass('ix_customer_search_trigrams')")
_LAST = "\U0010ffff"
_LISTED = CUSTOMER.c.is_anonymous.is_(False)
_FOUND = select(
    CUSTOMER.c.customer_id, CUSTOMER.c.number, CUSTOMER.c.name, CUSTOMER.c.search_text, CUSTOMER.c.restricted
).where(_LISTED)


def beginning(prefix: str, most: int) -> Select[Any]:
    """Customers whose name begins with the folded text, in the order of their names."""
    name: Any = CUSTOMER.c.search_text
    if db.dialect() == "postgresql":
        name = name.collate("C")
    return _FOUND.where(name >= prefix, name < prefix + _LAST).order_by(name, CUSTOMER.c.customer_id).limit(most)


def holding(parts: Sequence[str], most: int) -> Select[Any] | None:
    """Some customers whose search text has all parts, in no order; None where the parts are too short to be looked up."""
    there = [_like(like(part)) for part in parts]
    if db.dialect() == "sqlite":
        matching = held(parts)
        return None if matching is None else _matching(matching).where(*there).limit(most)
    if all(len(part) < 2 for part in parts):
        return None
    begun = [_begins_a_word(part) for part in parts if len(part) == 2]
    return _FOUND.where(*there, *begun).limit(most)


def alike(words: Sequence[str], most: int) -> Select[Any] | None:
    """Some customers who have words like these; None where the words are too short for a slip."""
    if not any(forgiven(word) for word in words):
        return None
    if db.dialect() == "sqlite":
        matching = nearly(words)
        return None if matching is None else _matching(matching).limit(most)
    near = [
        or_(*(_like(pattern) for pattern in (like(word), *_patterns(word)))) if forgiven(word) else _like(like(word))
        for word in words
    ]
    return _FOUND.where(*near).limit(most)


def _patterns(word: str) -> list[str]:
    """Each has trigrams, as PostgreSQL counts them: less than three letters have some only where a word begins."""
    found = []
    for before, after in meant(word):
        gap = f"{like(before)[1:-1]}_{like(after)[1:-1]}%" if after else f"{like(before)[1:-1]}%"
        if len(before) >= 3 or len(after) >= 3:
            found.append(f"%{gap}")
        else:
            found += [gap, f"% {gap}", f"%|{gap}"]
    return found


def _like(pattern: str) -> ColumnElement[bool]:
    made: ColumnElement[bool] = CUSTOMER.c.search_text.like(pattern, escape="\\")
    return made


def _matching(query: str) -> Select[Any]:
    whose = SEARCH.join(CUSTOMER, CUSTOMER.c.customer_id == SEARCH.c.customer_id)
    joined = TRIGRAM.join(whose, SEARCH.c.nth == TRIGRAM.c.rowid)
    return _FOUND.select_from(joined).where(TRIGRAM.c.customer_trigram.op("MATCH")(query))


def _begins_a_word(part: str) -> ColumnElement[bool]:
    """As PostgreSQL's trigrams can tell: two letters have some only where a word begins."""
    pattern = like(part)[1:]
    patterns = (pattern, f"% {pattern}", f"%|{pattern}")
    return or_(*(_like(one) for one in patterns))
