"""People: who proves to be whom, roles, API keys, the demo's sign-ins."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from argon2 import PasswordHasher
from sqlmodel import select

from backend import db
from backend.people import service as people
from backend.people.service import DEMO_PASSWORD, Permission
from backend.people.tables import ApiKeyRow, CredentialRow
from shared.kernel import ids
from shared.kernel.errors import Conflict, Invalid, NotFound

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CUSTOMER = ids.uuid7(NOW)


@pytest.fixture
def demo(database: str) -> str:
    with db.transaction() as session:
        people.create_demo_staff(session, NOW)
        people.give_demo_credentials(session, [CUSTOMER], NOW)
    return database


def test_staff_sign_in_with_their_email_however_it_is_written(demo: str) -> None:
    actor = people.prove_staff("  Agent1@Demo.Example ", DEMO_PASSWORD)
    assert actor is not None
    assert (actor.kind, actor.name, actor.customer_id) == ("staff", "Avery Quinn", None)
    assert actor.may(Permission.DESK)
    assert not actor.may(Permission.PORTAL)
    with db.reading() as session:
        assert people.staff_actor(session, UUID(actor.id)) == actor


def test_a_customer_signs_in_to_the_portal_alone(demo: str) -> None:
    actor = people.prove_customer(CUSTOMER, DEMO_PASSWORD)
    assert actor is not None
    assert (actor.kind, actor.customer_id) == ("customer", CUSTOMER)
    assert actor.may(Permission.PORTAL)
    assert not actor.may(Permission.DESK)


def test_who_was_merged_goes_on_by_the_sign_in_of_before(demo: str) -> None:
    now_is = ids.uuid7(NOW)
    actor = people.prove_customer(now_is, DEMO_PASSWORD, (CUSTOMER,))
    assert actor is not None
    assert (actor.id, actor.customer_id) == (str(CUSTOMER), now_is)
    assert people.prove_customer(None, DEMO_PASSWORD, (CUSTOMER,)) is None


def test_an_unknown_name_costs_the_same_work(demo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    worked = []
    real = PasswordHasher.verify
    monkeypatch.setattr(PasswordHasher, "verify", lambda self, kept, given: worked.append(1) or real(self, kept, given))
    for email in ("agent1@demo.example", "nobody@demo.example", ""):
        assert people.prove_staff(email, "wrong") is None
    for customer_id in (None, ids.uuid7(), CUSTOMER):
        assert people.prove_customer(customer_id, "wrong") is None
    assert len(worked) == 6


def test_who_left_neither_signs_in_nor_stays(demo: str) -> None:
    actor = people.prove_staff("agent1@demo.example", DEMO_PASSWORD)
    with db.transaction() as session:
        session.connection().exec_driver_sql("UPDATE staff SET is_active = false WHERE email = 'agent1@demo.example'")
    assert people.prove_staff("agent1@demo.example", DEMO_PASSWORD) is None
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
    kim = people.prove_staff("kim@example.com", "long enough")
    assert kim is not None
    assert kim.name == "Kim"
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
    assert people.prove_customer(CUSTOMER, DEMO_PASSWORD) is None


def test_the_sign_in_of_before_a_merge_is_handed_over_and_erased_too(demo: str) -> None:
    now_is = ids.uuid7(NOW)
    with db.transaction() as session:
        assert people.export_customer(session, now_is)["credential"] == []
        assert len(people.export_customer(session, now_is, (CUSTOMER,))["credential"]) == 1
        people.erase_customer(session, now_is, (CUSTOMER,))
    assert people.prove_customer(now_is, DEMO_PASSWORD, (CUSTOMER,)) is None
