"""E-mail in and out over a real SMTP server: answers go out and come back into their case, machines open nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from backend import db
from backend.cases import service as cases
from backend.cases.types import Message
from backend.casework import service as casework
from backend.interactions import service as interactions
from backend.mail import service as mail
from backend.mail.posting import SENT
from backend.mail.service import Received
from backend.mailroom import service as mailroom
from backend.settings import SmtpServer
from shared.kernel import clock
from shared.kernel.errors import Invalid, Unavailable
from tests.casework import MONDAY, later, opened, pack, staff, standing
from tests.made_customers import JOSE, MARIA, two_customers
from tests.mailing import OURS, Post, come_in, free_port, letter, mail_server, publish_pack, send_all, sending

HERS = "maria@example.com"
HIS = "jose@example.com"


@pytest.fixture(autouse=True)
def both(database: str) -> Iterator[None]:
    two_customers()
    publish_pack()
    with sending():
        yield


@pytest.fixture
def post() -> Iterator[Post]:
    with mail_server() as found:
        yield found


def answer(case_id: UUID, text: str = "We look at it today.", files: tuple[UUID, ...] = ()) -> Message:
    kim = staff()
    with db.transaction() as session:
        mailroom.enclose(session, MARIA, case_id, files)
        return cases.reply(
            session, MARIA, case_id, text, channel="portal", pack=pack(), seen=None, actor=kim, now=later(1)
        )


def written(case_id: UUID, *, notes: bool = False) -> list[tuple[str, str]]:
    with db.reading() as session:
        return [(one.kind, one.text) for one in cases.messages(session, MARIA, case_id, notes=notes)]


def sent(case_id: UUID) -> list[tuple[str, str]]:
    with db.reading() as session:
        return [(one.state, one.why) for one in mail.sent_about(session, MARIA, [case_id])]


def kinds() -> list[str]:
    with db.reading() as session:
        return [event.kind for event in interactions.timeline(session, MARIA, limit=100).items]


def case_id_of(found: Received) -> UUID:
    assert found.case_id is not None, found
    return found.case_id


def test_a_customers_mail_opens_a_case_and_the_answer_reaches_them_and_theirs_comes_back_into_it(
    post: Post, tmp_path: Path
) -> None:
    first = come_in(tmp_path, letter(f"María <{HERS}>", "Re: My line is dead", "It is silent.\n\nMaría"), MONDAY)
    case_id = case_id_of(first)
    assert written(case_id) == [("customer", "It is silent.\n\nMaría")]
    assert standing_status(case_id) == "new"
    answer(case_id)
    assert sent(case_id) == [("queued", "")]
    assert send_all(post.server, tmp_path) == 1
    assert sent(case_id) == [("sent", "")]
    got = post.mails[0]
    assert post.recipients == [HERS]
    assert got["In-Reply-To"] == first.message_name
    assert "We look at it today." in post.text()
    assert "<p>We look at it today.</p>" in got.get_body(("html",)).get_content()
    back = letter(
        HERS,
        f"Re: {got['Subject']}",
        "Thanks!\n\nOn Monday Kim wrote:\n> We look at it today.",
        In_Reply_To=got["Message-ID"],
    )
    second = come_in(tmp_path, back, later(2))
    assert second.case_id == case_id
    assert written(case_id)[-1] == ("customer", "Thanks!")
    assert "We look at it today." in second.quoted
    assert standing_status(case_id) == "open"


def standing_status(case_id: UUID) -> str:
    with db.reading() as session:
        return cases.work_of(session, MARIA, case_id).status


def test_by_the_reference_in_the_subject_too_but_never_into_somebody_elses_case(tmp_path: Path) -> None:
    case = opened()
    reference = f"[{case.reference[:3]} {case.reference[3:]}]"
    assert come_in(tmp_path, letter(HERS, f"Re: The line {reference}"), later(1)).case_id == case.case_id
    his = come_in(tmp_path, letter(HIS, f"Re: The line {reference}"), later(1))
    assert (his.customer_id, his.case_id == case.case_id) == (JOSE, False)
    with db.reading() as session:
        notes = [one.text for one in cases.messages(session, JOSE, case_id_of(his), notes=True) if one.kind == "note"]
    assert notes == ["It answers something of another customer's, so it is a case of its own."]


def test_the_same_mail_counts_once(tmp_path: Path) -> None:
    made = letter(HERS)
    first, again = come_in(tmp_path, made, MONDAY), come_in(tmp_path, made, later(1))
    assert first == again
    assert len(written(case_id_of(first))) == 1


@pytest.mark.parametrize("status", ["pending", "resolved", "closed"])
def test_an_answer_opens_what_waited_or_was_resolved_and_a_closed_case_is_followed_by_another(
    status: str, tmp_path: Path
) -> None:
    case, kim = opened(), staff()
    with db.transaction() as session:
        if status == "pending":
            cases.pend(
                session, MARIA, case.case_id, on="customer", until=None, pack=pack(), seen=None, actor=kim, now=later(1)
            )
        else:
            cases.resolve(session, MARIA, case.case_id, outcome="", seen=None, actor=kim, now=later(1))
        if status == "closed":
            cases.close(session, MARIA, case.case_id, seen=None, actor=kim, now=later(2))
    found = come_in(tmp_path, letter(HERS, f"Re: [{case.reference[:3]} {case.reference[3:]}]"), later(3))
    if status == "closed":
        assert found.case_id != case.case_id
        with db.reading() as session:
            assert case.case_id in cases.linked(session, MARIA, case_id_of(found))
    else:
        assert found.case_id == case.case_id
        assert standing(case).status == {"pending": "open", "resolved": "reopened"}[status]


def test_mail_of_nobody_known_waits_for_somebody_to_say_whose_it_is(tmp_path: Path) -> None:
    made = letter("stranger@example.net", "Hello", "Who are you?")
    made.add_attachment(b"%PDF-1.7 x", maintype="application", subtype="pdf", filename="bill.pdf")
    found = come_in(tmp_path, made, MONDAY)
    assert (found.state, found.why, found.customer_id) == ("unrecognised", "nobody is known by this address", None)
    kim = staff()
    with db.transaction() as session:
        case = mailroom.take(session, found.mail_id, MARIA, home=tmp_path, actor=kim, now=later(1))
    assert written(case.case_id)[0] == ("customer", "Who are you?")
    with db.reading() as session:
        assert [one.name for one in cases.files_of(session, MARIA, case.case_id)] == ["bill.pdf"]
        assert mail.unrecognised(session) == ()


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"X_Autoreply": "yes"}, {"Return_Path": "<>"},
        {"X_Evenhand_Mail": "00"},
    ],
)  # fmt: skip
def test_machines_open_and_answer_nothing(headers: dict[str, str], tmp_path: Path) -> None:
    case = opened()
    subject = f"Out of office [{case.reference[:3]} {case.reference[3:]}]"
    found = come_in(tmp_path, letter(HERS, subject, **headers), later(1))
    assert (found.state, found.case_id) == ("automatic", None)
    assert written(case.case_id) == []


def test_our_own_mail_that_comes_back_to_us_goes_round_no_further(post: Post, tmp_path: Path) -> None:
    case_id = case_id_of(come_in(tmp_path, letter(HERS), MONDAY))
    answer(case_id)
    send_all(post.server, tmp_path)
    assert come_in(tmp_path, post.mails[0], later(2)).state == "automatic"
    assert come_in(tmp_path, letter(OURS), later(2)).state == "automatic"
    assert come_in(tmp_path, letter(HERS, "Away"), later(2), envelope_from="").state == "automatic"
    assert len(written(case_id)) == 2


def test_a_mail_that_comes_back_is_marked_and_opens_nothing(post: Post, tmp_path: Path) -> None:
    case_id = case_id_of(come_in(tmp_path, letter(HERS), MONDAY))
    answer(case_id)
    send_all(post.server, tmp_path)
    report = (
        "From: MAILER-DAEMON@example.com\nTo: x@evenhand.example\nSubject: Undelivered\nMessage-ID: <b1@example.com>\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n--b\nContent-Type: text/plain\n\nSorry.\n'
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; maria@example.com\n"
        "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 no such mailbox\n--b\nContent-Type: text/rfc822-headers\n\n"
        f"Message-ID: {post.mails[0]['Message-ID']}\n--b--\n"
    )
    delayed = report.replace("failed", "delayed").replace("b1@", "b0@").encode()
    assert come_in(tmp_path, delayed, later(2), envelope_from="").state == "automatic"
    assert sent(case_id) == [("sent", "")]
    assert come_in(tmp_path, report.encode(), later(3), envelope_from="").state == "automatic"
    assert sent(case_id) == [("refused", "550 no such mailbox")]
    assert "mail.refused" in kinds()
    assert len(written(case_id)) == 2


def test_a_server_that_is_down_loses_nothing_and_one_that_refuses_is_believed(tmp_path: Path) -> None:
    case_id = case_id_of(come_in(tmp_path, letter(HERS), MONDAY))
    answer(case_id)
    port = free_port()
    assert send_all(SmtpServer("127.0.0.1", port, user="u", password="p4ss"), tmp_path) == 0
    assert sent(case_id) == [("queued", "the mail server cannot be reached (ConnectionRefusedError)")]
    with mail_server(port) as post:
        assert send_all(post.server, tmp_path) == 1
        assert sent(case_id) == [("sent", "")]
        post.refuses[HERS] = "550 5.1.1 No such user"
        answer(case_id, "Once more.")
        send_all(post.server, tmp_path)
        post.refuses[HERS] = "450 4.2.0 Later"
        answer(case_id, "And again.")
        send_all(post.server, tmp_path)
    assert [state for state, _ in sent(case_id)] == ["sent", "refused", "queued"]
    assert "5.1.1 No such user" in sent(case_id)[1][1]


def test_the_files_that_were_chosen_go_along(post: Post, tmp_path: Path) -> None:
    made = letter(HERS)
    made.add_attachment(b"%PDF-1.7 x", maintype="application", subtype="pdf", filename="../bill.pdf")
    made.add_attachment(b"MZ\x00", maintype="application", subtype="x-msdownload", filename="setup.exe")
    made.add_attachment(b"<script>", maintype="image", subtype="png", filename="face.png")
    case_id = case_id_of(come_in(tmp_path, made, MONDAY))
    with db.reading() as session:
        files = cases.files_of(session, MARIA, case_id)
    assert [one.name for one in files] == ["bill.pdf"]
    note = written(case_id, notes=True)[-1][1]
    assert "setup.exe: Files of this kind are not taken" in note
    assert "face.png: This is no png file" in note
    answer(case_id, "Here it is.", (files[0].file_id,))
    send_all(post.server, tmp_path)
    [part] = post.mails[0].iter_attachments()
    assert (part.get_filename(), part.get_content()) == ("bill.pdf", b"%PDF-1.7 x")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff\xfe",
        b"From: maria@example.com\nSubject: =?utf-99?q?x?=\nContent-Type: text/plain; charset=nowhere\n\n\xff\xfe caf\xe9",
        b"From: maria@example.com\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/html\n\n<p>Hi<script>x</script>",
        b"From: maria@example.com\nContent-Transfer-Encoding: base64\n\n!!!notbase64",
        b"From: " + b"<" * 3000 + b"\nContent-Type: multipart/mixed\n\nno parts",
        b'From: maria@example.com\nContent-Type: application/pdf; name="\xff\xfe.pdf"\n\nx',
        b"From: a@b, maria@example.com\nMessage-ID: broken\nDate: never\nIn-Reply-To: <\xff>\n\n" + b"x" * 50_000,
    ],
)
def test_broken_mail_is_filed_or_waits_and_nothing_fails(raw: bytes, tmp_path: Path) -> None:
    assert come_in(tmp_path, raw, MONDAY).state in ("filed", "unrecognised")


def test_a_subject_begins_no_header(post: Post, tmp_path: Path) -> None:
    case_id = case_id_of(
        come_in(tmp_path, b"From: maria@example.com\nSubject: =?utf-8?q?Hi=0D=0ABcc:_all=40example.com?=\n\nx", MONDAY)
    )
    answer(case_id)
    send_all(post.server, tmp_path)
    assert post.mails[0]["Bcc"] is None
    assert post.recipients == [HERS]
    with db.transaction() as session:
        for to in ("a@b\nBcc: c@d", "a@b, c@d", "nobody", "a b@c"):
            with pytest.raises(Invalid):
                mail.post(session, customer_id=MARIA, to=to, subject="x", text="x", purpose="code", at=MONDAY)


def test_a_code_stands_nowhere_once_it_is_sent(post: Post, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "evenhand")
    with db.transaction() as session:
        mail.post(
            session,
            customer_id=MARIA,
            to=HERS,
            subject="Your code",
            text="It is 402913.",
            purpose="code",
            at=clock.now(),
        )
        assert [row["text"] for row in mail.export_customer(session, MARIA)["mail_sent"]] == [""]
    send_all(post.server, tmp_path)
    assert post.text().strip() == "It is 402913."
    with db.reading() as session:
        assert [row.text for row in session.execute(select(SENT.c.text))] == [""]
    assert "402913" not in caplog.text
    assert "mail.sent" not in kinds()


def test_where_no_server_is_set_nothing_is_written(tmp_path: Path) -> None:
    mail.set_up(False)
    case_id = case_id_of(come_in(tmp_path, letter(HERS), MONDAY))
    answer(case_id)
    assert sent(case_id) == []
    with db.transaction() as session, pytest.raises(Unavailable):
        mail.post(session, customer_id=MARIA, to=HERS, subject="x", text="x", purpose="code", at=MONDAY)


def test_very_many_mails_from_one_address_wait_for_a_person(tmp_path: Path) -> None:
    states = [come_in(tmp_path, letter(HERS, f"Number {n}"), MONDAY).state for n in range(32)]
    assert states == ["filed"] * 30 + ["unrecognised"] * 2


def test_html_mail_is_read_as_words_with_where_its_links_lead(tmp_path: Path) -> None:
    html = (
        "<html><head><style>p{}</style></head><body><p>Look &amp; <a href='https://evil.example/x'>your bank</a></p>"
        "<img src='https://track.example/p.png'><blockquote>old words</blockquote><script>alert(1)</script></body></html>"
    )
    made = letter(HERS)
    made.set_content(html, subtype="html")
    found = come_in(tmp_path, made, MONDAY)
    assert written(case_id_of(found)) == [("customer", "Look & your bank <https://evil.example/x>")]
    assert "old words" in found.quoted


def test_an_answer_that_solves_the_case_asks_how_it_was(post: Post, tmp_path: Path) -> None:
    case, kim = opened(), staff()
    for then, link in (("open", False), ("resolved", True)):
        with db.transaction() as session:
            casework.answer(
                session, MARIA, case.case_id, "It is mended.", then=then, wait_days=None, seen=None, channel="phone",
                actor=kim, now=later(1),
            )  # fmt: skip
        assert send_all(post.server, tmp_path) == 1
        assert (f"https://my.example/cases/{case.case_id}" in post.text()) == link
