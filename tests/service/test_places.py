"""What agents have open: who else is here, what is new in a tab, who writes; what is typed is never written over unseen."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import UUID

import pytest

from backend import db
from backend.cases import service as cases
from backend.cases.service import Writer
from backend.interactions import service as interactions
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, NotFound
from tests.casework import MONDAY, later, opened, pack, staff
from tests.made_customers import JOSE, MARIA, two_customers

CUSTOMER = Actor("customer", str(MARIA), "María Dávila", customer_id=MARIA)
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def both(database: str) -> None:
    two_customers()


def opens(who: Actor, case_id: UUID | None = None, seconds: float = 0) -> None:
    with db.transaction() as session:
        interactions.is_open(session, MARIA, case_id, who, MONDAY + seconds * SECOND)


def here(who: Actor, case_id: UUID | None = None, seconds: float = 0) -> list[tuple[str, bool]]:
    with db.reading() as session:
        found = interactions.others_here(session, MARIA, case_id, who, MONDAY + seconds * SECOND)
    return [(one.name, one.same) for one in found]


def places(who: Actor, hours: float = 1) -> dict[UUID | None, tuple[str, ...]]:
    with db.reading() as session:
        return {one.case_id: one.news for one in interactions.places_of(session, UUID(who.id), later(hours))}


def words() -> int:
    with db.reading() as session:
        found = session.connection().exec_driver_sql("SELECT count(*) FROM change WHERE topic = 'presence'")
        return int(found.scalar_one())


def test_who_has_the_customer_open_is_here_until_they_leave_or_fall_silent() -> None:
    kim, bea = staff(), staff("Bea")
    case_id = opened().case_id
    opens(kim)
    opens(bea, case_id, 5)
    assert here(kim, seconds=6) == [("Bea", False)]
    assert here(kim, case_id, 6) == [("Bea", True)]
    assert here(bea, case_id, 6) == [("Kim", False)]
    told = words()
    opens(bea, case_id, 30)
    assert words() == told
    with db.transaction() as session:
        interactions.is_left(session, MARIA, case_id, bea, MONDAY + 31 * SECOND)
    assert here(kim, seconds=32) == []
    assert words() == told + 1
    assert here(bea, case_id, 76) == []


def test_a_case_stays_as_a_tab_and_says_what_its_customer_did_since() -> None:
    kim, bea = staff(), staff("Bea")
    one, other = opened().case_id, opened(subject="The bill").case_id
    opens(kim, one)
    opens(kim, other)
    opens(kim)
    with db.transaction() as session:
        cases.write(session, MARIA, one, "And?", channel="portal", pack=pack(), actor=CUSTOMER, now=later(0.5))
        cases.note(session, MARIA, other, "Odd", seen=None, actor=bea, now=later(0.5))
    assert places(kim) == {one: ("case.written",), other: (), None: ("case.written",)}
    opens(kim, one, 3600)
    assert places(kim)[one] == ()
    with db.transaction() as session:
        interactions.close_place(session, MARIA, one, kim, later(1))
        assert set(interactions.watched_by(session, UUID(kim.id), later(1))) == {MARIA}
    assert one not in places(kim)
    assert interactions.forget_places(later(24 * 40)) == 3


def test_a_page_on_its_way_out_does_not_open_the_tab_that_was_closed() -> None:
    kim, one = staff(), opened().case_id
    opens(kim, one)
    with db.transaction() as session:
        interactions.close_place(session, MARIA, one, kim, later(1))
        interactions.is_open(session, MARIA, one, kim, later(1.1), drawn=later(0.5))
    assert one not in places(kim)
    with db.transaction() as session:
        interactions.is_open(session, MARIA, one, kim, later(1.2), drawn=later(1.2))
    assert one in places(kim)


def keeps(who: Actor, text: str, seen: int | None, place: str = "wrap_up:1") -> int:
    with db.transaction() as session:
        kept = interactions.keep_desk_draft(session, MARIA, UUID(who.id), place, text, seen, MONDAY)
    return kept.version


def test_a_draft_is_not_written_over_by_a_browser_that_did_not_see_it() -> None:
    kim = staff()
    assert keeps(kim, "one", 0) == 1
    assert keeps(kim, "two", 1) == 2
    with pytest.raises(Conflict) as refused:
        keeps(kim, "from the older window", 1)
    assert refused.value.extra["version"] == 2
    assert keeps(kim, "two", 1) == 2
    assert keeps(kim, "taken over", 2) == 3
    assert keeps(staff("Bea"), "mine", 0) == 1
    with db.reading() as session:
        kept = interactions.desk_draft(session, MARIA, UUID(kim.id), "wrap_up:1")
    assert kept is not None
    assert kept.text == "taken over"
    assert interactions.forget_drafts(later(24 * 31)) == 2


def test_a_cases_draft_too_and_one_that_was_sent_is_told() -> None:
    kim, case_id = staff(), opened().case_id

    def kept(text: str, seen: int) -> None:
        with db.transaction() as session:
            cases.keep_draft(session, MARIA, case_id, "agent", text, actor=kim, now=MONDAY, seen=seen)

    kept("Dear", 0)
    kept("Dear María", 1)
    with pytest.raises(Conflict) as refused:
        kept("Other", 1)
    assert refused.value.extra["draft"].text == "Dear María"
    with db.transaction() as session:
        cases.reply(
            session, MARIA, case_id, "Dear María", channel="portal", pack=pack(), seen=None, actor=kim, now=later(1)
        )
    with pytest.raises(Conflict) as refused:
        kept("Dear María, more", 2)
    assert refused.value.extra["draft"] is None


def writes(who: Actor, case_id: UUID, seconds: float, knowing: bool = False) -> Writer:
    with db.transaction() as session:
        return cases.begin_writing(session, MARIA, case_id, actor=who, now=MONDAY + seconds * SECOND, knowing=knowing)


def test_the_second_who_writes_is_told_of_the_first_until_two_minutes_of_silence() -> None:
    kim, bea, case_id = staff(), staff("Bea"), opened().case_id
    assert writes(kim, case_id, 0).name == "Kim"
    assert writes(bea, case_id, 10).name == "Kim"
    assert writes(kim, case_id, 100).since == MONDAY
    assert writes(bea, case_id, 219).name == "Kim"
    assert writes(bea, case_id, 221).name == "Bea"
    assert writes(kim, case_id, 222).name == "Bea"
    assert writes(kim, case_id, 223, knowing=True).name == "Kim"
    with db.transaction() as session:
        cases.end_writing(session, MARIA, case_id, actor=bea, now=MONDAY)
    with db.transaction() as session:
        cases.end_writing(session, MARIA, case_id, actor=kim, now=MONDAY)
        assert cases.writing_in(session, MARIA, case_id, MONDAY + 224 * SECOND) is None
    with pytest.raises(NotFound), db.transaction() as session:
        cases.begin_writing(session, JOSE, case_id, actor=kim, now=MONDAY)


def test_of_two_who_begin_at_one_instant_one_is_told_of_the_other() -> None:
    crowd, case_id = [staff(name) for name in ("Kim", "Bea", "Ada", "Noor")], opened().case_id
    ready, found = threading.Barrier(len(crowd)), []

    def begin(who: Actor) -> None:
        ready.wait()
        found.append(writes(who, case_id, 0).staff_id)

    threads = [threading.Thread(target=begin, args=(who,)) for who in crowd]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(crowd)
    assert len(set(found)) == 1
