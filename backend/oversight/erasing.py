"""Erasure: a customer is gone from every table, file and cache; what the law makes us keep is apart, with its ground and last day."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlmodel import Session

from backend import db, tidying
from backend.cases import service as cases
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.mail import service as mail
from backend.mailroom import service as mailroom
from backend.matrix.service import Pack
from backend.oversight.leaving import Named, collect, erase_rooms, mentions, named
from backend.oversight.tables import KeptRecordRow
from backend.profiles import service as profiles
from backend.record import service as record
from shared.kernel import ids
from shared.kernel.actors import Actor
from shared.kernel.errors import Forbidden, NotFound

FOLDERS = ("rejected", "exports")
"""Where under the home files may name customers: rows that no load took, and what was exported."""
KEPT = db.table_of(KeptRecordRow)
_DAYS = {"bill": "issued_on", "credit": "booked_at"}


@dataclass(frozen=True, slots=True)
class KeptLine:
    """What the law makes us keep: so many of what, on which ground, the last of it until that day."""

    of: str
    many: int
    ground: str
    until: date


@dataclass(frozen=True, slots=True)
class Erasure:
    customer_id: UUID
    rows: int
    """How many rows of all tables there were."""
    files: int
    """How many files were rewritten or removed."""
    kept: tuple[KeptLine, ...]


def would_keep(session: Session, customer_id: UUID) -> tuple[KeptLine, ...]:
    """What the law makes us keep of the customer, were they erased now. Raises NotFound."""
    who = named(session, customer_id)
    return _lines(_kept(collect(session, who), who, catalogues.pack_in_force(session), None))


def erase_customer(session: Session, customer_id: UUID, actor: Actor, now: datetime, home: Path) -> Erasure:
    """Erases the customer in the caller's transaction, and from the files of the home before it commits.

    An act that is being done with the customer is waited for; none begins meanwhile, and none finds them afterwards. Raises
    NotFound (Erased where they are gone already), and Forbidden for whoever may not.
    """
    if not actor.may("handle_privacy"):
        raise Forbidden("Erasing a customer is for those who handle such requests.")
    customer_id = profiles.resolve(session, customer_id)
    profiles.lock_out(session, customer_id)
    who = named(session, customer_id)
    attached = cases.export_customer(session, customer_id)["case_file"]
    letters = [str(row["place"]) for row in mail.export_customer(session, customer_id, who.words)["mail_received"]]
    rows, kept = _erase(session, who, actor, now)
    files = clean_files(home, who) + cases.remove_files(home, attached)
    files += mailroom.remove(home, letters) + mailroom.clean_box(home, who.words)
    return Erasure(customer_id, rows, files, kept)


def silent_visitors(session: Session, customer_ids: Collection[UUID], before: datetime) -> tuple[UUID, ...]:
    """Those of them of whom nothing is known but the device, and nothing was heard since then."""
    old = [one for one in customer_ids if one < ids.first_at(before)]
    found = profiles.anonymous(session, old)
    return tuple(sorted(found - interactions.heard_of_since(session, found, before))) if found else ()


def erase_visitor(session: Session, customer_id: UUID, before: datetime, actor: Actor, now: datetime) -> Named | None:
    """Erases a silent visitor and gives by what they were named; None for whoever is none by now, nothing of theirs is touched.

    From files nothing is taken: see `clean_files`.
    """
    try:
        profiles.lock_out(session, customer_id)
    except NotFound:
        return None
    if not silent_visitors(session, [customer_id], before):
        return None
    who = named(session, customer_id)
    _erase(session, who, actor, now)
    return who


def _erase(session: Session, who: Named, actor: Actor, now: datetime) -> tuple[int, tuple[KeptLine, ...]]:
    """How many rows there were, and what is kept."""
    customer_id, tables = who.customer_id, collect(session, who)
    kept = _kept(tables, who, catalogues.pack_in_force(session), now)
    if kept:
        session.execute(insert(KEPT), kept)
    erase_rooms(session, who, actor, now)
    lines = _lines(kept)
    told = [
        {"of": line.of, "many": line.many, "ground": line.ground, "until": line.until.isoformat()} for line in lines
    ]
    record.audit(
        session, actor=actor, action="customer.erasure", subject=f"customer:{customer_id}", customer_id=None,
        payload={"kept": told}, now=now,
    )  # fmt: skip
    # Pages that show them ask again, and are told that they are gone.
    record.changed(session, "profile", customer_id=customer_id, now=now)
    # Every process that remembers anything of them forgets it.
    record.changed(session, record.ERASED, customer_id=customer_id, private=True, now=now)
    session.flush()
    return sum(len(rows) for rows in tables.values()), lines


def sweep(now: datetime) -> int:
    """Clears the database's free pages of those who were erased since the last time; gives how many they were.

    What was deleted stays in a SQLite file, and in its log, until something else is written there. On PostgreSQL that is the
    work of its own vacuum. Opens its own transactions.
    """
    with db.reading() as session:
        waiting = profiles.unswept(session)
    if not waiting:
        return 0
    tidying.compact()
    with db.transaction() as session:
        profiles.note_swept(session, now, now)
    return waiting


def clean_files(home: Path, *whom: Named) -> int:
    """Takes the customers out of the files of the home; gives how many were rewritten or removed."""
    changed = 0
    for folder in FOLDERS:
        for path in sorted((home / folder).rglob("*")) if (home / folder).is_dir() else ():
            if path.is_file():
                changed += sum(_clean(path, who) for who in whom if path.exists()) > 0
    return changed


def _clean(path: Path, who: Named) -> bool:
    if any(word in path.name for word in who.words if len(word) > 4):
        path.unlink()
        return True
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        # A file that cannot be read line by line cannot be told to be free of them either.
        found = any(word.encode() in path.read_bytes() for word in (*who.words, *who.own_name))
        if found:
            path.unlink()
        return found
    kept = _without(text, who, is_csv=path.suffix == ".csv")
    if kept == text:
        return False
    pending = path.with_name(f".{path.name}.{os.getpid()}")
    pending.touch(mode=0o600)
    pending.write_text(kept, encoding="utf-8", newline="")
    os.replace(pending, path)
    return True


def _without(text: str, who: Named, *, is_csv: bool) -> str:
    if not is_csv:
        return "".join(line for line in text.splitlines(keepends=True) if not mentions(who, [line]))
    rows = list(csv.reader(io.StringIO(text, newline="")))
    others = [row for row in rows if not mentions(who, row)]
    if len(others) == len(rows):
        return text
    out = io.StringIO(newline="")
    csv.writer(out).writerows(others)
    return out.getvalue()


def _kept(
    tables: dict[str, list[dict[str, Any]]], who: Named, pack: Pack, now: datetime | None
) -> list[dict[str, Any]]:
    """The rows to be kept apart, by what the pack says of the law."""
    rows = []
    for rule in pack.kept:
        for row in tables.get(rule.of, ()):
            issued = row[_DAYS[rule.of]]
            day = issued.date() if isinstance(issued, datetime) else issued
            body = {key: value for key, value in row.items() if key not in ("customer_id", "usage")}
            rows.append({
                "record_id": ids.uuid7(now), "of": rule.of, "ground": rule.ground, "until": _after(day, rule.years),
                "name": who.name, "number": who.number, "body": json.loads(json.dumps(body, default=_plain)), "kept_at": now,
            })  # fmt: skip
    return rows


def _lines(kept: list[dict[str, Any]]) -> tuple[KeptLine, ...]:
    groups: dict[tuple[str, str], list[date]] = {}
    for row in kept:
        groups.setdefault((row["of"], row["ground"]), []).append(row["until"])
    return tuple(KeptLine(of, len(days), ground, max(days)) for (of, ground), days in groups.items())


def _after(day: date, years: int) -> date:
    """The last day of the year in which so many years have passed."""
    return date(day.year + years + 1, 1, 1) - timedelta(days=1)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)


def kept_records(session: Session, number: str) -> tuple[dict[str, Any], ...]:
    """What the law made us keep of somebody who was erased, found by the customer number that they had."""
    found = session.execute(select(KEPT).where(KEPT.c.number == number).order_by(KEPT.c.record_id))
    return tuple(dict(row._mapping) for row in found)
