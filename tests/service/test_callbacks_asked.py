"""Calls back of customers whom a pack brought: tried again by its rule, booked in the portal at the very time that was chosen."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from backend import db
from backend.cases import service as cases
from backend.cases.types import Case
from backend.casework import service as casework
from backend.interactions import service as interactions
from backend.overview import service as overview
from backend.profiles import service as profiles
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import Conflict, Invalid, NotFound
from tests.casework import MONDAY, pack, staff
from tests.cast import PORTAL_CUSTOMER

pytestmark = pytest.mark.usefixtures("loaded")


def asked(customer_id: UUID, at: datetime) -> Case:
    with db.transaction() as session:
        return cases.ask_callback(
            session,
            customer_id,
            "The bill",
            at=at,
            zone="America/Los_Angeles",
            pack=pack(),
            actor=SYSTEM,
            now=MONDAY,
            channel="portal",
        )


def test_not_reached_is_tried_again_and_then_a_case_takes_its_place() -> None:
    with db.reading() as session:
        found = profiles.find_by_sign_in(session, PORTAL_CUSTOMER)
    assert found is not None
    by = {"channel": "phone", "actor": staff()}
    now, case = MONDAY, asked(found, MONDAY + timedelta(hours=1))
    for nth in (1, 2, 3):
        now = now + timedelta(hours=1)
        with db.transaction() as session:
            tried = casework.nobody_answered(session, found, case.case_id, now=now, **by)
        assert (tried.tries, tried.given_up) == (nth, nth == 3)
        if nth < 3:
            assert tried.case.slot_at is not None
            assert tried.case.slot_at >= now + timedelta(hours=2)
    with db.reading() as session:
        assert cases.case_of(session, found, case.case_id).state == "done"
        opened = next(
            one.case
            for one in cases.of_customer_with_work(session, found)
            if one.case.subject.startswith("Not reached")
        )
        assert "Called 3 times" in cases.messages(session, found, opened.case_id, notes=True)[0].text
        assert not cases.messages(session, found, opened.case_id, notes=False)
    with db.transaction() as session, pytest.raises(Conflict):
        casework.nobody_answered(session, found, case.case_id, now=now, **by)


def test_the_portal_books_the_very_time_that_was_chosen() -> None:
    with db.reading() as session:
        found = profiles.find_by_sign_in(session, PORTAL_CUSTOMER)
        assert found is not None
        name = profiles.profile(session, found).name
        times = casework.call_times(session, found, MONDAY)
    me = Actor("customer", str(found), name, customer_id=found)
    chosen = times.days[1][1][0]
    for _ in range(2):  # people click twice
        with db.transaction() as session:
            overview.request_callback(session, me, when=chosen.at.isoformat(), about="My bill", now=MONDAY)
    with db.reading() as session:
        mine = [one for one in cases.of_customer(session, found) if one.kind == "callback"]
        assert [one.slot_at for one in mine] == [chosen.at]
        event = interactions.timeline(session, found, limit=1).items[0]
        stranger = profiles.search(session, limit=1).items[0].id
    assert cases.slot_text(chosen.at, chosen.until, times.zone) in interactions.in_words(event, "customer").detail
    other = Actor("customer", str(stranger), "Somebody", customer_id=stranger)
    with db.transaction() as session, pytest.raises(NotFound):
        casework.move_own_callback(session, other, mine[0].case_id, chosen.at.isoformat(), "portal", MONDAY)
    with db.transaction() as session, pytest.raises(Invalid):
        overview.request_callback(session, me, when="2026-11-23T19:07:00+00:00", about="Another", now=MONDAY)
