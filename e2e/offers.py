"""Offers that stand open in the open database, for tests that answer many of them."""

from uuid import UUID

from backend import db
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from shared.kernel import clock


def open_offers(most: int, after: int = 0) -> list[tuple[UUID, UUID]]:
    """An offer that nobody has answered, of each of so many customers, `after` others; opened in this process's database."""
    found: list[tuple[UUID, UUID]] = []
    cursor = None
    while len(found) < after + most:
        with db.reading() as session:
            page = profiles.search(session, limit=100, cursor=cursor)
        cursor = page.next_cursor
        assert page.items, "the database has too few customers"
        for match in page.items[: after + most - len(found)]:
            if len(found) < after:
                found.append((match.id, match.id))
                continue
            # Nothing is a decision too.
            if ranked := treatments.decide(match.id, clock.now()).ranked:
                found.append((match.id, UUID(ranked[0].offer_id)))
    return found[after:]
