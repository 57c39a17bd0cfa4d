"""The desk on a call: the rail, who is calling, notes, private contacts, the wrap-up; with scripting and without."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from backend import db
from backend.interactions import service as interactions
from backend.interactions.types import Call, Interaction
from backend.people import service as people
from backend.profiles import service as profiles
from shared.kernel import clock
from tests.cast import PORTAL_CUSTOMER
from tests.pages import Browser, Page, text_of

OTHER_AGENT = "agent2@demo.example"
UNKNOWN = "+12025550199"

both_ways = pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])


def opened(desk: Browser, number: str = PORTAL_CUSTOMER) -> Page:
    return desk.get("/").submit("/search", query=number)


def customer_of(page: Page) -> UUID:
    return UUID(page.path.split("/")[2])


def agent_id(login: str = "agent1") -> UUID:
    with db.reading() as session:
        found = people.find_staff(session, login)
    assert found is not None
    return found[0]


def ring(number: str, agent: str = "agent1", external: str = "c1") -> Call:
    with db.transaction() as session:
        return interactions.ring(session, external, number, "", "inbound", [agent], clock.now())


def answer(agent: str = "agent1", external: str = "c1") -> Call:
    with db.transaction() as session:
        return interactions.answered(session, external, [agent], clock.now())


def hang_up(external: str = "c1") -> Call:
    with db.transaction() as session:
        return interactions.hung_up(session, external, "normalClearing", clock.now())


def contact(page: Page, agent: str = "agent1") -> Interaction:
    """The agent's open contact, as it is kept."""
    with db.reading() as session:
        return next(
            one for one in interactions.open_interactions(session, agent_id(agent)) if one.customer_id == customer_of(page)
        )  # fmt: skip


def started(desk: Browser, htmx: bool = False) -> Page:
    """A customer's page with a contact of mine."""
    page = opened(desk)
    page.submit("/contact", htmx=htmx)
    return desk.get(page.path)


def notes_of(page: Page) -> str:
    return page.form("/notes").fields["notes"]


def boxes(page: Page) -> list[str]:
    return [box.get("value", "") for box in page.all("input", name="not_mentioned")]


# --- the rail and the pop -------------------------------------------------------------------------------------------


def test_a_call_of_a_known_customer_stands_in_the_rail_and_pops_their_page(desk: Browser) -> None:
    page = opened(desk)
    with db.reading() as session:
        assert interactions.calls_of(session, agent_id()) == ()
    call = ring(phone_of(page))
    tab = desk.get("/").one("a", class_="rail-tab")
    assert (tab.get("href"), tab.get("data-pop")) == (page.path, str(call.call_id))
    assert "Ringing" in text_of(tab)
    assert text_of(page.one("h1")) in text_of(tab)
    answer()
    piece = desk.get("/rail", htmx=True)
    assert not piece.is_whole
    assert "Talking" in text_of(piece.one("a", class_="rail-tab"))
    hang_up()
    tab = desk.get("/rail", htmx=True).one("a", class_="rail-tab")
    assert "Wrap up" in text_of(tab)
    assert tab.get("data-pop") is None


def phone_of(page: Page) -> str:
    with db.reading() as session:
        return str(profiles.profile(session, customer_of(page)).phone)


def test_the_tab_of_the_open_page_is_marked(desk: Browser) -> None:
    page = started(desk)
    assert page.one("a", class_="rail-tab").get("aria-current") == "page"
    piece = desk.get("/rail", headers={"HX-Request": "true", "HX-Current-URL": f"http://localhost{page.path}"})
    assert piece.one("a", class_="rail-tab").get("aria-current") == "page"
    assert desk.get("/").one("a", class_="rail-tab").get("aria-current") is None


def test_calls_of_others_are_not_mine(desk: Browser) -> None:
    ring(UNKNOWN, "agent2")
    assert desk.get("/").all("a", class_="rail-tab") == []


# --- who is calling -------------------------------------------------------------------------------------------------


def test_a_caller_is_attached_to_the_customer_whom_a_search_finds(desk: Browser) -> None:
    known = customer_of(opened(desk))
    call = ring(UNKNOWN)
    page = desk.get(f"/calls/{call.call_id}")
    assert "+1 202-555-0199" in page.text
    assert "Nobody known by this number" in page.text
    search = next(form for form in page.forms if form.action.endswith("/search") and "call" in form.fields)
    found = desk.send("post", "/suggest", {**search.fields, "query": PORTAL_CUSTOMER}, htmx=True)
    assert not found.is_whole
    after = found.submit("/customer")
    assert after.path == f"/customers/{known}"
    assert desk.get(f"/calls/{call.call_id}").path == f"/customers/{known}", "the call leads to them from now on"
    again = found.submit("/customer")
    assert again.path == f"/customers/{known}", "said twice, it is said once"
    plain = desk.send("post", "/search", {**search.fields, "query": PORTAL_CUSTOMER})
    assert plain.status == 200


