"""Reads a mail as it came over the wire: who wrote, what is new in it, what it answers. Whatever is broken in it. Pure."""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr
from uuid import UUID

from backend.mail.service import OURS, is_address, mails_named, one_line
from backend.mailroom.plain import text_of

MOST_PARTS = 200
LONGEST_SUBJECT, LONGEST_NAME = 200, 120
LONGEST_QUOTED = 20_000
_NAMES = re.compile(r"<[^<>\s]{1,400}>")
_REFERENCE = re.compile(r"\[([0-9A-Z]{3}) ?([0-9A-Z]{3})\]")
_AGAIN = re.compile(r"^(?:(?:re|aw|sv|rv|fwd?|wg|tr)(?:\[\d+\])?:\s*)+", re.IGNORECASE)
_WROTE = re.compile(
    r"^(?:on .{4,200} wrote:|am .{4,200} schrieb.{0,200}:|el .{4,200} escribió:|le .{4,200} a écrit\s?:"
    r"|-{2,}\s?(?:original message|ursprüngliche nachricht|mensaje original|forwarded message)\s?-{2,})$",
    re.IGNORECASE,
)
_FROM = re.compile(r"^(?:from|von|de):\s.{1,200}$", re.IGNORECASE)
_SENT = re.compile(r"^(?:sent|gesendet|enviado|date|datum|fecha):\s", re.IGNORECASE)
_RULE = re.compile(r"^[_-]{10,}$")
_DIAGNOSTIC = re.compile(r"^Diagnostic-Code:\s*(?:[\w-]+;\s*)?(.{1,300})$", re.IGNORECASE | re.MULTILINE)
_ACTION = re.compile(r"^Action:\s*(\w+)", re.IGNORECASE | re.MULTILINE)
_BULK = frozenset({"bulk", "junk", "list", "auto_reply"})


@dataclass(frozen=True, slots=True)
class Attached:
    """A file of the mail, by the name that its sender gave it."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as far as it concerns us. `automatic`: no person wrote it; says why. `bounced`: the mails of ours that came back."""

    name: str
    """Its Message-ID; empty where it has none."""
    sender: str
    """In small letters; empty where it names nobody."""
    sender_name: str
    subject: str
    text: str
    quoted: str
    reference: str
    """That of a case, from the subject."""
    thread: tuple[str, ...]
    """The Message-IDs before it, the one that it answers first."""
    files: tuple[Attached, ...]
    automatic: str
    bounced: tuple[UUID, ...]
    bounce_why: str
    doubtful: str
    """Why its sender may be somebody else; empty where nothing says so."""


def read(content: bytes, envelope_from: str | None = None) -> Letter:
    """The mail; raises nothing, whatever came. `envelope_from`: as the server before us was told, empty for a bounce."""
    mail = email.message_from_bytes(content, policy=default)
    assert isinstance(mail, EmailMessage)  # noqa: S101 (the policy makes such)
    sender_name, sender = parseaddr(_header(mail, "From"))
    sender = sender.strip().lower()
    subject = one_line(_header(mail, "Subject")).strip()
    plain, rich, files = _parts(mail)
    text, quoted = folded(plain if plain.strip() else text_of(rich))
    reports = _is_report(mail)
    raw = content.decode("utf-8", "replace")
    failed = reports and "failed" in {found.lower() for found in _ACTION.findall(raw)}
    diagnostic = _DIAGNOSTIC.search(raw)
    return Letter(
        name=next(iter(_NAMES.findall(_header(mail, "Message-ID"))), ""),
        sender=sender if is_address(sender) else "",
        sender_name=one_line(sender_name)[:LONGEST_NAME],
        subject=subject,
        text=text,
        quoted=quoted[:LONGEST_QUOTED],
        reference="".join(found.groups()) if (found := _REFERENCE.search(subject.upper())) else "",
        thread=_thread(mail),
        files=files,
        automatic=_automatic(mail, envelope_from, reports),
        bounced=tuple(dict.fromkeys(mails_named(raw))) if failed else (),
        bounce_why=one_line(diagnostic.group(1)).strip() if diagnostic else "it came back",
        doubtful="its sender's domain says that it is not from there" if _disowned(mail) else "",
    )


def new_subject(subject: str) -> str:
    """The subject of a new case: without what says that it answers something, and without another case's reference."""
    bare = " ".join(_AGAIN.sub("", re.sub(_REFERENCE, "", subject)).split())
    return bare[:LONGEST_SUBJECT] or "No subject"


