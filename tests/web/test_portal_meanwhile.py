"""The portal meanwhile: it tells the desk where a customer is unless they refuse, reminds of calls, and leads to a person."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from backend import db
from backend.interactions import service as interactions
from backend.overview import service as overview
from backend.people import service as people
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from shared.kernel import clock
from shared.kernel.actors import Actor
from shared.ui.formats import as_spoken
from tests.cast import PORTAL_CUSTOMER
from tests.pages import Browser, Page, text_of

STOP, ALLOW = "Stop this", "Allow it"
PAGES = {
    "/": "Home", "/offers": "Offers", "/services": "Services", "/services/cancel": "Cancel my plan", "/bills": "Bills",
    "/activity": "Activity",
}  # fmt: skip

both_ways = pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])


@pytest.fixture
def now() -> datetime:
    return clock.now()


def known() -> profiles.Profile:
    with db.reading() as session:
        found = profiles.find_by_sign_in(session, PORTAL_CUSTOMER)
        assert found is not None
        return profiles.profile(session, found)


def staff(login: str = "agent1") -> Actor:
    with db.reading() as session:
        found = people.find_staff(session, login)
        assert found is not None
        actor = people.staff_actor(session, found[0])
        assert actor is not None
        return actor


def where(at: datetime) -> tuple[str | None] | None:
    """The page on which the desk sees the customer, in a tuple; None when it does not see them at all."""
    with db.reading() as session:
        seen = interactions.visiting(session, known().customer_id, at)
    return None if seen is None else (seen.page,)


def forget() -> None:
    """Lets the visit be as if the customer had been on no page yet."""
    me = known()
    self = Actor("customer", str(me.customer_id), me.name, people.ROLES["customer"], me.customer_id)
    with db.transaction() as session:
        interactions.visit(session, self, None, clock.now())


def talk(at: datetime, *, private: bool = False) -> None:
    """A call of the customer with an agent, wrapped up."""
    mine = staff()
    with db.transaction() as session:
        contact = interactions.begin(session, known().customer_id, "phone", mine, at)
        if private:
            interactions.set_private(session, known().customer_id, contact.interaction_id, True, mine, at)
        overview.wrap_up(
            session, known().customer_id, contact.interaction_id, code="solved", summary="", not_mentioned=(), actor=mine, now=at
        )  # fmt: skip


# --- where the customer is ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
def test_each_page_is_told_by_its_title(portal: Browser, path: str) -> None:
    forget()
    assert portal.get(path).title == f"{PAGES[path]} · Evenhand"
    assert where(clock.now()) == (PAGES[path],)


def test_an_offers_page_is_told_by_its_headline(portal: Browser) -> None:
    offer = next(a.get("href", "") for a in portal.get("/").all("a", class_="primary"))
    page = portal.get(offer)
    assert where(clock.now()) == (text_of(page.one("h1")),)


def test_what_nobody_looks_at_and_what_is_no_page_is_not_told(portal: Browser) -> None:
    forget()
    assert portal.get("/bills", headers={"Sec-Purpose": "prefetch"}).status == 200
    assert portal.client.head("/bills").status_code == 200
    assert portal.get("/", htmx=True).status == 200
    assert portal.get("/nowhere").status == 404
    assert portal.get("/activity?cursor=nonsense").status == 422
    assert portal.client.get("/stream").status_code == 200
    assert portal.client.get("/assets/mark.svg").status_code == 200
    assert where(clock.now()) == (None,)


def test_a_page_comes_whether_or_not_the_desk_could_be_told(portal: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("no room")

    monkeypatch.setattr(overview, "visit", fails)
    page = portal.get("/bills")
    assert (page.status, page.title) == (200, "Bills · Evenhand")


def test_the_page_about_leaving_tells_why_they_may_be_here(portal: Browser, now: datetime) -> None:
    portal.get("/services/cancel")
    moment = overview.customer_page(known().customer_id, staff(), clock.now()).moment
    assert moment is not None
    assert (moment.intent, moment.source, moment.evidence) == ("leaving", "inferred", "looked at “Cancel my plan”")
    lasts = moment.fades_at - moment.set_at
    signs = [
        seen.sign
        for share in (0.9,)
        if (seen := overview.customer_page(known().customer_id, staff(), moment.set_at + share * lasts).moment)
    ]
    assert moment.sign in ("A strong sign", "A sign")
    assert signs == ["A weak sign"]
    assert "You told us" not in portal.get("/").text, "what was inferred is not put into their mouth"


# --- watching is declared, and can be refused -----------------------------------------------------------------------


def said(page: Page) -> str:
    return text_of(page.form("/watching").element)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_says_that_it_is_watched_and_stops_it(portal: Browser, path: str) -> None:
    page = portal.get(path)
    assert said(page) == f"While you are here, our team may see which page you are on. {STOP}"
    after = page.submit("/watching", **allow(page))
    assert (after.path, after.status) == (path, 200), "back where they were"
    assert said(after) == f"Our team can't see which page you are on. {ALLOW}"
    assert "can't see which page you are on any more" in text_of(after.one(id="notice"))
    assert where(clock.now()) == (None,)
    again = after.submit("/watching", **allow(after))
    assert said(again).endswith(STOP)
    assert where(clock.now()) == (PAGES[path],)


def allow(page: Page) -> dict[str, str]:
    """What the footer's button sends."""
    button = page.one("button", name="allow")
    return {"allow": button.get("value", "")}


