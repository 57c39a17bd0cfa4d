"""Calls back are booked into slots: never more than there are places, moved, tried again, missed; each act is one event."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from backend import db
from backend.cases import service as cases
from backend.cases.types import Case
from backend.casework import service as casework
from backend.interactions import service as interactions
from shared.kernel.actors import SYSTEM
from shared.kernel.errors import Conflict, EvenhandError, Invalid
from tests.casework import MONDAY, pack, staff
from tests.made_customers import JOSE, MARIA, two_customers

ZONE = "America/Los_Angeles"
MINUTE = timedelta(minutes=1)
LATER = MONDAY + timedelta(hours=3)


@pytest.fixture(autouse=True)
def both(database: str) -> None:
    two_customers()


def asked(customer_id: UUID = MARIA, at: datetime | None = LATER, **more: Any) -> Case:
    given = {"zone": ZONE, "pack": pack(), "actor": SYSTEM, "now": MONDAY, "channel": "portal"} | more
    with db.transaction() as session:
        return cases.ask_callback(session, customer_id, "The bill", at=at, **given)


def free_at(at: datetime, team: str = "") -> int:
    with db.reading() as session:
        return next((one.free for one in cases.free_slots(session, pack(), MONDAY, team) if one.at == at), 0)


def done(act: Any, case: Case, *given: Any, **more: Any) -> Any:
    by = {"actor": staff(), "now": MONDAY, "channel": "phone", "zone": ZONE, "pack": pack()} | more
    with db.transaction() as session:
        return act(session, MARIA, case.case_id, *given, **by)


def kinds() -> list[str]:
    with db.reading() as session:
        return [event.kind for event in interactions.timeline(session, MARIA, limit=8).items]


def test_slots_are_cut_from_the_hours_of_work_and_from_nothing_else() -> None:
    with db.reading() as session:
        some = cases.free_slots(session, pack(), MONDAY)
    assert some[0].at == MONDAY + 30 * MINUTE, "a slot that begins in less than the lead is no more"
    assert all(one.until - one.at == 30 * MINUTE and one.free == 3 for one in some)
    local = {one.at.astimezone(cases.time_of(pack()).zone) for one in some}
    assert not [at for at in local if at.date().isoformat() == "2026-11-26"], "nobody works on Thanksgiving"
    assert {at.hour for at in local if at.isoweekday() < 6} == set(range(8, 20))
    assert not [at for at in local if at.isoweekday() == 7]


def test_fifty_at_once_get_three_places() -> None:
    won, lost = [], []
    gate = threading.Barrier(50)

    def ask(nth: int) -> None:
        gate.wait()
        try:
            won.append(asked((MARIA, JOSE)[nth % 2]).case_id)
        except EvenhandError as refused:
            lost.append(refused)

    threads = [threading.Thread(target=ask, args=(nth,)) for nth in range(50)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    # Who lost a race with a neighbour in the database may ask again; nobody gets a fourth place by that.
    while len(won) < 3:
        won.append(asked().case_id)
    assert (len(won), free_at(LATER)) == (3, 0)
    with pytest.raises(Invalid, match="just taken"):
        asked()
    with db.reading() as session:
        waiting = cases.callbacks_in(session, "all", None)
    assert len([one for one in waiting if one.case.slot_at == LATER]) == 3


def test_what_is_moved_or_called_off_makes_room() -> None:
    case, other = asked(), LATER + timedelta(hours=1)
    assert (free_at(LATER), free_at(other)) == (2, 3)
    done(cases.move, case, other)
    assert (free_at(LATER), free_at(other)) == (3, 2)
    with pytest.raises(Invalid):
        done(cases.move, case, LATER + 7 * MINUTE)
    with db.transaction() as session:
        cases.cancel(session, MARIA, case.case_id, actor=SYSTEM, now=MONDAY)
    assert free_at(other) == 3
    with pytest.raises(Conflict, match="cancelled already"):
        done(cases.move, case, LATER)
    assert kinds()[:3] == ["callback.cancelled", "callback.moved", "callback.requested"]


def test_each_team_has_places_of_its_own() -> None:
    for _ in range(2):
        asked(team="technical")
    with pytest.raises(Invalid):
        asked(team="technical")
    assert (free_at(LATER), free_at(LATER, "technical")) == (3, 0)
    with pytest.raises(Invalid, match="no such team"):
        asked(team="nobody")


def test_a_part_of_the_day_is_the_customers_own() -> None:
    case = asked(at=None, part="evening", zone="Europe/Berlin")
    assert case.slot_at is not None
    assert case.slot_at.astimezone(cases.time_of(pack()).zone).hour < 15, "evening in Berlin is morning at the desk"
    assert asked(at=None).slot_at == MONDAY + 30 * MINUTE


def test_a_missed_call_is_told_once_and_comes_first() -> None:
    late, soon = asked(at=MONDAY + 30 * MINUTE), asked(JOSE, LATER)
    after = MONDAY + 61 * MINUTE
    assert casework.miss_due(MONDAY + 45 * MINUTE, 10) == 0
    assert casework.miss_due(after, 10) == 1
    assert casework.miss_due(after, 10) == 0
    assert kinds()[0] == "callback.missed"
    with db.reading() as session:
        assert [one.case.case_id for one in cases.callbacks_in(session, "all", None)] == [late.case_id, soon.case_id]
        assert [one.case.case_id for one in cases.callbacks_in(session, "missed", None)] == [late.case_id]
    done(cases.move, late, LATER)
    with db.reading() as session:
        assert cases.callbacks_in(session, "missed", None) == ()


def test_who_calls_has_the_call_and_a_contact() -> None:
    case, kim, lee = asked(), staff("Kim"), staff("Lee")
    with db.transaction() as session:
        casework.call_now(session, MARIA, case.case_id, channel="phone", actor=kim, now=LATER)
    with db.transaction() as session, pytest.raises(Conflict, match="Kim is calling"):
        casework.call_now(session, MARIA, case.case_id, channel="phone", actor=lee, now=LATER)
    with db.reading() as session:
        contact = interactions.open_interactions(session, UUID(kim.id))[0]
        assert contact.customer_id == MARIA
        assert [one.case.case_id for one in cases.callbacks_in(session, "mine", UUID(kim.id))] == [case.case_id]
        assert cases.callbacks_in(session, "mine", UUID(lee.id)) == ()
        assert casework.miss_due(LATER + timedelta(hours=5), 5) == 0, "somebody calls"
    with db.transaction() as session:
        cases.join_teams(session, UUID(lee.id), ["care"])
        assert len(cases.callbacks_in(session, "team", UUID(lee.id))) == 1


def test_erasure_gives_the_places_back() -> None:
    asked()
    with db.transaction() as session:
        assert len(cases.export_customer(session, MARIA)["callback"]) == 1
        cases.erase_customer(session, MARIA)
    assert free_at(LATER) == 3
