"""Coming in by password: sessions as rows, devices that are known, and limits that shut nobody else out."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from backend import db
from backend.entering import service as entering
from backend.entering.service import Visitor
from backend.entering.tables import EntryTryRow
from backend.mail.posting import SENT
from backend.people import service as people
from backend.people.service import DEMO_PASSWORD
from backend.profiles import service as profiles
from shared.kernel.actors import Actor
from shared.kernel.errors import NotFound, Unauthenticated
from tests.made_customers import JOSE, MARIA, NOW, two_customers
from tests.mailing import sending

ADDRESS = "https://my.example"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"


@pytest.fixture
def there(database: str) -> str:
    two_customers()
    with db.transaction() as session:
        people.create_demo_staff(session, NOW)
        people.give_demo_credentials(session, [MARIA, JOSE], NOW)
    return database


def at(network: str = "192.0.2.1", mark: str = "hers") -> Visitor:
    return entering.visitor(network, mark, CHROME, b"k" * 32)


HOME, STRANGER = at(), at("198.51.100.9", "his")


def come_in(visitor: Visitor = HOME, now: datetime = NOW, who: str = "C100001") -> tuple[Actor, UUID]:
    actor = entering.sign_in_customer(who, DEMO_PASSWORD, visitor, now)
    with db.transaction() as session:
        return actor, entering.begin(session, actor, "password", visitor, ADDRESS, now)


def fail(times: int, visitor: Visitor = STRANGER, now: datetime = NOW, who: str = "C100001") -> None:
    for _ in range(times):
        with pytest.raises(Unauthenticated):
            entering.sign_in_customer(who, "wrong", visitor, now)


def is_in(actor: Actor, session_id: UUID, now: datetime = NOW) -> bool:
    with db.reading() as session:
        return entering.actor_of(session, UUID(actor.id), session_id, now) is not None


def test_whatever_is_wrong_the_answer_is_the_same_and_counts_the_same(there: str) -> None:
    words = set()
    for who in ("C100001", "C999999", "jose@example.com", "nobody@example.com", ""):
        fail(10, who=who)
        with pytest.raises(Unauthenticated) as caught:
            entering.sign_in_customer(who, DEMO_PASSWORD, STRANGER, NOW)
        words.add(str(caught.value))
    assert len(words) == 1


def test_a_stranger_who_tries_in_vain_shuts_out_neither_the_device_that_is_known_nor_another_network(
    there: str,
) -> None:
    come_in(HOME)
    fail(10)
    with pytest.raises(Unauthenticated):
        entering.sign_in_customer("C100001", DEMO_PASSWORD, STRANGER, NOW)
    assert come_in(HOME)
    assert come_in(at("203.0.113.5", "new"))
    assert come_in(STRANGER, NOW + timedelta(minutes=5))


def test_a_known_device_comes_in_beside_a_stranger_of_its_own_network_and_after_any_number_of_tries(there: str) -> None:
    come_in(HOME)
    for network in range(1, 13):
        fail(10, at(f"203.0.113.{network}", "many"))
    fail(10, at(HOME.network, "flatmate"))
    assert come_in(HOME)
    with pytest.raises(Unauthenticated):
        entering.sign_in_customer("C100001", DEMO_PASSWORD, at("203.0.113.99", "fresh"), NOW)
    assert come_in(at("203.0.113.99", "fresh"), NOW + timedelta(days=1))


def test_a_right_try_starts_the_count_anew(there: str) -> None:
    for _ in range(3):
        fail(9, HOME)
        assert come_in(HOME)


def test_what_is_counted_names_nobody(there: str) -> None:
    fail(1)
    with db.reading() as session:
        keys = session.execute(select(db.table_of(EntryTryRow).c.key)).scalars().all()
    assert len(keys) == 3
    assert all(len(key) == 64 and "100001" not in key for key in keys)


def test_staff_are_slowed_down_in_the_same_way(there: str) -> None:
    agent = "agent1@demo.example"
    assert entering.sign_in_staff(agent, DEMO_PASSWORD, HOME, NOW).kind == "staff"
    for _ in range(10):
        with pytest.raises(Unauthenticated):
            entering.sign_in_staff(f" {agent.upper()}", "wrong", STRANGER, NOW)
    with pytest.raises(Unauthenticated):
        entering.sign_in_staff(agent, DEMO_PASSWORD, STRANGER, NOW)
    assert entering.sign_in_staff(agent, DEMO_PASSWORD, HOME, NOW)


def test_sign_ins_are_listed_and_each_is_ended_by_its_customer_alone(there: str) -> None:
    actor, first = come_in(HOME)
    _, second = come_in(STRANGER)
    jose, _ = come_in(HOME, who="C100002")
    with db.reading() as session:
        listed = entering.signed_in(session, actor, first, NOW)
    assert [(one.session_id, one.is_this, one.words) for one in listed] == [
        (first, True, "Chrome on Windows"), (second, False, "Chrome on Windows"),
    ]  # fmt: skip
    with pytest.raises(NotFound), db.transaction() as session:
        entering.end(session, jose, second, NOW)
    with db.transaction() as session:
        entering.end(session, actor, second, NOW)
    assert (is_in(actor, first), is_in(actor, second)) == (True, False)
    fail(10, STRANGER)
    with pytest.raises(Unauthenticated):  # its device is a stranger's again
        entering.sign_in_customer("C100001", DEMO_PASSWORD, STRANGER, NOW)


def test_all_others_end_at_once_and_the_one_at_hand_goes_on(there: str) -> None:
    actor, mine = come_in(HOME)
    others = [come_in(at(f"203.0.113.{place}", str(place)))[1] for place in range(3)]
    with db.transaction() as session:
        assert entering.end_others(session, actor, mine, NOW) == 3
    assert [is_in(actor, one) for one in (mine, *others)] == [True, False, False, False]


def test_what_nobody_uses_is_over_and_what_is_used_goes_on(there: str) -> None:
    actor, mine = come_in(HOME)
    later = NOW + timedelta(minutes=50)
    with db.transaction() as session:
        entering.seen_now(session, UUID(actor.id), mine, later)
    assert is_in(actor, mine, later + timedelta(minutes=50))
    assert not is_in(actor, mine, later + timedelta(minutes=66))


def test_a_sign_in_on_a_new_device_is_told_to_the_customer_once(there: str) -> None:
    with sending():
        for visitor in (HOME, HOME, STRANGER):
            come_in(visitor)
    with db.reading() as session:
        told = session.execute(select(SENT.c.recipient, SENT.c.subject, SENT.c.text)).all()
    assert [row.recipient for row in told] == ["maria@example.com"] * 2
    assert "Chrome on Windows" in told[0].text
    assert f"{ADDRESS}/me/sign-in" in told[0].text
    assert "10:00" in told[0].text  # where she lives


def test_it_is_handed_over_and_erased_with_the_customer(there: str) -> None:
    come_in(HOME)
    come_in(HOME, who="C100002")
    with db.transaction() as session:
        held = entering.export_customer(session, MARIA)
        assert {name for name, rows in held.items() if len(rows) == 1} == {"portal_session", "known_device"}
        entering.erase_customer(session, MARIA)
        assert not any(entering.export_customer(session, MARIA).values())
        assert any(entering.export_customer(session, JOSE).values())


def test_what_is_old_is_forgotten(there: str) -> None:
    actor, mine = come_in(HOME)
    fail(1)
    assert entering.forget_old(NOW + timedelta(days=1)) == 0
    assert entering.forget_old(NOW + timedelta(days=3)) == 3
    assert entering.forget_old(NOW + timedelta(days=366)) == 2
    assert not is_in(actor, mine)
    with db.reading() as session:
        assert profiles.profile(session, MARIA).name == "María Dávila"
