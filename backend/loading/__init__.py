"""Loading a pack: its customers with their made-up history, then its catalogue. Interrupted, it goes on where it stopped."""

from __future__ import annotations

import contextlib
import csv
import gc
import hashlib
import importlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from backend import db
from backend.cases import service as cases
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.knowledge import service as knowledge
from backend.loading import files, translating
from backend.loading.exporting import export_customers
from backend.loading.files import BrokenFile, CustomerFile, Rejected
from backend.loading.mapped import FileReport, Given, LoadReport, check_mappings, load_files
from backend.matrix import service as matrix
from backend.matrix.service import Pack
from backend.profiles import service as profiles
from backend.profiles.service import LoadProgress
from shared.kernel import clock
from shared.kernel.actors import SYSTEM

__all__ = [
    "BrokenFile", "FileReport", "Given", "LoadReport", "Loaded", "Rejected", "check_mappings", "export_customers", "load", "load_files",
]  # fmt: skip

BATCH = 200
SEED = 2026
Progress = Callable[[int, int], None]
"""Told after each batch: customers done, customers in all."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did. `known` were there under their number already; `rejected_file` holds the rows that were not taken."""

    pack: str
    customers: int
    entered: int
    known: int
    events: int
    bills: int
    catalogue_version: int
    rejected: tuple[Rejected, ...]
    rejected_file: Path | None
    already: bool


def load(
    name: str,
    *,
    customers: Path | None = None,
    home: Path,
    now: datetime | None = None,
    progress: Progress | None = None,
) -> Loaded:
    """Loads the pack, with its own customers or those of a file; twice is the same as once. Opens its own transactions.

    Raises NotFound for an unknown pack, PackError for one whose text is wrong, BrokenFile for a file of which nothing can be
    read. Rows of the file that are wrong are written beside the data, in `rejected` under `home`; the others are loaded.
    """
    at = now or clock.now()
    folder = matrix.folder_of(name)
    body = matrix.read_body(folder)
    pack = matrix.pack_from(body)
    source = customers or folder / "customers.csv.gz"
    file = files.read(source, pack)
    key = hashlib.sha256(source.read_bytes()).hexdigest()
    rejected_file = _keep_apart(file, source, home)

    begun = _begin(pack, key, len(file.rows), at)
    counts = _Counts()
    if not begun.finished:
        with _uncollected():
            counts = _enter(pack, folder, file, key, begun, at, progress)
    # Finished means that the catalogue is in force too: only then is there anything to decide.
    total = len(file.rows)
    articles, _ = knowledge.read_articles(folder, pack)
    with db.transaction() as session:
        knowledge.take_in(session, articles, at)
        version = catalogues.publish(session, body, SYSTEM, at, matrix.texts_of(folder), only_new=True)
        profiles.note_progress(session, pack.name, key, LoadProgress(begun.anchor, total, total, finished=True), at)
    return Loaded(
        pack=pack.name,
        customers=len(file.rows),
        entered=counts.entered,
        known=counts.known,
        events=counts.events,
        bills=counts.bills,
        catalogue_version=version,
        rejected=file.rejected,
        rejected_file=rejected_file,
        already=begun.finished,
    )


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Millions of small records and no circles among them: the search for circles would take a sixth of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@dataclass
class _Counts:
    entered: int = 0
    known: int = 0
    events: int = 0
    bills: int = 0


def _keep_apart(file: CustomerFile, source: Path, home: Path) -> Path | None:
    if not file.rejected:
        return None
    kept = home / "rejected" / f"{source.name.split('.')[0]}.csv"
    kept.parent.mkdir(parents=True, exist_ok=True)
    with kept.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow([*file.header, "line", "column", "why"])
        for bad in file.rejected:
            writer.writerow([*bad.cells, bad.line, bad.column, bad.why])
    kept.chmod(0o600)
    return kept


def _begin(pack: Pack, key: str, total: int, at: datetime) -> LoadProgress:
    """Where an earlier load of the same file stopped, or the beginning."""
    with db.transaction() as session:
        begun = profiles.load_progress(session, pack.name, key)
        if begun is None:
            begun = LoadProgress(clock.local_day(at, pack.timezone), 0, total, finished=False)
            profiles.note_progress(session, pack.name, key, begun, at)
    return begun


def _enter(
    pack: Pack, folder: Path, file: CustomerFile, key: str, begun: LoadProgress, at: datetime, progress: Progress | None
) -> _Counts:
    counts, done, total = _Counts(), begun.done, len(file.rows)
    anchor = datetime.combine(begun.anchor, time(12), ZoneInfo(pack.timezone)).astimezone(UTC)
    # Names are drawn in the order of the file, so those that are done are drawn again and passed over.
    remaining = islice(enumerate(_people(folder, file.rows, anchor)), done, None)
    for batch in _batches(remaining):
        lives = [translating.life(made, place, anchor, SEED) for place, made in batch]
        done += len(lives)
        with db.transaction() as session:
            enrolled = profiles.enrol(session, [life.customer for life in lives], pack)
            entered = [life for life in lives if life.customer.customer_id in enrolled.entered]
            counts.events += interactions.enter_past(session, [life.past for life in entered])
            cases.enter_past(session, [case for life in entered for case in life.cases], pack, at)
            profiles.note_progress(session, pack.name, key, LoadProgress(begun.anchor, done, total, finished=False), at)
        counts.entered += len(entered)
        counts.known += len(enrolled.known)
        counts.bills += sum(len(life.customer.bills) for life in entered)
        if progress:
            progress(done, total)
    return counts


def _batches(people: Iterable[tuple[int, Any]]) -> Iterator[list[tuple[int, Any]]]:
    rest = iter(people)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _people(folder: Path, rows: Sequence[dict[str, Any]], anchor: datetime) -> Iterator[Any]:
    """The pack's own maker of people and their history."""
    making = importlib.import_module(f"backend.packs.{folder.name}.making")
    made: Iterator[Any] = making.people(rows, anchor, SEED)
    return made
