"""The live streams of both faces: who hears of what, what is caught up, and what a stream must never do."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from backend import db, serving, settings
from backend.profiles import service as profiles
from backend.record import changes
from backend.record import service as record
from shared.kernel import clock, ids
from tests.cast import PORTAL_CUSTOMER
from tests.pages import Browser

EVENT_STREAM = "text/event-stream"
TOPICS = ("offers", "moment", "timeline", "profile", "interaction", "visit", "agents", "parity")


@dataclass(frozen=True)
class Event:
    """One event as a browser reads it."""

    name: str
    id: str
    data: dict[str, Any]


def events(text: str) -> list[Event]:
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line and not line.startswith(":"))
        if "data" in fields:
            found.append(Event(fields.get("event", "message"), fields.get("id", ""), json.loads(fields["data"])))
    return found


def heard(browser: Browser, path: str = "/stream", **headers: str) -> list[Event]:
    """What a stream tells of the time before it was opened; hello comes first, and at the end of its life it asks to be opened anew."""
    answer = browser.client.get(path, headers={"Accept": EVENT_STREAM, **headers})
    assert (answer.status_code, answer.mimetype) == (200, EVENT_STREAM)
    first, *rest, last = events(answer.get_data(as_text=True))
    assert (first.name, last.name) == ("hello", "again")
    assert int(last.id) >= int(rest[-1].id if rest else first.id)
    return rest


def heard_after(before: int, browser: Browser, path: str) -> list[Event]:
    """The same of what came after a change: on PostgreSQL some older ones may be told twice."""
    return [event for event in heard(browser, f"{path}&after={before}") if int(event.id) > before]


def names(told: list[Event]) -> list[str]:
    return [event.name for event in told]


def tell(topic: str, customer_id: UUID | None = None, **more: Any) -> None:
    with db.transaction() as session:
        record.changed(session, topic, customer_id=customer_id, now=clock.now(), **more)


def the_customer() -> UUID:
    with db.reading() as session:
        return profiles.search(session, identifier=f"number:{PORTAL_CUSTOMER}").items[0].id


def now() -> str:
    return str(int(clock.now().timestamp() * 1000))


@pytest.fixture
def customer_id(loaded: str) -> UUID:
    return the_customer()


def test_a_customer_hears_names_of_what_is_theirs_and_not_private(portal: Browser, customer_id: UUID) -> None:
    for topic in TOPICS:
        tell(topic, customer_id, subject="something of ours")
        tell(topic, ids.uuid7())
        tell(topic)
    told = heard(portal, f"/stream?drawn={now()}")
    assert sorted(names(told)) == ["moment", "offers", "timeline"]
    assert all(event.data == {} for event in told), "a name is all that the portal is told"
    last = told[-1].id
    for topic in TOPICS:
        tell(topic, customer_id, private=True)
    assert [event for event in heard(portal, **{"Last-Event-ID": last}) if int(event.id) > int(last)] == []


def test_the_desk_hears_of_the_customer_whose_page_is_open(desk: Browser, customer_id: UUID) -> None:
    before = changes.newest()
    for topic in TOPICS:
        tell(topic, customer_id, subject="one", private=True)
        tell(topic, ids.uuid7(), subject="two")
    told = heard_after(before, desk, f"/stream?customer={customer_id}")
    assert sorted(names(told)) == ["interaction", "moment", "offers", "online", "profile", "timeline"]
    assert {event.data["subject"] for event in told} == {"one"}
    for nobody in ("", "nobody", str(ids.uuid7())):
        assert heard_after(before, desk, f"/stream?customer={nobody}") == []


def test_an_agent_hears_of_what_concerns_them(
    desk: Browser, desk_as: Callable[[str], Browser], customer_id: UUID
) -> None:
    with desk.client.session_transaction() as session:
        me = session["_user_id"]
    other = desk_as("agent2@demo.example")
    before = changes.newest()
    tell("agents", subject=me)
    tell("agents", subject=str(ids.uuid7()))
    assert names(heard_after(before, desk, "/stream?")) == ["mine"]
    assert heard_after(before, other, "/stream?") == []


def test_whoever_comes_back_is_caught_up_from_the_last_that_they_heard(portal: Browser, customer_id: UUID) -> None:
    last = str(changes.newest())
    tell("offers", customer_id)
    tell("offers", customer_id)
    for again in (heard(portal, **{"Last-Event-ID": last}), heard(portal, f"/stream?after={last}&drawn=0")):
        assert names(again) == ["offers"], "once, however often it changed"
        assert int(again[0].id) > int(last)
    assert str(changes.newest()) == again[0].id
    newer = heard(portal, f"/stream?after={last}", **{"Last-Event-ID": again[0].id})
    # On PostgreSQL an older one may be told twice, since numbers may be committed out of their order.
    assert [event for event in newer if int(event.id) >= int(again[0].id)] == [], "the header is the newer one"


def test_a_page_that_was_away_for_too_long_looks_at_everything_anew(portal: Browser, customer_id: UUID) -> None:
    for age in (5, 4, 0):
        with db.transaction() as session:
            record.changed(session, "offers", customer_id=customer_id, now=clock.now() - timedelta(hours=age))
    gone = str(changes.newest() - 1)
    assert record.purge_changes(clock.now()) == 2
    assert names(heard(portal, **{"Last-Event-ID": gone})) == ["return"]


@pytest.mark.parametrize("odd", ["-1", "x", "٣", "9" * 30, ""])
def test_odd_numbers_are_no_numbers(portal: Browser, odd: str) -> None:
    assert heard(portal, f"/stream?after={odd}&drawn={odd}") == []
    assert heard(portal, "/stream", **({"Last-Event-ID": odd} if odd.isascii() else {})) == []


def test_a_stream_is_stored_nowhere_sets_no_cookie_and_gives_its_place_back(
    portal: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The cookie of a sign-in is made anew when it is a minute old.
    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)
    answer = portal.client.get("/stream")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert "Set-Cookie" not in answer.headers
    assert "Set-Cookie" not in portal.client.get("/", headers={"X-Live": "yes"}).headers
    assert "Set-Cookie" in portal.client.get("/").headers, "the check itself: a person's visit lasts longer by it"
    answer.get_data()
    answer.close()
    assert portal.client.head("/stream").status_code == 200
    assert record.hub().watching() == 0


def test_whoever_is_signed_out_is_told_so_in_words_that_a_stream_can_carry(portal: Browser) -> None:
    answer = portal.app.test_client().get("/stream", headers={"Accept": EVENT_STREAM})
    assert (answer.status_code, answer.mimetype) == (200, EVENT_STREAM)
    assert names(events(answer.get_data(as_text=True))) == ["gone"]


def test_above_the_cap_the_answer_says_when_to_come_again(portal: Browser) -> None:
    portal.app.config["STREAMS"] = 0
    answer = portal.client.get("/stream")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0


def test_an_open_stream_hears_at_once_and_holds_no_connection(portal: Browser, customer_id: UUID) -> None:
    portal.app.config["STREAM_SECONDS"] = 2.0
    came: list[tuple[float, bytes]] = []

    def listen() -> None:
        answer = portal.client.get("/stream", buffered=False)
        came.extend((time.monotonic(), chunk) for chunk in answer.response if chunk)

    listener = threading.Thread(target=listen)
    listener.start()
    while not came:
        time.sleep(0.01)
    reader = db._database().reader.pool  # what is tested is that nothing of it is taken
    assert reader.checkedout() == 0  # type: ignore[attr-defined]
    told_at = time.monotonic()
    tell("offers", customer_id)
    listener.join(10)
    heard_at = next(at for at, chunk in came if b"offers" in chunk)
    assert heard_at - told_at < 1.0


def test_live_pages_leave_threads_for_all_others() -> None:
    assert serving.THREADS - settings.MOST_STREAMS >= 50
    assert settings.STREAMS <= settings.MOST_STREAMS
