"""`evenhand duplicates`: looks for customers who may be one person."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Annotated

import typer

from backend.commands.console import connect, out, tell
from backend.identities import service as identities
from shared.kernel import clock

commands = typer.Typer()


@commands.command()
def duplicates(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")] = False,
) -> None:
    """Looks for near matches among all customers. They are only suggested: a person decides at the desk, under Duplicates."""
    connect()
    began = time.monotonic()
    found = identities.find_all(clock.now(), tell)
    seconds = round(time.monotonic() - began, 1)
    tell(
        f"{found.customers:,} customers: {found.pairs:,} pairs may be one person, {found.new:,} of them new to the queue; "
        f"{found.skipped:,} keys were too common to be used; {seconds} s."
    )
    if as_json:
        out({**asdict(found), "seconds": seconds})
