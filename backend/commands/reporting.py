"""`evenhand reports`: the counts of supervision's reports, proved by a recount and mended."""

from __future__ import annotations

from typing import Annotated

import typer

from backend.commands.console import connect, out, tell
from backend.reporting import service as reporting
from shared.kernel import clock

commands = typer.Typer()
reports = typer.Typer(name="reports", help="What supervision's reports are counted from.", no_args_is_help=True)
commands.add_typer(reports)
EVERY = 10_000


@reports.command()
def recount(
    mend: Annotated[bool, typer.Option("--mend", help="Put right what differs, and count everybody anew.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")] = False,
) -> None:
    """Counts everything once more from what happened, and compares; exit 1 where something differs and was not mended."""
    connect()
    caught_up = reporting.roll_all(clock.now(), lambda done: _every(done, "counted"))
    found = reporting.recount(clock.now(), lambda people: _every(people, "recounted"))
    tell(
        f"{found.customers:,} customers, {found.facts:,} facts, {found.counts:,} counts; {caught_up:,} were counted first."
    )
    for line in found.differences:
        tell(f"Differs: {line}")
    mended = 0
    if found.wrong and mend:
        mended = reporting.mend(clock.now())
        found = reporting.recount(clock.now())
        tell(f"Mended: {mended:,} customers were counted anew. {_verdict(found.wrong)}")
    else:
        tell(_verdict(found.wrong))
    if as_json:
        out({
            "ok": found.wrong == 0, "customers": found.customers, "facts": found.facts, "counts": found.counts,
            "waiting": found.waiting, "wrong": found.wrong, "mended": mended,
        })  # fmt: skip
    if found.wrong:
        raise typer.Exit(1)


def _every(done: int, what: str) -> None:
    if done % EVERY < 200:
        tell(f"{done:,} {what}")


def _verdict(wrong: int) -> str:
    return f"{wrong:,} differ: run it again with --mend." if wrong else "The sums agree with the recount."
