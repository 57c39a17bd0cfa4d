"""A journey through what the profile holds: who lives with a customer, and where what is known of them comes from."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

from playwright.sync_api import Page, expect

from backend import db
from backend.people import service as keys
from e2e.people import Person
from e2e.servers import Server
from e2e.steps import at_the_desk
from shared.kernel import clock
from tests.databases import opened


def told(server: Server, key: str, method: str, path: str, body: dict[str, Any]) -> None:
    request = urllib.request.Request(
        f"{server.address}{path}", json.dumps(body).encode(), method=method,
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {key}"},
    )  # fmt: skip
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200


def test_other_systems_tell_who_lives_together_and_the_desk_shows_who_said_what(
    server: Server, people: Iterator[Person], visit: Callable[..., Page], size: dict[str, int]
) -> None:
    one, other = next(people), next(people)
    key = key_of(server)
    for person in (one, other):
        home = {"key": f"home of {one.number}", "kind": "household", "source": "crm"}
        told(server, key, "POST", f"/api/v1/customers/{person.customer_id}/groups", home)
    where = f"/api/v1/customers/{one.customer_id}/attributes"
    told(server, key, "PATCH", where, {"attributes": {"tech_support": "Yes"}, "source": "billing"})
    told(server, key, "PATCH", where, {"attributes": {"tech_support": "No"}, "source": "web"})

    page = visit(size=size)
    at_the_desk(page, path=one.desk_page)
    home = page.locator("[data-group]")
    expect(home).to_contain_text("Household")
    expect(home).not_to_contain_text(other.name)
    expect(home.get_by_role("link")).to_contain_text("••••")

    page.get_by_role("link", name="Where this comes from").press("Enter")
    expect(page).to_have_url(re.compile("/sources$"))
    row = page.get_by_role("row").filter(has_text="Tech support")
    expect(row).to_contain_text("Billing system")
    expect(row).to_contain_text("trusted more")
    expect(row).to_contain_text("Website")
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    page.get_by_role("link", name=one.name).press("Enter")

    page.get_by_role("button", name="Start a contact").press("Enter")
    page.locator("#contact-verify summary").press("Enter")
    page.locator("#contact-verify button").first.press("Enter")
    expect(home).to_contain_text(other.name)
    home.get_by_role("link", name=other.name).press("Enter")
    expect(page.locator("h1")).to_have_text(other.name)
    expect(page.locator("[data-group]")).not_to_contain_text(one.name)


def key_of(server: Server) -> str:
    """A key of a program that may tell of households and attributes."""
    with opened(server.database_url, server.log.parent), db.transaction() as session:
        return keys.create_key(session, ["groups:write", "attributes:write"], clock.now())[1]
