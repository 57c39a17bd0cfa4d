"""Alerts: raised by what rules see, once; over by themselves; worked by supervisors; on both databases."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from backend import db
from backend.alerts import service as alerts
from backend.alerts.service import NOBODY, Alert, Found
from backend.record import service as record
from backend.record.service import Wanted
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid, NotFound

NOW = datetime.fromisoformat("2026-11-23T10:00:00+00:00")
QUIET = timedelta(hours=1)
SAM, ALEX = (Actor("staff", str(uuid4()), name) for name in ("Sam", "Alex"))
HOLD = Found(
    "long_hold",
    "contact-1",
    "contact",
    "On hold for long",
    "now",
    "on hold with Avery",
    {"state_seconds": 130},
    uuid4(),
)
BUDGET = Found("budget", "goodwill", "budget", "A budget is nearly gone", "soon", "Goodwill: 4% left")
KEYS = ("long_hold", "budget")
pytestmark = pytest.mark.usefixtures("database")


def settle(*found: Found, at: datetime = NOW) -> tuple[int, int]:
    with db.transaction() as session:
        return alerts.settle(session, found, KEYS, QUIET, at)


def waiting(at: datetime = NOW) -> list[Alert]:
    with db.reading() as session:
        return list(alerts.waiting(session, at))


def act(what: Any, one: Alert, *given: Any, by: Actor = SAM, at: datetime = NOW) -> Alert:
    with db.transaction() as session:
        done: Alert = what(session, one.alert_id, *given, by, at)
    return done


def test_a_thing_is_raised_once_and_is_over_when_no_rule_sees_it() -> None:
    assert settle(HOLD, BUDGET) == (2, 0)
    assert settle(HOLD, BUDGET, at=NOW + timedelta(seconds=5)) == (0, 0)
    assert [one.key for one in waiting()] == ["long_hold", "budget"], "what is urgent stands first"
    assert waiting()[0].seen == {"state_seconds": 130}
    assert settle(BUDGET, at=NOW + timedelta(seconds=10)) == (0, 1)
    assert [(one.key, one.over_at is not None) for one in waiting()] == [("budget", False), ("long_hold", True)]
    assert settle(HOLD, BUDGET, at=NOW + timedelta(seconds=15)) == (0, 0), "seen again, it goes on"
    assert all(one.over_at is None for one in waiting())


def test_what_is_over_and_of_no_interest_to_anybody_is_done_by_itself() -> None:
    settle(HOLD)
    settle(at=NOW + timedelta(minutes=1))
    settle(at=NOW + timedelta(hours=9))
    assert waiting() == []
    with db.reading() as session:
        (done,) = alerts.done_lately(session)
    assert (done.done_by, done.what_was_done) == ("", "It was over by itself.")


def test_an_alert_whose_rule_the_catalogue_has_no_more_ends_with_words() -> None:
    settle(HOLD, BUDGET)
    with db.transaction() as session:
        assert alerts.settle(session, [BUDGET], ("budget",), QUIET, NOW + timedelta(minutes=1)) == (0, 0)
    assert [one.key for one in waiting()] == ["budget"]
    with db.reading() as session:
        (done,) = alerts.done_lately(session)
        assert alerts.is_settled(session, [BUDGET], ("budget",), QUIET, NOW + timedelta(minutes=2))
    assert (done.key, done.done_by) == ("long_hold", "")
    assert "in the catalogue no more" in done.what_was_done


def test_what_was_done_stays_done_for_a_while() -> None:
    settle(HOLD)
    done = act(alerts.finish, waiting()[0], " Took  over the call. ")
    assert (done.done_by, done.what_was_done) == ("Sam", "Took over the call.")
    assert settle(HOLD, at=NOW + timedelta(minutes=59)) == (0, 0)
    assert settle(HOLD, at=NOW + timedelta(minutes=61)) == (1, 0)


def test_it_is_somebody_s_and_handed_on_snoozed_done_and_opened_again() -> None:
    settle(HOLD)
    one = waiting()[0]
    assert act(alerts.acknowledge, one).owner == "Sam"
    assert act(alerts.acknowledge, one).acknowledged_at == NOW, "pressed twice, once"
    with pytest.raises(Conflict, match="Sam has it"):
        act(alerts.acknowledge, one, by=ALEX)
    assert act(alerts.hand_on, one, (UUID(ALEX.id), "Alex")).owner == "Alex"
    later = NOW + timedelta(minutes=15)
    act(alerts.snooze, one, later)
    assert waiting() == []
    with db.reading() as session:
        assert [asleep.owner for asleep in alerts.sleeping(session, NOW)] == ["Alex"]
    assert [awake.key for awake in waiting(later)] == ["long_hold"], "it comes back by itself"
    act(alerts.wake, one)
    assert len(waiting()) == 1
    act(alerts.finish, one, "Called back.")
    for late in ((alerts.acknowledge,), (alerts.finish, "Again."), (alerts.snooze, later), (alerts.wake,)):
        with pytest.raises(Conflict, match="Called back"):
            act(late[0], one, *late[1:])
    assert act(alerts.open_again, one).is_open
    with pytest.raises(Conflict, match="is open"):
        act(alerts.open_again, one)
    with db.reading() as session:
        actions = [entry.action for entry in reversed(record.entries(session, Wanted(words="alert"))[0])]
    assert actions == [
        "alert.acknowledged", "alert.handed_on", "alert.snoozed", "alert.woken", "alert.done", "alert.opened_again"
    ]  # fmt: skip


def test_it_is_not_opened_again_where_the_same_was_raised_anew() -> None:
    settle(HOLD)
    first = waiting()[0]
    act(alerts.finish, first, "Done.")
    settle(HOLD, at=NOW + QUIET * 2)
    with pytest.raises(Conflict, match="raised anew"):
        act(alerts.open_again, first)


def test_what_somebody_had_who_watches_no_more_is_anybody_s_again() -> None:
    settle(HOLD, BUDGET)
    for one in waiting():
        act(alerts.acknowledge, one)
    act(alerts.snooze, waiting()[0], NOW + timedelta(minutes=15))
    with db.transaction() as session:
        assert alerts.let_go(session, UUID(SAM.id), ALEX, NOW) == 2
        assert alerts.let_go(session, UUID(SAM.id), ALEX, NOW) == 0
    assert [(one.owner, one.acknowledged_at, one.snoozed_until) for one in waiting()] == [("", None, None)] * 2


@pytest.mark.parametrize("words", ["", "   ", "x" * 501])
def test_what_was_done_is_said(words: str) -> None:
    settle(BUDGET)
    with pytest.raises(Invalid):
        act(alerts.finish, waiting()[0], words)


@pytest.mark.parametrize("minutes", [0, -5, 24 * 60 + 1])
def test_one_snoozes_into_the_near_future(minutes: int) -> None:
    settle(BUDGET)
    with pytest.raises(Invalid):
        act(alerts.snooze, waiting()[0], NOW + timedelta(minutes=minutes))


def test_of_two_who_take_it_at_once_one_has_it() -> None:
    settle(HOLD)
    one, won, lost = waiting()[0], [], []

    def take(actor: Actor) -> None:
        try:
            won.append(act(alerts.acknowledge, one, by=actor).owner)
        except Conflict:
            lost.append(actor.name)

    both = [threading.Thread(target=take, args=(actor,)) for actor in (SAM, ALEX)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert sorted([*won, *lost]) == ["Alex", "Sam"]
    assert (len(won), waiting()[0].owner) == (1, won[0])


def test_an_alert_that_is_none() -> None:
    with pytest.raises(NotFound), db.reading() as session:
        alerts.alert(session, uuid4())


def test_what_is_held_of_a_customer_is_handed_over_moved_and_erased() -> None:
    settle(HOLD, BUDGET)
    other = uuid4()
    with db.transaction() as session:
        assert len(alerts.export_customer(session, HOLD.customer_id)["alert"]) == 1
        kept = {moved.table: moved for moved in alerts.move_customer(session, HOLD.customer_id, other)}
        assert alerts.export_customer(session, HOLD.customer_id)["alert"] == []
        alerts.move_customer_back(session, HOLD.customer_id, other, kept, {})
        assert len(alerts.export_customer(session, HOLD.customer_id)["alert"]) == 1
        assert alerts.erase_customer(session, HOLD.customer_id) == 1
    assert [one.customer_id for one in waiting()] == [NOBODY]
