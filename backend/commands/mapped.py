"""`evenhand load` of other systems' files: how far it is, and what came of each."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from backend import db, loading
from backend.commands.console import connect, out, tell
from backend.loading import FileReport, Given, LoadReport
from backend.matrix.service import PackError
from shared.kernel.errors import Invalid

MOST_SHOWN = 20
PLAIN_STEP = 10_000
SOME_REFUSED = 3
"""How a load ends that took the good rows and kept the others apart."""


def load_mapped(pack: str, given: list[Given], dry: bool, as_json: bool) -> None:
    """Loads the files, or says what would come of it; ends with exit 3 where rows were refused."""
    settings = connect()
    if not dry:
        db.upgrade(settings.database_url)
    elif not db.is_current():
        raise Invalid("There is nothing to compare with: the database is not there yet. evenhand db upgrade makes it.")
    began = time.monotonic()
    try:
        with shown() as progress:
            report = loading.load_files(pack, given, home=settings.home, dry=dry, progress=progress)
    except PackError as wrong:
        raise Invalid(f"{wrong}. Nothing was loaded.") from wrong
    seconds = time.monotonic() - began
    for file in report.files:
        _tell(file, report.dry)
    rows = sum(file.read - file.resumed for file in report.files)
    tell(f"{rows:,} rows in {seconds:.1f} s, {rows / max(seconds, 1e-9):,.0f} a second.")
    if as_json:
        out(_plain(report, seconds))
    raise typer.Exit(SOME_REFUSED if report.refused else 0)


@contextlib.contextmanager
def shown() -> Iterator[Callable[[str, int, int], None]]:
    """Tells how far each file is: a bar on a terminal, plain lines elsewhere."""
    screen = Console(stderr=True)
    if not screen.is_terminal:
        yield _plainly
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen) as bar:
        tasks: dict[str, Any] = {}

        def advance(file: str, done: int, total: int) -> None:
            if file not in tasks:
                tasks[file] = bar.add_task(file, total=total)
            bar.update(tasks[file], completed=done)

        yield advance


def _plainly(file: str, done: int, total: int) -> None:
    if done % PLAIN_STEP == 0 or done == total:
        tell(f"{file}: {done:,} of {total:,} rows")


def _tell(file: FileReport, dry: bool) -> None:
    for fault in file.faults[:MOST_SHOWN]:
        tell(f"{file.file}, line {fault.line}, {fault.column}: {fault.value!r} {fault.why}")
    for line, notice in file.notices[:MOST_SHOWN]:
        tell(f"{file.file}, line {line}: {notice}")
    if file.unmapped:
        tell(f"{file.file}: passed over, as the mapping does not name them: {', '.join(file.unmapped)}")
    resumed = f" ({file.resumed:,} done before)" if file.resumed else ""
    would = "would be " if dry else ""
    tell(
        f"{file.file}: {file.read:,} rows of {file.part} read{resumed}; {would}entered {file.entered:,}, "
        f"updated {file.updated:,}, unchanged {file.unchanged:,}, refused {file.refused:,}."
    )
    if file.noticed > len(file.notices[:MOST_SHOWN]):
        tell(f"{file.file}: {file.noticed:,} rows were taken in part.")
    if file.refused_file:
        tell(f"{file.file}: mend the refused rows in {file.refused_file} and load it by the same mapping.")


def _plain(report: LoadReport, seconds: float) -> dict[str, Any]:
    return {
        "pack": report.pack,
        "dry_run": report.dry,
        "catalogue_version": report.catalogue_version,
        "files": [
            {
                "file": f.file, "source": f.mapping, "part": f.part, "read": f.read, "resumed": f.resumed,
                "entered": f.entered, "updated": f.updated, "unchanged": f.unchanged, "refused": f.refused,
                "faults": [{"line": one.line, "column": one.column, "value": one.value, "why": one.why} for one in f.faults],
                "notices": [{"line": line, "what": what} for line, what in f.notices],
                "unmapped": list(f.unmapped), "refused_file": str(f.refused_file) if f.refused_file else None,
            }
            for f in report.files
        ],
        "refused": report.refused,
        "seconds": round(seconds, 2),
    }  # fmt: skip
