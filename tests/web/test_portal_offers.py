"""A customer takes up, puts off or turns down an offer, each with scripting and without; only their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from tests.cast import PORTAL_CUSTOMER
from tests.pages import Browser, Page, text_of

OTHER_CUSTOMER = "C117942"

both_ways = pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])


def offer_on(page: Page) -> str:
    return page.all("article", class_="offer")[0].get("data-offer", "")


def terms_of(page: Page) -> list[str]:
    return [text_of(term) for term in page.all() if term.get("data-term")]


def test_accepting_takes_two_steps_and_ends_in_a_confirmation(portal: Browser) -> None:
    home = portal.get("/")
    offer = offer_on(home)
    assert not [form for form in home.forms if form.action.endswith("/acceptance")], "home leads to the summary"
    link = home.all("a", class_="primary")[0].get("href", "")
    assert link == f"/offers/{offer}"
    summary = portal.get(link)
    assert terms_of(summary) == terms_of(home), "the same terms"
    done = summary.submit(f"{offer}/acceptance")
    assert done.path == link
    assert "reference" in done.text
    said = {text_of(place) for place in home.all(class_="reference")}
    assert len(said) == 1, "the card and the line about calling name the same reference"
    assert said.pop() in done.text
    assert terms_of(done) == terms_of(home)
    acts = {form.action.rpartition("/")[2] for form in done.forms if "/offers/" in form.action}
    assert acts <= {"undo"}, "answered is answered; at most it can be taken back"
    assert portal.get(link).status == 200, "reloading is safe"
    again = portal.get("/")
    assert link in [e.get("href") for e in again.one(id="home").iter("a")], "it stands under what was answered"


def test_a_second_click_on_the_confirmation_shows_the_confirmation(portal: Browser) -> None:
    summary = portal.get("/offers/" + offer_on(portal.get("/")))
    offer = offer_on(summary)
    first = summary.submit(f"{offer}/acceptance")
    second = summary.submit(f"{offer}/acceptance")
    assert text_of(second.one("h1")) == text_of(first.one("h1"))
    assert "Already answered" not in second.text
    assert portal.get("/activity").text.count("You accepted") == 1


@both_ways
def test_what_is_not_for_someone_goes_and_can_be_taken_back(portal: Browser, htmx: bool) -> None:
    page = portal.get("/")
    offer = offer_on(page)
    after = page.submit(f"{offer}/decline", htmx=htmx)
    assert after.status == 200
    assert after.is_whole is not htmx
    assert "All right, not for you" in after.text
    assert offer not in [e.get("data-offer") for e in after.all("article", class_="offer")]
    detail = portal.get(f"/offers/{offer}")
    assert "Changed your mind?" in detail.text
    done = detail.submit(f"{offer}/acceptance")
    assert done.status == 200
    assert "reference" in done.text


@both_ways
def test_what_is_put_off_comes_back_on_the_day_that_was_chosen(portal: Browser, htmx: bool) -> None:
    page = portal.get("/")
    offer = offer_on(page)
    button = page.all("button", name="until")[0]
    after = page.submit(f"{offer}/deferral", htmx=htmx, until=button.get("value", ""))
    assert after.status == 200
    day = date.fromisoformat(button.get("value", ""))
    assert f"{day.day} {day:%B} {day.year}" in after.text
    assert offer not in [e.get("data-offer") for e in after.all("article", class_="offer")]
    [line] = [one for one in portal.get("/offers").all("li") if one.get("data-answered") == offer]
    assert f"We show it again on {day.day} {day:%B} {day.year}." in text_of(line)
    assert "You put this off" in portal.get(f"/offers/{offer}").text


@both_ways
def test_a_day_that_cannot_be_is_refused_in_words(portal: Browser, htmx: bool) -> None:
    page = portal.get("/")
    offer = offer_on(page)
    after = page.submit(f"{offer}/deferral", htmx=htmx, until="2020-01-01")
    assert after.status == 422
    assert after.is_whole is not htmx
    assert "day" in text_of(after.all(role="alert")[0])


@both_ways
def test_who_comes_second_reads_that_the_team_was_faster(portal: Browser, desk: Browser, htmx: bool) -> None:
    page = portal.get("/")
    offer = offer_on(page)
    customer = desk.get("/").submit("/search", query=PORTAL_CUSTOMER)
    customer.submit(f"{offer}/acceptance")
    late = page.submit(f"{offer}/decline", htmx=htmx)
    assert late.status == 409
    assert late.is_whole is not htmx
    notice = text_of(late.all(class_="notice")[0])
    assert "Already answered" in notice
    assert "our team" in notice, "no name of staff"
    assert not [form for form in late.forms if form.action.endswith(f"{offer}/acceptance")]


def test_the_desk_sees_at_once_what_the_customer_answered(portal: Browser, desk: Browser) -> None:
    page = portal.get("/")
    offer = offer_on(page)
    customer = desk.get("/").submit("/search", query=PORTAL_CUSTOMER)
    assert offer_on(customer) == offer, "the same treatment first in both"
    assert terms_of(customer)[: len(terms_of(page))] == terms_of(page)
    portal.get(f"/offers/{offer}").submit(f"{offer}/acceptance")
    late = customer.submit(f"{offer}/acceptance")
    assert late.status == 409
    assert "Already answered" in late.text


def test_another_customers_offer_is_not_there(portal: Browser, portal_as: Callable[[str], Browser]) -> None:
    other = portal_as(OTHER_CUSTOMER)
    theirs = offer_on(other.get("/"))
    assert portal.get(f"/offers/{theirs}").status == 404
    token = portal.get("/").form("/sign-out").fields["csrf_token"]
    for act in ("acceptance", "decline", "deferral"):
        fields = {"csrf_token": token, "until": "2999-01-01", "seen": "1"}
        assert portal.post(f"/offers/{theirs}/{act}", fields).status == 404, act
    assert offer_on(other.get("/")) == theirs


def test_the_list_holds_the_open_offers_and_those_answered(portal: Browser) -> None:
    page = portal.get("/offers")
    offers = [e.get("data-offer", "") for e in page.all("article", class_="offer")]
    assert offers[0] == offer_on(portal.get("/"))
    assert len(page.all("a", class_="primary")) == 1, "one next act"
    after = page.submit(f"{offers[0]}/decline")
    assert after.path == "/"
    listed = portal.get("/offers")
    assert f"/offers/{offers[0]}" in [e.get("href") for e in listed.all("a")]
    assert "Declined" in listed.text
