"""What an agent does with an offer, each act with scripting and without; and what happens when somebody was faster."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from uuid import uuid4

import pytest

from shared.kernel import clock
from tests.cast import AUTHOR, PORTAL_CUSTOMER
from tests.pages import Browser, Page, elements, text_of

OTHER_AGENT = "agent2@demo.example"
OTHER_CUSTOMER = "C117942"

both_ways = pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])


def opened(desk: Browser, number: str = PORTAL_CUSTOMER) -> Page:
    return desk.get("/").submit("/search", query=number)


def first_offer(page: Page) -> str:
    return page.all("article", class_="offer")[0].get("data-offer", "")


def column(page: Page) -> str:
    """What the column of offers says."""
    return text_of(page.one(id="do"))


def stays(page: Page, after: Page, htmx: bool) -> None:
    """The act led back to the customer's page, or swapped the column of offers in it."""
    assert after.status == 200
    assert after.is_whole is not htmx
    assert htmx or after.path == page.path


@both_ways
def test_an_offer_is_marked_as_mentioned_once(desk: Browser, htmx: bool) -> None:
    page = opened(desk)
    offer = first_offer(page)
    after = page.submit(f"{offer}/presentation", htmx=htmx)
    stays(page, after, htmx)
    assert "Mentioned by phone" in column(after)
    fresh = desk.get(page.path)
    assert first_offer(fresh) == offer, "what was presented first stands first"
    assert not [form for form in fresh.forms if form.action.endswith(f"{offer}/presentation")]
    assert page.submit(f"{offer}/presentation", htmx=htmx).status == 200, "saying it twice changes nothing"


@both_ways
def test_an_accepted_offer_is_told_with_its_reference_and_stands_as_answered(desk: Browser, htmx: bool) -> None:
    page = opened(desk)
    offer = first_offer(page)
    reference = text_of(page.all(class_="reference")[0])
    after = page.submit(f"{offer}/acceptance", htmx=htmx)
    stays(page, after, htmx)
    assert "Accepted: " in after.text
    assert reference in after.text
    fresh = desk.get(page.path)
    assert offer not in {card.get("data-offer") for card in fresh.all("article", class_="offer")}
    assert reference in text_of(fresh.one(id="answered"))
    assert "Accepted: " in text_of(fresh.one(id="timeline"))


@both_ways
def test_a_declined_offer_keeps_its_reason_and_can_be_taken_up_after_all(desk: Browser, htmx: bool) -> None:
    page = opened(desk)
    offer = first_offer(page)
    reason = page.all("button", name="reason")[0]
    after = page.submit(f"{offer}/decline", htmx=htmx, reason=reason.get("value", ""))
    stays(page, after, htmx)
    assert "Declined: " in after.text
    fresh = desk.get(page.path)
    assert text_of(reason) in text_of(fresh.one(id="timeline"))
    changed = fresh.submit(f"{offer}/acceptance", htmx=htmx)
    stays(page, changed, htmx)
    assert "Accepted: " in changed.text


@both_ways
def test_an_offer_is_put_off_to_the_day_that_the_form_proposes(desk: Browser, htmx: bool) -> None:
    page = opened(desk)
    offer = first_offer(page)
    until = date.fromisoformat(page.form(f"{offer}/deferral").fields["until"])
    assert timedelta(days=5) < until - clock.now().date() < timedelta(days=9)
    after = page.submit(f"{offer}/deferral", htmx=htmx)
    stays(page, after, htmx)
    assert "Put off: " in after.text
    assert "Put off" in column(desk.get(page.path))


@both_ways
def test_what_the_agent_writes_for_the_customer_is_read_beside_the_offer(
    desk: Browser, portal: Browser, htmx: bool
) -> None:
    page = opened(desk)
    offer = first_offer(page)
    words = "As we said: your son can read it over <with you>."
    refused = page.submit(f"{offer}/deferral", htmx=htmx, word="x" * 301)
    assert refused.status == 422
    assert text_of(refused.one(id=f"word-{offer}")) == "x" * 301
    page.submit(f"{offer}/deferral", htmx=htmx, word=f"  {words} ")
    theirs = portal.get(f"/offers/{offer}")
    assert f"{words} We wrote this for you when we spoke." in theirs.text
    theirs.submit(f"{offer}/acceptance")
    assert words not in portal.get(f"/offers/{offer}").text, "it goes with the answer that it was written for"


