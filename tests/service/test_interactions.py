"""The timeline: appended, read newest first, told to each audience in its own words."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.exc import StatementError

from backend import db
from backend.interactions import service as interactions
from backend.interactions.service import Event
from shared.kernel import ids
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import Invalid, NotFound
from tests.made_customers import JOSE, MARIA, NOW, two_customers

AGENT = Actor("staff", str(ids.uuid7()), "Maya")


@pytest.fixture
def both(database: str) -> None:
    """María and José, of whom the events tell: nothing is recorded of nobody."""
    two_customers()


def note(kind: str, minutes: int = 0, customer_id: UUID = MARIA, channel: str = "phone", **data: object) -> UUID:
    with db.transaction() as session:
        return interactions.record(session, customer_id, kind, channel, AGENT, data, NOW + timedelta(minutes=minutes))


def kinds_of(**asked: object) -> list[str]:
    with db.reading() as session:
        return [e.kind for e in interactions.timeline(session, MARIA, **asked).items]  # type: ignore[arg-type]


@pytest.mark.usefixtures("both")
def test_events_come_newest_first_and_one_s_own_alone() -> None:
    note("call", 1)
    note("payment.made", 3)
    note("bill.issued", 2)
    note("visit", 4, JOSE)
    assert kinds_of() == ["payment.made", "bill.issued", "call"]


@pytest.mark.usefixtures("both")
def test_events_of_one_instant_keep_the_order_of_their_making() -> None:
    made = ["moment.set", "offer.presented", "offer.accepted"] * 20
    with db.transaction() as session:
        for kind in made:
            interactions.record(session, MARIA, kind, "portal", SYSTEM, {}, NOW)
    assert kinds_of(limit=100) == made[::-1]


@pytest.mark.usefixtures("both")
def test_many_events_at_once_are_kept_as_they_were_told_each_in_its_place() -> None:
    odd = {"z": 1.0, "a": [None, {"ö": '"\\\\"\n'}], "big": 2**53, "small": 1e-9, "no": None, "text": "null"}
    minutes = [3, 1, 2]
    told = [
        interactions.new_event(MARIA, "happened", "portal", AGENT, NOW + timedelta(minutes=m), odd | {"nth": m}, "pay")
        for m in minutes
    ]
    told.append(interactions.new_event(MARIA, "tracked", None, SYSTEM, NOW, {}))
    with db.transaction() as session:
        interactions.append(session, MARIA, told, NOW)
    with db.reading() as session:
        found = interactions.timeline(session, MARIA).items
    assert found == tuple(sorted(told, key=lambda event: event.at, reverse=True))
    assert list(found[0].data) == [*odd, "nth"], "in the order in which they were told"
    none = interactions.new_event(MARIA, "tracked", None, SYSTEM, NOW, {"x": float("nan"), "y": None})
    with pytest.raises((ValueError, StatementError), match="no number"), db.transaction() as session:
        interactions.append(session, MARIA, [none, none], NOW)


@pytest.mark.usefixtures("both")
def test_the_timeline_narrows_by_kind_and_channel() -> None:
    note("call", 1)
    note("visit", 2, channel="portal")
    note("bill.issued", 3, channel="portal")
    assert kinds_of(kinds={"visit", "call"}) == ["visit", "call"]
    assert kinds_of(channel="portal") == ["bill.issued", "visit"]
    assert kinds_of(kinds={"call"}, channel="portal") == []
    with db.transaction() as session:
        interactions.record(session, MARIA, "moment.set", "portal", AGENT, {"stage": "pay"}, NOW, stage="pay")
    assert kinds_of(stage="pay") == kinds_of(stage="pay", channel="portal", kinds={"moment.set"}) == ["moment.set"]
    assert kinds_of(stage="pay", channel="phone") == kinds_of(stage="renew") == []


@pytest.mark.usefixtures("both")
def test_pages_of_the_timeline_join_though_something_happens_between_them() -> None:
    for minutes in range(11):
        note("call", minutes, turn=minutes)
    with db.reading() as session:
        first = interactions.timeline(session, MARIA, limit=4)
    note("visit", 60)
    seen, cursor = [e.data["turn"] for e in first.items], first.next_cursor
    while cursor:
        with db.reading() as session:
            page = interactions.timeline(session, MARIA, limit=4, cursor=cursor)
        seen += [e.data["turn"] for e in page.items]
        cursor = page.next_cursor
    assert seen == list(range(10, -1, -1))


@pytest.mark.usefixtures("both")
def test_an_event_tells_who_did_it_when_and_where() -> None:
    event_id = note("call", summary="Asked about the bill.")
    with db.reading() as session:
        (event,) = interactions.timeline(session, MARIA).items
    assert (event.event_id, event.at, event.channel) == (event_id, NOW, "phone")
    assert (event.actor_kind, event.actor_name) == ("staff", "Maya")
    assert event.data == {"summary": "Asked about the bill."}


@pytest.mark.usefixtures("both")
def test_what_nobody_could_read_is_not_recorded() -> None:
    with pytest.raises(ValueError, match=r"coffee\.drunk"):
        note("coffee.drunk")


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize("asked", [{"cursor": "x"}, {"limit": 0}, {"limit": 101}])
def test_a_page_that_cannot_be_is_refused(asked: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        kinds_of(**asked)


@pytest.mark.usefixtures("both")
def test_nothing_is_recorded_of_somebody_who_is_not_there() -> None:
    with pytest.raises(NotFound):
        note("call", customer_id=UUID(int=1))


@pytest.mark.usefixtures("both")
def test_a_transaction_that_fails_leaves_no_event() -> None:
    def fail() -> None:
        with db.transaction() as session:
            interactions.record(session, MARIA, "call", "phone", AGENT, {}, NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert kinds_of() == []


@pytest.mark.usefixtures("both")
def test_export_and_erasure_reach_every_row_of_the_customer() -> None:
    note("call")
    note("call", customer_id=JOSE)
    with db.reading() as session:
        assert len(interactions.export_customer(session, MARIA)["event"]) == 1
    with db.transaction() as session:
        # The event, and word that it is to be counted.
        assert interactions.erase_customer(session, MARIA) == 2
    with db.reading() as session:
        assert interactions.timeline(session, MARIA).items == ()
        assert len(interactions.timeline(session, JOSE).items) == 1


def event(kind: str, data: dict[str, object], actor_kind: str = "staff", channel: str | None = "phone") -> Event:
    return Event(UUID(int=1), MARIA, NOW, kind, channel, None, None, actor_kind, "Maya", data)


@pytest.mark.parametrize("kind", sorted(interactions.KINDS))
@pytest.mark.parametrize("audience", ["agent", "customer"])
def test_every_kind_has_words_for_both_audiences_even_without_particulars(kind: str, audience: str) -> None:
    words = interactions.in_words(event(kind, {}), audience)  # type: ignore[arg-type]
    assert words.title.strip()
    assert "None" not in words.title + words.detail
    assert "{" not in words.title + words.detail


def test_money_and_dates_are_written_as_people_write_them() -> None:
    issued = event("bill.issued", {"amount_minor": 120050, "currency": "USD", "due_on": "2026-12-05"}, "system")
    words = interactions.in_words(issued, "customer")
    assert (words.title, words.detail) == ("Bill $1,200.50", "due 5 December 2026")


def test_an_agent_s_notes_and_reasons_are_not_told_to_the_customer() -> None:
    call = event("call", {"summary": "Rude again.", "minutes": 4})
    assert "Rude" in interactions.in_words(call, "agent").detail
    told = interactions.in_words(call, "customer")
    assert "Rude" not in told.title + told.detail
    declined = event(
        "offer.declined", {"headline": "A credit", "reason": "too_expensive", "reason_label": "Too expensive"}
    )
    assert "Too expensive" in interactions.in_words(declined, "agent").detail
    assert "Too expensive" not in interactions.in_words(declined, "customer").detail


def test_an_offer_that_the_customer_read_alone_was_said_by_nobody() -> None:
    seen = event("offer.presented", {"headline": "A credit"}, "customer", "portal")
    assert interactions.in_words(seen, "customer").detail == "online"
    assert interactions.in_words(seen, "agent").detail == "seen online"
    said = event("offer.presented", {"headline": "A credit"})
    assert interactions.in_words(said, "agent").detail == "by Maya, by phone"
