"""Do the channels agree? The page of all comparisons, and one customer in all channels side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from agent_ui.supervision.consistency import hours, side_by_side
from backend import db
from backend.catalogue import service as catalogues
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from backend.treatments.service import ParityCheck
from shared.kernel import clock
from tests.cast import PORTAL_CUSTOMER, SUPERVISOR
from tests.pages import Browser, text_of


@pytest.fixture
def supervisor(desk_as: Callable[[str], Browser]) -> Browser:
    return desk_as(SUPERVISOR)


def customer() -> UUID:
    with db.reading() as session:
        return profiles.search(session, identifier=f"number:{PORTAL_CUSTOMER}").items[0].id


def test_before_anything_was_compared_the_page_says_so(supervisor: Browser) -> None:
    assert "Nothing was compared in the last 24 hours" in supervisor.get("/consistency").text


def test_what_was_compared_and_what_differed_stands_with_its_way_to_the_customer(supervisor: Browser) -> None:
    now, one = clock.now(), customer()
    with db.transaction() as session:
        treatments.note_check(session, 5, 75, [], now - timedelta(hours=2))
        treatments.note_check(session, 4, 60, [f"{one}: phone/portal: <i>order</i>"], now)
    page = supervisor.get("/consistency")
    assert "1 difference in 24 hours" in page.text
    assert "customers looked at 9" in page.text
    assert "phone/portal: <i>order</i>" in page.text
    (link,) = [a for a in page.all("a") if text_of(a) == "Side by side"]
    assert str(link.get("href")).startswith(f"/customers/{one}/channels?then=")
    assert "is not kept" in supervisor.get(str(link.get("href"))).text


def test_a_difference_opens_to_what_each_channel_showed_then_beside_what_it_shows_now(supervisor: Browser) -> None:
    now, one = clock.now(), customer()
    with db.reading() as session:
        channels = [channel.key for channel in catalogues.pack_in_force(session).channels]
    views, _ = treatments.compare_channels(one, channels, now)
    said = replace(views[0], shown=(replace(views[0].shown[0], headline="Said otherwise then"), *views[0].shown[1:]))
    with db.transaction() as session:
        treatments.note_check(session, 1, 15, [f"{one}: phone/portal: headline"], now, {one: [said, *views[1:]]})
    with db.reading() as session:
        (check,) = treatments.checks_that_differed(session)
        assert check.check_id is not None
        kept = treatments.views_then(session, one, check.check_id)
    assert kept == (now, (said, *views[1:])), "what was kept is what was shown"
    page = supervisor.get(f"/customers/{one}/channels?then={check.check_id}")
    assert page.lint() == []
    assert page.text.count("Said otherwise then") == 1
    assert "The channels agree" in page.text, "by now they do again"
    assert "is not kept" in supervisor.get(f"/customers/{one}/channels?then=x").text
    with db.transaction() as session:
        treatments.note_check(session, 1, 15, [], now + timedelta(days=31))
        assert treatments.views_then(session, one, check.check_id) is None


def test_one_customer_in_all_channels_is_found_by_number(supervisor: Browser) -> None:
    page = supervisor.get("/consistency").submit("/consistency", who=PORTAL_CUSTOMER)
    assert page.path == f"/customers/{customer()}/channels"
    assert "The channels agree" in page.text
    places = [text_of(td) for td in page.all("td") if text_of(td).isdigit()]
    assert places.count("1") >= 2, "what is first stands first wherever it may be shown"
    assert any("withheld:" in text_of(td) for td in page.all("td")), "what a channel withholds, it says why"
    lost = supervisor.get("/consistency").submit("/consistency", who="nobody at all")
    assert "No customer fits" in lost.text


def test_what_differs_is_marked_where_it_does() -> None:
    one = ParityCheck(clock.now(), 3, 45, 1, ())
    found = hours([one], clock.now())
    assert (len(found), found[-1].customers, found[-1].differences, found[-1].share) == (24, 3, 1, 1.0)
    assert [hour.customers for hour in found[:-1]] == [0] * 23


@pytest.mark.usefixtures("loaded")
def test_another_word_another_order_and_a_gap_are_seen() -> None:
    with db.reading() as session:
        channels = [channel.key for channel in catalogues.pack_in_force(session).channels]
    views, differences = treatments.compare_channels(customer(), channels, clock.now())
    assert differences == []
    assert not [place for row in side_by_side(views) for place in row.places if place.differs]
    phone = views[0]
    said = replace(phone.shown[0], headline="Something else")
    (changed,) = [
        row for row in side_by_side([phone, replace(phone, shown=(said, *phone.shown[1:]))]) if row.places[1].differs
    ]
    assert changed.places[1].differs == ("headline: Something else",)
    gone = side_by_side([phone, replace(phone, shown=phone.shown[1:], rules={})])[0].places[1]
    assert (gone.place, gone.rule) == (None, "")


def test_agents_do_not_see_it(desk: Browser) -> None:
    assert desk.get("/consistency").status == 403
