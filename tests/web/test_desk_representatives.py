"""The desk knows who may act for a customer: put on record, chosen for a contact, named on what they do, and ended."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from backend import db
from backend.interactions import service as interactions
from backend.profiles import service as profiles
from shared.kernel import clock
from shared.kernel.actors import SYSTEM
from tests.cast import AUTHOR, PORTAL_CUSTOMER
from tests.pages import Browser, Page, text_of

both_ways = pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
ROSA = {"name": "Rosa Marín", "relation": "carer", "authority": "Power of attorney of 3 May, seen", "may_act": "yes"}


def opened(desk: Browser) -> Page:
    return desk.get("/").submit("/search", query=PORTAL_CUSTOMER)


def recorded(desk: Browser, **more: str) -> Page:
    """The customer's page with one more on record."""
    page = opened(desk)
    page.submit("/representatives", **ROSA | more)
    return desk.get(page.path)


def customer_of(page: Page) -> UUID:
    return UUID(page.path.split("/")[2])


def speaking(desk: Browser, htmx: bool = False, **more: str) -> Page:
    """The customer's page in a contact with the one who was put on record last."""
    page = recorded(desk, **more)
    page.submit("/contact")
    with db.reading() as session:
        person = profiles.representatives(session, customer_of(page))[-1]
    desk.get(page.path).submit("/person", htmx=htmx, person=str(person.representative_id))
    return desk.get(page.path)


def latest(page: Page) -> interactions.Event:
    with db.reading() as session:
        return interactions.timeline(session, customer_of(page), limit=1).items[0]


@both_ways
def test_who_may_act_is_put_on_record_and_stands_with_what_was_seen(desk: Browser, htmx: bool) -> None:
    page = opened(desk)
    assert "Nobody on record" in text_of(page.one(id="act-for-them"))
    after = page.submit("/representatives", htmx=htmx, **ROSA, until="2099-12-31")
    assert after.status == 200
    shown = text_of(after.one(id="act-for-them"))
    for words in ("Rosa Marín", "carer", "Power of attorney of 3 May, seen", "Until 31 Dec 2099", "Avery Quinn"):
        assert words in shown, words
    assert latest(page).kind == "representative.recorded"


@both_ways
def test_what_cannot_be_taken_comes_back_as_typed_with_what_to_do(desk: Browser, htmx: bool) -> None:
    page = opened(desk)
    typed = {
        "name": "Rosa <Marín>",
        "relation": "executor",
        "authority": "",
        "may_act": "",
        "from": "soon",
        "until": "2020-01-01",
    }
    after = page.submit("/representatives", htmx=htmx, **typed)
    assert after.status == 422
    said = text_of(after.one(id="act-for-them"))
    for words in ("Write what you saw", "Choose what they may do", "Choose a day, or leave it empty", "not be before"):
        assert words in said, words
    assert after.one("input", id="person-name").get("value") == "Rosa <Marín>"
    assert after.one("input", id="person-until").get("value") == "2020-01-01"
    assert after.one("option", value="executor").get("selected") is not None
    with db.reading() as session:
        assert profiles.representatives(session, customer_of(page)) == ()


@both_ways
def test_a_day_that_is_none_alone_puts_nobody_on_record(desk: Browser, htmx: bool) -> None:
    page = opened(desk)
    after = page.submit("/representatives", htmx=htmx, **ROSA, until="2099-02-31")
    assert after.status == 422
    with db.reading() as session:
        assert profiles.representatives(session, customer_of(page)) == ()


@both_ways
def test_a_contact_says_with_whom_it_is_and_each_act_names_them(
    desk: Browser, portal_as: Callable[[str], Browser], htmx: bool
) -> None:
    page = speaking(desk, htmx)
    assert "Speaking with Rosa Marín" in text_of(page.one(id="contact-person"))
    page.submit("/acceptance", htmx=htmx)
    assert latest(page).data["person"]["name"] == "Rosa Marín"
    assert "with Rosa Marín, carer" in text_of(desk.get(page.path).one(id="timeline"))
    told = portal_as(PORTAL_CUSTOMER).get("/activity").text
    assert "Rosa Marín accepted: " in told
    assert "Rosa Marín, your carer · with Avery Quinn" in told
    assert ROSA["authority"] not in told


