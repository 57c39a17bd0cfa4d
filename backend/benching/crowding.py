"""A crowd: two hundred customers at the portal all at once, while twenty desks work. One answer that is not a page ends it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path

from backend import db
from backend.benching.clients import Client, Task, measured
from backend.benching.copies import Tell, serving
from backend.benching.measuring import at_desk, at_portal, bump, first_customers
from backend.benching.rows import Row
from backend.people import service as people
from shared.kernel import clock

CUSTOMERS = 200
DESKS = 20
PAGES = 800
VISIT = ("/", "/offers", "/bills", "/services")
"""What each customer opens, one after the other, as fast as it comes."""


def crowd(url: str, home: Path, n: int, tell: Tell) -> list[Row]:
    """`n` pages of the portal by all customers together, and of the desk for as long; every profile has moved before.

    Raises BenchFailed for any answer that is not the page.
    """
    customers = first_customers(CUSTOMERS)
    with db.transaction() as session:
        people.give_demo_credentials(session, customers, clock.now())
    with serving(url, home) as house:
        with ThreadPoolExecutor(8) as pool:
            visitors = list(pool.map(lambda one: at_portal(house.port, one), customers))
            desks = list(pool.map(lambda one: at_desk(house.port, one), customers[:DESKS]))
        tell(f"{len(visitors)} customers and {len(desks)} agents are signed in.")
        bump(customers)
        # What was idle for half a minute the server has closed by now.
        visitors, desks = ([_anew(house.port, one) for one in some] for some in (visitors, desks))
        share = max(1, n // CUSTOMERS)
        at_home = [
            Task(one, [one.prepared("GET", path) for path in islice(cycle(VISIT), share)], 200) for one in visitors
        ]
        working = [
            Task(
                one, [one.prepared("GET", f"/desk/customers/{who}") for who in customers[nth::DESKS][: 2 * share]], 200
            )
            for nth, one in enumerate(desks)
        ]
        with ThreadPoolExecutor(2) as pool:
            both = [pool.submit(measured, "crowd_portal", at_home), pool.submit(measured, "crowd_desk", working)]
            rows = [one.result() for one in both]
        for client in (*visitors, *desks):
            client.close()
    tell("The crowd is measured.")
    return rows


def _anew(port: int, client: Client) -> Client:
    client.close()
    return Client(port, dict(client.cookies))