def test_the_search_for_a_caller_works_without_scripting(desk: Browser) -> None:
    known = customer_of(opened(desk))
    call = ring(UNKNOWN)
    page = desk.get(f"/calls/{call.call_id}")
    search = next(form for form in page.forms if form.action.endswith("/search") and "call" in form.fields)
    found = desk.send("post", "/search", {**search.fields, "query": PORTAL_CUSTOMER})
    assert found.path == f"/calls/{call.call_id}"
    assert PORTAL_CUSTOMER.encode() not in found.response.request.query_string
    assert found.submit("/customer").path == f"/customers/{known}"


def test_a_new_caller_is_noted_by_the_name_that_they_give(desk: Browser) -> None:
    call = ring(UNKNOWN)
    answer()
    page = desk.get(f"/calls/{call.call_id}")
    wrong = page.submit("/prospect", name="x" * 121)
    assert wrong.status == 422
    assert wrong.one("input", id="name").get("value") == "x" * 121
    assert page.submit("/prospect", name=" ").status == 422
    after = page.submit("/prospect", name="Anna Berg")
    assert text_of(after.one("h1")) == "Anna Berg"
    assert "Talking" in text_of(after.one(id="contact"))
    assert page.submit("/prospect", name="Anna Berg").path == after.path, "a double click makes one"


def test_an_ended_call_of_nobody_is_let_go(desk: Browser) -> None:
    call = ring(UNKNOWN)
    answer()
    assert not [f for f in desk.get(f"/calls/{call.call_id}").forms if f.action.endswith("/nobody")]
    hang_up()
    page = desk.get(f"/calls/{call.call_id}")
    after = page.submit("/nobody")
    assert after.path == "/"
    assert after.all("a", class_="rail-tab") == []
    assert "Ready" in text_of(after.one("summary", class_="state-now"))


def test_a_call_that_is_not_there_gives_404(desk: Browser) -> None:
    assert desk.get(f"/calls/{agent_id()}").status == 404


def test_the_line_of_a_call_that_was_attached_elsewhere_leads_on(desk: Browser) -> None:
    page = opened(desk)
    call = ring(phone_of(page))
    piece = desk.get(f"/calls/{call.call_id}", htmx=True)
    assert piece.response.headers["HX-Redirect"] == page.path


# --- the contact ----------------------------------------------------------------------------------------------------


@both_ways
def test_a_contact_is_started_once(desk: Browser, htmx: bool) -> None:
    page = opened(desk)
    after = page.submit("/contact", htmx=htmx)
    assert after.is_whole is not htmx
    assert "Contact open" in text_of(after.one(id="contact"))
    page.submit("/contact", htmx=htmx)
    assert len(desk.get("/").all("a", class_="rail-tab")) == 1


def test_colleagues_who_have_the_customer_open_are_named(desk: Browser, desk_as: Callable[[str], Browser]) -> None:
    started(desk_as(OTHER_AGENT))
    line = text_of(opened(desk).one(id="contact"))
    assert "has this customer open too" in line


@both_ways
def test_a_private_contact_says_so_and_moves_nothing(desk: Browser, htmx: bool) -> None:
    page = started(desk)
    after = page.submit("/private", htmx=htmx)
    assert after.one("button", class_="switch").get("aria-pressed") == "true"
    assert contact(page).is_private
    value = next(b.get("value", "") for b in page.all("button", name="moment"))
    refused = page.submit("/moment", htmx=htmx, moment=value)
    assert refused.status == 409
    assert "private" in text_of(refused.one("p", role="alert"))
    said = page.submit("/presentation", htmx=htmx)
    assert said.status == 409
    assert "Not noted" in said.text
    assert (
        desk.get(page.path).submit("/private", htmx=htmx).one("button", class_="switch").get("aria-pressed") == "false"
    )
    assert page.submit("/presentation", htmx=htmx).status == 200


# --- notes ----------------------------------------------------------------------------------------------------------


@both_ways
def test_notes_are_kept_as_written(desk: Browser, htmx: bool) -> None:
    page = started(desk)
    after = page.submit("/notes", htmx=htmx, notes="\nTwo lines\r\nand <b>signs</b>")
    assert after.status == 200
    assert "aved" in after.text
    assert contact(page).notes == "\nTwo lines\nand <b>signs</b>"
    assert notes_of(desk.get(page.path)) == "\nTwo lines\nand <b>signs</b>", "a reload shows them"


@both_ways
@pytest.mark.parametrize("keep", ["both", "mine"])
def test_notes_of_two_windows_lose_nothing(desk: Browser, htmx: bool, keep: str) -> None:
    page = started(desk)
    desk.get(page.path).submit("/notes", notes="from the other window")
    refused = page.submit("/notes", htmx=htmx, notes="mine")
    assert refused.status == 409
    assert "from the other window" in refused.text
    sent = {"keep": keep, "notes": "mine"}
    for field in refused.all("input") + refused.all("textarea"):
        if field.get("name") in ("seen", "now", "theirs"):
            sent[field.get("name", "")] = field.get("value") or field.text or ""
    if not htmx:
        assert notes_of(refused) == "mine"
    form = page.form("/notes")
    after = desk.send("post", form.action, {**form.fields, **sent}, htmx=htmx)
    assert after.status == 200
    expected = "mine" if keep == "mine" else "from the other window\n\nmine"
    assert contact(page).notes == expected
    if htmx:
        assert after.response.headers["HX-Retarget"] == "#notes"
        assert notes_of(after) == expected


