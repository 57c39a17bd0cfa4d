"""A bill is paid on a provider's page of its own, beside the portal; with scripting and without."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from backend import db
from backend.profiles import service as profiles
from backend.profiles.tables import BillRow
from e2e.conftest import Watched
from e2e.people import Person
from e2e.servers import Server, serving
from e2e.steps import agent_opens, customer_opens, timeline
from e2e.test_axe import Looking
from tests.databases import fresh, opened
from tests.provider import PATH, LocalProvider, notice, provider

BILL = db.table_of(BillRow)


@dataclass
class Shop:
    """A server whose bills are paid at this provider, and who owes something there."""

    server: Server
    provider: LocalProvider
    owing: list[tuple[Person, UUID, int]]

    def tells(self, kind: str) -> None:
        """The provider tells what became of the payment that was asked for last."""
        (*_, reference) = self.provider.asked
        body, headers = notice(reference, kind, self.provider.asked[reference]["amount_minor"])
        asked = urllib.request.Request(f"{self.server.address}{PATH}", body, headers)
        with urllib.request.urlopen(asked, timeout=20) as answer:
            assert answer.status == 200


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    home = tmp_path_factory.mktemp("paying")
    with provider() as here, fresh("sqlite", "loaded", home) as url:
        with opened(url, home), db.reading() as session:
            owed = select(BILL.c.customer_id, BILL.c.bill_id, BILL.c.amount_minor).where(BILL.c.status == "overdue")
            rows = session.execute(owed.order_by(BILL.c.bill_id).limit(4)).all()
            known = [profiles.profile(session, row.customer_id) for row in rows]
        people = [Person(str(one.customer_id), one.number, one.name, one.email or "", one.phone or "") for one in known]
        owing = [(person, row.bill_id, row.amount_minor) for person, row in zip(people, rows, strict=True)]
        with serving(url, home, **here.settings()) as server:
            yield Shop(server, here, owing)


def test_a_bill_is_paid_elsewhere_and_settled_by_the_providers_word(
    watched: Watched, shop: Shop, size: dict[str, int], scripting: bool
) -> None:
    person, bill_id, _amount = shop.owing.pop()
    portal: Page = watched.open(shop.server.address, viewport=size, java_script_enabled=scripting)
    desk: Page = watched.open(shop.server.address, java_script_enabled=scripting)
    customer_opens(portal, person, "/bills")
    portal.locator("section.balance button").click()
    expect(portal.locator("h1")).to_have_text("Example Pay")
    assert portal.url.startswith(f"http://127.0.0.1:{shop.provider.port}/")
    portal.get_by_role("link", name="Back to the shop").click()
    expect(portal.locator("h1")).to_have_text("Your payment is being confirmed")
    shop.tells("failed")
    if not scripting:
        portal.get_by_role("link", name="Look again").click()
    expect(portal.locator("h1")).to_have_text("The payment did not go through")
    portal.get_by_role("button", name="Try again").click()
    expect(portal.locator("h1")).to_have_text("Example Pay")
    shop.tells("paid")
    portal.get_by_role("link", name="Back to the shop").click()
    expect(portal.locator("h1")).to_contain_text("Paid: $")
    portal.get_by_role("link", name="Back to the bill").click()
    expect(portal.locator("section.balance")).to_contain_text("Paid on")
    expect(portal.locator("section.balance button")).to_have_count(0)
    assert portal.url.endswith(f"/bills/{bill_id}")
    agent_opens(desk, person)
    expect(timeline(desk).filter(has_text="by card").first).to_be_visible()


def test_the_pages_of_bills_are_without_fault(
    watched: Watched, server: Server, person: Person, size: dict[str, int]
) -> None:
    page = watched.open(server.address, viewport=size, reduced_motion="reduce")
    seen = Looking(page)
    customer_opens(page, person, "/bills")
    seen.at("bills")
    page.locator("li.bill-line a").first.click()
    expect(page.locator("h1")).to_contain_text("Bill of")
    seen.at("bill")
    page.goto("/services")
    seen.at("services")
    assert seen.faults == []
