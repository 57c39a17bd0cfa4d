"""Who the journeys are about: customers of the running server, each given to one journey alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from backend import db
from backend.engine import service as engine
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from e2e.servers import Server
from shared.kernel import clock
from tests.databases import opened

ALIKE = 3
ENOUGH = 5
"""So many treatments must be there at first: accepting one may take its whole group away, and something must be left."""
PAGES = 5
"""So many pages of customers, of a hundred each, are looked at."""
SET_ASIDE = ("loyalty_credit", "contract_one_year")
"""Whoever is offered one of these first is kept for the journeys about it."""


@dataclass(frozen=True)
class Person:
    """A customer as people know them."""

    customer_id: str
    number: str
    name: str
    email: str
    phone: str

    @property
    def desk_page(self) -> str:
        return f"/desk/customers/{self.customer_id}"


def people_of(server: Server) -> Iterator[Person]:
    """Customers for whom the first treatments can all be delivered by phone and at the portal, with terms on the first.

    Nothing is written: the server's own database is only read, before the first journey meets them.
    """
    found = []
    with opened(server.database_url, server.log.parent):
        for customer_id in islice(_everyone(), 100 * PAGES):
            if _well_served(customer_id):
                found.append(_person(customer_id))
    yield from found


def offered_first(server: Server, treatment: str) -> Iterator[Person]:
    """Customers to whom this treatment, of those set aside, is offered first by phone and at the portal."""
    assert treatment in SET_ASIDE, "they would be given out twice"
    after = 0
    while True:
        with opened(server.database_url, server.log.parent):
            looked_at = list(islice(_everyone(), after, after + 100))
            found = [_person(one) for one in looked_at if all(given[:1] == [treatment] for given in _lists(one)[1])]
        yield from found
        if not looked_at:
            return
        after += 100


def _everyone() -> Iterator[UUID]:
    cursor = None
    while True:
        with db.reading() as session:
            page = profiles.search(session, limit=100, cursor=cursor)
        cursor = page.next_cursor
        yield from (match.id for match in page.items)
        if cursor is None:
            return


def _person(customer_id: UUID) -> Person:
    with db.reading() as session:
        profile = profiles.profile(session, customer_id)
    return Person(str(customer_id), profile.number, profile.name, profile.email or "", profile.phone or "")


def _lists(customer_id: UUID) -> tuple[treatments.Decided, list[list[str]]]:
    """What is decided for the customer, and what of it can be delivered by phone, and at the portal."""
    decided = treatments.preview(customer_id, clock.now())
    given = []
    for channel in ("phone", "portal"):
        delivery = engine.deliver(decided.ranked, decided.inputs.snapshot, decided.inputs.configuration, channel)
        given.append([item.treatment for item in delivery.here])
    return decided, given


def _well_served(customer_id: UUID) -> bool:
    decided, (phone, portal) = _lists(customer_id)
    alike = phone[:ALIKE] == portal[:ALIKE] and min(len(phone), len(portal)) >= ENOUGH
    kept = phone[:1] and phone[0] in SET_ASIDE
    return alike and not kept and bool(decided.ranked[0].terms) and not _asks(decided, phone[:ALIKE])


def _asks(decided: treatments.Decided, keys: list[str]) -> bool:
    """Whether one of these asks for something when it is accepted: journeys that are about something else press once."""
    known = decided.inputs.configuration.catalogue.treatments
    return any(known[key].input for key in keys if key in known)
