"""The demo's own mail server keeps what it is given in a folder instead of sending it on: a mailbox to look into."""

from __future__ import annotations

import email
import os
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

FOLDER = "mailbox"
MOST = 200


@dataclass(frozen=True, slots=True)
class Letterbox:
    """One mail in the box."""

    name: str
    at: datetime
    to: str
    subject: str
    text: str
    files: tuple[str, ...]


def sink_into(home: Path, content: bytes) -> None:
    """Keeps the mail; of very many the oldest go."""
    folder = home / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Its name says when it came: by names they are in their order.
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}.eml"
    pending = folder / f".{name}"
    with os.fdopen(os.open(pending, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
        handle.write(content)
    os.replace(pending, folder / name)
    for old in sorted(folder.glob("*.eml"))[:-MOST]:
        old.unlink(missing_ok=True)


def read_box(home: Path, most: int = 50) -> tuple[Letterbox, ...]:
    """What is in the box, the last first."""
    folder = home / FOLDER
    found = sorted(folder.glob("*.eml"), reverse=True)[:most] if folder.is_dir() else []
    return tuple(_letter(path) for path in found)


def clean_box(home: Path, words: Collection[str]) -> int:
    """Takes mail to these addresses out of the box; gives how many there were."""
    addresses, gone = {word.lower() for word in words if "@" in word}, 0
    folder = home / FOLDER
    for path in sorted(folder.glob("*.eml")) if addresses and folder.is_dir() else ():
        if _letter(path).to.lower() in addresses:
            path.unlink(missing_ok=True)
            gone += 1
    return gone


def _letter(path: Path) -> Letterbox:
    mail = email.message_from_bytes(path.read_bytes(), policy=default)
    assert isinstance(mail, EmailMessage)  # noqa: S101 (the policy makes such)
    body = mail.get_body(("plain",))
    at = datetime.strptime(path.name[:21], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
    files = tuple(part.get_filename() or "file" for part in mail.iter_attachments())
    text = body.get_content() if body is not None else ""
    return Letterbox(path.stem, at, str(mail.get("To", "")), str(mail.get("Subject", "")), text, files)