def test_who_is_not_watched_leaves_no_word_of_why_they_are_here(portal: Browser) -> None:
    page = portal.get("/bills")
    page.submit("/watching", **allow(page))
    before = known().moment
    portal.get("/services/cancel")
    assert known().moment == before
    assert where(clock.now()) == (None,)


def test_an_error_page_says_it_too_and_leads_to_the_first_one(portal: Browser) -> None:
    page = portal.get("/nowhere")
    assert page.submit("/watching", **allow(page)).path == "/"


def test_nobody_is_asked_before_they_sign_in(portal: Browser) -> None:
    page = portal.get("/").submit("/sign-out")
    assert "which page" not in page.text


def test_the_way_back_leads_nowhere_else(portal: Browser) -> None:
    token = portal.get("/").form("/watching").fields["csrf_token"]
    for back in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x", ""):
        answer = portal.client.post("/watching", data={"csrf_token": token, "allow": "yes", "back": back})
        assert (answer.status_code, urlsplit(answer.location).path, urlsplit(answer.location).netloc) == (303, "/", "")


# --- after a call, before a call ------------------------------------------------------------------------------------


def test_home_reminds_of_the_last_call_for_two_weeks(portal: Browser, now: datetime) -> None:
    assert "You spoke with us" not in portal.get("/").text
    talk(now - timedelta(days=15))
    assert "You spoke with us" not in portal.get("/").text
    talk(now - timedelta(days=1))
    page = portal.get("/")
    line = page.one(class_="spoke")
    assert f"with {staff().name}." in text_of(line)
    assert [a.get("href") for a in line.iter("a")] == ["/activity"]


def test_a_private_call_is_not_reminded_of(portal: Browser, now: datetime) -> None:
    talk(now - timedelta(hours=1), private=True)
    assert "You spoke with us" not in portal.get("/").text


@both_ways
def test_home_says_what_to_say_when_calling(portal: Browser, htmx: bool) -> None:
    page = portal.get("/", htmx=htmx)
    place = text_of(page.one(id="callback"))
    spoken = text_of(page.one("p", class_="until")).rpartition("Reference ")[2]
    assert f"Say {spoken} : then we see what you see." in place
    assert "The number is +1" in place
    with db.reading() as session:
        assert overview.find_reference(session, spoken) == known().customer_id


def test_what_only_the_phone_can_do_is_named_with_its_way_there(
    portal: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = treatments.recommend_for_customer
    elsewhere = treatments.Elsewhere("t", "A plan made for you", ("phone",), ("Phone",), "rule", "K7M4QX")

    def first_is_elsewhere(*args: Any, **kwargs: Any) -> Any:
        return replace(there(*args, **kwargs), elsewhere=elsewhere)

    monkeypatch.setattr(treatments, "recommend_for_customer", first_is_elsewhere)
    page = portal.get("/")
    bridge = page.one(class_="bridge")
    assert "A plan made for you" in text_of(bridge)
    assert f"say {as_spoken('K7M4QX')}" in text_of(bridge)
    assert [a.get("href") for a in bridge.iter("a")] == ["#callback"]
    assert f"Say {as_spoken('K7M4QX')}" in text_of(page.one(id="callback")), "one reference on the page for one call"


# --- leaving --------------------------------------------------------------------------------------------------------


def test_leaving_begins_at_services_and_what_can_be_cancelled_is_what_they_have(portal: Browser) -> None:
    services = portal.get("/services")
    assert [a for a in services.all("a") if a.get("href") == "/services/cancel" and text_of(a) == "Cancel my plan"]
    before = known().attributes
    page = portal.get("/services/cancel")
    assert text_of(page.one("h1")) == "Cancel my plan"
    assert page.all("input", name="what")[0].get("value") == "plan"
    assert known().attributes == before


def test_who_would_rather_talk_is_called(portal: Browser) -> None:
    after = portal.get("/services/cancel").submit("/callback")
    assert after.path == "/"
    assert "We will call you" in after.text
    page = overview.customer_page(known().customer_id, staff(), clock.now())
    asked = [w.text for w in page.warnings if w.kind == "callback"]
    assert len(asked) == 1
    assert re.fullmatch(r"Asked us to call: \w+day \d+ \w+, \d\d:\d\d to \d\d:\d\d · Cancel my plan", asked[0]), asked


def test_who_has_left_is_told_that_there_is_nothing_to_cancel(portal: Browser, now: datetime) -> None:
    with db.transaction() as session:
        profiles.learn(session, known().customer_id, attributes={"churned": True}, now=now)
    page = portal.get("/services/cancel")
    assert "There is nothing to cancel." in page.text
    assert not [form for form in page.forms if form.action.endswith("/summary")]
    assert "Cancel my plan" not in portal.get("/services").text
