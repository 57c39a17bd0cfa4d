"""Files of cases: checked by what they are, not by what they are called; kept outside the database, under a hash of their content."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import secrets
import zipfile
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from pathlib import Path, PurePath
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlmodel import Session

from backend import db
from backend.cases.pieces import case_of, this
from backend.cases.tables import CaseFileRow
from backend.cases.types import File
from backend.cases.working import change, require_version
from shared.kernel import ids
from shared.kernel.actors import Actor
from shared.kernel.errors import Invalid, NotFound
from shared.kernel.languages import gettext

FOLDER = "attachments"
LONGEST_NAME = 120
MOST_FILES = 50
FILE = db.table_of(CaseFileRow)
_STARTS = {
    ".pdf": (b"%PDF-", "application/pdf"),
    ".png": (b"\x89PNG\r\n\x1a\n", "image/png"),
    ".jpg": (b"\xff\xd8\xff", "image/jpeg"),
    ".jpeg": (b"\xff\xd8\xff", "image/jpeg"),
    ".gif": (b"GIF8", "image/gif"),
    ".webp": (b"RIFF", "image/webp"),
}
_OFFICE = {
    ".docx": ("word/document.xml", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ".xlsx": ("xl/workbook.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ".odt": ("content.xml", "application/vnd.oasis.opendocument.text"),
}
_TEXT = {".txt": "text/plain", ".csv": "text/csv"}
KINDS = (*_STARTS, *_OFFICE, *_TEXT)
"""What may be attached: nothing that a browser or an office program would run."""


def media_type_of(name: str, content: bytes) -> str:
    """What the file is, where its name and its content agree. Raises Invalid where they do not, or it is of no kind that we take."""
    ending = PurePath(name).suffix.lower()
    fits = ""
    if ending in _STARTS:
        start, kind = _STARTS[ending]
        webp = ending != ".webp" or content[8:12] == b"WEBP"
        fits = kind if content.startswith(start) and webp else ""
    elif ending in _OFFICE:
        part, kind = _OFFICE[ending]
        fits = kind if _holds(content, part) else ""
    elif ending in _TEXT:
        fits = _TEXT[ending] if _is_text(content) else ""
    else:
        wanted = ", ".join(one.removeprefix(".") for one in KINDS)
        words = gettext("Files of this kind are not taken. Send one of %(kinds)s.", kinds=wanted)
        raise Invalid(words, {"file": words})
    if not fits:
        words = gettext("This is no %(kind)s file, whatever its name says.", kind=ending.removeprefix("."))
        raise Invalid(words, {"file": words})
    return fits


def attach(
    session: Session, customer_id: UUID, case_id: UUID, name: str, content: bytes, *, home: Path, most_megabytes: int,
    seen: int | None, actor: Actor, now: datetime, channel: str | None = None, message_id: UUID | None = None,
) -> File:  # fmt: skip
    """Keeps a file with the case; `channel` where the customer sent it, `message_id` where it came with words. Raises Invalid for one that is empty, too large, or not what it is called; Conflict."""
    case = case_of(session, customer_id, case_id)
    name = clean_name(name)
    if not content:
        raise Invalid(
            gettext("Choose a file that is not empty."), {"file": gettext("Choose a file that is not empty.")}
        )
    if len(content) > most_megabytes * 1024 * 1024:
        words = gettext("A file may have %(most)s MB.", most=most_megabytes)
        raise Invalid(words, {"file": words})
    kind = media_type_of(name, content)
    if len(files_of(session, customer_id, case_id)) >= MOST_FILES:
        words = gettext("A case holds %(most)s files.", most=MOST_FILES)
        raise Invalid(words, {"file": words})
    made = File(
        ids.uuid7(), case_id, name, kind, len(content), place_of(case_id, content), now, actor.name, channel, message_id
    )
    row = {
        "customer_id": customer_id, "case_id": case_id, "file_id": made.file_id, "name": name, "media_type": kind,
        "bytes": made.bytes, "digest": hashlib.sha256(content).hexdigest(), "place": made.place, "added_at": now,
        "added_by": actor.name, "channel": channel, "message_id": message_id,
    }  # fmt: skip
    session.execute(insert(FILE), row)
    if case.kind == "case":
        work = require_version(session, customer_id, case_id, seen)
        change(
            session, work, "case.attached", actor, now, {"unanswered": True} if channel else {}, {"file": name}, channel
        )
    # Before the row counts, its content stands: a file that no row names does less harm than a row without its file.
    _keep(home / FOLDER / made.place, content)
    return made


def files_of(session: Session, customer_id: UUID, case_id: UUID) -> tuple[File, ...]:
    """The case's files, oldest first."""
    rows = session.execute(select(FILE).where(*this(FILE, customer_id, case_id)).order_by(FILE.c.file_id))
    return tuple(_file(row) for row in rows)


