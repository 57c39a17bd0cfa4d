"""Whoever is not signed in writes to us at the portal: it comes in as their mail would, and is answered by mail.

Nobody has checked that the address is theirs. So what names a customer's address waits, as mail from unknown senders does, until
a person says whose it is; whoever nobody knows by the address is entered as somebody new, with a case.
"""

from __future__ import annotations

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from uuid import uuid4

from backend import db
from backend.catalogue import service as catalogues
from backend.entering import service as entering
from backend.entering.service import Visitor
from backend.mail import service as mail
from backend.mailroom import waiting
from backend.mailroom.reading import read
from backend.mailroom.receiving import LONGEST_TEXT, open_for, owner_of, row_of
from backend.profiles import service as profiles
from shared.kernel.errors import Invalid, TooMany
from shared.kernel.languages import gettext

LONGEST_NAME = 100
SUBJECT = "Message from the contact page"
_NOTE = "Written at the portal's contact page by somebody who was not signed in. Nobody has checked the address."


def write_in(name: str, address: str, text: str, *, visitor: Visitor, home: Path, now: datetime) -> None:
    """Takes what they write. Raises Invalid, and TooMany from one network or address. Opens its own transaction."""
    name, address, text = " ".join(name.split())[:LONGEST_NAME], address.strip().lower(), text.strip()
    errors = {}
    if not address.isascii() or not mail.is_address(address):
        errors["email"] = gettext("Enter an e-mail address, like name@example.com.")
    if not text:
        errors["text"] = gettext("Write what we can do for you.")
    elif len(text) > LONGEST_TEXT:
        errors["text"] = gettext("Write %(most)s characters or fewer.", most=f"{LONGEST_TEXT:,}")
    if errors:
        raise Invalid(gettext("Please check this."), errors)
    content = _as_mail(name, address, text, now)
    letter = read(content, None)
    with db.transaction() as session:
        if not entering.may_ask(session, "contact", address, visitor, now):
            raise TooMany(gettext("Many messages came from you just now. Wait a quarter of an hour, or call us."))
        if owner_of(session, address) is not None:
            place = waiting.keep(home, content)
            row = row_of(letter, now, state="unrecognised", why=_NOTE, text=letter.text[:LONGEST_TEXT], place=place)
        else:
            pack = catalogues.pack_in_force(session)
            new = profiles.enter_prospect(session, name, {"email": address}, pack.timezone, pack.language, now)
            case, part_id = open_for(session, new, letter, pack, home, now, _NOTE)
            row = row_of(letter, now, state="filed", why=_NOTE, customer_id=new, case_id=case.case_id, part_id=part_id)
        mail.keep(session, mail.key_of(letter.name, content), row)


def _as_mail(name: str, address: str, text: str, now: datetime) -> bytes:
    made = EmailMessage(policy=SMTP)
    user, _, domain = address.rpartition("@")
    made["From"] = Address(name, user, domain)
    made["Subject"] = SUBJECT
    made["Date"] = format_datetime(now)
    made["Message-ID"] = f"<{uuid4().hex}@contact.page>"
    made.set_content(text)
    return made.as_bytes()
