"""Finding whatever somebody names: customers, and what the rooms know under a reference or a name of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlmodel import Session

from backend.cases import service as cases
from backend.interactions import service as interactions
from backend.knowledge import service as knowledge
from backend.paying import service as paying
from backend.profiles import service as profiles
from backend.profiles.types import Hit, Match
from backend.treatments import service as treatments

Finder = Callable[[Session, str, int], tuple[Hit, ...]]
"""A room's own search: the text, at most so many hits, best first. It reads an index; it never looks through a table."""
_FINDERS: list[Finder] = [cases.find, knowledge.find]
MOST_HITS = 5


@dataclass(frozen=True)
class Everything:
    """What a text finds. `quoted`: the customer whose reference it is; they come first among the customers then."""

    customers: profiles.Found = field(default_factory=profiles.Found)
    hits: tuple[Hit, ...] = ()
    quoted: UUID | None = None


def add_finder(finder: Finder) -> None:
    """Has this room asked too; adding it twice changes nothing."""
    if finder not in _FINDERS:
        _FINDERS.append(finder)


def find_everything(session: Session, query: str, most: int) -> Everything:
    """Customers, at most so many, and what else is known by this text, best first."""
    query = query.replace("\0", " ").strip()
    if not query:
        return Everything()
    hits = [hit for finder in _FINDERS for hit in finder(session, query, MOST_HITS)]
    hits.sort(key=lambda hit: -hit.rank)
    quoted = find_reference(session, query)
    found = profiles.find(session, query, most)
    if quoted is not None and all(match.id != quoted for match in found.items):
        name, number = profiles.names_of(session, [quoted])[quoted]
        first = Match(quoted, number, name, 1.0, "text")
        found = replace(found, items=(first, *found.items)[:most])
    return Everything(found, tuple(hits[:MOST_HITS]), quoted)


def find_reference(session: Session, text: str) -> UUID | None:
    """The customer whose offer, call or payment has this spoken reference, however it is written; None when nobody's has."""
    return (
        treatments.owner_of_reference(session, text)
        or interactions.owner_of_wish(session, text)
        or paying.owner_of_payment(session, text)
    )
