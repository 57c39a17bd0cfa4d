"""Near matches are found among all customers and for one, only suggested, and decided by a person, once."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from backend import db
from backend.identities import finding
from backend.identities import service as identities
from backend.people import service as people
from backend.profiles import service as profiles
from backend.profiles.service import NewCustomer
from backend.record import service as record
from shared.kernel import clock, ids
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, EvenhandError, NotFound
from tests.merging import held, merge, supervisor, two, unmerge

pytestmark = pytest.mark.usefixtures("loaded")


def another(of: UUID, **changes: Any) -> UUID:
    """The same person again, entered by hand: under a number of their own, with a slip of the pen."""
    with db.reading() as session:
        known = profiles.profile(session, of)
    customer_id = ids.uuid7()
    values: dict[str, Any] = {
        "customer_id": customer_id, "number": f"C9{str(customer_id.int)[-6:]}", "name": known.name, "phone": None, "email": None,
        "birth_date": known.birth_date, "attributes": dict(known.attributes), "facts": {}, "bills": (), "consents": (),
        "timezone": known.timezone, "language": known.language, "made_up": True, "created_at": clock.now(),
    } | changes  # fmt: skip
    values["identifiers"] = (("number", values["number"]),)
    with db.transaction() as session:
        profiles.enrol(session, [NewCustomer(**values)])
    return customer_id


def some_customer(place: int = 3) -> UUID:
    with db.reading() as session:
        return profiles.search(session, limit=place + 1).items[place].id


def queue() -> list[identities.Suggestion]:
    with db.reading() as session:
        return list(identities.queue(session, limit=100)[0])


def look(customer_id: UUID) -> None:
    with db.transaction() as session:
        identities.look(session, customer_id, {}, clock.now())


def apart(first: UUID, second: UUID, actor: Actor | None = None) -> identities.Suggestion:
    with db.transaction() as session:
        return identities.keep_apart(session, first, second, actor=actor or supervisor(), now=clock.now())


def test_a_search_among_everyone_finds_the_one_who_was_entered_twice_and_changes_neither() -> None:
    one = some_customer()
    with db.reading() as session:
        known = profiles.profile(session, one)
    given, family = known.name.split(" ", 1)
    other = another(one, name=f"{family} {given}")
    before = held(one, other)
    found = identities.find_all(clock.now())
    pair = next(s for s in queue() if {s.customer_id, s.other_id} == {one, other})
    assert found.new >= 1
    assert {part.field: part.level for part in pair.agreements}["name_order"] == "swapped"
    assert pair.score == pytest.approx(sum(part.weight for part in pair.agreements), abs=0.01)
    assert held(one, other) == before
    again = identities.find_all(clock.now())
    assert (again.new, again.pairs) == (0, found.pairs)


def test_one_who_is_entered_is_looked_for_by_the_worker_and_by_its_round() -> None:
    identities.find_all(clock.now())
    one = some_customer()
    other = another(one)
    with db.transaction() as session:
        identities.look_again(session, other, clock.now())
    record.register(identities.LOOK, identities.look)
    record.run_due(clock.now() + timedelta(seconds=1))
    assert {one, other} in [{s.customer_id, s.other_id} for s in queue()]
    third = another(some_customer(4))
    patrol = finding.Patrol()
    looked = [patrol.step(clock.now()) for _ in range(4)]
    assert sum(looked) >= 1
    assert any(third in (s.customer_id, s.other_id) for s in queue())
    assert sum(finding.Patrol().step(clock.now()) for _ in range(1)) == 0


def test_a_suggestion_that_no_longer_holds_goes() -> None:
    one = some_customer()
    other = another(one)
    identities.find_all(clock.now())
    assert any(other in (s.customer_id, s.other_id) for s in queue())
    with db.transaction() as session:
        from backend.profiles import queries

        session.execute(
            queries.CUSTOMER.update()
            .where(queries.CUSTOMER.c.customer_id == other)
            .values(name="Zbigniew Quartermaine", birth_date=None, attributes={}, version=9)
        )
    look(other)
    assert not any(other in (s.customer_id, s.other_id) for s in queue())


def test_what_was_said_to_be_two_people_stays_said_whoever_looks_again() -> None:
    one = some_customer()
    other = another(one)
    look(other), identities.find_all(clock.now())
    said = apart(one, other)
    assert (said.state, said.decided_by) == ("distinct", "Sam Okafor")
    identities.find_all(clock.now())
    look(other)
    assert not any(other in (s.customer_id, s.other_id) for s in queue())
    assert apart(other, one) == said


def test_who_decides_second_learns_who_was_first() -> None:
    one = some_customer()
    other = another(one)
    identities.find_all(clock.now())
    apart(one, other)
    with db.reading() as session:
        found = people.find_staff(session, "admin")
        assert found
        admin = people.staff_actor(session, found[0])
    with pytest.raises(Conflict, match="Sam Okafor decided this already"):
        apart(one, other, admin)
    with pytest.raises(NotFound):
        apart(one, some_customer(6))


def test_a_merge_settles_its_suggestion_and_carries_what_was_said_of_the_merged_one() -> None:
    one, third = some_customer(), some_customer(5)
    other = another(one)
    identities.find_all(clock.now())
    with db.transaction() as session:
        identities.suggest(session, [(other, third, 21.0, ())], clock.now())
    apart(other, third)
    made = merge(other, one)
    with db.reading() as session:
        pair, carried = identities.suggestion(session, one, other), identities.suggestion(session, one, third)
    assert pair is not None
    assert carried is not None
    assert (pair.state, carried.state) == ("merged", "distinct")
    unmerge(made.merge_id)
    with db.reading() as session:
        pair, carried = identities.suggestion(session, one, other), identities.suggestion(session, one, third)
        kept = identities.suggestion(session, other, third)
    assert pair is not None
    assert kept is not None
    assert (pair.state, carried, kept.state) == ("distinct", None, "distinct")


def test_an_identifier_that_is_somebody_elses_suggests_and_never_links() -> None:
    one, other = some_customer(), some_customer(7)
    with db.reading() as session:
        email = profiles.profile(session, one).email
    assert email
    with db.transaction() as session:
        assert identities.shared(session, other, "email", email.upper(), clock.now())
        assert not identities.shared(session, one, "email", email, clock.now())
        assert profiles.owner(session, "email", email) == one
    look(other)
    found = next(s for s in queue() if other in (s.customer_id, s.other_id))
    levels = {part.field: part.level for part in found.agreements}
    assert (levels["email"], levels["claimed"]) == ("same", "email")


def test_the_queue_comes_in_pages_the_likeliest_first() -> None:
    for place in range(3):
        another(some_customer(place))
    identities.find_all(clock.now())
    whole = queue()
    assert [s.score for s in whole] == sorted((s.score for s in whole), reverse=True)
    with db.reading() as session:
        found, cursor = [], None
        while True:
            items, cursor = identities.queue(session, limit=1, cursor=cursor)
            found += items
            if cursor is None:
                break
    assert found == whole


def test_two_who_merge_the_same_pair_at_once_and_each_way_round_make_one_merge() -> None:
    first, second = two()
    actor = supervisor()
    outcomes: list[str] = []
    start = threading.Barrier(4)

    def act(into: UUID, gone: UUID) -> None:
        start.wait()
        try:
            with db.transaction() as session:
                identities.merge(session, gone, into, actor=actor, now=clock.now())
            outcomes.append("merged")
        except EvenhandError as refused:
            outcomes.append(refused.code)

    threads = [threading.Thread(target=act, args=pair) for pair in [(first, second), (second, first)] * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["conflict", "conflict", "conflict", "merged"]
    with db.reading() as session:
        assert profiles.resolve(session, first) == profiles.resolve(session, second)


def test_acts_that_race_with_a_merge_count_or_are_refused_and_leave_nothing_behind() -> None:
    first, second = two()
    actor = supervisor()
    start = threading.Barrier(5)
    outcomes: list[str] = []

    def act(nth: int) -> None:
        start.wait()
        for turn in range(6):
            try:
                with db.transaction() as session:
                    there = profiles.resolve(session, second)
                    if nth % 2:
                        profiles.learn(session, there, count={"calls": 1}, now=clock.now())
                    record_call(there, session)
                outcomes.append("done")
            except EvenhandError as refused:
                outcomes.append(refused.code)
            if nth == 0 and turn == 2:
                with db.transaction() as session:
                    identities.merge(session, second, first, actor=actor, now=clock.now())

    def record_call(customer_id: UUID, session: Any) -> None:
        from backend.interactions import service as interactions

        interactions.record(session, customer_id, "call.missed", "phone", actor, {}, clock.now())

    failed: list[BaseException] = []

    def run(nth: int) -> None:
        try:
            act(nth)
        except BaseException as failure:
            failed.append(failure)

    threads = [threading.Thread(target=run, args=(nth,)) for nth in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [failure for failure in failed if not isinstance(failure, EvenhandError)] == []
    rest = held(second)
    assert {name: rows for name, rows in rest.items() if rows} == {}
    with db.reading() as session:
        from backend.interactions import service as interactions

        missed = interactions.timeline(session, first, kinds=("call.missed",), limit=100).items
    assert len(missed) == outcomes.count("done")