@both_ways
def test_the_offers_own_line_names_who_heard_it_and_who_answered_at_the_desk_and_for_the_customer(
    desk: Browser, portal_as: Callable[[str], Browser], htmx: bool
) -> None:
    page = speaking(desk, htmx)
    page.submit("/presentation", htmx=htmx)
    assert "Mentioned to Rosa Marín by phone" in text_of(desk.get(page.path).one(id="do"))
    desk.get(page.path).submit("/decline", htmx=htmx, reason="price")
    said = text_of(desk.get(page.path).one(id="answered"))
    assert "by Avery Quinn with Rosa Marín, carer." in said
    offer = latest(page).data["offer_id"]
    portal = portal_as(PORTAL_CUSTOMER)
    offers = portal.get("/offers")
    line = offers.one(data_answer="")
    assert text_of(line).startswith("Declined by Rosa Marín, for you, on ")
    assert "Rosa Marín said that this is not for you" in portal.get(f"/offers/{offer}").text


@both_ways
def test_who_may_only_be_told_decides_nothing_and_the_desk_says_why(desk: Browser, htmx: bool) -> None:
    page = speaking(desk, htmx, may_act="no")
    assert "May be told, not decide" in text_of(page.one(id="contact"))
    for act, more in (("/acceptance", {}), ("/decline", {"reason": "price"}), ("/deferral", {})):
        after = desk.get(page.path).submit(act, htmx=htmx, **more)
        assert after.status == 409
        assert "You speak with Rosa Marín, who may be told but not answer" in after.text
    page.submit("/person", htmx=htmx, person="")
    assert desk.get(page.path).submit("/acceptance", htmx=htmx).status == 200
    assert "person" not in latest(page).data


@both_ways
def test_an_end_is_at_once_and_twice_is_told(desk: Browser, htmx: bool) -> None:
    page = speaking(desk)
    after = page.submit("/ending", htmx=htmx)
    assert after.status == 200
    assert latest(page).kind == "representative.ended"
    assert "Authority no longer holds" in text_of(desk.get(page.path).one(id="contact"))
    again = page.submit("/ending", htmx=htmx)
    assert again.status == 409
    assert "ended already, by Avery Quinn" in again.text
    refused = desk.get(page.path).submit("/acceptance", htmx=htmx)
    assert refused.status == 409
    assert "whose authority no longer holds" in refused.text


@both_ways
def test_one_whose_day_has_not_come_is_not_to_be_chosen(desk: Browser, htmx: bool) -> None:
    page = recorded(desk, **{"from": "2099-01-01"})
    assert "from 1 Jan 2099" in text_of(page.one(id="act-for-them"))
    page.submit("/contact")
    page = desk.get(page.path)
    assert page.all(id="contact-person") == []
    with db.transaction() as session:
        today = interactions.record_representative(
            session, customer_of(page), name="Tom", relation="executor", authority="Seen", may_act=True, now=clock.now(),
            actor=SYSTEM,
        )  # fmt: skip
        rosa = next(
            one for one in profiles.representatives(session, customer_of(page)) if one.name != today.name
        )  # fmt: skip
    refused = desk.get(page.path).submit("/person", htmx=htmx, person=str(rosa.representative_id))
    assert refused.status == 409
    assert "does not hold today" in refused.text
    assert desk.get(page.path).submit("/person", person="nobody").status == 404


def test_who_only_reads_records_nobody(desk: Browser, desk_as: Callable[[str], Browser]) -> None:
    page = recorded(desk)
    read = desk_as(AUTHOR).get(page.path)
    assert "Rosa Marín" in text_of(read.one(id="act-for-them"))
    assert [form for form in read.forms if "representatives" in form.action] == []
