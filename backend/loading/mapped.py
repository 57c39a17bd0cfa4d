"""Files of other systems, loaded through mappings: all are looked at before anything is written, then batch by batch.

Twice is the same as once; an interrupted load goes on where it stopped. Rows that are wrong are kept apart, the others load.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from sqlmodel import Session

from backend import db
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.knowledge import service as knowledge
from backend.loading import belongings, columnar, csv_files, entering, groups, querying, workbooks
from backend.loading.converting import Cell
from backend.loading.entering import Run, Taken
from backend.loading.files import BrokenFile
from backend.loading.refusing import Refused
from backend.loading.seen import Seen
from backend.loading.tables import Table, put_by
from backend.loading.telling import Bad, Reading, Told
from backend.matrix import service as matrix
from backend.matrix.service import FileMapping, Pack
from backend.profiles import service as profiles
from backend.profiles.service import LoadProgress
from shared.kernel import clock
from shared.kernel.actors import SYSTEM
from shared.kernel.errors import Conflict, Invalid

BATCH = 200
ATTEMPTS = 5
"""How often a batch is tried of which another writer took something at the same moment."""
MOST_FAULTS = 100
"""Faults and notices kept for the report; the file of refused rows has all."""
Progress = Callable[[str, int, int], None]
"""Told after each batch: the file, its rows done, its rows in all."""
_PARTS: dict[str, Callable[[Session, Sequence[Told], Run], Taken]] = {
    "customers": entering.customers,
    "attributes": entering.customers,
    "holdings": belongings.holdings,
    "consents": belongings.consents,
    "events": belongings.events,
    "groups": groups.groups,
}


@dataclass(frozen=True, slots=True)
class Given:
    """A file, or a query to another database, and the mapping by which it is read: one of the pack's, or a file."""

    mapping: str
    path: Path | None = None
    address: str = ""
    query: str = ""

    @property
    def name(self) -> str:
        return self.path.name if self.path else "query"


@dataclass(frozen=True, slots=True)
class Fault:
    """A refused row: the first thing wrong with it."""

    line: int
    column: str
    value: str
    why: str


@dataclass
class FileReport:
    """What came of one file; in a dry run, what would come of it. `resumed` rows were done by an earlier load."""

    file: str
    mapping: str
    part: str
    read: int = 0
    resumed: int = 0
    entered: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    faults: list[Fault] = field(default_factory=list)
    notices: list[tuple[int, str]] = field(default_factory=list)
    noticed: int = 0
    unmapped: tuple[str, ...] = ()
    refused_file: Path | None = None


@dataclass(frozen=True, slots=True)
class LoadReport:
    pack: str
    dry: bool
    files: tuple[FileReport, ...]
    catalogue_version: int | None

    @property
    def refused(self) -> int:
        return sum(file.refused for file in self.files)


@dataclass(frozen=True, slots=True)
class _Ready:
    """A file that can be read to its end, and how."""

    table: Table
    reading: Reading
    mapping: FileMapping
    key: str


def load_files(
    name: str,
    given: Sequence[Given],
    *,
    home: Path,
    dry: bool = False,
    now: datetime | None = None,
    progress: Progress | None = None,
) -> LoadReport:
    """Loads the files one after the other, each through its mapping, and the pack's catalogue before them.

    With `dry`, nothing is written and the report says what would be. Opens its own transactions. Raises NotFound for an
    unknown pack or mapping, PackError for text that is wrong, and BrokenFile where any of the files cannot be read as a whole:
    then nothing of any of them was loaded.
    """
    at = now or clock.now()
    folder = matrix.folder_of(name)
    body = matrix.read_body(folder)
    pack = matrix.pack_from(body)
    with ExitStack() as stack:
        ready = [_open(one, folder, pack, home, at, stack) for one in given]
        entering_ = Seen()
        stack.callback(entering_.close)
        version = None if dry else _publish(pack, body, folder, at)
        reports = [_load(one, pack, at, entering_, home, dry, progress) for one in ready]
    return LoadReport(pack.name, dry, tuple(reports), version)


