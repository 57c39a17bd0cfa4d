"""A customer asks us something: helped before it is sent, once however often it is sent, followed, opened again, or taken to the telephone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from uuid import UUID

import pytest

from backend import db
from backend.cases import service as cases
from backend.cases.types import Listed
from backend.casework import service as casework
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.people import service as people
from backend.profiles import service as profiles
from shared.kernel import clock
from shared.kernel.actors import SYSTEM
from shared.kernel.errors import Conflict
from tests.cast import AGENT, LOYAL_CUSTOMER, PORTAL_CUSTOMER
from tests.pages import Browser, Page, text_of

ODD = "Zebra quagga okapi"
"""About which nobody has written anything."""


def customer(number: str = PORTAL_CUSTOMER) -> UUID:
    with db.reading() as session:
        found = profiles.find_by_sign_in(session, number)
    assert found is not None
    return found


def all_of() -> tuple[Listed, ...]:
    with db.reading() as session:
        return cases.of_customer_with_work(session, customer())


def send(portal: Browser, subject: str, text: str = "Since Monday.", **more: str) -> Page:
    return portal.get("/cases/new").submit("/cases", subject=subject, text=text, **more)


def test_what_is_sent_is_a_case_of_its_kind_with_their_words_and_sent_twice_it_is_one(portal: Browser) -> None:
    before = len(all_of())
    pages = [send(portal, ODD, type="fault") for _ in range(2)]
    assert pages[0].path == pages[1].path
    assert text_of(pages[0].one("h1")) == ODD
    assert len(all_of()) == before + 1
    made = next(one for one in all_of() if one.case.subject == ODD)
    assert (made.work.type, made.work.team) == ("fault", "technical")
    with db.reading() as session:
        (said,) = cases.messages(session, customer(), made.case.case_id, notes=False)
    assert (said.kind, said.text, said.channel) == ("customer", "Since Monday.", "portal")
    listed = portal.get("/cases")
    assert listed.all("a", href=f"/cases/{made.case.case_id}")


def test_articles_that_may_help_are_suggested_while_typing_and_then_it_is_sent_at_once(portal: Browser) -> None:
    form = portal.get("/cases/new").form("/cases")
    typed = {**form.fields, "subject": "My internet is slow", "type": "fault"}
    found = portal.send("post", "/cases/new/articles", typed, htmx=True)
    assert (found.status, found.is_whole) == (200, False)
    assert found.all("a", href="/help/slow-internet")
    assert found.one("input", name="seen").get("value") == "yes"
    with db.reading() as session:
        hits = casework.suggest_own(session, "goodwill credits when somebody has died")
    assert all(one.article.is_public for one in hits)
    nothing = portal.send("post", "/cases/new/articles", {**typed, "subject": ""}, htmx=True)
    assert not nothing.all("a")
    assert portal.send("post", "/cases", {**typed, "seen": "yes"}).path.startswith("/cases/0")


def test_without_scripting_what_may_help_is_shown_once_before_it_is_sent_and_nothing_is_lost(portal: Browser) -> None:
    before = len(all_of())
    page = send(portal, "My internet is slow", "Only in the evening", type="fault")
    assert (page.path, len(all_of())) == ("/cases", before)
    assert "Does one of these help?" in page.text
    assert "Only in the evening" in page.text
    after = page.submit("/cases")
    assert after.path.startswith("/cases/0")
    assert len(all_of()) == before + 1
    assert "Only in the evening" in after.text


def test_what_is_missing_is_told_with_what_was_typed(portal: Browser) -> None:
    for subject, wrong in (("", "#subject"), ("x" * 250, "#subject")):
        page = send(portal, subject, "Since Monday")
        assert page.status == 422
        assert [link.get("href") for link in page.one(role="alert").iter("a")] == [wrong]
        assert (page.one("textarea", name="text").text or "").strip() == "Since Monday"
    form = portal.get("/cases/new").form("/cases")
    assert portal.send("post", "/cases", {**form.fields, "subject": ODD, "type": "promise"}).status == 422


def test_a_file_goes_along_and_is_never_lost_on_the_way(portal: Browser) -> None:
    fields = {**portal.get("/cases/new").form("/cases").fields, "subject": "My internet is slow"}
    sent = portal.client.post(
        "/cases", data={**fields, "file": (BytesIO(b"Hello"), "notes.txt")}, follow_redirects=True
    )
    page = Page(portal, sent)
    assert page.path.startswith("/cases/0")
    assert "notes.txt" in page.text
    assert (
        portal.client.post("/cases", data={**fields, "subject": ODD, "file": (BytesIO(b"MZ"), "a.exe")}).status_code
        == 422
    )
    assert ODD not in [one.case.subject for one in all_of()]


@pytest.fixture
def closed(portal: Browser) -> UUID:
    """A case that was solved and then closed."""
    send(portal, ODD)
    case_id = next(one.case.case_id for one in all_of() if one.case.subject == ODD)
    with db.transaction() as session:
        cases.resolve(session, customer(), case_id, outcome="", seen=None, actor=SYSTEM, now=clock.now())
        cases.close(session, customer(), case_id, seen=None, actor=SYSTEM, now=clock.now())
    return case_id


def test_a_closed_case_goes_on_where_it_stopped_for_three_months(portal: Browser, closed: UUID) -> None:
    page = portal.get(f"/cases/{closed}")
    assert page.submit("/reopening", text=" ").status == 422
    actor = people.customer_of(customer(), "", customer())
    with db.transaction() as session, pytest.raises(Conflict):
        casework.reopen_own(session, actor, closed, "Again", "portal", clock.now() + timedelta(days=91))
    after = page.submit("/reopening", text="It is there again")
    assert "It is there again" in after.text
    (work,) = (one.work for one in all_of() if one.case.case_id == closed)
    assert (work.status, work.unanswered) == ("reopened", True)


def test_anothers_case_and_visit_are_not_there(portal: Browser, portal_as: Callable[[str], Browser]) -> None:
    send(portal, ODD)
    mine = next(one.case.case_id for one in all_of() if one.case.subject == ODD)
    other = portal_as(LOYAL_CUSTOMER)
    token = other.get("/cases/new").form("/cases").fields
    for where in (f"/cases/{mine}/reopening", f"/visits/{mine}/time"):
        assert other.send("post", where, {**token, "text": "Hello", "when": clock.now().isoformat()}).status == 404
    assert other.get(f"/visits/{mine}/time").status == 404


def test_going_on_by_telephone_hands_page_steps_and_draft_to_whoever_takes_the_call(
    portal: Browser, desk: Browser
) -> None:
    portal.get("/bills")
    page = portal.get("/cases/new")
    form = page.form("/cases")
    told = portal.send("post", "/by-phone", {**form.fields, "subject": "My bill", "text": "It is too high"})
    assert told.path == "/by-phone"
    with db.reading() as session:
        wish = interactions.by_phone(session, customer(), clock.now())
    assert wish
    assert f"{wish.reference[:3]} {wish.reference[3:]}" in told.text
    assert "It is too high" in told.text
    left = text_of(desk.get(f"/customers/{customer()}").one(id="by-phone"))
    for words in ("Ask us something", "My bill", "It is too high", "Bills", wish.reference[:3]):
        assert words in left
    with db.reading() as session:
        assert interactions.owner_of_wish(session, wish.reference.lower()) == customer()
        assert interactions.by_phone(session, customer(), clock.now() + timedelta(days=3)) is None
    assert interactions.forget_by_phone(clock.now() + timedelta(days=3)) == 1


def test_who_does_not_want_to_be_watched_hands_over_no_steps(portal: Browser) -> None:
    portal.get("/bills").submit("/watching", allow="no")
    form = portal.get("/cases/new").form("/cases")
    portal.send("post", "/by-phone", {**form.fields, "text": "Hello"})
    with db.reading() as session:
        wish = interactions.by_phone(session, customer(), clock.now())
    assert wish
    assert (wish.steps, wish.draft) == ((), (("Their words", "Hello"),))


def test_what_needs_them_names_the_answer_that_we_wait_for(portal: Browser) -> None:
    send(portal, ODD)
    case_id = next(one.case.case_id for one in all_of() if one.case.subject == ODD)
    with db.transaction() as session:
        found = people.find_staff(session, AGENT)
        assert found
        agent = people.staff_actor(session, found[0])
        assert agent
        pack = catalogues.pack_in_force(session)
        cases.pend(
            session, customer(), case_id, on="customer", until=None, pack=pack, seen=None, actor=agent, now=clock.now()
        )
    needs = portal.get("/").one("ul", class_="needs")
    assert f"We wait for your answer: {ODD}" in text_of(needs)
    assert [a.get("href") for a in needs.iter("a") if "Answer" in text_of(a)] == [f"/cases/{case_id}"]
