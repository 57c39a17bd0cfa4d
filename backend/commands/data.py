"""`evenhand load`: a pack and its customers into the database."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from backend import db, loading
from backend.commands.console import connect, out, tell
from backend.commands.mapped import SOME_REFUSED, load_mapped
from backend.loading import Given, Loaded
from backend.matrix.service import PackError
from shared.kernel.errors import Invalid

MOST_SHOWN = 20
"""Bad rows named on the screen; the file beside the data has all."""
PLAIN_STEP = 1_000

commands = typer.Typer()


@commands.command("load")
def load_command(
    pack: Annotated[str, typer.Argument(help="The pack's name, or the folder that holds it.")],
    customers: Annotated[
        list[Path] | None, typer.Option(help="A file: CSV, or with a mapping XLSX or Parquet too. As often as needed.")
    ] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option(help="How a file's columns are read: a mapping of the pack, or a file. One for each."),
    ] = None,
    query: Annotated[
        list[str] | None, typer.Option(help="A query to another database; its mapping follows those of the files.")
    ] = None,
    sql_url: Annotated[
        str, typer.Option(envvar="EVENHAND_SQL_URL", help="The other database. Its password is safer in the variable.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what a load would do, and write nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")] = False,
) -> None:
    """Loads a pack and its customers; twice is the same as once, and an interrupted load goes on where it stopped.

    Exit 0: all was taken. 3: some rows were refused, and stand in a file apart. 1: a file is broken, nothing was loaded.
    """
    files = [*(customers or ())]
    if not mapping and not query and not dry_run and len(files) < 2:
        settings = connect()
        db.upgrade(settings.database_url)
        done = load(pack, settings.home, files[0] if files else None, as_json)
        raise typer.Exit(SOME_REFUSED if done.rejected else 0)
    load_mapped(pack, _given(files, mapping or [], query or [], sql_url), dry_run, as_json)


def _given(files: list[Path], mappings: list[str], queries: list[str], address: str) -> list[Given]:
    """Each file and query with its mapping, in the order in which they were named; one mapping alone is for all."""
    if not files and not queries:
        raise typer.BadParameter("A dry run and a mapping are for files: name them with --customers, or a --query.")
    if queries and not address:
        raise typer.BadParameter("A query needs the address of its database: --sql-url, or EVENHAND_SQL_URL.")
    many = len(files) + len(queries)
    if len(mappings) not in (1, many):
        raise typer.BadParameter(
            f"{many} files and queries need a --mapping each, or one for all; there are {len(mappings)}."
        )
    chosen = mappings * many if len(mappings) == 1 else mappings
    from_files = [Given(how, path=path) for path, how in zip(files, chosen, strict=False)]
    return from_files + [
        Given(how, address=address, query=query) for query, how in zip(queries, chosen[len(files) :], strict=True)
    ]


def load(pack: str, home: Path, customers: Path | None = None, as_json: bool = False) -> Loaded:
    """Loads the pack into the open database, showing how far it is; prints what was done."""
    began = time.monotonic()
    screen = Console(stderr=True)
    try:
        if screen.is_terminal:
            with _bar(screen) as bar:
                task = bar.add_task("Customers", total=None)
                done = loading.load(
                    pack, customers=customers, home=home, progress=lambda n, of: bar.update(task, completed=n, total=of)
                )
        else:
            done = loading.load(pack, customers=customers, home=home, progress=_plainly)
    except PackError as wrong:
        raise Invalid(f"The pack {pack} is not in order: {wrong}. `evenhand check {pack}` names each place.") from wrong
    _tell(done)
    if as_json:
        out(_plain(done, time.monotonic() - began))
    return done


def _bar(screen: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=screen)


def _plainly(done: int, total: int) -> None:
    if done % PLAIN_STEP == 0 or done == total:
        tell(f"Customers: {done:,} of {total:,}")


def _tell(done: Loaded) -> None:
    for bad in done.rejected[:MOST_SHOWN]:
        tell(f"line {bad.line}, {bad.column}: {bad.value!r} {bad.why}")
    if done.rejected:
        more = len(done.rejected) - MOST_SHOWN
        rest = f" ({more} more)" if more > 0 else ""
        were = "was" if len(done.rejected) == 1 else "were"
        tell(f"{_counted(len(done.rejected), 'row')} {were} not taken{rest}; see {done.rejected_file}.")
    if done.already:
        tell(f"{done.pack}: all {done.customers:,} customers are there already; catalogue {done.catalogue_version}.")
    else:
        known = f", {done.known:,} were known" if done.known else ""
        tell(
            f"{done.pack}: {_counted(done.entered, 'customer')} entered{known}; "
            f"{_counted(done.events, 'event')}, {_counted(done.bills, 'bill')}; "
            f"catalogue {done.catalogue_version}."
        )


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _plain(done: Loaded, seconds: float) -> dict[str, Any]:
    return {
        "pack": done.pack,
        "customers": done.customers,
        "entered": done.entered,
        "known": done.known,
        "events": done.events,
        "bills": done.bills,
        "catalogue_version": done.catalogue_version,
        "already": done.already,
        "rejected": [{"line": r.line, "column": r.column, "value": r.value, "why": r.why} for r in done.rejected],
        "rejected_file": str(done.rejected_file) if done.rejected_file else None,
        "seconds": round(seconds, 2),
    }
