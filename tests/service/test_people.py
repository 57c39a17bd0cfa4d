"""People: signing in, pauses after wrong tries, roles, API keys, the demo's sign-ins."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from argon2 import PasswordHasher
from sqlmodel import select

from backend import db
from backend.people import service as people
from backend.people.service import DEMO_PASSWORD, Permission
from backend.people.tables import ApiKeyRow, CredentialRow
from shared.kernel import ids
from shared.kernel.errors import Conflict, Invalid, NotFound, Unauthenticated

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CUSTOMER = ids.uuid7(NOW)


@pytest.fixture
def demo(database: str) -> str:
    with db.transaction() as session:
        people.create_demo_staff(session, NOW)
        people.give_demo_credentials(session, [CUSTOMER], NOW)
    return database


def test_staff_sign_in_with_their_email_however_it_is_written(demo: str) -> None:
    actor = people.sign_in_staff("  Agent1@Demo.Example ", DEMO_PASSWORD, NOW)
    assert (actor.kind, actor.name, actor.customer_id) == ("staff", "Avery Quinn", None)
    assert actor.may(Permission.DESK)
    assert not actor.may(Permission.PORTAL)
    with db.reading() as session:
        assert people.staff_actor(session, UUID(actor.id)) == actor


def test_a_customer_signs_in_to_the_portal_alone(demo: str) -> None:
    actor = people.sign_in_customer(CUSTOMER, DEMO_PASSWORD, NOW, "Kim Ode")
    assert (actor.kind, actor.customer_id, actor.name) == ("customer", CUSTOMER, "Kim Ode")
    assert actor.may(Permission.PORTAL)
    assert not actor.may(Permission.DESK)
    with db.reading() as session:
        assert people.customer_actor(session, CUSTOMER, "Kim Ode") == actor


def test_whatever_is_wrong_the_answer_is_the_same(demo: str) -> None:
    words = set()
    for email, password in (
        ("agent1@demo.example", "wrong"),
        ("nobody@demo.example", DEMO_PASSWORD),
        ("", ""),
    ):
        with pytest.raises(Unauthenticated) as caught:
            people.sign_in_staff(email, password, NOW)
        words.add(str(caught.value))
    for customer_id in (None, ids.uuid7(), CUSTOMER):
        with pytest.raises(Unauthenticated) as caught:
            people.sign_in_customer(customer_id, "wrong", NOW)
        words.add(str(caught.value))
    assert len(words) == 1


def test_an_unknown_name_costs_the_same_work(demo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    worked = []
    real = PasswordHasher.verify
    monkeypatch.setattr(PasswordHasher, "verify", lambda self, kept, given: worked.append(1) or real(self, kept, given))
    for email in ("agent1@demo.example", "nobody@demo.example"):
        with pytest.raises(Unauthenticated):
            people.sign_in_staff(email, "wrong", NOW)
    assert len(worked) == 2


def fail(times: int, now: datetime = NOW) -> None:
    for _ in range(times):
        with pytest.raises(Unauthenticated):
            people.sign_in_customer(CUSTOMER, "wrong", now)


def test_ten_wrong_tries_in_a_row_pause_a_sign_in_for_less_than_a_minute(demo: str) -> None:
    fail(10)
    with pytest.raises(Unauthenticated):
        people.sign_in_customer(CUSTOMER, DEMO_PASSWORD, NOW + timedelta(seconds=29))
    assert people.sign_in_customer(CUSTOMER, DEMO_PASSWORD, NOW + timedelta(seconds=30))


def test_tries_during_a_pause_do_not_prolong_it(demo: str) -> None:
    fail(10)
    fail(20, NOW + timedelta(seconds=15))
    assert people.sign_in_customer(CUSTOMER, DEMO_PASSWORD, NOW + timedelta(seconds=31))


def test_a_right_try_starts_the_count_anew(demo: str) -> None:
    for _ in range(3):
        fail(9)
        assert people.sign_in_customer(CUSTOMER, DEMO_PASSWORD, NOW)


def test_one_persons_wrong_tries_do_not_pause_another(demo: str) -> None:
    fail(10)
    assert people.sign_in_staff("agent1@demo.example", DEMO_PASSWORD, NOW)


def test_who_left_neither_signs_in_nor_stays(demo: str) -> None:
    actor = people.sign_in_staff("agent1@demo.example", DEMO_PASSWORD, NOW)
    with db.transaction() as session:
        session.connection().exec_driver_sql("UPDATE staff SET is_active = false WHERE email = 'agent1@demo.example'")
    with pytest.raises(Unauthenticated):
        people.sign_in_staff("agent1@demo.example", DEMO_PASSWORD, NOW)
    with db.reading() as session:
        assert people.staff_actor(session, UUID(actor.id)) is None


def test_the_demos_people_are_made_once_and_marked(demo: str) -> None:
    with db.transaction() as session:
        people.create_demo_staff(session, NOW)
        assert people.give_demo_credentials(session, [CUSTOMER, ids.uuid7()], NOW) == 1
    with db.reading() as session:
        rows = session.exec(select(CredentialRow)).all()
        assert people.demo_credentials_exist(session)
    assert (len(rows), all(row.is_demo for row in rows)) == (7, True)
    assert all(row.password_hash.startswith("$argon2id$") for row in rows)


def test_a_real_sign_in_is_no_demo_and_is_checked_when_made(database: str) -> None:
    with db.transaction() as session:
        people.create_staff(session, "Kim@Example.com", "Kim", "agent", "long enough", NOW)
    with db.reading() as session:
        assert not people.demo_credentials_exist(session)
    assert people.sign_in_staff("kim@example.com", "long enough", NOW).name == "Kim"
    for wrong in (
        ("b@example.com", "B", "emperor", "long enough"),
        ("b@example.com", "B", "customer", "long enough"),
        ("b@example.com", "B", "agent", "short"),
        ("b", "B", "agent", "long enough"),
    ):
        with pytest.raises(Invalid), db.transaction() as session:
            people.create_staff(session, *wrong, NOW)
    with pytest.raises(Conflict), db.transaction() as session:
        people.create_staff(session, "kim@example.com", "Kim", "agent", "long enough", NOW)


def test_only_the_digest_of_a_key_is_kept(database: str) -> None:
    with db.transaction() as session:
        key_id, key = people.create_key(session, ["events:write", "customers:read"], NOW)
    with db.reading() as session:
        row = session.exec(select(ApiKeyRow)).one()
        actor = people.key_actor(session, key)
    assert key.split("_", 2)[2] not in str(row)
    assert actor is not None
    assert (actor.kind, actor.id) == ("key", str(key_id))
    assert actor.permissions == {Permission.EVENTS_WRITE, Permission.SEARCH_CUSTOMERS, Permission.SEE_CUSTOMER}


@pytest.mark.parametrize("scopes", [[], ["everything"], ["all", "none"]])
def test_a_key_is_made_for_known_scopes_alone(database: str, scopes: list[str]) -> None:
    with pytest.raises(Invalid, match="Scopes are all, events:write"), db.transaction() as session:
        people.create_key(session, scopes, NOW)


def test_no_key_stands_at_the_desk_or_in_a_customers_place() -> None:
    for permissions in people.SCOPES.values():
        assert not permissions & {Permission.DESK, Permission.PORTAL}


def test_a_key_that_is_changed_or_revoked_is_nobodys(database: str) -> None:
    with db.transaction() as session:
        key_id, key = people.create_key(session, ["all"], NOW)
    other = f"eh_{ids.uuid7().hex}_{key.split('_', 2)[2]}"
    with db.reading() as session:
        for wrong in (key[:-1], key + "x", key.upper(), other, "", "eh__", "eh_zz_zz", key.replace("eh_", "xx_")):
            assert people.key_actor(session, wrong) is None
    with db.transaction() as session:
        people.revoke_key(session, key_id, NOW)
    with db.reading() as session:
        assert people.key_actor(session, key) is None
    with pytest.raises(NotFound), db.transaction() as session:
        people.revoke_key(session, ids.uuid7(), NOW)


def test_a_customers_sign_in_is_exported_without_its_secret_and_erased(demo: str) -> None:
    with db.transaction() as session:
        exported = people.export_customer(session, CUSTOMER)
        assert [row["is_demo"] for row in exported["credential"]] == [True]
        assert "password_hash" not in exported["credential"][0]
        assert "argon2" not in str(exported)
        people.erase_customer(session, CUSTOMER)
        assert people.export_customer(session, CUSTOMER) == {"credential": []}
    with pytest.raises(Unauthenticated):
        people.sign_in_customer(CUSTOMER, DEMO_PASSWORD, NOW)
