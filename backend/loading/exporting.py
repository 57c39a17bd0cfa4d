"""Customers as a CSV file in the words of a mapping: what the same mapping loads again gives equal profiles.

A cell of text that a spreadsheet would take for a formula (it begins with = + - @ or an apostrophe) gets an apostrophe before
it; loading through a mapping takes that one off again. Life cycle and segments stand behind, for whoever reads the file: they
follow from the rest, so no load takes them.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlmodel import Session

from backend import db
from backend.catalogue import service as catalogues
from backend.loading import converting
from backend.matrix import service as matrix
from backend.matrix.service import Column, FileMapping, Pack
from backend.profiles import service as profiles
from backend.profiles.service import Details
from backend.record import service as record
from shared.kernel import clock
from shared.kernel.actors import SYSTEM
from shared.kernel.errors import Invalid

CHUNK = 500
DERIVED = ("life_cycle", "segments")
BAR = "|"
Progress = Callable[[str, int, int], None]


def export_customers(
    name: str,
    target: Path,
    *,
    mapping: str = "customers",
    now: datetime | None = None,
    progress: Progress | None = None,
) -> int:
    """Writes every customer and gives how many; the file is there once it is whole, readable by its owner alone.

    The export is in the audit trail. Raises NotFound for an unknown pack or mapping, PackError for one that is wrong, Invalid
    for a mapping of something else than customers, or a target that cannot be written.
    """
    at = now or clock.now()
    folder = matrix.folder_of(name)
    text, how = matrix.read_mapping(mapping, folder)
    if problems := matrix.check_mapping(Path(mapping).name, text, matrix.load_pack(folder)):
        raise Invalid(f"The mapping is not in order: {'; '.join(map(str, problems[:5]))}.")
    if how.part not in ("customers", "attributes"):
        raise Invalid(f"The mapping {mapping} is of {how.part}; customers are exported by one of customers.")
    begun = target.with_name(f".{target.name}.part")
    try:
        with open(begun, "w", encoding=how.encoding, newline="", opener=_own) as out:
            written = _write(csv.writer(out, delimiter=how.delimiter or ","), how, at, target.name, progress)
        os.replace(begun, target)
    except (OSError, UnicodeEncodeError) as e:
        why = f"{how.encoding} has no {e.object[e.start]!r}" if isinstance(e, UnicodeEncodeError) else e.strerror or e
        raise Invalid(f"{target} cannot be written: {why}.") from None
    finally:
        begun.unlink(missing_ok=True)
    with db.transaction() as session:
        record.audit(
            session, actor=SYSTEM, action="customers.exported", subject=f"file:{target.name}", customer_id=None,
            payload={"customers": written, "mapping": how.source, "columns": list(_header(how))}, now=at,
        )  # fmt: skip
    return written


def _own(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _header(how: FileMapping) -> tuple[str, ...]:
    named = tuple(header for column in how.column for header in column.headers)
    return (*named, *(name for name in DERIVED if name not in named))


def _write(out: Any, how: FileMapping, at: datetime, name: str, progress: Progress | None) -> int:
    header = _header(how)
    derived = header[len(header) - sum(name in header[-2:] for name in DERIVED) :]
    out.writerow(header)
    written = 0
    with db.reading() as session:
        pack, total = catalogues.pack_in_force(session), profiles.count(session)
        for known, states in _everyone(session, pack, at):
            cells = [cell for column in how.column for cell in _cells(column, known, how, pack)]
            out.writerow([*cells, *(states[one] for one in derived)])
            written += 1
            if progress and (written % CHUNK == 0 or written == total):
                progress(name, written, total)
    return written


def _everyone(session: Session, pack: Pack, at: datetime) -> Iterator[tuple[Details, Mapping[str, str]]]:
    firsts: Sequence[UUID] = profiles.beginnings(session, CHUNK)
    for first, before in zip(firsts, [*firsts[1:], None], strict=True):
        chunk = profiles.between(session, first, before)
        known = profiles.details(session, [one.customer_id for one in chunk])
        for one in chunk:
            seen = profiles.snapshot(one, at, pack)
            yield known[one.customer_id], {"life_cycle": seen.life_cycle, "segments": BAR.join(seen.segments)}


def _cells(column: Column, known: Details, how: FileMapping, pack: Pack) -> list[str]:
    """What the column says of the customer; one cell for each of its headers."""
    value: Any
    if column.attribute:
        value = known.attributes.get(column.attribute)
        if value and pack.attributes[column.attribute].type == "date":
            value = date.fromisoformat(value)
    elif column.fact:
        values, dates = known.facts.get("values", {}), known.facts.get("dates", {})
        value = values.get(column.fact)
        if column.fact in dates:
            value = date.fromisoformat(dates[column.fact])
    elif column.consent:
        purpose, channel = column.consent.split("/")
        consent = known.consents.get((purpose, channel))
        value = None if consent is None else consent[0] == "granted"
    elif column.identifier:
        return [converting.guard(_identifiers(column, known, how))]
    else:
        value = getattr(known, column.to)
    theirs = {mine: word for word, mine in column.words.items()}
    if isinstance(value, str):
        said = theirs.get(value, value)
        parts = said.rsplit(" ", len(column.columns) - 1) if column.columns else [said]
        return [converting.guard(part) for part in [""] * (len(column.headers) - len(parts)) + parts]
    cell = converting.cell_of(value, "date" if isinstance(value, date) else "", how)
    return [*[""] * (len(column.headers) - 1), theirs.get(cell, cell)]


def _identifiers(column: Column, known: Details, how: FileMapping) -> str:
    """Those of the kind that stand in no column of their own; one alone where the mapping knows no way to divide several."""
    own = {
        (one.to, profiles.normalise(one.to, getattr(known, one.to) or ""))
        for one in how.column
        if one.to in ("phone", "email")
    }
    found = sorted(
        value
        for kind, value in known.identifiers
        if kind == column.identifier
        and (kind, value) not in own
        and not (column.separator and column.separator in value)
    )
    return column.separator.join(found) if column.separator else "".join(found[:1])
