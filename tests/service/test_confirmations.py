"""What was accepted by telephone is confirmed by e-mail, once, in the customer's own words; taken back, that is told too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from backend import db
from backend.interactions import service as interactions
from backend.mail import service as mail
from backend.mail.posting import SENT
from backend.mailroom import letters as letters_of
from backend.profiles import service as profiles
from backend.profiles.queries import CUSTOMER
from backend.treatments.disclosing import Told
from backend.treatments.service import Chosen, OfferLine, as_the_customer_reads_it
from shared.kernel import clock
from shared.kernel.errors import Conflict
from tests.fulfilling import leaving, open_shop, undo
from tests.mailing import mail_server, send_all, sending
from tests.representing import record, speak
from tests.small_company import ADA, NOW, answer, decide, offer_of, tell

HERS = "ada@example.com"


@pytest.fixture(autouse=True)
def shop(database: str) -> Iterator[None]:
    open_shop()
    set_ada(email=HERS)
    with sending():
        yield


def set_ada(**values: Any) -> None:
    with db.transaction() as session:
        session.execute(update(CUSTOMER).where(CUSTOMER.c.customer_id == ADA).values(**values))


def letters() -> list[tuple[str, str, str]]:
    with db.reading() as session:
        rows = session.execute(select(SENT.c.purpose, SENT.c.subject, SENT.c.text).order_by(SENT.c.mail_id))
        return [(row.purpose, row.subject, row.text) for row in rows]


def kinds() -> list[str]:
    with db.reading() as session:
        return [event.kind for event in interactions.timeline(session, ADA, limit=50).items]


def test_an_acceptance_by_telephone_is_confirmed_once_with_all_that_was_agreed(tmp_path: Path) -> None:
    offer = leaving()
    with pytest.raises(Conflict):
        answer(offer, "accepted", now=NOW)
    [(purpose, subject, text)] = letters()
    assert purpose == "confirmation"
    assert subject.startswith("Confirmed: ")
    assert "You accepted this by telephone on" in text
    assert "It is done." in text
    assert "You can change your mind until" in text
    assert "Your confirmation reference: " in text
    with mail_server() as post:
        assert send_all(post.server, tmp_path) == 1
        assert send_all(post.server, tmp_path) == 0
    assert post.recipients == [HERS]
    assert post.mails[0]["Auto-Submitted"] == "auto-generated"
    assert kinds().count("mail.sent") == 1


def test_taken_back_is_told_too(tmp_path: Path) -> None:
    undo(leaving())
    assert [(purpose, subject.split(":")[0]) for purpose, subject, _ in letters()] == [
        ("confirmation", "Confirmed"),
        ("undone", "Taken back"),
    ]


def test_in_their_language_where_we_have_it() -> None:
    set_ada(language="es-MX")
    leaving()
    [(_, subject, text)] = letters()
    assert subject.startswith("Confirmado: ")
    assert "Usted aceptó esto por teléfono" in text


def test_what_was_accepted_at_the_portal_is_confirmed_too() -> None:
    tell("leave", "leaving")
    answer(offer_of(decide(NOW), "loyalty"), "accepted", now=NOW, channel="portal")
    [(purpose, _, text)] = letters()
    assert purpose == "confirmation"
    assert "You accepted this on your pages" in text


def test_nobody_is_written_to_without_an_address() -> None:
    set_ada(email=None)
    leaving()
    assert letters() == []


def test_a_mail_follows_its_customer_into_a_merge_and_is_gone_with_them() -> None:
    leaving()
    with db.transaction() as session:
        assert len(mail.export_customer(session, ADA)["mail_sent"]) == 1
        [moved, _] = mail.move_customer(session, ADA, UUID(int=5))
        assert len(moved.keys) == 1
        kept = {"mail_sent": moved}
        mail.move_customer_back(session, ADA, UUID(int=5), kept, {})
        assert len(mail.export_customer(session, ADA)["mail_sent"]) == 1
        assert mail.erase_customer(session, ADA) == 1
    assert letters() == []


def test_mail_goes_when_its_time_is_over_and_never_what_is_on_its_way(tmp_path: Path) -> None:
    leaving()
    later = clock.now() + timedelta(days=1200)
    with db.transaction() as session:
        assert mail.count_old(session, later, [ADA]) == 0
    with mail_server() as post:
        send_all(post.server, tmp_path)
    with db.transaction() as session:
        assert mail.count_old(session, later, [ADA]) == 1
        assert mail.count_old(session, NOW - timedelta(days=1), [ADA]) == 0
        assert mail.remove_old(session, later, [ADA], 10) == 1
    assert letters() == []


def test_whoever_accepted_in_their_place_is_named() -> None:
    tell("leave", "leaving")
    offer = offer_of(decide(NOW), "loyalty")
    speak(record(name="Rosa Marín", may_act=True))
    answer(offer, "accepted", now=NOW)
    [(_, _, text)] = letters()
    assert "Rosa Marín accepted this for you by telephone on" in text
    assert "What was agreed for you: " in text


def test_what_was_read_out_and_what_was_chosen_is_printed_word_for_word() -> None:
    with db.reading() as session:
        profile = profiles.profile(session, ADA)
    told = Told("tie", "1", "What binds you", "You stay twelve months.", NOW.isoformat(), 4.0, "Kim")
    chosen = Chosen("when", "slot", "When shall we come?", "", "Tuesday 24 November, 08:00 to 10:00")
    line = replace(treatments_line(), disclosed=(told,), chosen=(chosen,))
    _, text = letters_of.confirmation(profile, line, NOW)
    assert "What you chose:\n- When shall we come? Tuesday 24 November, 08:00 to 10:00" in text
    assert "What you were told before you accepted:\n- What binds you. You stay twelve months." in text
    _, spanish = letters_of.confirmation(replace(profile, language="es"), line, NOW)
    assert "Lo que ha elegido:" in spanish


def treatments_line() -> OfferLine:
    offer = leaving()
    with db.reading() as session:
        return as_the_customer_reads_it(session, ADA, offer, NOW)
