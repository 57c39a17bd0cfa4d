"""The desk finds people as one types, by a spoken reference too, and tells where a customer is at the portal."""

from __future__ import annotations

from uuid import UUID

from backend.overview import service as overview
from backend.people import service as people
from shared.kernel import clock
from shared.kernel.actors import Actor
from tests.cast import PORTAL_CUSTOMER
from tests.pages import Browser, Page, elements, text_of


def opened(desk: Browser, number: str = PORTAL_CUSTOMER) -> Page:
    return desk.get("/").submit("/search", query=number)


def test_results_come_as_one_types_and_stand_in_no_address(desk: Browser) -> None:
    page = opened(desk)
    name = text_of(page.one("h1"))
    piece = page.submit("/search", query=name)
    field = page.one("input", id="top-query")
    assert (field.get("hx-post"), field.get("role")) == ("/suggest", "combobox")
    sent = {**page.form("/search").fields, "query": name[:-1]}
    piece = desk.send("post", "/suggest", sent, htmx=True)
    assert name in [text_of(e) for e in piece.all(class_="found-name")]
    assert piece.one(role="listbox").get("id") == field.get("aria-controls")
    nobody = desk.send("post", "/suggest", {**sent, "query": "Xyzzy <b>"}, htmx=True)
    assert "Nobody fits “Xyzzy <b>”" in nobody.text
    empty = desk.send("post", "/suggest", {**sent, "query": ""}, htmx=True)
    assert [e for e in elements(empty.root) if e.tag == "a"] == []


def test_a_reference_that_a_caller_reads_opens_their_page(desk: Browser) -> None:
    page = opened(desk)
    said = text_of(page.all(class_="reference")[0])
    assert desk.get("/").submit("/search", query=said.lower()).path == page.path
    piece = desk.send("post", "/suggest", {**page.form("/search").fields, "query": said}, htmx=True)
    assert piece.all("a", role="option")[0].get("href") == page.path
    assert "quotes this reference" in piece.text


def test_where_the_customer_is_at_the_portal_is_told(desk: Browser) -> None:
    page = opened(desk)
    assert text_of(page.one(id="online")) == ""
    known = UUID(page.path.split("/")[2])
    actor = Actor("customer", str(known), "x", people.ROLES["customer"], known)
    overview.visit(actor, "cancel", "Cancel my plan", clock.now())
    piece = desk.get(f"{page.path}/panels/online", htmx=True)
    assert "At the portal now : looking at “Cancel my plan”" in piece.text
    assert "looked at “Cancel my plan”" in text_of(desk.get(page.path).one(id="moment"))
