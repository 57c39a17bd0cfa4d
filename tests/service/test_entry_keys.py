"""Authenticators: a second step, each code once, the secret sealed; and what no passkey of theirs ever answers."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID

import pyotp
import pytest
from sqlalchemy import select

from backend import db
from backend.entering import service as entering
from backend.entering.tables import AuthenticatorRow, PasskeyRow, RecoveryCodeRow
from backend.people import service as people
from backend.people.permissions import ROLES
from shared.kernel import ids
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid, NotFound, Unauthenticated
from tests.made_customers import JOSE, MARIA, NOW, two_customers
from tests.service.test_entering import HOME, STRANGER

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
HERS = Actor("customer", str(MARIA), "María Dávila", frozenset(ROLES["customer"]), MARIA)
HIS = Actor("customer", str(JOSE), "José O'Neil", frozenset(ROLES["customer"]), JOSE)
SITE = entering.site_at("https://my.example")


@pytest.fixture
def there(database: str) -> str:
    two_customers()
    with db.transaction() as session:
        people.give_demo_credentials(session, [MARIA, JOSE], NOW)
    return database


def set_up() -> tuple[pyotp.TOTP, tuple[str, ...]]:
    with db.transaction() as session:
        entering.authenticators.begin(session, HERS, KEY, NOW)
    with db.reading() as session:
        told = entering.authenticators.beginning(session, HERS, KEY)
    assert told is not None
    assert told.picture.startswith("<svg")
    assert "style" not in told.picture
    app = pyotp.TOTP(told.secret.replace(" ", ""))
    with pytest.raises(Invalid), db.transaction() as session:
        entering.authenticators.confirm(session, HERS, "000 00", KEY, NOW)
    with db.transaction() as session:
        return app, entering.authenticators.confirm(session, HERS, app.at(NOW), KEY, NOW)


def refused(typed: str, key: bytes = KEY, actor: Actor = HERS) -> bool:
    try:
        entering.second_step(actor, typed, HOME, key, NOW)
    except Unauthenticated:
        return True
    return False


def test_a_code_of_the_app_is_good_once_and_for_its_half_minute_alone(there: str) -> None:
    app, _ = set_up()
    assert refused(app.at(NOW))  # the one that set it up
    entering.second_step(HERS, app.at(NOW + timedelta(seconds=30)), HOME, KEY, NOW)
    assert refused(app.at(NOW + timedelta(seconds=30)))
    assert refused(app.at(NOW - timedelta(minutes=5)))
    assert refused("")
    with db.reading() as session:
        assert entering.authenticators.is_set(session, HERS)
        assert not entering.authenticators.is_set(session, HIS)
        assert entering.authenticators.beginning(session, HERS, KEY) is None
    with pytest.raises(Conflict), db.transaction() as session:
        entering.authenticators.begin(session, HERS, KEY, NOW)


def test_each_code_on_paper_is_good_once_however_it_is_written_and_for_nobody_else(there: str) -> None:
    _, codes = set_up()
    assert len(set(codes)) == 10
    assert refused(codes[0], actor=HIS)
    entering.second_step(HERS, codes[0].upper().replace("-", " "), HOME, KEY, NOW)
    assert refused(codes[0])
    with db.reading() as session:
        assert entering.authenticators.codes_left(session, HERS) == 9


def test_ten_wrong_codes_end_the_trying_for_a_stranger_and_not_for_a_known_device(there: str) -> None:
    app, _ = set_up()
    with db.transaction() as session:
        entering.begin(session, HERS, "password", HOME, "https://my.example", NOW)
    for _ in range(10):
        with pytest.raises(Unauthenticated):
            entering.second_step(HERS, "1", STRANGER, KEY, NOW)
    code = app.at(NOW + timedelta(seconds=30))
    with pytest.raises(Unauthenticated):
        entering.second_step(HERS, code, STRANGER, KEY, NOW)
    entering.second_step(HERS, code, HOME, KEY, NOW)


def test_neither_the_secret_nor_a_code_on_paper_can_be_read_from_the_database(there: str) -> None:
    app, codes = set_up()
    with db.reading() as session:
        kept = session.execute(select(db.table_of(AuthenticatorRow).c.secret)).scalar_one()
        hashes = session.execute(select(db.table_of(RecoveryCodeRow).c.code_hash)).scalars().all()
    assert app.secret not in kept
    assert not set(hashes) & {code.replace("-", "") for code in codes}
    assert refused(app.at(NOW + timedelta(seconds=30)), OTHER_KEY)
    with db.reading() as session:
        held = entering.export_customer(session, MARIA)
    assert [sorted(row) for row in held["authenticator"]] == [["begun_at", "last_step", "set_at", "subject_id"]]
    assert "code_hash" not in held["recovery_code"][0]


def test_what_is_removed_asks_for_nothing_more(there: str) -> None:
    set_up()
    with db.transaction() as session:
        entering.authenticators.remove(session, HERS, "https://my.example", NOW)
        assert not entering.authenticators.is_set(session, HERS)
        assert entering.authenticators.codes_left(session, HERS) == 0
    set_up()
    with db.transaction() as session:
        entering.erase_customer(session, MARIA)
        assert not any(entering.export_customer(session, MARIA).values())


def test_passkeys_are_made_for_a_name_and_never_for_a_number() -> None:
    assert (SITE.rp_id, SITE.origin) == ("my.example", "https://my.example")
    own = entering.site_at("http://127.0.0.1:8000")
    assert (own.rp_id, own.origin, own.host) == ("localhost", "http://localhost:8000", "localhost:8000")


@pytest.mark.parametrize(
    "answer",
    ["", "null", "[]", "{}", "x" * 30_000, '{"id": 1, "response": {"userHandle": 7}}']
    + [json.dumps({"id": "a", "rawId": "YQ", "type": "public-key", "response": {"userHandle": handle, "clientDataJSON": "e30", "authenticatorData": "AA", "signature": "AA", "attestationObject": "oA"}}) for handle in ("", "!!", "YQ", "AZAAAAAAcACAAAAAAAAAAQ")],
    ids=str,
)  # fmt: skip
def test_an_answer_that_no_honest_browser_gives_is_refused_in_the_same_words(there: str, answer: str) -> None:
    row = {
        "subject_id": MARIA, "passkey_id": ids.uuid7(NOW), "credential_id": "YQ", "public_key": "AA", "sign_count": 0, "name": "Phone",
        "added_at": NOW,
    }  # fmt: skip
    with db.transaction() as session:
        db.upsert(session, PasskeyRow, [row], key=("subject_id", "passkey_id"))
        asked = entering.passkeys.ask_to_sign_in(SITE)
        for challenge in (asked.challenge, ""):
            with pytest.raises(Unauthenticated, match="not known here"):
                entering.passkeys.sign_in(session, answer, challenge, SITE, NOW)
            with pytest.raises(Invalid):
                entering.passkeys.add(session, HERS, answer, challenge, SITE, "Phone", "https://my.example", NOW)


def test_a_passkey_is_named_and_removed_by_its_customer_alone(there: str) -> None:
    passkey_id = ids.uuid7(NOW)
    row = {
        "subject_id": MARIA, "passkey_id": passkey_id, "credential_id": "YQ", "public_key": "AA", "sign_count": 0, "name": "Phone",
        "added_at": NOW,
    }  # fmt: skip
    with db.transaction() as session:
        db.upsert(session, PasskeyRow, [row], key=("subject_id", "passkey_id"))
        assert "excludeCredentials" in entering.passkeys.ask_to_add(session, HERS, SITE).options
        entering.passkeys.rename(session, HERS, passkey_id, "  My   telephone ")
        with pytest.raises(Invalid):
            entering.passkeys.rename(session, HERS, passkey_id, " ")
        with pytest.raises(NotFound):
            entering.passkeys.remove(session, HIS, passkey_id)
        assert [one.name for one in entering.passkeys.passkeys(session, HERS)] == ["My telephone"]
        entering.passkeys.remove(session, HERS, passkey_id)
        assert entering.passkeys.passkeys(session, HERS) == ()
        with pytest.raises(NotFound):
            entering.passkeys.remove(session, HERS, UUID(int=1))
