"""The matrix's page for supervision: who sees what, how it is asked, what a cell opens to."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta

import pytest

from shared.kernel import clock
from tests.calls import customer
from tests.cast import ADMIN, AGENT, AUTHOR, PORTAL_CUSTOMER, SUPERVISOR
from tests.pages import Browser, Page, text_of

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def supervisor(desk_as: Callable[[str], Browser]) -> Browser:
    return desk_as(SUPERVISOR)


def rows(page: Page) -> list[list[str]]:
    """The cells of the table beside the drawing."""
    table = next(one for one in page.all("table") if "live-table" in (one.get("class") or ""))
    return [[text_of(cell) for cell in row if cell.tag in ("th", "td")] for row in table.iter("tr")][1:]


def test_supervisors_see_what_happened_above_what_is_written_and_others_the_latter_alone(
    desk_as: Callable[[str], Browser],
) -> None:
    for who in (AGENT, AUTHOR, ADMIN):
        browser = desk_as(who)
        page = browser.get("/matrix")
        assert page.status == 200
        assert "What may be pursued, where" in page.text
        assert "What happened" not in page.text
        assert browser.get("/matrix/cells/support/phone").status == 403
        assert browser.get("/matrix.csv").status == 403
    page = desk_as(SUPERVISOR).get("/matrix")
    assert "What happened" in page.text
    assert "What may be pursued, where" in page.text
    assert "contacts × chance of moving on × lifetime value − cost to serve" in page.text


def test_the_drawing_the_table_and_the_file_say_the_same(supervisor: Browser) -> None:
    page = supervisor.get("/matrix?days=90")
    told = {(row[0], row[1]): row[2].replace(",", "") for row in rows(page)}
    drawn = [text_of(one).replace(",", "") for one in page.all(SVG + "text") if one.get("class") == "live-count"]
    assert sorted(drawn) == sorted(told.values())
    answer = supervisor.client.get("/matrix.csv?days=90")
    assert answer.mimetype == "text/csv"
    file = list(csv.DictReader(io.StringIO(answer.text)))
    assert sorted(one["contacts"] for one in file) == sorted(told.values())
    assert all(PORTAL_CUSTOMER not in line for line in answer.text.splitlines())


def test_what_is_asked_stands_in_the_address_and_in_the_form(supervisor: Browser) -> None:
    whole = {(row[0], row[1]): int(row[2].replace(",", "")) for row in rows(supervisor.get("/matrix?days=90"))}
    page = supervisor.get("/matrix?days=90&life_cycle=active")
    assert [one.get("value") for one in page.all("option") if one.get("selected") is not None] == ["90", "active"]
    some = {(row[0], row[1]): int(row[2].replace(",", "")) for row in rows(page)}
    assert 0 < sum(some.values()) < sum(whole.values())
    links = [one.get("href") or "" for one in page.all("a")]
    cells = [link for link in links if link.startswith("/matrix/cells/")]
    assert cells
    assert all("life_cycle=active" in link and "days=90" in link for link in cells)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("days=own&since=2026-11-20&until=2026-11-01", "Choose a day on or after the first."),
        ("days=own&since=yesterday&until=2026-11-01", "Choose a day."),
        ("days=own&since=2020-01-01&until=2026-11-01", "Choose at most 366 days."),
        ("days=12", "Choose one of these spans."),
        ("segment=nobody", "Choose one of the segments."),
        ("way=somebody", "There is no such customer."),
        ("way=00000000-0000-7000-8000-000000000000", "There is no such customer."),
    ],
)
def test_what_cannot_be_shown_is_said_with_what_was_typed(supervisor: Browser, asked: str, said: str) -> None:
    page = supervisor.get(f"/matrix?{asked}")
    assert page.status == 422
    assert said in page.text
    if "2026-11-01" in asked:
        assert page.one("input", name="until").get("value") == "2026-11-01"


def test_a_cell_opens_to_its_flows_and_to_its_contacts_with_their_customers(supervisor: Browser) -> None:
    page = supervisor.get("/matrix/cells/pay/portal?days=90")
    assert page.status == 200
    for words in ("Where they came from", "Where they went", "Treatments", "Contacts, the last first"):
        assert words in page.text
    first = [one.get("href") for one in page.all("a") if (one.get("href") or "").startswith("/customers/")]
    assert len(first) == 25
    more = next(one.get("href") or "" for one in page.all("a") if text_of(one) == "Show more")
    second = supervisor.get(more)
    assert "days=90" in more
    assert [one.get("href") for one in second.all("a") if (one.get("href") or "").startswith("/customers/")] != first
    assert supervisor.get(more, htmx=True).status == 200
    assert supervisor.get("/matrix/cells/pay/pigeon").status == 404
    assert supervisor.get("/matrix/cells/pay/portal?days=own&since=2026-11-20").status == 422


def test_one_customer_s_way_is_drawn_by_their_number_which_stands_in_no_address(supervisor: Browser) -> None:
    page = supervisor.get("/matrix?days=90")
    page = page.submit("/matrix/way", number=PORTAL_CUSTOMER)
    assert page.status == 200
    address = page.response.request.url
    assert PORTAL_CUSTOMER not in address
    assert f"way={customer().customer_id}" in address
    assert customer().name in page.text
    wrong = page.submit("/matrix/way", number="C999999")
    assert wrong.status == 422
    assert wrong.one("input", name="number").get("value") == "C999999"
    assert "There is no such customer." in wrong.text


def test_the_usual_ways_are_drawn_with_their_numbers_and_listed(supervisor: Browser) -> None:
    page = supervisor.get("/matrix?days=90&way=flows")
    ways = [one for one in page.all(SVG + "path") if one.get("class") == "live-way"]
    counts = [text_of(one) for one in page.all(SVG + "text") if one.get("class") == "live-many"]
    listed = [text_of(one) for one in page.one("ul", aria_label="Ways")]
    assert 1 <= len(ways) == len(counts) == len(listed) <= 12
    assert all(words.startswith(f"{count} from ") for count, words in zip(counts, listed, strict=True))


def test_own_dates_are_both_of_them_included(supervisor: Browser) -> None:
    until = clock.now().date() - timedelta(days=10)
    since = until - timedelta(days=29)
    page = supervisor.get(f"/matrix?since={since}&until={until}")
    assert page.status == 200
    assert "in the 30 days before" in page.text
