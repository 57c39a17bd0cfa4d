"""The desk's timeline and the API's, narrowed by kind, channel and stage, page by page."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from backend import db
from backend.interactions import service as interactions
from backend.interactions.tables import EventRow
from backend.people import service as people
from backend.profiles import service as profiles
from shared.kernel import clock
from shared.kernel.actors import SYSTEM
from tests.cast import PORTAL_CUSTOMER
from tests.pages import Browser, Page, text_of
from tests.world import tokened

MANY = 10_000


@pytest.fixture
def customer_id(loaded: str) -> UUID:
    with db.reading() as session:
        found = profiles.search(session, identifier=f"number:{PORTAL_CUSTOMER}").items[0].id
    now = clock.now()
    said = [("complaint.opened", "branch", "support", "The first"), ("complaint.opened", "email", "pay", "The second")]
    with db.transaction() as session:
        for nth, (kind, channel, stage, words) in enumerate(said):
            interactions.record(
                session, found, kind, channel, SYSTEM, {"subject": words}, now - timedelta(minutes=nth), stage=stage
            )
    return found


def shown(page: Page) -> str:
    return text_of(page.one(id="timeline"))


@pytest.mark.parametrize("htmx", [False, True])
def test_the_timeline_is_narrowed_by_a_plain_form(desk: Browser, customer_id: UUID, htmx: bool) -> None:
    page = desk.get(f"/customers/{customer_id}")
    assert "The first" in shown(page)
    assert "The second" in shown(page)
    form = next(f for f in page.forms if f.fields.keys() >= {"channel", "stage", "show"})
    assert form.method == "get"
    where = f"/customers/{customer_id}/panels/timeline" if htmx else f"/customers/{customer_id}"
    narrowed = shown(desk.get(f"{where}?show=trouble&channel=branch&stage=support", htmx=htmx))
    assert "The first" in narrowed
    assert "The second" not in narrowed
    assert "Nothing here" in shown(desk.get(f"{where}?channel=branch&stage=pay", htmx=htmx))
    assert desk.get(f"{where}?channel=pigeon&stage=nothing&show=x", htmx=htmx).status == 200


def test_earlier_pages_stay_narrowed(desk: Browser, customer_id: UUID) -> None:
    now = clock.now()
    with db.transaction() as session:
        for nth in range(60):
            interactions.record(
                session, customer_id, "visit", "branch" if nth % 2 else "phone", SYSTEM, {"summary": f"{nth}."},
                now - timedelta(days=1, minutes=nth),
            )  # fmt: skip
    page = desk.get(f"/customers/{customer_id}?channel=branch")
    link = next(a.get("href", "") for a in page.all("a") if "cursor=" in (a.get("href") or ""))
    assert "channel=branch" in link
    assert "58." not in desk.get(link).text
    assert "59." in desk.get(link).text


def test_the_api_narrows_alike(api_app: Flask, customer_id: UUID) -> None:
    with db.transaction() as session:
        key = people.create_key(session, ["customers:read"], clock.now())[1]

    def asked(query: str) -> Any:
        where = f"/api/v1/customers/{customer_id}/timeline?{query}"
        return api_app.test_client().get(where, headers={"Authorization": f"Bearer {key}"}).json

    assert [e["data"]["subject"] for e in asked("kind=complaint.opened,case.opened&stage=pay")["items"]] == [
        "The second"
    ]
    assert [e["data"]["subject"] for e in asked("stage=support&channel=branch")["items"]] == ["The first"]
    assert asked("kind=no.such")["items"] == []
    assert asked("stagee=pay")["code"] == "invalid"


def test_ten_thousand_events_on_one_customer_stay_fast_page_by_page(loaded: str, customer_id: UUID) -> None:
    """However it is narrowed, a page reads at most this customer's own events; the limit is wide, for machines that do more."""
    now = clock.now()
    names = (
        "event_id",
        "customer_id",
        "at",
        "kind",
        "channel",
        "stage",
        "interaction_id",
        "actor_kind",
        "actor_name",
        "data",
    )
    rows = []
    for nth in range(MANY):
        at = now - timedelta(days=2, minutes=MANY - nth)
        stage, channel = ("renew", "branch") if nth < 40 else ("use", "phone")
        row = (
            interactions.ordered_id(at),
            customer_id,
            at,
            "visit",
            channel,
            stage,
            None,
            "system",
            "",
            {"summary": "x" * 120},
        )
        rows.append(dict(zip(names, row, strict=True)))
    with db.transaction() as session:
        db.insert_many(session, EventRow, rows)
    for asked in ({}, {"stage": "renew"}, {"channel": "branch"}, {"kinds": {"case.opened"}}, {"stage": "leave"}):
        took = []
        for _ in range(5):
            with db.reading() as session:
                began = time.perf_counter()
                interactions.timeline(session, customer_id, **asked)  # type: ignore[arg-type]
                took.append(time.perf_counter() - began)
        assert min(took) < 0.1, asked
    seen, cursor = 0, None
    while True:
        with db.reading() as session:
            page = interactions.timeline(session, customer_id, stage="renew", limit=15, cursor=cursor)
        seen, cursor = seen + len(page.items), page.next_cursor
        if cursor is None:
            break
    assert seen >= 40


