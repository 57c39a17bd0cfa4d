"""The wall: who may look, what stands first, how each part fetches itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask

from agent_ui.supervision import wall as walls
from backend import db
from backend.cases import service as cases
from backend.catalogue import service as catalogues
from backend.engine.deciding import Withheld
from backend.interactions import service as interactions
from backend.overview import service as overview
from backend.people import service as people
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from backend.treatments.failing import note_failures
from shared.kernel import clock
from shared.kernel.actors import SYSTEM, Actor
from tests.calls import LINE, agent, customer
from tests.cast import ADMIN, AGENT, AUTHOR, SUPERVISOR
from tests.pages import Browser, Page, text_of

PANELS = ("going", "parity", "rules")


@pytest.fixture
def now() -> datetime:
    return clock.now()


@pytest.fixture
def supervisor(desk_as: Callable[[str], Browser], monkeypatch: pytest.MonkeyPatch) -> Browser:
    """A supervisor whose every look is a new one."""
    monkeypatch.setattr(walls, "KEPT_SECONDS", -1)
    return desk_as(SUPERVISOR)


def ring(number: str, at: datetime, external: str, *, answered: bool = False) -> None:
    with db.transaction() as session:
        interactions.ring(session, external, number, LINE, "inbound", (), at)
        if answered:
            interactions.answered(session, external, (), at)


def visits(who: profiles.Profile, page: str, title: str, at: datetime) -> None:
    self = Actor("customer", str(who.customer_id), who.name, people.ROLES["customer"], who.customer_id)
    overview.visit(self, page, title, at)


def figure(page: Page, key: str) -> str:
    return text_of(page.one(data_figure=key))


def lines(page: Page) -> list[str]:
    body = next(part for part in page.one("table", class_="going") if part.tag == "tbody")
    return [text_of(row) for row in body if row.tag == "tr"]


def test_only_supervisors_see_the_wall_and_the_way_to_it(desk_as: Callable[[str], Browser]) -> None:
    for who in (AGENT, AUTHOR, ADMIN):
        browser = desk_as(who)
        assert browser.get("/wall").status == 403
        assert browser.get("/wall/panels/going", htmx=True).status == 403
        assert browser.client.get("/wall/stream").status_code == 403
        assert not [a for a in browser.get("/").all("a") if a.get("href") == "/wall"]
    browser = desk_as(SUPERVISOR)
    assert [a for a in browser.get("/").all("a") if a.get("href") == "/wall"]
    assert browser.client.get("/wall/stream").mimetype == "text/event-stream"


def test_an_empty_wall_says_what_will_stand_there(supervisor: Browser, now: datetime) -> None:
    agent("supervisor", now, "offline")
    page = supervisor.get("/wall")
    assert page.status == 200
    for words in (
        "Nothing goes on just now.",
        "Nobody is at work.",
        "No answers in the last hour.",
        "not compared yet",
    ):
        assert words in page.text
    assert figure(page, "work") == "at work 0"
    assert not page.all(class_="wrong")


def test_who_needs_help_stands_first_and_says_so_in_words(supervisor: Browser, now: datetime) -> None:
    mine, known = agent("agent1", now), customer()
    ring(str(known.phone), now, "a", answered=True)
    with db.transaction() as session:
        overview.set_moment(session, known.customer_id, "pay", "bill_question", "phone", mine, now)
    ring("anonymous", now - timedelta(minutes=2), "b")
    page = supervisor.get("/wall")
    first, second = lines(page)
    assert "Unknown caller" in first
    assert "nobody answers" in first
    for words in (known.name, "Question about a bill", "Talking", mine.name):
        assert words in second
    unknown, customers = (a.get("href") or "" for a in page.all("a", class_="opens"))
    assert unknown.startswith("/calls/")
    assert customers.startswith(f"/floor/{known.customer_id}/")
    assert (figure(page, "call"), figure(page, "ready")) == ("on a call 1", "ready 0 nobody is free")
    assert figure(page, "waiting") == "waiting 1 rings too long"
    assert mine.name in text_of(page.one(id="agents"))
    for wrong in page.all(class_="wrong"):
        assert [e for e in wrong.iter() if "trouble" in (e.get("class") or "").split()], "never in colour alone"


def test_customers_at_the_portal_stand_there_too(supervisor: Browser, now: datetime) -> None:
    known = customer()
    visits(known, "cancel", "Cancel my plan", now)
    page = supervisor.get("/wall")
    assert "on “Cancel my plan”" in lines(page)[0]
    assert "Wants to leave" in lines(page)[0]
    assert figure(page, "portal") == "at the portal 1"


def test_an_answer_given_anywhere_stands_there_with_who_gave_it(supervisor: Browser, now: datetime) -> None:
    mine, known = agent("agent1", now), customer()
    card = treatments.recommend_for_agent(known.customer_id, "phone", mine, now).cards[0].card
    with db.transaction() as session:
        treatments.answer(session, card.offer_id, "accepted", channel="phone", actor=mine, now=now)
    treatments.check_some(now)
    page = supervisor.get("/wall")
    answers = text_of(page.one(id="answers"))
    for words in (known.name, "Accepted", card.headline, "by phone", mine.name):
        assert words in answers
    assert figure(page, "answers") == "answers in the last hour 1"
    parity = text_of(page.one(id="parity"))
    assert "Channels agree" in parity
    assert "1 customer checked" in parity
    assert "0 differences" in parity


def test_channels_that_differ_are_the_first_thing_to_see(supervisor: Browser, now: datetime) -> None:
    with db.transaction() as session:
        treatments.note_check(session, 20, 300, ["one", "two"], now)
    page = supervisor.get("/wall")
    assert "Channels differ: 2 differences" in text_of(page.one(id="parity"))
    assert "20 customers checked" in text_of(page.one(class_="agree"))
    assert "wrong" in (page.one(class_="agree").get("class") or "")


@pytest.mark.parametrize("name", PANELS)
def test_each_panel_is_fetched_alone_and_is_the_same_as_on_the_wall(
    supervisor: Browser, now: datetime, name: str
) -> None:
    agent("agent1", now)
    visits(customer(), "bills", "Bills", now)
    whole, piece = supervisor.get("/wall"), supervisor.get(f"/wall/panels/{name}", htmx=True)
    assert (piece.status, piece.is_whole) == (200, False)
    shown = text_of(whole.one(id=name)) + (f" {text_of(whole.one(id='numbers'))}" if name == "going" else "")
    assert _still(shown) == _still(piece.text)
    assert supervisor.get(f"/wall/panels/{name}").is_whole, "a person who opens its address sees the wall"
    panel = whole.one(id=name)
    assert panel.get("hx-get") == f"/wall/panels/{name}"
    assert "throttle:600ms" in (panel.get("hx-trigger") or "")


def _still(text: str) -> str:
    """Clocks go on between two looks."""
    return " ".join(word for word in text.split() if not word.isdigit())


def test_all_who_watch_share_one_look(
    desk_app: Flask, desk_as: Callable[[str], Browser], monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    looks = []
    real = overview.wall
    monkeypatch.setattr(overview, "wall", lambda now: (looks.append(now), real(now))[1])
    monkeypatch.setattr(walls, "KEPT_SECONDS", 3600)
    monkeypatch.setattr(walls, "APART_SECONDS", 0)
    first, second = desk_as(SUPERVISOR), desk_as(SUPERVISOR)
    first.get("/wall")
    for browser in (first, second):
        for name in PANELS:
            assert browser.get(f"/wall/panels/{name}", htmx=True).status == 200
    assert len(looks) == 1
    agent("agent1", now)
    assert "Avery Quinn" in first.get("/wall/panels/going", htmx=True).text, "what was just told must be seen"
    second.get("/wall/panels/going", htmx=True)
    assert len(looks) == 2


def test_the_stream_names_what_changed_and_nothing_of_whom(supervisor: Browser, now: datetime) -> None:
    known = customer()
    drawn = int(now.timestamp() * 1000) - 1
    visits(known, "bills", "Bills", now)
    agent("agent1", now)
    told = supervisor.client.get(f"/wall/stream?drawn={drawn}").get_data(as_text=True)
    assert "event: wall" in told
    assert str(known.customer_id) not in told


def test_a_rule_that_fails_is_a_calm_line_with_its_treatment_how_often_and_why(
    supervisor: Browser, now: datetime
) -> None:
    assert not supervisor.get("/wall").all(class_="failing")
    failed = Withheld("plan_check", "applicable", "tenure > 'x' && \"<b>\" != ''", "no such overload", {}, failed=True)
    for _ in range(2):
        with db.transaction() as session:
            note_failures(session, [failed, Withheld("paperless", "eligible", "churned")], now)
    line = text_of(supervisor.get("/wall").one(class_="failing"))
    for words in (
        "1 rule could not be decided",
        "A yearly look",
        "“not relevant now”, 2 times",
        failed.rule,
        failed.detail,
    ):
        assert words in line


def test_a_call_back_that_nobody_made_stands_among_the_numbers(supervisor: Browser, now: datetime) -> None:
    assert "calls back missed" not in supervisor.get("/wall").text
    known = customer()
    with db.transaction() as session:
        asked = cases.ask_callback(
            session, known.customer_id, "The bill", zone=known.timezone, pack=catalogues.pack_in_force(session), actor=SYSTEM,
            now=now, channel="portal",
        )  # fmt: skip
    assert asked.slot_until is not None
    with db.transaction() as session:
        cases.note_missed(session, known.customer_id, asked.case_id, asked.slot_until + timedelta(minutes=1))
    page = supervisor.get("/wall")
    assert figure(page, "missed") == "calls back missed 1 call them"


def test_what_is_shown_is_narrowed_by_team_moment_and_channel_in_the_address(
    supervisor: Browser, now: datetime
) -> None:
    mine, other, known = agent("agent1", now), agent("agent2", now), customer()
    with db.transaction() as session:
        cases.join_teams(session, UUID(mine.id), ["care"])
        cases.join_teams(session, UUID(other.id), [])
        second = profiles.search(session, limit=3).items[0].id
        interactions.begin(session, known.customer_id, "phone", mine, now)
        interactions.begin(session, second, "chat", other, now)
        overview.set_moment(session, known.customer_id, "pay", "bill_question", "phone", mine, now)
    assert len(lines(supervisor.get("/wall"))) == 2
    for query in ("team=care", "moment=pay", "moment=pay/bill_question", "channel=phone", "team=care&channel=phone"):
        page = supervisor.get(f"/wall?{query}")
        (line,) = lines(page)
        assert known.name in line
        assert text_of(page.one("a", href="/wall", class_="small")) == "Show everything"
        own = page.one(id="going").get("hx-get") or ""
        assert "?" in own, "what is fetched anew is narrowed alike"
        assert known.name in lines(supervisor.get(own, htmx=True))[0]
    assert "Nothing of this goes on just now." in supervisor.get("/wall?moment=leave").text
    crew = text_of(supervisor.get("/wall?team=care").one(id="agents"))
    assert mine.name in crew
    assert other.name not in crew
    assert len(lines(supervisor.get("/wall?team=none&moment=none&channel=none&page=x"))) == 2


def test_more_than_fit_are_counted_and_stand_on_the_next_page(
    supervisor: Browser, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = agent("agent1", now)
    with db.transaction() as session:
        some = [one.id for one in profiles.search(session, limit=45).items]
        for one in some:
            interactions.begin(session, one, "phone", mine, now)
    first, second = supervisor.get("/wall"), supervisor.get("/wall?page=2")
    assert (len(lines(first)), len(lines(second))) == (40, 5)
    assert "1 to 40 of 45" in first.text
    assert "The next 5" in first.text
    assert not set(lines(first)) & set(lines(second))
    assert len(lines(supervisor.get("/wall?page=9"))) == 5, "a page that is no more is the last"


def test_the_screen_in_the_room_has_nothing_to_press_and_first_names_alone(supervisor: Browser, now: datetime) -> None:
    mine, known = agent("agent1", now), customer()
    ring(str(known.phone), now - timedelta(minutes=2), "a")
    ring("+12025550199", now - timedelta(minutes=2), "b")
    page = supervisor.get("/wall/screen")
    for words in (known.name.split()[0], "Unknown caller", "nobody answers", "waiting"):
        assert words in page.text
    for words in (known.name, mine.name, "2025550199", str(known.number)):
        assert words not in page.text
    pressed = ("button", "input", "select", "form", "a", "summary")
    assert not [element for element in page.one("main").iter() if element.tag in pressed]
    assert page.one(id="screen").get("hx-get") == "/wall/panels/screen"
    piece = supervisor.get("/wall/panels/screen", htmx=True)
    assert (piece.status, piece.is_whole) == (200, False)
