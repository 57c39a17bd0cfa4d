"""Drafts of the catalogue: the pack's text files, written by one or several people, until a second one approves them.

draft → checked → simulated → asked → approved → published; or withdrawn. Any change of a text leads back to draft, so that
what goes further is what was looked at. The tables' constraints hold this whoever races.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select, update
from sqlmodel import Session

from backend import db
from backend.catalogue import publishing
from backend.catalogue.tables import DraftEditorRow, DraftRow
from backend.matrix.service import PACK_FILE, Problem
from backend.people.permissions import Permission
from backend.record import service as record
from shared.kernel import ids
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound

State = Literal["draft", "checked", "simulated", "asked", "approved", "published", "withdrawn"]
OVER: frozenset[str] = frozenset({"published", "withdrawn"})
LONGEST_FILE = 256 * 1024
LONGEST_NAME = 80
MOST_FILES = 60

_DRAFT = db.table_of(DraftRow)
_EDITOR = db.table_of(DraftEditorRow)
_LATER = {
    "problems": None, "problem_count": None, "checked_at": None, "asked_by": None, "asked_at": None, "approved_by": None,
    "approved_by_id": None, "approved_at": None, "approved_digest": None, "effective_at": None,
}  # fmt: skip
"""What was found and said of a text, and no longer counts when the text is another."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as it is now. `revision` is the one that was seen; acts on it name it. `files` are texts by path."""

    draft_id: UUID
    name: str
    base_version: int
    state: State
    revision: int
    files: Mapping[str, str]
    digest: str
    made_by: str
    made_by_id: str
    made_at: datetime
    changed_by: str
    changed_at: datetime
    problems: tuple[Problem, ...] | None
    checked_at: datetime | None
    asked_by: str | None
    asked_at: datetime | None
    returned_by: str | None
    returned_words: str | None
    approved_by: str | None
    approved_by_id: str | None
    approved_at: datetime | None
    effective_at: datetime | None
    catalogue_version: int | None
    editors: frozenset[str]

    @property
    def over(self) -> bool:
        """Published or withdrawn: nothing changes it any more."""
        return self.state in OVER


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A draft in a list."""

    draft_id: UUID
    name: str
    state: State
    base_version: int
    made_by: str
    changed_by: str
    changed_at: datetime
    problem_count: int | None
    effective_at: datetime | None
    catalogue_version: int | None


def begin_draft(
    session: Session, name: str, actor: Actor, now: datetime, *, base: int | None = None, files: Mapping[str, str] | None = None
) -> UUID:  # fmt: skip
    """A new draft of the version `base`, the one in force where none is named, or of these files. Raises Invalid, NotFound."""
    require(actor, Permission.AUTHOR)
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise Invalid("A draft needs a name.", {"name": f"1 to {LONGEST_NAME} characters that say what changes"})
    base = publishing.in_force(session).catalogue.version if base is None else base
    texts = dict(publishing.files_of(session, base) if files is None else files)
    for path, text in texts.items():
        _fit(path, text)
    if len(texts) > MOST_FILES:
        raise Invalid(f"A draft has at most {MOST_FILES} files.")
    draft_id = ids.uuid7()
    stamp = {"made_by": actor.name, "made_by_id": actor.id, "made_at": now, "changed_by": actor.name, "changed_at": now}
    session.execute(
        _DRAFT.insert(),
        {"draft_id": draft_id, "name": name, "base_version": base, "state": "draft", "revision": 1, "files": texts}
        | {"digest": digest_of_files(texts)} | stamp,
    )  # fmt: skip
    edited_by(session, draft_id, actor)
    told(session, draft_id, "draft.made", actor, now, base=base, name=name)
    return draft_id


def draft(session: Session, draft_id: UUID) -> Draft:
    """The draft. Raises NotFound."""
    row = session.execute(select(_DRAFT).where(_DRAFT.c.draft_id == draft_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such draft.")
    editors = session.execute(select(_EDITOR.c.editor_id).where(_EDITOR.c.draft_id == draft_id)).scalars()
    given = {name: getattr(row, name) for name in Draft.__slots__ if name not in ("problems", "editors")}
    problems = None if row.problems is None else tuple(Problem(**one) for one in row.problems)
    return Draft(**given, problems=problems, editors=frozenset(editors))


def drafts(session: Session, limit: int = 100) -> tuple[DraftLine, ...]:
    """The drafts, those changed last first."""
    columns = [_DRAFT.c[name] for name in DraftLine.__slots__]
    rows = session.execute(select(*columns).order_by(_DRAFT.c.changed_at.desc(), _DRAFT.c.draft_id).limit(limit))
    return tuple(DraftLine(*row) for row in rows)


def save_file(session: Session, draft_id: UUID, path: str, text: str, seen: str, actor: Actor, now: datetime) -> Draft:
    """Writes a file of the draft; `seen` names the text that the writer began from, empty for a new file.

    Raises Conflict (`extra`: `theirs`, the text as it is, and its name `seen`) where someone else changed this very file, Invalid.
    """
    require(actor, Permission.AUTHOR)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    _fit(path, text)
    known = open_draft(session, draft_id)
    theirs = known.files.get(path)
    if (name_of(theirs) if theirs is not None else "") != seen and theirs != text:
        raise Conflict(
            f"{known.changed_by} changed {path} meanwhile. Yours is kept below, theirs beside it: nothing was saved.",
            theirs=theirs or "", seen=name_of(theirs) if theirs is not None else "",
        )  # fmt: skip
    if theirs is None and len(known.files) >= MOST_FILES:
        raise Invalid(f"A draft has at most {MOST_FILES} files.")
    return _write(session, known, {**known.files, path: text}, actor, now, path)


def remove_file(session: Session, draft_id: UUID, path: str, seen: str, actor: Actor, now: datetime) -> Draft:
    """Takes a file out of the draft. Raises NotFound, and Conflict where someone changed it since."""
    require(actor, Permission.AUTHOR)
    known = open_draft(session, draft_id)
    if path not in known.files:
        raise NotFound(f"The draft has no file {path}.")
    if name_of(known.files[path]) != seen:
        raise Conflict(f"{known.changed_by} changed {path} meanwhile. Please look again before you remove it.")
    return _write(session, known, {p: t for p, t in known.files.items() if p != path}, actor, now, path)


def replace_files(session: Session, draft_id: UUID, files: Mapping[str, str], actor: Actor, now: datetime) -> Draft:
    """Puts these files in the place of all that the draft had. Raises Invalid and Conflict."""
    require(actor, Permission.AUTHOR)
    for path, text in files.items():
        _fit(path, text)
    if len(files) > MOST_FILES:
        raise Invalid(f"A draft has at most {MOST_FILES} files.")
    return _write(session, open_draft(session, draft_id), dict(files), actor, now, "all files")


def _write(session: Session, known: Draft, files: dict[str, str], actor: Actor, now: datetime, what: str) -> Draft:
    if files == known.files:
        return known
    edited_by(session, known.draft_id, actor)
    change(
        session, known, now, actor, state="draft", files=files, digest=digest_of_files(files), changed_by=actor.name,
        changed_at=now, **_LATER,
    )  # fmt: skip
    told(session, known.draft_id, "draft.changed", actor, now, file=what, digest=digest_of_files(files))
    return draft(session, known.draft_id)


def open_draft(session: Session, draft_id: UUID, seen: int | None = None) -> Draft:
    """The draft, held until the transaction ends, where it may still change. `seen`: the revision that the asker saw.

    Raises NotFound, and Conflict where it is over or another than was seen.
    """
    session.execute(select(_DRAFT.c.draft_id).where(_DRAFT.c.draft_id == draft_id).with_for_update())
    known = draft(session, draft_id)
    if known.over:
        raise Conflict(f"This draft is {known.state}: nothing about it changes any more.")
    if seen is not None and seen != known.revision:
        raise Conflict(f"{known.changed_by} changed this draft meanwhile. Please look at it again.")
    return known


def change(session: Session, known: Draft, now: datetime, actor: Actor, **values: Any) -> None:
    """The guard of last resort: a draft changes only from the revision that was read."""
    done = session.execute(
        update(_DRAFT)
        .where(_DRAFT.c.draft_id == known.draft_id, _DRAFT.c.revision == known.revision)
        .values(revision=known.revision + 1, **values)
    )
    if db.touched(done) != 1:
        raise Conflict("Someone else changed this draft at the same moment. Please look again.")


def edited_by(session: Session, draft_id: UUID, actor: Actor) -> None:
    """Notes a hand in the draft: whoever has one may not approve it."""
    db.upsert(session, DraftEditorRow, [{"draft_id": draft_id, "editor_id": actor.id}], key=("draft_id", "editor_id"))


def told(session: Session, draft_id: UUID, action: str, actor: Actor, now: datetime, **payload: Any) -> None:
    """Puts the act on the record, and tells whoever watches."""
    record.audit(
        session, actor=actor, action=action, subject=f"draft:{draft_id}", customer_id=None, payload=payload, now=now
    )
    record.changed(session, "catalogue", subject=str(draft_id), now=now)


def require(actor: Actor, permission: Permission) -> None:
    """Raises Forbidden where the actor may not."""
    if not actor.may(permission):
        raise Forbidden("You do not have the right to do this.", permission=str(permission))


def digest_of_files(files: Mapping[str, str]) -> str:
    """Names the whole text of a draft."""
    return hashlib.sha256(json.dumps(dict(sorted(files.items()))).encode()).hexdigest()


def name_of(text: str) -> str:
    """Names one file's text."""
    return hashlib.sha256(text.encode()).hexdigest()


def _fit(path: str, text: str) -> None:
    if not PACK_FILE.fullmatch(path):
        raise Invalid(
            f"{path} is no name of a pack's file.", {"path": "like segments.toml or treatments/care.toml, in small letters"}
        )  # fmt: skip
    if len(text) > LONGEST_FILE:
        raise Invalid(
            f"{path} has {len(text):,} characters; at most {LONGEST_FILE:,} are taken.", {"text": "split it in two files"}
        )  # fmt: skip
    if "\x00" in text:
        raise Invalid(f"{path} holds a NUL, which no text has.", {"text": "remove the NUL"})
