"""How a mail is written down for the wire: headers, plain text beside simple HTML, attachments. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from html import escape
from uuid import UUID

OURS = "X-Evenhand-Mail"
"""A header that all our own mails have: what comes back with it was never written by a customer."""
_LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")
_NAME = re.compile(r"<[0-9A-Z]*\.([0-9a-f]{32})@[^<>\s]{1,255}>")


def message_name(mail_id: UUID, reference: str, mail_from: str) -> str:
    """The Message-ID: it bears the reference of what it is about, and by its second part the mail is found again."""
    return f"<{reference.upper()}.{mail_id.hex}@{address_of(mail_from).rpartition('@')[2]}>"


def mails_named(text: str) -> list[UUID]:
    """The ids of our mails whose Message-IDs stand in the text, in their order."""
    return [UUID(found) for found in _NAME.findall(text)]


def address_of(mail_from: str) -> str:
    """The plain address, in small letters."""
    return parseaddr(mail_from)[1].lower()


def compose(
    *, mail_id: UUID, mail_from: str, to: str, subject: str, text: str, reference: str, thread: Iterable[str], automatic: bool,
    at: datetime, files: Iterable[tuple[str, str, bytes]] = (),
) -> EmailMessage:  # fmt: skip
    """The mail as it goes out. `files`: name, media type, content. `automatic`: nobody wrote it, so no machine should answer."""
    mail = EmailMessage(policy=SMTP)
    name, address = parseaddr(mail_from)
    user, _, domain = address.rpartition("@")
    mail["From"] = Address(name, user, domain)
    to_user, _, to_domain = to.rpartition("@")
    mail["To"] = Address("", to_user, to_domain)
    mail["Subject"] = subject
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = message_name(mail_id, reference, mail_from)
    before = list(thread)
    if before:
        mail["In-Reply-To"] = before[-1]
        mail["References"] = " ".join(before)
    mail[OURS] = mail_id.hex
    mail["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    if automatic:
        mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(text)
    mail.add_alternative(as_html(text, subject), subtype="html")
    for file_name, media_type, content in files:
        main, _, sub = media_type.partition("/")
        mail.add_attachment(content, maintype=main, subtype=sub or "octet-stream", filename=file_name)
    return mail


def as_html(text: str, title: str) -> str:
    """The same words as a page: paragraphs, line breaks and links; nothing is fetched from anywhere."""
    parts = "\n".join(f"<p>{_linked(part)}</p>" for part in re.split(r"\n\s*\n", text.strip()))
    return f'<!doctype html>\n<html><head><meta charset="utf-8"><title>{escape(title)}</title></head><body>\n{parts}\n</body></html>\n'


def _linked(text: str) -> str:
    out, last = [], 0
    for found in _LINK.finditer(text):
        address = escape(found.group(0), quote=True)
        out += [escape(text[last : found.start()]), f'<a href="{address}">{address}</a>']
        last = found.end()
    return "".join([*out, escape(text[last:])]).replace("\n", "<br>\n")
