"""E-mail is written with the act that sends it, in the act's own transaction; a sender takes it from there."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlmodel import Session

from backend import db
from backend.mail.tables import MailSentRow
from backend.mail.types import CODES, Enclosure, Sent
from shared.kernel import ids
from shared.kernel.errors import Invalid, Unavailable

SENT = db.table_of(MailSentRow)
LONGEST_SUBJECT, LONGEST_TEXT, LONGEST_WHY = 300, 50_000, 300
_COLUMNS = tuple(
    SENT.c[name]
    for name in (
        "customer_id", "mail_id", "purpose", "about_id", "part_id", "recipient", "subject", "reference", "files", "state", "why",
        "created_at", "settled_at",
    )
)  # fmt: skip
_ADDRESS = re.compile(r"<?[^\s<>()\"',;:]+@[^\s<>()\"',;:]+>?")
_set_up = False
_texts_at = ""


def set_up(can_send: bool, texts_at: str = "") -> None:
    """Says for this process whether e-mail is sent at all: where no server is set, none is written either.

    `texts_at`: the domain at which a gateway makes a text message of what is sent to NUMBER@DOMAIN; empty for none.
    """
    global _set_up, _texts_at
    _set_up, _texts_at = can_send, texts_at if can_send else ""


def texts_are_sent() -> bool:
    """Whether text messages are sent here."""
    return bool(_texts_at)


def text_address(number: str) -> str:
    """Where the gateway takes what is to reach this telephone number; empty where no text messages are sent."""
    digits = "".join(c for c in number if c.isdigit())
    return f"{digits}@{_texts_at}" if _texts_at and digits else ""


def is_set_up() -> bool:
    """Whether e-mail is sent here."""
    return _set_up


def post(
    session: Session, *, customer_id: UUID, to: str, subject: str, text: str, purpose: str, at: datetime,
    about_id: UUID | None = None, part_id: UUID | None = None, once: str = "", reference: str = "",
    thread: Iterable[str] = (), files: Iterable[Enclosure] = (),
) -> UUID:  # fmt: skip
    """Leaves an e-mail to be sent after this transaction commits, and gives its id.

    `to` is a plain address. `once`: what was posted with the same words before is given as it is, and nothing is sent again.
    Of purpose "code" the text is in no log and on no record, and is erased as soon as it was sent or given up. Raises Invalid for
    what is no address or too long, and Unavailable where no e-mail is sent at all.
    """
    if not _set_up:
        raise Unavailable("No e-mail can be sent: no mail server is set.")
    if not is_address(to):
        raise Invalid("This is no e-mail address.", {"to": "an e-mail address"})
    subject = one_line(subject)[:LONGEST_SUBJECT]
    if len(text) > LONGEST_TEXT:
        raise Invalid(f"An e-mail holds {LONGEST_TEXT:,} characters.", {"text": f"at most {LONGEST_TEXT:,} characters"})
    mail_id = ids.uuid7()
    if once:
        known: UUID | None = session.execute(
            select(SENT.c.mail_id).where(SENT.c.customer_id == customer_id, SENT.c.once == once)
        ).scalar()
        if known is not None:
            return known
    session.execute(
        SENT.insert().values(
            customer_id=customer_id, mail_id=mail_id, purpose=purpose, about_id=about_id, part_id=part_id,
            once=once or mail_id.hex, recipient=to, subject=subject, text=text, reference=reference, thread=list(thread)[-20:],
            files=[asdict(file) for file in files], state="queued", why="", attempts=0, run_at=at, created_at=at,
        )
    )  # fmt: skip
    return mail_id


def is_address(text: str) -> bool:
    """Whether mail can be addressed to it: one mailbox, without anything that would begin another header."""
    name, _, domain = text.rpartition("@")
    return bool(name and domain) and len(text) <= 254 and text.isprintable() and not any(c in text for c in ' ,;<>"()')


def one_line(text: str) -> str:
    """The text without line breaks and control characters: nothing in it begins another header."""
    return "".join(c if c.isprintable() else " " for c in " ".join(text.split()))


def reason(why: str) -> str:
    """Why a mail was refused, in one line, without the addresses that mail servers repeat: who may see them is said elsewhere."""
    return _ADDRESS.sub("the address", one_line(why))[:LONGEST_WHY].strip()


def sent_about(session: Session, customer_id: UUID, about: Collection[UUID]) -> tuple[Sent, ...]:
    """What was sent to the customer about these cases or offers, oldest first."""
    asked = select(*_COLUMNS).where(SENT.c.customer_id == customer_id, SENT.c.about_id.in_(sorted(about)))
    return tuple(sent_from(row) for row in session.execute(asked.order_by(SENT.c.mail_id)))


def find_sent(session: Session, mail_ids: Collection[UUID]) -> tuple[Sent, ...]:
    """The mails of these ids, whosever they are, the last first: by them an answer says what it answers."""
    asked = select(*_COLUMNS).where(SENT.c.mail_id.in_(sorted(mail_ids)))
    return tuple(sent_from(row) for row in session.execute(asked.order_by(SENT.c.mail_id.desc())))


def bounced(session: Session, mail: Sent, why: str, now: datetime) -> bool:
    """The mail came back: it did not reach its recipient. Whether that is news."""
    mine = (SENT.c.customer_id == mail.customer_id, SENT.c.mail_id == mail.mail_id, SENT.c.state != "refused")
    values = {"state": "refused", "why": reason(why), "settled_at": now}
    return db.touched(session.execute(update(SENT).where(*mine).values(**values | _emptied(mail.purpose)))) == 1


def _emptied(purpose: str) -> dict[str, Any]:
    return {"text": ""} if purpose in CODES else {}


def sent_from(row: Any) -> Sent:
    files = tuple(Enclosure(**one) for one in row.files)
    plain: Mapping[str, Any] = row._mapping
    return Sent(**{name: plain[name] for name in Sent.__slots__ if name != "files"}, files=files)