def folded(text: str) -> tuple[str, str]:
    """What is new in the text, and what it repeats of earlier mails. Signatures stay with what is new."""
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    for place, line in enumerate(lines):
        # "On … wrote:" is broken over two lines by many programs.
        both = f"{line} {lines[place + 1]}" if place + 1 < len(lines) else line
        begins = _WROTE.match(line.strip()) or (
            line[:3].lower() in ("on ", "am ", "el ", "le ") and _WROTE.match(both.strip())
        )
        outlook = _FROM.match(line.strip()) and any(_SENT.match(one.strip()) for one in lines[place + 1 : place + 4])
        if begins or outlook:
            end = place
            while end and (_RULE.match(lines[end - 1].strip()) or not lines[end - 1].strip()):
                end -= 1
            return _tidy(lines[:end]), _tidy(lines[place:])
    new = [line for line in lines if not line.startswith(">")]
    return _tidy(new), _tidy([line for line in lines if line.startswith(">")])


def _tidy(lines: list[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip().replace("\x00", "")


def _header(mail: EmailMessage, name: str) -> str:
    """The header in words; the raw text where it cannot be read, nothing where that fails too."""
    try:
        return str(mail.get(name, ""))
    except Exception:  # the library raises all kinds of errors over broken headers
        raw = next((value for key, value in mail.raw_items() if key.lower() == name.lower()), "")
        return str(raw).encode("utf-8", "replace").decode("utf-8", "replace")


def _parts(mail: EmailMessage) -> tuple[str, str, tuple[Attached, ...]]:
    """The plain text, the HTML, and the files."""
    plain: list[str] = []
    rich: list[str] = []
    files: list[Attached] = []
    for number, part in enumerate(_leaves(mail)):
        if number >= MOST_PARTS:
            break
        kind, name = part.get_content_type(), _file_name(part)
        aside = part.get_content_disposition() == "attachment" or bool(name)
        if kind in ("text/plain", "text/html") and not aside:
            (plain if kind == "text/plain" else rich).append(_text(part))
        elif kind == "message/rfc822":
            inner = part.get_payload(0) if part.is_multipart() else None
            content = inner.as_bytes() if isinstance(inner, EmailMessage) else b""
            files.append(Attached(name or "message.txt", content))
        elif not kind.startswith("message/") and kind != "application/pgp-signature":
            held = part.get_payload(decode=True)
            if isinstance(held, bytes) and held:
                files.append(Attached(name or f"file.{part.get_content_subtype()}", held))
    return "\n".join(plain), "\n".join(rich), tuple(files)


def _leaves(mail: EmailMessage) -> Iterator[EmailMessage]:
    """Every part that holds something, without those of mails that are attached."""
    waiting = [mail]
    while waiting:
        part = waiting.pop(0)
        if part.is_multipart() and not part.get_content_type().startswith("message/"):
            waiting = [one for one in part.get_payload() if isinstance(one, EmailMessage)] + waiting
        else:
            yield part


def _file_name(part: EmailMessage) -> str:
    try:
        return one_line(part.get_filename() or "")
    except Exception:
        return "file"


def _text(part: EmailMessage) -> str:
    """The text in whatever character set it says; in a guess where there is no such, or it does not hold."""
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return str(content or "")
    for charset in (part.get_content_charset() or "utf-8", "utf-8", "cp1252"):
        try:
            return content.decode(charset)
        except (LookupError, UnicodeDecodeError, ValueError):
            continue
    return content.decode("utf-8", "replace")


def _thread(mail: EmailMessage) -> tuple[str, ...]:
    answered = _NAMES.findall(_header(mail, "In-Reply-To"))
    before = _NAMES.findall(_header(mail, "References"))
    return tuple(dict.fromkeys([*answered, *reversed(before)]))[:50]


def _is_report(mail: EmailMessage) -> bool:
    kind = _header(mail, "Content-Type").lower()
    return mail.get_content_type() == "multipart/report" and "delivery-status" in kind


def _automatic(mail: EmailMessage, envelope_from: str | None, reports: bool) -> str:
    """Why no person wrote it; empty where one did."""
    if reports:
        return "a report of delivery"
    if _header(mail, OURS):
        return "a mail of our own"
    if _header(mail, "Auto-Submitted").strip().lower() not in ("", "no"):
        return "an automatic answer"
    if _header(mail, "X-Autoreply") or _header(mail, "X-Autorespond"):
        return "an automatic answer"
    if _header(mail, "Precedence").strip().lower() in _BULK:
        return "mail to many"
    if envelope_from == "" or _header(mail, "Return-Path").strip() == "<>":
        return "a mail that asks for no answer"
    return ""


def _disowned(mail: EmailMessage) -> bool:
    """Whether the server before us found that the sender's domain disowns the mail."""
    found = mail.get_all("Authentication-Results") or []
    return any("dmarc=fail" in str(one).lower() for one in found)
