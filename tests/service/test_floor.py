"""What the wall is made of: how calls are taken against what is promised, what is usual, who does not get on, who feels poorly."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from backend import db
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.matrix import service as matrix
from backend.overview import service as overview
from backend.people import service as people
from shared.kernel import clock, ids
from shared.kernel.actors import Actor
from tests.calls import agent, customer

pytestmark = pytest.mark.usefixtures("loaded")
BILLS, FAULTS = "+1 202 555 0110", "+1 202 555 0120"


@pytest.fixture
def now() -> datetime:
    return clock.now()


@pytest.fixture(autouse=True)
def queues() -> None:
    interactions.use_queues(catalogues.telephony_in_force, overview.who_may_open)


def call(name: str, line: str, at: datetime, answered: int | None, over: int | None = None) -> None:
    """A call that rings at `at`, is answered after so many seconds, and is over after so many."""
    with db.transaction() as session:
        interactions.ring(session, name, "anonymous", line, "inbound", (), at)
        if answered is not None:
            interactions.answered(session, name, ("agent1",), at + timedelta(seconds=answered))
        if over is not None:
            interactions.hung_up(session, name, "normalClearing", at + timedelta(seconds=over))


def queue(label: str, now: datetime) -> overview.QueueNow:
    return next(one for one in overview.wall(now).queues if one.label == label)


def test_calls_are_taken_in_time_or_not_as_each_queue_promises(now: datetime) -> None:
    agent("agent1", now)
    begun = now - timedelta(minutes=10)
    call("in time", BILLS, begun, 20, 300)
    call("late", BILLS, begun, 21, 300)
    call("gave up at once", BILLS, begun, None, 19)
    call("gave up", BILLS, begun, None, 45)
    call("waits since long", BILLS, now - timedelta(seconds=40), None)
    call("waits", BILLS, now - timedelta(seconds=5), None)
    call("half a minute is promised here", FAULTS, begun, 30, 300)
    bills, faults = queue("Bills", now), queue("Faults", now)
    assert (bills.half_hour.calls, bills.half_hour.in_time) == (4, 1)
    assert (faults.half_hour.share, faults.seconds) == (1.0, 30)
    assert (bills.waiting, bills.longest) == (2, now - timedelta(seconds=40))
    level = overview.wall(now).level
    assert level is not None
    assert (level.half_hour.calls, level.half_hour.in_time, level.target) == (5, 2, 0.8)


def test_the_half_hour_passes_and_the_day_stays(now: datetime) -> None:
    agent("agent1", now)
    with db.reading() as session:
        zone = catalogues.pack_in_force(session).timezone
    noon = clock.midnight_after(clock.local_day(now, zone) - timedelta(days=1), zone) + timedelta(hours=12)
    call("this morning", BILLS, noon - timedelta(hours=2), 60, 90)
    found = queue("Bills", noon)
    assert (found.half_hour.share, found.today.share, found.today.calls) == (None, 0.0, 1)
    assert queue("Bills", noon + timedelta(days=1)).today.calls == 0


def test_a_pack_that_promises_what_cannot_be_is_refused_with_its_line() -> None:
    texts = matrix.texts_of(matrix.folder_of("telecom"))
    wrong = texts | {"pack.toml": texts["pack.toml"].replace("share = 0.8\n\n[[queue]]", "share = 1.2\n\n[[queue]]")}
    pack, problems = matrix.check(wrong)
    line = next(n for n, text in enumerate(wrong["pack.toml"].splitlines(), 1) if text == "share = 1.2")
    assert pack is None
    assert [(one.file, one.line) for one in problems] == [("pack.toml", line)]


def test_what_is_usual_is_told_from_the_last_contacts_of_the_kind_and_a_longer_one_needs_a_look(now: datetime) -> None:
    mine, known = agent("agent1", now), customer()
    with db.transaction() as session:
        for minutes in (4, 5, 6, 7, 5, 5, 6, 4, 6, 5):
            begun = now - timedelta(hours=2)
            found = interactions.begin(session, known.customer_id, "chat", mine, begun)
            interactions.wrap_up(
                session, known.customer_id, found.interaction_id, code="solved", label="Solved", summary="", actor=mine,
                now=begun + timedelta(minutes=minutes), intent="bill_question",
            )  # fmt: skip
        usual = interactions.usual_lengths(session, now)["chat", "bill_question"]
        assert (usual.median, usual.many) == (timedelta(minutes=5), 10)
        assert timedelta(minutes=6) <= usual.long <= timedelta(minutes=7)
        interactions.begin(session, known.customer_id, "chat", mine, now - timedelta(minutes=9))
        overview.set_moment(session, known.customer_id, "pay", "bill_question", "chat", mine, now)
    (line,) = overview.wall(now).lines
    assert line.troubles == ("longer than usual",)
    assert line.usual == usual


def test_who_stays_on_one_page_does_not_get_on_and_a_poor_experience_is_seen(now: datetime) -> None:
    known = customer()
    self = Actor("customer", str(known.customer_id), known.name, people.ROLES["customer"], known.customer_id)
    overview.visit(self, "bills", "Bills", now - timedelta(minutes=4))
    (line,) = overview.wall(now).lines
    assert "does not get on" in line.troubles
    assert line.began == ids.made_at(line.interaction_id or ids.uuid7())
    overview.visit(self, "offers", "Offers", now)
    with db.transaction() as session:
        for _ in range(3):
            interactions.record(
                session, known.customer_id, "complaint.opened", "portal", self, {"subject": "Slow"}, now
            )
    (line,) = overview.wall(now).lines
    assert (line.troubles, line.tone) == (("poor experience so far",), "bad")
    overview.visit(self, "bills", "Bills", now + timedelta(minutes=1))
    overview.visit(self, "offers", "Offers", now + timedelta(minutes=2))
    overview.visit(self, "bills", "Bills", now + timedelta(minutes=3))
    (line,) = overview.wall(now + timedelta(minutes=3)).lines
    assert "back to this page again" in line.troubles


def test_a_visit_is_over_with_its_last_page_when_the_next_one_begins(now: datetime) -> None:
    known = customer()
    self = Actor("customer", str(known.customer_id), known.name, people.ROLES["customer"], known.customer_id)
    first = now - timedelta(hours=3)
    for at in (first, first + timedelta(minutes=6)):
        overview.visit(self, "bills", f"Bills {at}", at)
    with db.reading() as session:
        visit = interactions.last_visit(session, known.customer_id)
    assert visit is not None
    overview.visit(self, "bills", "Bills", now)
    with db.reading() as session:
        over = interactions.interaction(session, known.customer_id, visit.interaction_id)
    assert over.ended_at == first + timedelta(minutes=6)


def test_a_glance_is_taken_anew_only_where_something_changed(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    from backend.treatments import asking, glancing

    mine, known = agent("agent1", now), customer()
    with db.transaction() as session:
        interactions.begin(session, known.customer_id, "phone", mine, now)
    looked = []
    real = glancing._look
    monkeypatch.setattr(glancing, "_look", lambda one, at: (looked.append(one), real(one, at))[1])
    first = overview.glanced(overview.wall(now).lines, now)
    assert overview.glanced(overview.wall(now).lines, now) == first
    assert len(looked) == 1
    with db.transaction() as session:
        overview.set_moment(session, known.customer_id, "pay", "bill_question", "phone", mine, now)
    overview.glanced(overview.wall(now).lines, now)
    assert len(looked) == 2
    later = asking.decide(known.customer_id, now).stands_until
    overview.glanced(overview.wall(later).lines, later)
    assert len(looked) == 3
