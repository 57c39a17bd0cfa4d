"""The mail server that takes what customers write: for our own address alone, nothing lost, nothing too large; SMTP and LMTP."""

from __future__ import annotations

import contextlib
import json
import smtplib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from backend import db, mailserver
from backend.cases import service as cases
from backend.mailroom import service as mailroom
from backend.profiles import service as profiles
from backend.settings import SettingsError, read
from shared.kernel.errors import Unavailable
from tests.apps import settings_for
from tests.cast import PORTAL_CUSTOMER
from tests.commands import run
from tests.made_customers import NOW, two_customers
from tests.mailing import OURS, TO, free_port, letter, publish_pack
from tests.service.test_mail import HERS

ELSE = "somebody@else.example"


@pytest.fixture
def company(database: str) -> str:
    """Two customers and the pack; the database's address."""
    two_customers()
    publish_pack()
    return database


@contextlib.contextmanager
def taking(url: str, home: Path, *, lmtp: bool = False, keeps_others: bool = False) -> Iterator[Any]:
    handler = mailserver.Handler(settings_for(url, home, EVENHAND_MAIL_FROM=OURS), keeps_others=keeps_others)
    port = free_port()
    server = mailserver.controller(handler, "127.0.0.1", port, lmtp=lmtp)
    server.start()
    try:
        with (smtplib.LMTP if lmtp else smtplib.SMTP)("127.0.0.1", port, timeout=30) as client:
            yield client
    finally:
        server.stop()


@pytest.mark.parametrize("lmtp", [False, True])
def test_mail_for_us_is_filed_and_all_else_refused(company: str, tmp_path: Path, lmtp: bool) -> None:
    with taking(company, tmp_path, lmtp=lmtp) as client:
        assert client.send_message(letter(HERS), HERS, [TO.replace("@", "+bills@")]) == {}
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.send_message(letter(HERS), HERS, [ELSE])
    assert mailroom.receive(letter(HERS).as_bytes(), home=tmp_path, mail_from=OURS, now=NOW).state == "filed"


def test_where_the_database_does_not_answer_the_sender_keeps_it(
    company: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise Unavailable("No database.")

    monkeypatch.setattr(mailroom, "receive", away)
    with taking(company, tmp_path) as client, pytest.raises(smtplib.SMTPDataError) as refused:
        client.send_message(letter(HERS), HERS, [TO])
    assert refused.value.smtp_code == 451


def test_thirty_megabytes_are_taken_without_the_file_and_more_is_refused_at_the_door(
    company: str, tmp_path: Path
) -> None:
    large = letter(HERS)
    large.add_attachment(b"%PDF-" + b"x" * 22 * 1024 * 1024, maintype="application", subtype="pdf", filename="all.pdf")
    with taking(company, tmp_path) as client:
        assert client.send_message(large, HERS, [TO]) == {}
        client.ehlo()
        code, _ = client.mail(HERS, [f"SIZE={mailroom.LARGEST + 1}"])
        assert code == 552
    assert not list((tmp_path / "attachments").rglob("*.pdf"))


def test_the_demos_server_keeps_what_is_for_others_in_its_mailbox(company: str, tmp_path: Path) -> None:
    with taking(company, tmp_path, keeps_others=True) as client:
        client.send_message(letter(OURS, "An answer"), TO, [ELSE])
    assert [(one.subject, one.to) for one in mailroom.read_box(tmp_path)] == [("An answer", TO)]
    assert mailroom.clean_box(tmp_path, [TO]) == 1
    assert mailroom.read_box(tmp_path) == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"EVENHAND_SMTP_URL": "http://x"},
        {"EVENHAND_SMTP_URL": "smtp://127.0.0.1"},
        {"EVENHAND_SMTP_URL": "smtp://u:s3cret@mail.example", "EVENHAND_MAIL_FROM": OURS},
        {"EVENHAND_SMTP_URL": "smtp://h:99999", "EVENHAND_MAIL_FROM": OURS},
        {"EVENHAND_SMTP_URL": "smtp://h?tls=1", "EVENHAND_MAIL_FROM": OURS},
        {"EVENHAND_MAIL_FROM": "nobody"},
    ],
)
def test_wrong_settings_stop_the_start_and_repeat_no_password(wrong: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        read({"EVENHAND_ENV": "test", "EVENHAND_HOME": str(tmp_path), **wrong})
    assert "s3cret" not in str(refused.value)


def test_the_settings_of_a_mail_server(tmp_path: Path) -> None:
    found = read({
        "EVENHAND_ENV": "test", "EVENHAND_HOME": str(tmp_path), "EVENHAND_MAIL_FROM": OURS,
        "EVENHAND_SMTP_URL": "smtp://us%40er:p%2Fw@mail.example?starttls=1",
    })  # fmt: skip
    assert found.smtp is not None
    assert (found.smtp.host, found.smtp.port, found.smtp.starttls, found.smtp.user, found.smtp.password) == (
        "mail.example", 587, True, "us@er", "p/w",
    )  # fmt: skip
    assert "p/w" not in repr(found)


def test_a_mail_is_handed_over_as_a_file_too(loaded_sqlite: str, tmp_path: Path) -> None:
    with db.reading() as session:
        customer_id = profiles.find_by_sign_in(session, PORTAL_CUSTOMER)
        assert customer_id is not None
        address = profiles.profile(session, customer_id).email
    assert address
    (tmp_path / "one.eml").write_bytes(letter(address, "By a pipe").as_bytes())
    done = run(loaded_sqlite, tmp_path, "mail", "--file", str(tmp_path / "one.eml"), "--json", EVENHAND_MAIL_FROM=OURS)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["state"] == "filed"
    with db.reading() as session:
        assert cases.case_of(session, customer_id, UUID(told["case_id"])).subject == "By a pipe"
    gone = run(loaded_sqlite, tmp_path, "mail", "--file", str(tmp_path / "none.eml"), EVENHAND_MAIL_FROM=OURS)
    assert (gone.returncode, "cannot be read" in gone.stderr) == (1, True)
