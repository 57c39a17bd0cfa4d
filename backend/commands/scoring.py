"""`evenhand score`: scores all customers by recency, frequency and monetary value, now."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Annotated

import typer

from backend.commands.console import connect, out, tell
from backend.overview import service as overview
from shared.kernel import clock

commands = typer.Typer()


@commands.command()
def score(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")] = False,
) -> None:
    """Works out the day's cut-offs and scores every customer by them; a worker does the same as each customer's day begins."""
    connect()
    began = time.monotonic()
    done = overview.score_all(clock.now(), tell)
    seconds = round(time.monotonic() - began, 1)
    tell(f"{done.customers:,} customers, {done.changed:,} with other scores than before; {seconds} s.")
    for key, many in done.segments.items():
        tell(f"  {key}: {many:,}")
    if as_json:
        cuts = asdict(done.cuts) | {"day": done.cuts.day.isoformat(), "of": dict(done.cuts.of)}
        out(
            {
                "customers": done.customers,
                "changed": done.changed,
                "segments": done.segments,
                "cuts": cuts,
                "seconds": seconds,
            }
        )
