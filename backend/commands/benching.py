"""`evenhand bench`: how fast this machine decides, answers and draws pages."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from backend.benching import (
    copies,
    crowding,
    doubling,
    drawing,
    everyone,
    finding,
    ingesting,
    leash,
    living,
    looping,
    measuring,
    proving,
    reporting,
    rows,
    scaling,
    teaching,
    watching,
)
from backend.commands.console import connect, out, tell

commands = typer.Typer()


class What(StrEnum):
    """What can be measured."""

    decide = "decide"
    http = "http"
    pages = "pages"
    live = "live"
    crowd = "crowd"
    batch = "batch"
    ingest = "ingest"
    duplicates = "duplicates"
    scale = "scale"
    search = "search"
    wall = "wall"
    reports = "reports"
    learn = "learn"
    loop = "loop"


# Enough for a steady p50, few enough for a cup of tea.
USUAL = {
    What.decide: 3000,
    What.http: 2000,
    What.pages: 400,
    What.live: 400,
    What.crowd: crowding.PAGES,
    What.batch: everyone.CUSTOMERS,
    What.ingest: 10_000,
    What.duplicates: doubling.CUSTOMERS,
    What.scale: scaling.CUSTOMERS,
    What.search: finding.CUSTOMERS,
    What.wall: 400,
    What.reports: reporting.EVENTS,
    What.learn: teaching.ANSWERS,
    What.loop: looping.ANSWERS,
}


@commands.command()
def bench(
    what: Annotated[
        What,
        typer.Argument(
            help="decide: decisions alone; http: over the API; pages: desk and portal, and writes; live: until others see it; crowd: two hundred customers and twenty desks at once; batch: everyone; ingest: events that come in; duplicates: who is there twice; scale: a million customers; search: finding them as one types; wall: a full floor, watched; reports: over a million events, on PostgreSQL ten by --n; learn: answers that are learned from, and pages while epochs are published; loop: what learning is worth, in twenty worlds with hidden effects."
        ),
    ],
    n: Annotated[
        int | None,
        typer.Option(
            "--n", min=16, max=10_000_000, help="Requests, decisions, customers or events in a row of figures."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")] = False,
) -> None:
    """Measures a temporary copy with a server of its own; prints p50, p99 and how many a second."""
    settings = connect()
    machine = rows.machine(settings.database_url)
    count = n or USUAL[what]
    with leash.ended_in_order(), copies.temporary_copy(settings, tell) as (url, home):
        match what:
            case What.decide:
                found = measuring.decide(count, tell)
            case What.http:
                found = measuring.http(url, home, count, tell)
            case What.pages:
                found = drawing.pages(url, home, count, tell)
            case What.live:
                found = living.live(url, home, count, tell)
            case What.crowd:
                found = crowding.crowd(url, home, count, tell)
            case What.batch:
                found = everyone.everyone(count, tell)
            case What.ingest:
                found = ingesting.ingest(url, home, count, tell)
            case What.scale:
                found = scaling.scale(url, home, count, tell)
            case What.search:
                found = finding.search(count, tell)
            case What.wall:
                found = watching.wall(url, home, count, tell)
            case What.reports:
                found = reporting.reports(count, tell)
            case What.learn:
                found = teaching.learn(url, home, count, tell)
            case What.loop:
                found = proving.loop(count, tell)
            case What.duplicates:
                found = doubling.duplicates(count, tell)
    for one in found:
        tell(rows.in_words(one))
    if as_json:
        out({"machine": machine, "rows": found})
