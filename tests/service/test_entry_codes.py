"""One-time codes: the first use, signing in without a password, a forgotten one; and nobody learns who has an account."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from backend import db
from backend.entering import service as entering
from backend.entering.tables import EntryCodeRow
from backend.mail.posting import SENT
from backend.people import service as people
from backend.people.service import DEMO_PASSWORD
from shared.kernel.errors import Conflict, Invalid, Unauthenticated
from tests.made_customers import JOSE, MARIA, NOW, two_customers
from tests.mailing import publish_pack, sending
from tests.service.test_entering import ADDRESS, HOME, STRANGER, at, come_in, is_in

CODE = db.table_of(EntryCodeRow)
NEW = "three plain words"


@pytest.fixture
def there(database: str) -> Iterator[str]:
    """María has a sign-in, José none yet."""
    publish_pack()
    two_customers()
    with db.transaction() as session:
        people.give_demo_credentials(session, [MARIA], NOW)
    with sending():
        yield database


def mails() -> list[tuple[str, str, str]]:
    with db.reading() as session:
        found = session.execute(select(SENT.c.recipient, SENT.c.subject, SENT.c.text).order_by(SENT.c.mail_id))
        return [tuple(row) for row in found]


def code_in_mail() -> str:
    found = re.search(r"\b\d{3} \d{3}\b", mails()[-1][2])
    assert found, mails()
    return found[0]


def claim(number: str = "C100002", fact: str = "birth", answer: str = "1 May 1980") -> UUID:
    return entering.ask_to_claim(number, fact, answer, HOME, ADDRESS, NOW)


def ask(purpose: str = "sign-in", who: str = "C100001") -> UUID:
    return entering.ask_for(purpose, who, HOME, ADDRESS, NOW)  # type: ignore[arg-type]


def test_an_account_is_claimed_by_number_fact_and_code_and_has_the_chosen_password(there: str) -> None:
    code_id = claim()
    assert [to for to, *_ in mails()] == ["jose@example.com"]
    read = entering.read_code(code_id, code_in_mail(), NOW)
    assert (read.right, read.purpose, read.actor) == (True, "claim", None)
    actor = entering.choose_password(code_id, NEW, ADDRESS, NOW)
    assert actor.customer_id == JOSE
    assert entering.sign_in_customer("C100002", NEW, HOME, NOW).customer_id == JOSE
    assert mails()[-1][1] == "Your password was changed"
    with pytest.raises(Conflict):
        entering.choose_password(code_id, NEW, ADDRESS, NOW)


@pytest.mark.parametrize(
    ("number", "fact", "answer"),
    [
        ("C100002", "birth", "2 May 1980"),
        ("C100002", "birth", ""),
        ("C100002", "last_bill", "20.15"),  # known, but not asked at the first use
        ("C999999", "birth", "1 May 1980"),
        ("jose@example.com", "birth", "1 May 1980"),
        ("", "nothing", ""),
    ],
)
def test_whoever_is_wrong_gets_a_code_that_nobody_knows_and_reads_the_same(
    there: str, number: str, fact: str, answer: str
) -> None:
    code_id = claim(number, fact, answer)
    assert mails() == []
    left = [entering.read_code(code_id, "123456", NOW).tries for _ in range(5)]
    assert left == [4, 3, 2, 1, 0]
    with pytest.raises(Conflict):
        entering.read_code(code_id, "123456", NOW)
    with pytest.raises(Conflict):
        entering.choose_password(code_id, NEW, ADDRESS, NOW)


def test_a_code_is_kept_as_a_hash_and_holds_ten_minutes_five_tries_and_once(there: str) -> None:
    code_id = ask()
    code = code_in_mail()
    with db.reading() as session:
        kept = session.execute(select(CODE)).one()
    assert not {code, code.replace(" ", "")} & {kept.salt, kept.code_hash, kept.token_hash}
    for late in (timedelta(minutes=10), timedelta(days=1)):
        with pytest.raises(Conflict):
            entering.read_code(code_id, code, NOW + late)
    with pytest.raises(Invalid):
        entering.read_code(code_id, " ", NOW)
    wrong = "000000" if not code.startswith("000") else "111111"
    assert [entering.read_code(code_id, wrong, NOW).tries for _ in range(4)] == [4, 3, 2, 1]
    read = entering.read_code(code_id, code, NOW)
    assert read.actor is not None
    assert read.actor.customer_id == MARIA
    with pytest.raises(Conflict):
        entering.read_code(code_id, code, NOW)


def test_a_link_signs_in_once_and_ends_the_code_beside_it(there: str) -> None:
    code_id = ask()
    found = re.search(rf"{ADDRESS}/sign-in/link/(\S+)", mails()[-1][2])
    assert found
    code = code_in_mail()
    for token, when in (("none", NOW), (found[1], NOW + timedelta(minutes=10))):
        with pytest.raises(Conflict), db.transaction() as session:
            entering.use_link(session, token, when)
    with db.transaction() as session:
        assert entering.use_link(session, found[1], NOW).customer_id == MARIA
    with pytest.raises(Conflict), db.transaction() as session:
        entering.use_link(session, found[1], NOW)
    with pytest.raises(Conflict):
        entering.read_code(code_id, code, NOW)


def test_who_forgot_the_password_chooses_another_and_all_who_were_signed_in_are_out(there: str) -> None:
    actor, before = come_in(STRANGER)
    code_id = ask("recovery", "maria@example.com")
    assert entering.read_code(code_id, code_in_mail(), NOW).right
    for weak in ("short", "aaaaaaaaaaaa", DEMO_PASSWORD, "x" * 201):
        with pytest.raises(Invalid):
            entering.choose_password(code_id, weak, ADDRESS, NOW)
    entering.choose_password(code_id, NEW, ADDRESS, NOW)
    assert not is_in(actor, before)
    with pytest.raises(Unauthenticated):
        entering.sign_in_customer("C100001", DEMO_PASSWORD, HOME, NOW)
    assert entering.sign_in_customer("C100001", NEW, HOME, NOW)
    with db.reading() as session:
        assert not people.demo_credentials_exist(session)


def test_who_has_no_account_yet_is_told_so_in_the_mail_alone(there: str) -> None:
    code_id = ask("recovery", "C100002")
    assert [(to, subject) for to, subject, _ in mails()] == [("jose@example.com", "Set up your account")]
    assert f"{ADDRESS}/first-use" in mails()[0][2]
    assert entering.read_code(code_id, "123456", NOW).tries == 4
    ask("sign-in", "nobody@example.com")
    assert len(mails()) == 1


def test_a_stranger_who_asks_again_and_again_neither_floods_a_mailbox_nor_keeps_a_known_device_from_its_code(
    there: str,
) -> None:
    come_in(HOME)
    for network in range(1, 9):
        for _ in range(6):
            entering.ask_for("sign-in", "maria@example.com", at(f"203.0.113.{network}", "his"), ADDRESS, NOW)
    sent = [subject for _, subject, _ in mails() if subject == "Sign in with this code"]
    assert len(sent) == 20
    assert entering.read_code(ask(), code_in_mail(), NOW).right
    assert len(mails()) == 22  # with the one about the new device


def test_codes_are_handed_over_without_what_they_prove_and_erased(there: str) -> None:
    ask()
    with db.transaction() as session:
        rows = entering.export_customer(session, MARIA)["entry_code"]
        assert len(rows) == 1
        assert not {"salt", "code_hash", "token_hash"} & set(rows[0])
        entering.erase_customer(session, MARIA)
        assert entering.export_customer(session, MARIA)["entry_code"] == []
    ask()
    assert entering.forget_old(NOW + timedelta(days=1, minutes=11)) == 1