def _open(given: Given, folder: Path, pack: Pack, home: Path, at: datetime, stack: ExitStack) -> _Ready:
    text, mapping = matrix.read_mapping(given.mapping, folder)
    if problems := _faults(Path(given.mapping).name, text, pack):
        raise Invalid(f"The mapping is not in order: {'; '.join(map(str, problems[:5]))}. Nothing was loaded.")
    table = put_by(given.name, _rows(given, mapping), home)
    stack.callback(table.close)
    if not table.total:
        raise BrokenFile(f"{given.name} is empty: it has a header and no row. Nothing was loaded.")
    reading = Reading(mapping, pack, table.header, given.name, at)
    # The same content read by another mapping is another load.
    key = hashlib.sha256(f"{table.digest}/{text}".encode()).hexdigest()
    return _Ready(table, reading, mapping, f"{profiles.FILE_LOAD}{key}")


def _rows(given: Given, mapping: FileMapping) -> Iterator[tuple[int, list[Cell]]]:
    if given.path is None:
        return querying.read(given.address, given.query)
    suffix = given.path.suffix.lower()
    if suffix in (".parquet", ".pq"):
        return columnar.read(given.path, {one for column in mapping.column for one in column.headers})
    if suffix in (".xlsx", ".xlsm"):
        return workbooks.read(given.path, mapping)
    if suffix in (".xls", ".ods", ".xlsb", ".json", ".zip"):
        raise BrokenFile(
            f"{given.path.name}: CSV, XLSX and Parquet can be loaded, {suffix} cannot. Nothing was loaded."
        )
    return csv_files.read(given.path, mapping)


def _publish(pack: Pack, body: Any, folder: Path, at: datetime) -> int:
    """The catalogue in force, as a load of the pack itself puts it: nobody's drafts are undone."""
    articles, _ = knowledge.read_articles(folder, pack)
    with db.transaction() as session:
        knowledge.take_in(session, articles, at)
        version = catalogues.publish(session, body, SYSTEM, at, matrix.texts_of(folder), only_new=True)
        if pack.name not in profiles.loaded_packs(session):
            today = clock.local_day(at, pack.timezone)
            profiles.note_progress(session, pack.name, "catalogue", LoadProgress(today, 0, 0, finished=True), at)
    return version


def _load(
    ready: _Ready, pack: Pack, at: datetime, entering_: Seen, home: Path, dry: bool, progress: Progress | None
) -> FileReport:
    table, mapping = ready.table, ready.mapping
    report = FileReport(table.name, mapping.source, mapping.part, table.total, unmapped=ready.reading.unmapped)
    run = Run(pack, mapping, table.name, at, dry, entering_)
    begun = _begin(pack, ready.key, table.total, at, dry)
    report.resumed = begun.done
    seen = Seen()
    try:
        rows = table.rows()
        upto = _pass_over(islice(rows, begun.done), ready.reading, seen)
        kept = None if dry else Refused(_refused_file(home, table.name, ready.key), table.header, mapping, upto)
        done = begun.done
        while batch := list(islice(rows, BATCH)):
            told, refused = _read(batch, ready.reading, seen)
            done += len(batch)
            _add(
                report, _take(told, refused, run, kept, partial(_note, pack, ready.key, replace(begun, done=done), at))
            )
            if progress:
                progress(table.name, done, table.total)
    finally:
        seen.close()
    if kept is not None:
        report.refused_file = kept.path if kept.count else None
        report.refused = kept.count
        with db.transaction() as session:
            _note(pack, ready.key, replace(begun, done=table.total, finished=True), at, session)
    return report


def _begin(pack: Pack, key: str, total: int, at: datetime, dry: bool) -> LoadProgress:
    """Where an earlier load of the same file broke off; the beginning where there was none, or it came to its end."""
    fresh = LoadProgress(clock.local_day(at, pack.timezone), 0, total, finished=False)
    if dry:
        return fresh
    with db.transaction() as session:
        begun = profiles.load_progress(session, pack.name, key)
        if begun is not None and not begun.finished:
            return begun
        profiles.note_progress(session, pack.name, key, fresh, at)
    return fresh


