"""Households and accounts: joined by events and by hand, left again, true of everyone in them, and following a merge."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from backend import db
from backend.catalogue import service as catalogues
from backend.identities import service as identities
from backend.ingest import service as ingest
from backend.interactions import service as interactions
from backend.oversight import service as oversight
from backend.overview import service as overview
from backend.people import service as people
from backend.profiles import service as profiles
from backend.record import service as record
from shared.kernel import clock
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import Conflict, Invalid, NotFound
from tests.architecture.test_tables import tables
from tests.cast import ADMIN

pytestmark = pytest.mark.usefixtures("loaded")
HOME, OTHER_HOME, FIRM = "home-1", "home-2", "acme"


@pytest.fixture
def three(loaded: str) -> tuple[UUID, ...]:
    with db.reading() as session:
        return tuple(one.id for one in profiles.search(session, limit=3).items)


def join(customer_id: UUID, key: str = HOME, kind: Any = "household", **more: Any) -> profiles.Joined:
    now = clock.now()
    told = {"name": "", "traits": {}, "source": "crm", "label": "Customer records", "since": now} | more
    with db.transaction() as session:
        return interactions.join_group(session, customer_id, key, kind=kind, actor=SYSTEM, now=now, **told)


def leave(customer_id: UUID, group_id: UUID) -> None:
    with db.transaction() as session:
        interactions.leave_group(session, customer_id, group_id, actor=SYSTEM, now=clock.now())


def follow_up() -> None:
    """What a worker does within a second."""
    record.run_due(clock.now() + timedelta(seconds=1), 100)


def facts(customer_id: UUID) -> tuple[int, int, bool]:
    now = clock.now()
    with db.reading() as session:
        seen = profiles.snapshot(profiles.profile(session, customer_id), now, catalogues.pack_in_force(session)).facts
    return int(seen["household_size"]), int(seen["accounts"]), bool(seen["household_in_complaint"])


def kinds(customer_id: UUID) -> list[str]:
    with db.reading() as session:
        return [event.kind for event in interactions.timeline(session, customer_id, limit=100).items]


def belongs(customer_id: UUID) -> dict[str, bool]:
    with db.reading() as session:
        found = profiles.memberships(session, customer_id)
    return {one.group.key: one.until is None for one in reversed(found)}


def test_who_joins_knows_at_once_and_the_others_within_a_turn_of_the_worker(three: tuple[UUID, ...]) -> None:
    one, two, _ = three
    join(one)
    assert facts(one) == (1, 0, False)
    join(two)
    assert facts(two) == (2, 0, False)
    assert facts(one) == (1, 0, False), "a transaction touches one customer"
    follow_up()
    assert facts(one) == (2, 0, False)
    assert kinds(one).count("group.joined") == 1


def test_a_complaint_of_one_is_a_fact_of_those_who_live_with_them_until_it_is_settled(three: tuple[UUID, ...]) -> None:
    one, two, three_ = three
    for each in (one, two):
        join(each)
    join(three_, FIRM, "business")
    follow_up()
    now = clock.now()
    with db.transaction() as session:
        profiles.learn(session, one, add={"open_complaints": 1}, now=now)
        interactions.record(session, one, "complaint.opened", "phone", SYSTEM, {"subject": "The bill"}, now)
    follow_up()
    assert [facts(each)[2] for each in three] == [False, True, False]
    with db.transaction() as session:
        profiles.learn(session, one, add={"open_complaints": -1}, now=now)
        interactions.record(session, one, "complaint.resolved", "phone", SYSTEM, {"subject": "The bill"}, now)
    follow_up()
    assert facts(two)[2] is False


def test_one_lives_in_one_household_and_may_have_several_accounts(three: tuple[UUID, ...]) -> None:
    one = three[0]
    first = join(one)
    join(one, FIRM, "business")
    join(one, "bill-7", "billing")
    moved = join(one, OTHER_HOME)
    assert moved.left is not None
    assert moved.left.group_id == first.group.group_id
    assert belongs(one) == {OTHER_HOME: True, HOME: False, FIRM: True, "bill-7": True}
    assert facts(one) == (1, 2, False)
    assert kinds(one)[:2].count("group.left") == 1


def test_the_same_told_again_changes_what_is_known_of_it_and_nothing_else(three: tuple[UUID, ...]) -> None:
    one = three[0]
    before = join(one, FIRM, None, name="Acme", traits={"industry": "steel"})
    told = kinds(one)
    after = join(one, FIRM, "billing", traits={"employees": 7})
    assert (after.new, after.group.group_id, after.group.kind) == (False, before.group.group_id, "billing")
    assert before.group.kind == "business"
    assert (after.group.name, after.group.traits) == ("Acme", {"industry": "steel", "employees": 7})
    assert kinds(one) == told


def test_late_tidings_of_an_earlier_home_do_not_undo_a_move(three: tuple[UUID, ...]) -> None:
    one = three[0]
    join(one, OTHER_HOME)
    join(one, HOME, since=clock.now() - timedelta(days=30))
    assert belongs(one) == {OTHER_HOME: True, HOME: False}


def test_who_leaves_is_out_and_the_others_hear_of_it(three: tuple[UUID, ...]) -> None:
    one, two, _ = three
    group = join(one).group
    join(two)
    follow_up()
    leave(one, group.group_id)
    assert facts(one) == (0, 0, False)
    follow_up()
    assert facts(two) == (1, 0, False)
    assert kinds(one)[0] == "group.left"
    with pytest.raises(Conflict):
        leave(one, group.group_id)
    with pytest.raises(NotFound):
        leave(three[2], group.group_id)
    join(one)
    assert belongs(one) == {HOME: True}, "they came back"


@pytest.mark.parametrize("wrong", [{"key": " "}, {"key": "k" * 300}, {"name": "n" * 300}, {"kind": "club"}])
def test_what_is_no_group_is_refused(three: tuple[UUID, ...], wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        join(three[0], **({"key": "k", "kind": None} | wrong))
    assert belongs(three[0]) == {}


def test_a_group_call_makes_the_account_and_the_membership_in_one_transaction() -> None:
    def send(**more: Any) -> ingest.Outcome:
        told = {"type": "group", "userId": "g-user", "groupId": "acme-9"} | more
        return ingest.take([told], "crm", clock.now())[0]

    assert send(traits={"name": "Acme", "industry": "steel", "kind": "billing"}, messageId="m1").taken
    assert send(traits={"name": "Acme", "industry": "steel", "kind": "billing"}, messageId="m1").known
    assert send(traits={"industry": "glass"}, messageId="m2").taken
    assert send(groupId="flat-3", traits={"type": "Household"}, messageId="m3").taken
    with db.reading() as session:
        whose = profiles.owner(session, "external", "g-user")
        assert whose is not None
        found = {one.group.key: one for one in profiles.memberships(session, whose)}
        events = interactions.timeline(session, whose).items
    assert (found["acme-9"].group.kind, found["acme-9"].group.name) == ("billing", "Acme")
    assert found["acme-9"].group.traits == {"industry": "glass"}
    assert found["flat-3"].group.kind == "household"
    assert facts(whose) == (1, 1, False)
    told = [interactions.in_words(event, "agent").title for event in events if event.kind == "group.joined"]
    assert told == ["Belongs to a household", "Belongs to “Acme”"]


def test_a_merge_brings_the_accounts_and_taking_it_back_gives_them_back(three: tuple[UUID, ...]) -> None:
    one, two, _ = three
    join(one)
    join(two)
    join(two, FIRM, "business")
    follow_up()
    with db.transaction() as session:
        merge_id = identities.merge(session, two, one, actor=SYSTEM, now=clock.now()).merge_id
    follow_up()
    assert belongs(one) == {HOME: True, FIRM: True}
    assert facts(one) == (1, 1, False), "two who were one live alone"
    with db.transaction() as session:
        identities.unmerge(session, merge_id, actor=SYSTEM, now=clock.now())
    follow_up()
    assert (belongs(one), belongs(two)) == ({HOME: True}, {HOME: True, FIRM: True})
    assert (facts(one), facts(two)) == ((2, 0, False), (2, 1, False))


def test_a_copy_names_the_groups_and_erasure_leaves_none_that_nobody_is_in(
    three: tuple[UUID, ...], tmp_path: Path
) -> None:
    one, two, _ = three
    join(one)
    join(two)
    join(one, "mine-alone", "billing", name="Rossi's account")
    follow_up()
    with db.reading() as session:
        known = people.find_staff(session, ADMIN)
        assert known is not None
        admin = people.staff_actor(session, known[0])
        assert isinstance(admin, Actor)
    with db.transaction() as session:
        held = profiles.export_customer(session, one)
    assert {row["key"] for row in held["customer_group"]} == {HOME, "mine-alone"}
    with db.transaction() as session:
        who = profiles.profile(session, one)
        assert oversight.subject_access(session, one, admin, clock.now()).tables["membership"]
    with db.transaction() as session:
        oversight.erase_customer(session, who.customer_id, admin, clock.now(), tmp_path)
    follow_up()
    with db.reading() as session:
        keys = set(session.execute(select(tables()["customer_group"].c.key)).scalars())
    assert HOME in keys
    assert "mine-alone" not in keys
    assert facts(two) == (1, 0, False)


def test_the_facts_are_right_again_when_a_day_begins(three: tuple[UUID, ...]) -> None:
    one, two, _ = three
    join(one)
    join(two)
    tomorrow = clock.now() + timedelta(days=1, hours=12)
    while overview.renew_due(tomorrow):
        pass
    assert facts(one) == (2, 0, False), "though no worker did the work that was left behind"