def file_of(session: Session, customer_id: UUID, case_id: UUID, file_id: UUID) -> File:
    """Raises NotFound, for another customer's or another case's too."""
    row = session.execute(
        select(FILE).where(*this(FILE, customer_id, case_id), FILE.c.file_id == file_id)
    ).one_or_none()
    if row is None:
        raise NotFound(gettext("There is no such file."))
    return _file(row)


def copy_files(
    session: Session, customer_id: UUID, from_id: UUID, to_id: UUID, *, messages: Mapping[UUID, UUID], chosen: Collection[UUID],
    home: Path,
) -> int:  # fmt: skip
    """Files go along into another case: those of these messages (old to new), and those that were chosen. Gives how many.

    Each has a content of its own there, so that either case can go without the other. What is gone from the disk stays behind.
    """
    copied = 0
    for file in files_of(session, customer_id, from_id):
        if file.message_id not in messages and file.file_id not in chosen:
            continue
        try:
            content = content_of(home, file)
        except NotFound:
            continue
        place = place_of(to_id, content)
        row = {
            "customer_id": customer_id, "case_id": to_id, "file_id": ids.uuid7(), "name": file.name, "media_type": file.media_type,
            "bytes": file.bytes, "digest": hashlib.sha256(content).hexdigest(), "place": place, "added_at": file.added_at,
            "added_by": file.added_by, "channel": file.channel, "message_id": messages.get(file.message_id) if file.message_id else None,
        }  # fmt: skip
        session.execute(insert(FILE), row)
        _keep(home / FOLDER / place, content)
        copied += 1
    return copied


def content_of(home: Path, file: File) -> bytes:
    """What is in the file. Raises NotFound where it is gone from the disk."""
    try:
        return (home / FOLDER / file.place).read_bytes()
    except OSError:
        raise NotFound(gettext("This file is no longer there.")) from None


def remove_files(home: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """Takes the contents of these rows of `case_file` off the disk; gives how many there were."""
    removed = 0
    for place in {str(row["place"]) for row in rows}:
        with contextlib.suppress(FileNotFoundError):
            (home / FOLDER / place).unlink()
            removed += 1
    return removed


def place_of(case_id: UUID, content: bytes) -> str:
    """Where the content stands: by its hash, within its case, so that no other customer's file is ever the same one."""
    digest = hashlib.sha256(case_id.bytes + content).hexdigest()
    return f"{digest[:2]}/{digest}"


def clean_name(name: str) -> str:
    """The name without any path or control character; never empty. Raises Invalid for one that is too long."""
    base = name.replace("\\", "/").rpartition("/")[2]
    clean = "".join(c for c in base if c.isprintable() and c not in '"<>:|?*').strip(" .")
    if not clean:
        raise Invalid(gettext("Choose a file."), {"file": gettext("Choose a file.")})
    if len(clean) > LONGEST_NAME:
        words = gettext("Keep the file's name to %(most)s characters.", most=LONGEST_NAME)
        raise Invalid(words, {"file": words})
    return clean


def _keep(path: Path, content: bytes) -> None:
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    pending = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(pending, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(content)
    os.replace(pending, path)


def _holds(content: bytes, part: str) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            names = packed.namelist()
    except (zipfile.BadZipFile, ValueError, OSError):
        return False
    # Macros are programs.
    return part in names and not any(name.lower().endswith("vbaproject.bin") for name in names)


def _is_text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return "\x00" not in text


def _file(row: Any) -> File:
    return File(
        row.file_id,
        row.case_id,
        row.name,
        row.media_type,
        row.bytes,
        row.place,
        row.added_at,
        row.added_by,
        row.channel,
        row.message_id,
    )