@both_ways
def test_notes_that_are_too_long_come_back(desk: Browser, htmx: bool) -> None:
    page = started(desk)
    after = page.submit("/notes", htmx=htmx, notes="x" * 5001)
    assert after.status == 422
    assert "5,000" in after.text
    assert htmx or notes_of(after) == "x" * 5001


def test_notes_sent_while_the_page_closes_are_kept_without_a_word(desk: Browser) -> None:
    page = started(desk)
    form = page.form("/notes")
    answer_ = desk.send("post", form.action, {**form.fields, "notes": "the last word", "quiet": "yes"})
    assert answer_.status == 204
    assert contact(page).notes == "the last word"


def test_another_agents_contact_is_not_mine_to_write(desk: Browser, desk_as: Callable[[str], Browser]) -> None:
    page = started(desk_as(OTHER_AGENT))
    form, mine = page.form("/notes"), opened(desk)
    token = mine.form("/sign-out").fields["csrf_token"]
    assert desk.post(form.action, {**form.fields, "csrf_token": token, "notes": "x"}).status == 409
    after = desk.get(form.action.replace("/notes", "/wrap-up"))
    assert after.path == page.path
    assert "not yours" in after.text


# --- the wrap-up ----------------------------------------------------------------------------------------------------


def sheet_of(desk: Browser, page: Page, htmx: bool) -> Page:
    link = next(a.get("href", "") for a in page.all("a") if text_of(a) == "Wrap up")
    sheet = desk.get(link, htmx=htmx)
    assert sheet.is_whole is not htmx
    return sheet


@both_ways
def test_a_contact_is_wrapped_up_in_two_acts(desk: Browser, htmx: bool) -> None:
    page = started(desk)
    page.submit("/presentation")
    sheet = sheet_of(desk, page, htmx)
    fields = sheet.form("/wrap-up").fields
    assert "Mentioned: " in fields["summary"]
    assert boxes(sheet)
    code = next(o.get("value", "") for o in sheet.all("option") if o.get("value"))
    after = sheet.submit("/wrap-up", htmx=htmx, code=code, summary="All said.")
    if htmx:
        assert after.response.headers["HX-Redirect"] == page.path
        after = desk.get(page.path)
    assert after.path == page.path
    assert "Wrapped up" in after.text
    assert "All said." in text_of(after.one(id="timeline"))
    assert after.all("a", class_="rail-tab") == []
    again = sheet.submit("/wrap-up", code=code)
    assert "Wrapped up already" in again.text


@both_ways
def test_a_wrap_up_that_cannot_be_taken_comes_back_as_typed(desk: Browser, htmx: bool) -> None:
    page = started(desk)
    sheet = sheet_of(desk, page, htmx)
    form = sheet.form("/wrap-up")
    kept = boxes(sheet)[0]
    sent = {**form.fields, "code": "", "summary": "typed", "not_mentioned": kept}
    wrong = desk.send("post", form.action, sent, htmx=htmx)
    assert wrong.status == 422
    assert wrong.is_whole is not htmx
    assert wrong.form("/wrap-up").fields["summary"] == "typed"
    assert [b.get("value") for b in wrong.all("input", name="not_mentioned") if b.get("checked") is not None] == [kept]
    assert wrong.one("select", id="code").get("aria-invalid") == "true"
    assert len(desk.get("/").all("a", class_="rail-tab")) == 1


@both_ways
def test_a_call_that_still_goes_on_is_wrapped_up_only_when_asked_twice(desk: Browser, htmx: bool) -> None:
    page = opened(desk)
    ring(phone_of(page))
    answer()
    sheet = sheet_of(desk, desk.get(page.path), htmx)
    code = next(o.get("value", "") for o in sheet.all("option") if o.get("value"))
    refused = sheet.submit("/wrap-up", htmx=htmx, code=code, summary="early")
    assert refused.status == 409
    assert "still goes on" in refused.text
    assert refused.form("/wrap-up").fields["summary"] == "early"
    assert refused.submit("/wrap-up", htmx=htmx, anyway="yes").status == 200
    with db.reading() as session:
        assert interactions.open_interactions(session, agent_id()) == ()


def test_after_the_call_and_its_wrap_up_the_agent_is_ready(desk: Browser) -> None:
    page = opened(desk)
    ring(phone_of(page))
    answer()
    hang_up()
    page = desk.get(page.path)
    assert "Call ended" in text_of(page.one(id="contact"))
    sheet = sheet_of(desk, page, htmx=False)
    code = next(o.get("value", "") for o in sheet.all("option") if o.get("value"))
    after = sheet.submit("/wrap-up", code=code)
    assert "Ready" in text_of(after.one("summary", class_="state-now"))
