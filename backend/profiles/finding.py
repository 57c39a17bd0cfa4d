"""Finding customers while someone types: quickly, the best first, and forgiving of slips. `searching` gives whole lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from sqlmodel import Session

from backend import db
from backend.profiles import finding_queries as queries
from backend.profiles import identity, likeness
from backend.profiles.bounded import Deadline
from backend.profiles.keeping_out import named_for
from backend.profiles.searching import named
from backend.profiles.types import Match

SECONDS = 0.9
"""A search takes no longer; what it has found by then is what it found."""
CANDIDATES = 300
"""So many that fit are put in order; of more, whose name begins with the text come first in any case."""
FEW = 3
"""With fewer than so many found, slips are looked for too."""
LONGEST_WORDS = 8
"""So many words of a text are looked at; more are a pasted letter, not a name."""
# The planner may take a whole table for cheaper when it hopes for many who fit; when there are few, that takes seconds.
_BY_INDEX = {"enable_seqscan": "off"}
_AS_MATCHED: dict[str, tuple[float, Literal["name", "number", "text"]]] = {
    "begins": (0.6, "name"), "word": (0.5, "name"), "holds": (0.4, "text"), "alike": (0.3, "text"),
}  # fmt: skip


@dataclass(frozen=True)
class Found:
    """Whom a text finds, the best first: an identifier of theirs, a name that begins so, a word that does, one with a slip."""

    items: tuple[Match, ...] = ()
    more: bool = False
    """Whether there are more than were asked for."""
    cut: bool = False
    """Whether the time was over before all was looked through."""


def find(session: Session, query: str, most: int = 25) -> Found:
    """Customers by what someone typed, at most so many; never one of whom the device alone is known.

    All words must be there, in any order, without regard to case and accents; telephone numbers in any writing. Who holds
    the text as an identifier is found alone. Takes less than a second.
    """
    query = " ".join(query.replace("\0", " ").split())
    for kind, value in identity.guessed(query):
        if exact := named(session, kind, value):
            return Found(exact)
    parts = identity.wanted_parts(query)[:LONGEST_WORDS]
    if not parts:
        return Found()
    deadline = Deadline(session, SECONDS)
    prefix = identity.fold(query).replace("|", " ")
    rows: dict[Any, tuple[str, Any]] = {}
    for how, row in _looked_up(deadline, prefix, parts, most):
        rows.setdefault(row.customer_id, (how, row))
    items = tuple(
        Match(row.customer_id, *_called(session, row), *_matched(how, prefix, row)) for how, row in rows.values()
    )
    return Found(items[:most], len(items) > most, deadline.cut)


def _called(session: Session, row: Any) -> tuple[str, str]:
    name, number = named_for(session, row.name, row.number, row.restricted)
    return number, name


def _looked_up(deadline: Deadline, prefix: str, parts: tuple[str, ...], most: int) -> Iterator[tuple[str, Any]]:
    begin = deadline.rows(queries.beginning(prefix, most + 1), **_BY_INDEX)
    yield from (("begins", row) for row in begin)
    if len(begin) > most:
        return
    found = len(begin)
    if (statement := queries.holding(parts, CANDIDATES)) is not None:
        holding = deadline.rows(statement, **_BY_INDEX)
        found = max(found, len(holding))
        told = [("word" if likeness.begins_words(parts, row.search_text) else "holds", row) for row in holding]
        yield from sorted(told, key=lambda one: (one[0] != "word", one[1].search_text, str(one[1].customer_id)))
    if found < FEW and _has_trigrams(deadline.session):
        words = [word for part in parts for word in likeness.words_of(part)][:LONGEST_WORDS]
        yield from (("alike", row) for row in _alike(deadline, words))


def _alike(deadline: Deadline, words: list[str]) -> Iterator[Any]:
    statement = queries.alike(words, CANDIDATES)
    if statement is None:
        return
    near_enough = []
    for row in deadline.rows(statement, **_BY_INDEX):
        if (slips := likeness.slips(words, row.search_text)) is not None:
            near_enough.append((slips, row.search_text, str(row.customer_id), row))
    yield from (row for *_, row in sorted(near_enough, key=lambda one: one[:3]))


def _matched(how: str, prefix: str, row: Any) -> tuple[float, Literal["name", "number", "text"]]:
    if how == "begins" and identity.fold(row.name) == prefix:
        return 0.8, "name"
    if how == "holds" and prefix in identity.fold(row.number):
        return 0.5, "number"
    if how == "word" and not all(part in identity.fold(row.name) for part in prefix.split()):
        return 0.45, "text"
    return _AS_MATCHED[how]


_trigrams: dict[str, bool] = {}


def _has_trigrams(session: Session) -> bool:
    """Whether this database has them: a PostgreSQL whose role may have no extension goes without."""
    if db.dialect() == "sqlite":
        return True
    url = db.url_of()
    if not _trigrams.get(url):  # asked again while it has none: they may be made meanwhile
        _trigrams[url] = session.connection().execute(queries.HAS_TRIGRAMS).scalar() is not None
    return _trigrams[url]
