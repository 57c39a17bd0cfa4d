"""`evenhand simulate-day`: a day of a call centre, played at speed, so that the desk's wall can be seen alive."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from backend import readiness
from backend.commands.console import out, tell, tracked
from backend.rehearsing.service import Rehearsal, Wanted, day_of
from backend.settings import SettingsError
from shared.kernel.errors import Invalid

commands = typer.Typer()
PLAIN_STEPS = 12
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")


@commands.command(name="simulate-day")
def simulate_day(
    day: Annotated[
        str, typer.Option(help="Whose counts of calls: a date or a weekday's name; an ordinary day by default.")
    ] = "",
    calls: Annotated[int, typer.Option(min=1, max=50_000, help="About so many calls over the whole day.")] = 400,
    visits: Annotated[float, typer.Option(min=0, max=20, help="Visits to the portal for each call.")] = 0.6,
    agents: Annotated[int, typer.Option(min=1, max=99, help="So many made-up agents answer.")] = 12,
    speed: Annotated[float, typer.Option(min=1, max=3_600, help="Seconds of the day in each second.")] = 60.0,
    begins: Annotated[str, typer.Option("--from", help="The time at which the day begins.")] = "07:00",
    ends: Annotated[str, typer.Option("--until", help="The time at which nobody calls any more.")] = "21:05",
    seed: Annotated[int, typer.Option(help="The same seed makes the same people do the same.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")] = False,
) -> None:
    """Plays a day of calls and visits with made-up agents and customers, beside a house that is served; exit 1 when something went wrong.

    How many call in each five minutes is real: a bank's call centre, 2003. What happens is on timelines, the wall and the trail,
    as everything that happens is; so it is refused in production.
    """
    settings = readiness.begin()
    if settings.env == "production":
        raise SettingsError("A rehearsal writes made-up contacts: EVENHAND_ENV must not be production for it.")
    wanted = Wanted(
        calls=calls, visits=visits, agents=agents, speed=speed, begins=_seconds(begins), ends=_seconds(ends), seed=seed
    )
    chosen = day_of(day)
    rehearsal = Rehearsal(chosen, wanted)
    minutes = (wanted.ends - wanted.begins) / speed / 60
    tell(
        f"{chosen.day:%A}'s shape of calls, {agents} made-up agents, about {minutes:.0f} minutes. Ctrl-C ends it well."
    )
    try:
        with rehearsal:
            steps = iter(rehearsal)
            for _ in tracked(range(rehearsal.steps), "Five minutes of the day", PLAIN_STEPS):
                next(steps, None)
    except KeyboardInterrupt:
        tell("Ended early: everyone was sent home.")
    found = rehearsal.outcome()
    for name, many in ((name, many) for name, many in found["counts"].items() if many):
        tell(f"{many:>7,} {name}")
    tell(
        f"Acts began late by {found['late_p50_ms']} ms at the median, {found['late_p99_ms']} ms at the 99th percentile."
    )
    wrong = [*found["faults"], *found["differences"], *([] if found["audit_ok"] else ["The audit trail is broken."])]
    for line in wrong[:20]:
        tell(line)
    tell(f"{len(wrong)} faults." if wrong else "No faults; the channels agree; the trail holds.")
    if as_json:
        out(found)
    raise typer.Exit(1 if wrong else 0)


def _seconds(text: str) -> int:
    """Of the day. Raises Invalid for what is no time."""
    found = _CLOCK.fullmatch(text.strip())
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        raise Invalid(f"{text} is no time of day.", {"time": "as in 09:30"})
    return int(found[1]) * 3600 + int(found[2]) * 60
