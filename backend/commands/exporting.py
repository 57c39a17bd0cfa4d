"""`evenhand export`: customers into a file that a load takes again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from backend import loading
from backend.commands.console import connect, out, tell
from backend.commands.mapped import shown
from backend.matrix.service import PackError
from shared.kernel.errors import Invalid

commands = typer.Typer()


@commands.command("export")
def export_command(
    pack: Annotated[str, typer.Argument(help="The pack's name, or the folder that holds it.")],
    customers: Annotated[Path, typer.Option(help="The CSV file to write: every customer, one a row.")],
    mapping: Annotated[
        str, typer.Option(help="Whose columns and words: a mapping of the pack, or a file.")
    ] = "customers",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")] = False,
) -> None:
    """Writes all customers as CSV, in the columns of a mapping; `evenhand load` takes the file again by the same one."""
    connect()
    try:
        with shown() as progress:
            written = loading.export_customers(pack, customers, mapping=mapping, progress=progress)
    except PackError as wrong:
        raise Invalid(f"{wrong}.") from wrong
    tell(f"{customers}: {written:,} customers.")
    if as_json:
        out({"file": str(customers), "customers": written, "mapping": mapping})