# --- searched, and opened in place ----------------------------------------------------------------------------------


def found(page: Page) -> list[str]:
    return [text_of(e) for e in page.one("section", id="timeline").iter("a") if "event-open" in (e.get("class") or "")]


@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
def test_words_find_what_happened_wherever_they_stand(desk: Browser, customer_id: UUID, htmx: bool) -> None:
    opened = desk.get(f"/customers/{customer_id}")

    def searched(words: str, of: Page = opened) -> Page:
        return of.submit("/timeline/search", htmx=htmx, words=words)

    page = searched("SECOND compl")
    assert page.status == 200
    assert len(found(page)) == 1
    assert "The second" in shown(page)
    assert page.one("input", name="words").get("value") == "SECOND compl"
    assert "hx-get" not in page.one("section", id="timeline").attrib, "what was found stands still"
    assert found(searched("second", desk.get(f"/customers/{customer_id}?channel=branch"))) == []
    assert "Nothing with “<b>zebra”" in shown(searched("<b>zebra"))
    long = searched("x" * 101)
    assert long.status == 422
    assert long.one("input", name="words").get("value") == "x" * 101
    assert (
        tokened(desk, "POST", f"/customers/{customer_id}/timeline/search", words="a", cursor="none").status_code == 422
    )


def test_a_search_goes_on_further_back(desk: Browser, customer_id: UUID) -> None:
    now = clock.now()
    with db.transaction() as session:
        for nth in range(30):
            told = {"summary": f"Zebra {nth}."}
            interactions.record(
                session, customer_id, "visit", "phone", SYSTEM, told, now - timedelta(days=1, minutes=nth)
            )
    first = desk.get(f"/customers/{customer_id}").submit("/timeline/search", words="zebra")
    assert len(found(first)) == 25
    where, cursor = f"/customers/{customer_id}/timeline/search", str(first.one("input", name="cursor").get("value"))
    more = tokened(desk, "POST", where, words="zebra", cursor=cursor).get_data(as_text=True)
    assert "Zebra 29." in more
    assert "Zebra 24." not in more


@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
def test_an_entry_opens_with_all_that_was_told_and_only_its_own_customer_s(
    desk: Browser, customer_id: UUID, htmx: bool
) -> None:
    told = {
        "summary": "Hums.",
        "amount_minor": 1250,
        "currency": "USD",
        "again": True,
        "case_id": str(customer_id),
        "odd": {"x": 1},
    }
    with db.transaction() as session:
        interactions.record(session, customer_id, "visit", "branch", SYSTEM, told, clock.now(), stage="support")
        event = interactions.timeline(session, customer_id, limit=1).items[0]
        other = profiles.search(session, limit=50).items[-1].id
    page = desk.get(f"/customers/{customer_id}/events/{event.event_id}", htmx=htmx)
    words = " ".join(page.text.split())
    for said in ("Branch", "Getting help", "Evenhand itself", "$12.50", "Again", "yes", "Open the case"):
        assert said in words
    assert "odd" not in words.lower()
    assert other != customer_id
    assert desk.get(f"/customers/{other}/events/{event.event_id}", htmx=htmx).status == 404
