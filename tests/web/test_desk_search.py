"""The desk finds people as one types, by a spoken reference too, and tells where a customer is at the portal."""

from __future__ import annotations

from uuid import UUID

from backend import db
from backend.cases import service as cases
from backend.overview import service as overview
from backend.people import service as people
from shared.kernel import clock
from shared.kernel.actors import SYSTEM, Actor
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


def test_what_comes_as_one_types_takes_back_nothing_that_the_search_kept(desk: Browser) -> None:
    page = desk.get("/")
    sent = page.form("/search").fields
    for where in ("/suggest", "/bar"):
        answer = desk.send("post", where, {**sent, "query": "nobody", "list": "home-found"}, htmx=True)
        assert answer.status == 200
        assert "Set-Cookie" not in answer.response.headers, where
    kept = desk.client.get_cookie("evenhand_desk", path="/")
    page.submit("/search", query="nobody of that name")
    assert desk.client.get_cookie("evenhand_desk", path="/") != kept, "the check itself: the search is kept there"


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


def test_the_command_bar_begins_with_whom_i_opened_lately_and_finds_despite_a_slip(desk: Browser) -> None:
    page = opened(desk)
    name = text_of(page.one("h1"))
    bar = page.one("dialog", id="bar")
    assert bar.get("data-from") == "/bar"
    sent = {**page.form("/search").fields, "query": ""}
    first = desk.send("post", "/bar", sent, htmx=True)
    assert [text_of(e) for e in first.all(class_="bar-name")] == [name]
    slip = name[:-2] + name[-1] + name[-2]
    found = desk.send("post", "/bar", {**sent, "query": slip}, htmx=True)
    assert found.response.request.query_string == b""
    assert name in [text_of(e) for e in found.all(class_="bar-name")]
    assert page.path in [e.get("href") for e in found.all("a", role="option")]
    assert desk.send("post", "/bar", {**sent, "query": 'x" OR <b>'}, htmx=True).status == 200
    plain = desk.post("/bar", {**sent, "query": PORTAL_CUSTOMER})
    assert plain.path == page.path, "without scripting it is the plain search"


def test_work_is_found_by_its_reference_in_the_field_in_the_bar_and_on_the_page_of_results(desk: Browser) -> None:
    page = opened(desk)
    known = UUID(page.path.split("/")[2])
    with db.transaction() as session:
        case = cases.open_case(session, known, "case", "Mentions a disease", actor=SYSTEM, now=clock.now())
    sent = {**page.form("/search").fields, "query": case.reference.lower()}
    for where in ("/suggest", "/bar"):
        piece = desk.send("post", where, sent, htmx=True)
        (hit,) = piece.all("a", role="option")
        assert hit.get("href") == f"{page.path}/cases/{case.case_id}"
        assert f"Case {case.reference}" in text_of(hit)
        assert "disease" not in piece.text
    listed = desk.get("/").submit("/search", query=case.reference)
    assert listed.path == "/search"
    assert f"{page.path}/cases/{case.case_id}" in [e.get("href") for e in listed.all("a")]


def test_acts_are_told_to_the_command_bar_by_their_own_buttons(desk: Browser) -> None:
    page = opened(desk)
    told = {e.get("data-act") or text_of(e) for e in page.all() if e.get("data-act") is not None}
    assert {"Go ready", "Start a contact"} <= told
    assert any(one.startswith("Accept: ") for one in told)
    assert all(e.tag.endswith(("button", "summary", "a")) for e in page.all() if e.get("data-act") is not None)
