"""The versions of the catalogue: which was in force from when to when, what each holds, how two differ, and the way back."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from backend import db
from backend.catalogue import publishing
from backend.catalogue.drafts import require
from backend.catalogue.tables import CatalogueVersionRow, ConfigurationRow, DraftRow
from backend.matrix.service import text_of
from backend.people.permissions import Permission
from backend.record import service as record
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict

_CATALOGUE = db.table_of(CatalogueVersionRow)
_CONFIGURATION = db.table_of(ConfigurationRow)
_DRAFT = db.table_of(DraftRow)
LONGEST_COMPARED = 6_000
"""Lines of a file."""
DIALS = Path("configuration") / "dials.toml"
"""Levers and bid prices in an export: beside the pack's files, since they are no part of the catalogue."""


@dataclass(frozen=True, slots=True)
class Spell:
    """A time in which one configuration was in force: until None, it still is. `back`: an earlier version came back."""

    configuration: int
    version: int
    since: datetime
    until: datetime | None
    by: str
    back: bool


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the catalogue. `name` and `draft_id` are those of the draft that it came of, if it came of one."""

    version: int
    state: Literal["in_force", "retired", "tried"]
    digest: str
    published_at: datetime
    published_by: str
    name: str | None
    draft_id: UUID | None
    made_by: str | None
    spells: tuple[Spell, ...]


def versions(session: Session) -> tuple[Version, ...]:
    """Every version, the newest first, with the times in which it was in force; those of experiments never were."""
    rows = session.execute(
        select(
            _CATALOGUE.c.version, _CATALOGUE.c.digest, _CATALOGUE.c.published_at, _CATALOGUE.c.published_by,
        ).order_by(_CATALOGUE.c.version.desc())
    ).all()  # fmt: skip
    drafted = {
        row.catalogue_version: row
        for row in session.execute(
            select(_DRAFT.c.catalogue_version, _DRAFT.c.draft_id, _DRAFT.c.name, _DRAFT.c.made_by)
            .where(_DRAFT.c.catalogue_version.is_not(None))
            .order_by(_DRAFT.c.draft_id.desc())
        )
    }
    history = spells(session)
    now_in_force = history[0].version if history else None
    found = []
    for row in rows:
        of = drafted.get(row.version)
        found.append(
            Version(
                row.version, _state(row.version, now_in_force, history), row.digest, row.published_at,
                row.published_by, of.name if of else None, of.draft_id if of else None, of.made_by if of else None,
                tuple(one for one in history if one.version == row.version),
            )
        )  # fmt: skip
    return tuple(found)


def _state(version: int, present: int | None, history: Sequence[Spell]) -> Literal["in_force", "retired", "tried"]:
    """`tried`: it was an experiment's alone, and never in force."""
    if version == present:
        return "in_force"
    return "retired" if any(one.version == version for one in history) else "tried"


def spells(session: Session) -> tuple[Spell, ...]:
    """What was in force when, the newest first; a change of levers or prices alone ends no spell."""
    rows = session.execute(
        select(
            _CONFIGURATION.c.version, _CONFIGURATION.c.catalogue_version, _CONFIGURATION.c.published_at,
            _CONFIGURATION.c.published_by,
        ).order_by(_CONFIGURATION.c.version)
    ).all()  # fmt: skip
    begun: list[Spell] = []
    highest = 0
    for row in rows:
        if begun and begun[-1].version == row.catalogue_version:
            continue
        back = row.catalogue_version <= highest
        highest = max(highest, row.catalogue_version)
        begun.append(Spell(row.version, row.catalogue_version, row.published_at, None, row.published_by, back))
    ends = [one.since for one in begun[1:]]
    closed = [
        Spell(o.configuration, o.version, o.since, end, o.by, o.back) for o, end in zip(begun, ends, strict=False)
    ]
    return tuple(reversed([*closed, *begun[len(closed) :]]))


def roll_back(session: Session, version: int, seen: int, actor: Actor, now: datetime) -> int:
    """Puts an earlier version in force at once, as one act on the record, and gives the new configuration.

    `seen` is the version that the actor saw in force. Raises NotFound, Forbidden, and Conflict where another is in force.
    """
    require(actor, Permission.APPROVE_CATALOGUE)
    publishing.hold(session)
    present = publishing.in_force(session).catalogue.version
    if present != seen:
        raise Conflict(f"Version {present} came in force meanwhile. Please look again.")
    if all(one.version != version for one in spells(session)):
        publishing.catalogue_of(session, version)
        raise Conflict(f"Version {version} was only ever tried in an experiment: put its draft before a second person.")
    configuration = publishing.put_in_force(session, version, actor, now)
    record.audit(
        session, actor=actor, action="catalogue.rolled_back", subject=f"catalogue:{version}", customer_id=None,
        payload={"from": present, "to": version, "configuration": configuration}, now=now,
    )  # fmt: skip
    return configuration


def difference(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What differs, file by file, as unified lines: "@@ … @@", " same", "-gone", "+new". Equal files are left out."""
    found = []
    for path in sorted(before.keys() | after.keys()):
        old, new = before.get(path, ""), after.get(path, "")
        if old != new or (path in before) != (path in after):
            found.append((path, _unified(old.splitlines(), new.splitlines())))
    return tuple(found)


def _unified(old: list[str], new: list[str]) -> tuple[str, ...]:
    if max(len(old), len(new)) > LONGEST_COMPARED:
        # Comparing takes the square of the length: of texts this long, all of the one and all of the other.
        return (f"@@ -1,{len(old)} +1,{len(new)} @@", *(f"-{line}" for line in old), *(f"+{line}" for line in new))
    return tuple(difflib.unified_diff(old, new, lineterm="", n=3))[2:]


def export_version(session: Session, folder: Path, version: int | None = None) -> Sequence[Path]:
    """Writes everything of a version, the one in force where none is named, as plain text; gives the files.

    Levers and bid prices are those in force. Read back by `evenhand catalogue publish`, it decides the same. Raises NotFound,
    and Conflict where the folder holds something already.
    """
    configuration = publishing.in_force(session)
    files = publishing.files_of(session, version or configuration.catalogue.version)
    if folder.exists() and any(folder.iterdir()):
        raise Conflict(f"{folder} is not empty: an export is written into a folder of its own.")
    dials = {"levers": dict(configuration.levers), "prices": dict(configuration.prices)}
    written = []
    for path, text in {**files, DIALS.as_posix(): _dials(dials)}.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        written.append(target)
    return written


def _dials(dials: Mapping[str, Mapping[str, float]]) -> str:
    head = "# Levers by treatment and bid prices by budget, as they were in force when this was written.\n\n"
    return head + "\n".join(f"[{name}]\n{text_of(values).strip()}\n" for name, values in dials.items())
