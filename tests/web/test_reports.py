"""The three reports: who may see them, that each number leads to what stands behind it, files that run nothing, and bad input."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from backend import db
from backend.interactions import service as interactions
from backend.people import service as people
from backend.profiles import service as profiles
from backend.reporting import service as reporting
from shared.kernel import clock, ids
from shared.kernel.actors import Actor
from tests.cast import ADMIN, AGENT, AUTHOR, SUPERVISOR
from tests.pages import Browser, Page, text_of

As = Callable[[str], Browser]
PAGES = ("/reports", "/reports/treatments", "/reports/dealing")


@pytest.fixture
def now(loaded: str) -> datetime:
    return clock.now()


@pytest.fixture
def kim(loaded: str) -> Actor:
    with db.reading() as session:
        found = people.find_staff(session, "agent1")
        assert found is not None
        actor = people.staff_actor(session, found[0])
    assert actor is not None
    return actor


@pytest.fixture
def boss(desk_as: As, now: datetime) -> Browser:
    reporting.roll_all(now)
    return desk_as(SUPERVISOR)


def some(many: int) -> tuple[UUID, ...]:
    with db.reading() as session:
        return profiles.everyone_after(session, None, many)


def offered(kim: Actor, kind: str, many: int, at: datetime, taken: int = 0) -> None:
    """So many customers got this treatment from the agent, by an event of this kind; so many of them accepted it."""
    for nth, customer_id in enumerate(some(many)):
        told = {"offer_id": str(ids.uuid7()), "treatment": "bill_walkthrough"}
        with db.transaction() as session:
            interactions.record(session, customer_id, kind, "phone", kim, told, at)
            if nth < taken:
                interactions.record(
                    session, customer_id, "offer.accepted", "phone", kim, told, at + timedelta(minutes=1)
                )


def rows(page: Page, label: str) -> list[str]:
    region = next(
        one
        for one in page.all("div", role="region")
        if one.get("aria-label") == label or one.get("aria-labelledby") == label
    )
    return [text_of(row) for row in region.iter() if str(row.tag).rpartition("}")[2] == "tr"][1:]


def sheet(page: Any) -> list[list[str]]:
    assert page.status_code == 200
    assert page.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(page.get_data(as_text=True), newline="")))


@pytest.mark.parametrize(("who", "statuses"), [(SUPERVISOR, (200, 200, 200)), (AUTHOR, (403, 200, 403)), (ADMIN, (403, 200, 403)), (AGENT, (403, 403, 403))])  # fmt: skip
def test_reports_are_for_who_supervises_and_treatments_for_who_writes_them_too(
    desk_as: As, who: str, statuses: tuple[int, ...]
) -> None:
    browser = desk_as(who)
    assert tuple(browser.client.get(path).status_code for path in PAGES) == statuses


def test_an_author_sees_no_colleague(desk_as: As, kim: Actor, now: datetime) -> None:
    offered(kim, "offer.presented", 3, now)
    reporting.roll_all(now)
    author = desk_as(AUTHOR)
    found = author.get(f"/reports/treatments?by=agent&staff={kim.id}")
    assert kim.name not in found.text
    assert author.client.get("/reports/treatments/presented").status_code == 403


def test_a_number_leads_to_what_stands_behind_it_and_both_agree(boss: Browser, now: datetime) -> None:
    first = (now - timedelta(days=200)).date().isoformat()
    asked = f"span=own&first={first}&last={now.date().isoformat()}"
    number = text_of(boss.get(f"/reports?{asked}").one("li", data_figure="contacts")).split()[1]
    page = boss.get(f"/reports/contacts?{asked}")
    behind = page.submit("/reports/csv").response
    listed = sheet(behind)
    assert int(number.replace(",", "")) == len(listed) - 1 > 100
    seen = 0
    while True:
        seen += len(page.one("tbody").findall("*"))
        earlier = [one.get("href") for one in page.all("a") if text_of(one) == "Show earlier"]
        if not earlier:
            break
        page = boss.get(str(earlier[0]).removeprefix("/desk"))
    assert seen == len(listed) - 1


def test_a_contact_of_now_is_in_the_numbers_of_today(boss: Browser, kim: Actor, now: datetime) -> None:
    who = some(1)[0]
    with db.transaction() as session:
        begun = interactions.begin(session, who, "phone", kim, now)
    with db.transaction() as session:
        interactions.wrap_up(session, who, begun.interaction_id, code="solved", label="Solved", summary="", actor=kim, now=now + timedelta(minutes=9))  # fmt: skip
    waiting = boss.get("/reports").text
    assert "change waits to be counted" in waiting or "changes wait to be counted" in waiting
    reporting.roll_all(now)
    with clock.frozen(now):
        page = boss.get(f"/reports?span=today&staff={kim.id}")
    assert text_of(page.one("li", data_figure="contacts")).split()[1] == "1"
    assert "9 min" in text_of(page.one("li", data_figure="handle"))


def test_wrong_days_are_said_and_given_back(boss: Browser) -> None:
    for path in PAGES:
        page = boss.get(f"{path}?span=own&first=2026-11-20&last=2026-11-01")
        assert page.status == 422
        assert "The last day comes before the first." in page.text
        assert page.one("input", id="first").get("value") == "2026-11-20"
    page = boss.get("/reports?span=own&first=yesterday&last=")
    assert page.status == 422
    assert page.text.count("Write the day as 2026-11-30.") >= 2
    assert boss.client.get("/reports/contacts?cursor=nonsense").status_code == 422


def test_a_file_runs_nothing_and_is_on_the_trail(boss: Browser, kim: Actor, now: datetime) -> None:
    who = some(1)[0]
    with db.transaction() as session:
        profiles.learn(session, who, now=now)
        session.connection().exec_driver_sql("UPDATE customer SET name = '=HYPERLINK(1)'")
        begun = interactions.begin(session, who, "phone", kim, now)
        interactions.wrap_up(
            session, who, begun.interaction_id, code="solved", label="Solved", summary="", actor=kim, now=now
        )
    reporting.roll_all(now)
    listed = sheet(boss.get(f"/reports/contacts?staff={kim.id}").submit("/reports/csv").response)
    assert {row[2] for row in listed[1:]} == {"'=HYPERLINK(1)"}
    assert "Report taken as a file" in boss.get("/audit").text


@pytest.mark.parametrize(("path", "action", "head"), [
    ("/reports", "/reports/csv", "Day"), ("/reports/treatments", "/reports/treatments/csv", "Treatment"),
    ("/reports/dealing", "/reports/dealing/csv", "By"),
])  # fmt: skip
def test_the_tables_are_to_be_had_as_files(boss: Browser, path: str, action: str, head: str) -> None:
    token = boss.get(path).all("input", name="csrf_token")[0].get("value")
    tables = {
        "/reports": ("days", "split"),
        "/reports/treatments": ("lines", "channels", "reasons", "hints"),
        "/reports/dealing": ("agents", "groups"),
    }
    heads = set()
    for table in tables[path]:
        found = sheet(boss.client.post(action, data={"csrf_token": token, "table": table}))
        heads.add(found[0][0])
    assert head in heads
    assert boss.client.post(action, data={"csrf_token": token, "table": "none"}).status_code == 422
    assert (
        boss.client.post(action, data={"csrf_token": token, "table": "days", "span": "own", "first": "x"}).status_code
        == 422
    )


def test_what_agents_chose_and_did_better_is_a_hint_to_the_author(
    desk_as: As, boss: Browser, kim: Actor, now: datetime
) -> None:
    offered(kim, "offer.overridden", 12, now, taken=11)
    reporting.roll_all(now)
    text = desk_as(AUTHOR).get("/reports/treatments").text
    assert "What agents chose instead" in text
    with db.reading() as session:
        names = reporting.names(session)
        span = reporting.span_of("", "", "", names.pack.timezone, now)
        found = reporting.work(session, span, "treatment", reporting.Only(), names)
    mine = next(line for line in found if line.key == "bill_walkthrough")
    assert (mine.work.overridden, mine.work.taken) == (12, 11)


def test_an_agent_who_gives_more_than_peers_is_marked(boss: Browser, kim: Actor, now: datetime) -> None:
    offered(kim, "offer.overridden", 30, now)
    other = Actor("staff", str(ids.uuid7()), "Somebody else")
    offered(other, "offer.presented", 60, now)
    reporting.roll_all(now)
    page = boss.get("/reports/dealing?span=7")
    line = next(row for row in rows(page, "agents") if row.startswith(kim.name))
    assert "above peers" in line
    assert "30 of 30" in line


def test_why_customers_got_nothing_is_looked_at_when_somebody_asks(boss: Browser) -> None:
    assert "0 came to nothing" not in boss.get("/reports/treatments").text
    assert "0 came to nothing" in boss.get("/reports/treatments?why=1").text