def _note(pack: Pack, key: str, progress: LoadProgress, at: datetime, session: Session) -> None:
    profiles.note_progress(session, pack.name, key, progress, at)


def _pass_over(rows: Iterator[tuple[int, list[Cell]]], reading: Reading, seen: Seen) -> int:
    """The rows that an earlier load did: their numbers still count as met. Gives the last line."""
    line = 0
    for line, cells in rows:
        if number := reading.number(cells):
            seen.add(number, line)
    return line


def _refused_file(home: Path, name: str, key: str) -> Path:
    """Named for the content too: the mended file's own refused rows go into another."""
    return home / "rejected" / f"{name.split('.')[0]}-{key[-8:]}.csv"


def _read(
    batch: Sequence[tuple[int, list[Cell]]], reading: Reading, seen: Seen
) -> tuple[list[Told], list[tuple[Told, Bad]]]:
    told, refused = [], []
    one_each = reading.mapping.part in ("customers", "attributes")
    for line, cells in batch:
        try:
            row = reading.read(line, cells)
            if one_each and (first := seen.add(row.key, line)) is not None:
                raise Bad(reading.number_header, row.number, f"stands in line {first} already")
            told.append(row)
        except Bad as bad:
            refused.append((Told(line, cells, ""), bad))
    return told, refused


def _take(
    told: Sequence[Told],
    refused: list[tuple[Told, Bad]],
    run: Run,
    kept: Refused | None,
    note: Callable[[Session], None],
) -> Taken:
    part = _PARTS[run.mapping.part]
    if kept is None:
        with db.reading() as session:
            taken = part(session, told, run)
            taken.refused = _in_order(refused, taken)
            return taken
    for attempt in range(1, ATTEMPTS + 1):
        mark = kept.mark()
        try:
            with db.transaction() as session:
                taken = part(session, told, run)
                taken.refused = _in_order(refused, taken)
                # Before the commit: what is lost with the transaction is noted anew, what is committed is never unnoted.
                kept.add(taken.refused)
                note(session)
            return taken
        except Conflict:
            # Somebody else, a page or another load, wrote the same customer or identifier: looked at anew, it is known.
            kept.back_to(mark)
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("a batch is taken or raises")


def _in_order(refused: list[tuple[Told, Bad]], taken: Taken) -> list[tuple[Told, Bad]]:
    return sorted([*refused, *taken.refused], key=lambda one: one[0].line)


def _add(report: FileReport, taken: Taken) -> None:
    report.entered += taken.entered
    report.updated += taken.updated
    report.unchanged += taken.unchanged
    report.refused += len(taken.refused)
    for told, bad in taken.refused[: MOST_FAULTS - len(report.faults)]:
        report.faults.append(Fault(told.line, bad.column, bad.value, bad.why))
    report.noticed += len(taken.notices)
    report.notices += taken.notices[: MOST_FAULTS - len(report.notices)]


def check_mappings(folder: Path, pack: Pack) -> list[matrix.Problem]:
    """All that is wrong with the pack's own mappings, with file and line."""
    problems = []
    for path in sorted((folder / matrix.MAPPINGS).glob("*.toml")):
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as e:
            problems.append(matrix.Problem(f"{matrix.MAPPINGS}/{path.name}", 1, "toml", str(e)))
            continue
        problems += _faults(f"{matrix.MAPPINGS}/{path.name}", text, pack)
    return problems


def _faults(file: str, text: str, pack: Pack) -> list[matrix.Problem]:
    """What the pack knows to be wrong, and a kind of event that no timeline could show."""
    problems = matrix.check_mapping(file, text, pack)
    if problems:
        return problems
    mapping = matrix.mapping_of(file, text)
    kinds = [mapping.kind, *(word for c in mapping.column if c.to == "kind" for word in c.words.values())]
    unknown = sorted({kind for kind in kinds if kind} - interactions.KINDS) if mapping.part == "events" else []
    return [matrix.Problem(file, 1, "kind", f"{kind} is no kind of event") for kind in unknown]