@both_ways
@pytest.mark.parametrize("until", ["2020-01-01", "", "soon", "2999-01-01"])
def test_a_day_that_cannot_be_comes_back_with_what_was_typed_and_what_to_do(
    desk: Browser, htmx: bool, until: str
) -> None:
    page = opened(desk)
    offer = first_offer(page)
    after = page.submit(f"{offer}/deferral", htmx=htmx, until=until)
    assert after.status == 422
    assert after.is_whole is not htmx
    control = after.one(id=f"until-{offer}")
    assert control.get("value") == until
    assert control.get("aria-invalid") == "true"
    says = text_of(after.one(id=f"until-{offer}-error"))
    assert "day" in says
    opened_fold = [e for e in after.all("details", class_="drop") if control in list(elements(e))]
    assert opened_fold[0].get("open") is not None, "the form stands open"
    assert "Put off: " not in column(desk.get(page.path))


@both_ways
def test_who_comes_second_reads_what_happened_and_how_it_stands(
    desk: Browser, desk_as: Callable[[str], Browser], htmx: bool
) -> None:
    page = opened(desk)
    offer = first_offer(page)
    opened(desk_as(OTHER_AGENT)).submit(f"{offer}/acceptance")
    late = page.submit(f"{offer}/decline", htmx=htmx, reason=page.all("button", name="reason")[0].get("value", ""))
    assert late.status == 409
    assert late.is_whole is not htmx
    notice = text_of(late.all(class_="notice")[0])
    assert "Already answered" in notice
    assert "Accepted on" in notice
    assert "by phone" in notice or "phone" in notice
    assert offer not in {card.get("data-offer") for card in late.all("article", class_="offer")}, "the fresh state"


@both_ways
def test_a_double_click_is_answered_as_one(desk: Browser, htmx: bool) -> None:
    page = opened(desk)
    offer = first_offer(page)
    page.submit(f"{offer}/acceptance", htmx=htmx)
    again = page.submit(f"{offer}/acceptance", htmx=htmx)
    assert "Accepted: " in again.text
    assert "Already answered" not in again.text
    fresh = desk.get(page.path)
    assert text_of(fresh.one(id="timeline")).count("Accepted: ") == 1


def test_an_offer_of_someone_else_is_not_there(desk: Browser) -> None:
    offer = first_offer(opened(desk))
    page = opened(desk, OTHER_CUSTOMER)
    theirs = page.form(f"{first_offer(page)}/acceptance").fields
    assert desk.post(f"/offers/{offer}/acceptance", dict(theirs)).status == 404
    assert desk.post(f"/offers/{uuid4()}/acceptance", dict(theirs)).status == 404
    assert desk.post(f"/offers/{offer}/acceptance", {**theirs, "customer": "nobody"}).status == 404


def test_a_forged_form_is_refused(desk: Browser) -> None:
    page = opened(desk)
    offer = first_offer(page)
    fields = dict(page.form(f"{offer}/acceptance").fields)
    for token in ("", "forged"):
        assert desk.post(f"/offers/{offer}/acceptance", {**fields, "csrf_token": token}).status == 400
    assert offer == first_offer(desk.get(page.path))


def test_who_may_only_read_sees_no_acts_and_can_do_none(desk_as: Callable[[str], Browser]) -> None:
    author = desk_as(AUTHOR)
    page = opened(author)
    offer = first_offer(page)
    assert not [form for form in page.forms if "/offers/" in form.action]
    token = page.form("/sign-out").fields["csrf_token"]
    for act in ("presentation", "acceptance", "decline", "deferral"):
        answer = author.post(f"/offers/{offer}/{act}", {"csrf_token": token, "customer": page.path.split("/")[2]})
        assert answer.status == 403, act


def test_an_act_on_terms_that_were_never_seen_is_refused(desk: Browser) -> None:
    page = opened(desk)
    offer = first_offer(page)
    fields = dict(page.form(f"{offer}/acceptance").fields)
    answer = desk.post(f"/offers/{offer}/acceptance", {**fields, "seen": "99"})
    assert answer.status == 409
    assert offer in {card.get("data-offer") for card in answer.all("article", class_="offer")}


def test_each_withheld_treatment_says_why(desk: Browser) -> None:
    page = opened(desk)
    address = page.one("details", class_="withheld")
    link = next(e for e in elements(address) if e.tag == "a").get("href")
    assert link is not None
    told = desk.get(link)
    assert told.status == 200
    lines = [e for e in told.all("li") if any(inner.tag == "strong" for inner in elements(e))]
    assert len(lines) > 10
    for line in lines:
        name = next(text_of(e) for e in elements(line) if e.tag == "strong")
        assert len(text_of(line)) > len(name), f"{name} gives no reason"
