"""`evenhand subject-access`, `erase` and `retention`: what is kept of a customer, handed over, taken away, or over its time."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from sqlmodel import Session

from backend import db
from backend.commands.console import connect, out, tell
from backend.oversight import service as oversight
from backend.profiles import service as profiles
from shared.kernel import clock
from shared.kernel.actors import SYSTEM
from shared.kernel.errors import Invalid, NotFound

commands = typer.Typer()
Who = Annotated[str, typer.Argument(help="The customer's number, e-mail or id.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]


@commands.command("subject-access")
def subject_access(
    customer: Who,
    to: Annotated[Path, typer.Option(help="The folder for the two files; it is made where it is missing.")],
    as_json: Json = False,
) -> None:
    """Writes all that is held of a customer, as JSON and as a page to read."""
    connect()
    with db.transaction() as session:
        access = oversight.subject_access(session, _customer(session, customer), SYSTEM, clock.now())
    to.mkdir(parents=True, exist_ok=True)
    files = []
    for ending, text in (("json", oversight.as_json(access)), ("html", oversight.as_html(access))):
        file = to / f"{access.file_name}.{ending}"
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as handle:
            handle.write(text)
        files.append(str(file))
    tell(f"{access.rows:,} rows of {len(access.tables)} tables: {' and '.join(files)}")
    if as_json:
        out(
            {
                "customer_id": str(access.customer_id),
                "tables": {t: len(r) for t, r in access.tables.items()},
                "files": files,
            }
        )


@commands.command()
def erase(
    customer: Who,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: this cannot be undone.")] = False,
    as_json: Json = False,
) -> None:
    """Erases a customer for good, from every table and file; what the law makes us keep is kept apart and named."""
    settings = connect()
    with db.reading() as session:
        customer_id = _customer(session, customer)
        number = profiles.profile(session, customer_id).number
    if not yes and typer.prompt(f"This cannot be undone. Type {number} to erase this customer") != number:
        raise Invalid("Nothing was erased: that is not the customer's number.")
    now = clock.now()
    with db.transaction() as session:
        done = oversight.erase_customer(session, customer_id, SYSTEM, now, settings.home)
    oversight.sweep(clock.now())
    tell(f"Erased: {done.rows:,} rows, and from {done.files} files.")
    for line in done.kept:
        tell(f"Kept apart: {line.many} × {line.of}, until {line.until.isoformat()} at the latest ({line.ground}).")
    if as_json:
        kept = [{"of": k.of, "many": k.many, "ground": k.ground, "until": k.until.isoformat()} for k in done.kept]
        out({"customer_id": str(customer_id), "rows": done.rows, "files": done.files, "kept": kept})


@commands.command()
def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    as_json: Json = False,
) -> None:
    """Removes what is over its time, as the pack says; the worker does the same four times a day."""
    settings = connect()
    now = clock.now()
    found = oversight.due(now, settings.home)
    for one in found:
        what = f"{one.of}{' ' + ', '.join(one.kinds) if one.kinds else ''}"
        kept = f"after {one.days:,} days" if one.days is not None else "after its own last day"
        tell(f"{one.many:>9,}  {what} ({kept})")
    removed = 0 if dry_run else oversight.retain(now, settings.home)
    tell("Nothing was removed: this was a dry run." if dry_run else f"{removed:,} removed.")
    if as_json:
        items = [
            {"of": d.of, "kinds": d.kinds, "days": d.days, "before": d.before.isoformat(), "many": d.many}
            for d in found
        ]
        out({"due": items, "removed": removed})


def _customer(session: Session, text: str) -> UUID:
    """Whom the text means: an id, a number or an e-mail address. Raises NotFound."""
    try:
        return profiles.resolve(session, UUID(text))
    except ValueError:
        found = profiles.find_by_sign_in(session, text)
    if found is None:
        raise NotFound(f"There is no customer {text}.")
    return found
