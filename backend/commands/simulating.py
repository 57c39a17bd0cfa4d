"""`evenhand simulate`: what a draft would do differently from what is in force, for the whole base."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from backend.catalogue import service as catalogues
from backend.commands.console import connect, out, tell
from backend.matrix import service as matrix
from backend.simulation import service as simulations
from shared.kernel import clock
from shared.kernel.errors import Invalid

commands = typer.Typer()
PLAIN_STEPS = 10
MOST_LINES = 12


@commands.command()
def simulate(
    folder: Annotated[str, typer.Argument(help="The draft: a pack's name or folder.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")] = False,
) -> None:
    """Simulates a pack against what is in force over all customers; exit 1 when the pack has a problem. It writes nothing."""
    connect()
    texts = matrix.texts_of(matrix.folder_of(folder))
    problems = catalogues.check_texts(texts)
    for problem in problems:
        tell(str(problem))
    if problems:
        raise Invalid(
            f"The pack {folder} has {len(problems)} problem{'s' * (len(problems) != 1)}: nothing was simulated."
        )
    with shown_progress("Simulating") as progress:
        report = simulations.simulate(matrix.body_of(texts), clock.now(), simulations.cores(), progress=progress)
    for line in in_words(report):
        tell(line)
    if as_json:
        out(report)


@contextmanager
def shown_progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Shows how far it is: a bar on a terminal, a plain line at each tenth elsewhere."""
    screen = Console(stderr=True)
    if screen.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=screen) as bar:
            task = bar.add_task(what, total=None)
            yield lambda done, of: bar.update(task, completed=done, total=of)
        return
    told = 0

    def plainly(done: int, of: int) -> None:
        nonlocal told
        if done * PLAIN_STEPS // max(of, 1) > told:
            told = done * PLAIN_STEPS // max(of, 1)
            tell(f"{what}: {done:,} of {of:,}")

    yield plainly


def in_words(report: simulations.Report) -> Iterator[str]:
    """The report for people."""
    currency = report["currency"]
    yield f"{report['customers']:,} customers in {report['seconds']:.1f} s, against version {report['catalogue']}: {report['changed']:,} get another first."
    yield ""
    yield f"{'Treatment':<44} {'first now':>10} {'then':>10} {'won':>8} {'lost':>8}"
    if report["experiments"]:
        yield f"Experiments that run are left out on both sides: {', '.join(report['experiments'])}."
    for row in report["treatments"][:MOST_LINES]:
        yield f"{row['name'][:44]:<44} {row['before']:>10,} {row['after']:>10,} {row['won']:>8,} {row['lost']:>8,}"
    yield ""
    for segment in report["segments"]:
        moved = ", ".join(f"{t['name']} +{t['won']:,} −{t['lost']:,}" for t in segment["treatments"][:3])
        yield f"{segment['label']}: {segment['changed']:,} of {segment['customers']:,} change{': ' if moved else ''}{moved}"
    yield ", ".join(f"{o['objective']} {o['before']:,} → {o['after']:,}" for o in report["objectives"])
    yield ""
    for name, sides in report["money"].items():
        yield f"Expected {name:<12} {sides['before']:>14,.2f} → {sides['after']:>14,.2f} {currency}"
    for budget in report["budgets"]:
        yield f"{budget['label']}: {budget['before']:,.0f} → {budget['after']:,.0f} {budget['unit']} would be taken; there are {budget['amount']:,.0f} per {budget['per']}"
    yield ""
    yield from _earned(report["earned"])
    yield ""
    yield from _nothing(report["nothing"])
    yield ""
    yield from _fairness(report["fairness"], currency)


def _earned(found: dict[str, Any]) -> Iterator[str]:
    """What the draft would have earned on what was presented, or why nobody can say."""
    left_out = sum(found["left_out"].values())
    yield (
        f"Presented from {found['since']} to {found['until']}: {found['rounds']:,} with a known probability, to"
        f" {found['people']:,} customers; {left_out:,} left out; the draft's choices weigh {found['effective']:,.0f}."
    )
    for why in found["refused"]:
        yield f"  What it would have earned cannot be said. {why}"
    if found["refused"]:
        return
    currency = found["currency"]
    for measure, unit in (("value", f" {currency}"), ("taken", "")):
        yield f"  {measure.capitalize()} by presentation: {_interval(found['earned'][measure])}{unit} was earned"
        for name, numbers in found["would"][measure].items():
            yield f"    {name.replace('_', ' '):<20} {_interval(numbers)}{unit}"
        yield f"    by {found['headline'].replace('_', ' ')}, more by {_interval(found['difference'][measure])}{unit}"


def _interval(numbers: list[float] | None) -> str:
    return "none" if numbers is None else "{:.4f} ({:.4f} to {:.4f})".format(*numbers)


def _nothing(nothing: dict[str, Any]) -> Iterator[str]:
    yield f"Nothing to offer: {nothing['before']:,} → {nothing['after']:,} customers, {nothing['newly']:,} of them newly."
    if nothing["steps"]:
        yield "  came furthest: " + ", ".join(
            f"{s['step'].replace('_', ' ')} {s['customers']:,}" for s in nothing["steps"]
        )
    for why in nothing["why"][:5]:
        yield f"  {why['customers']:,} × {why['name']}: {why['step'].replace('_', ' ')}: {why['rule']}"


def _fairness(found: list[dict[str, Any]], currency: str) -> Iterator[str]:
    for one in found:
        groups = "; ".join(
            f"{g['group']} {g['rate_after']:.1%}, {g['money_after']:.2f} {currency} ({g['customers']:,})"
            for g in one["groups"]
        )
        yield f"Concessions by {one['label'].lower()}: {groups}"
        for what, words in (("rate", "how often"), ("money", "how much")):
            if what in one["warnings"]:
                yield f"  WARNING {words}: the least is {one[f'{what}_ratio_after']:.2f} of the most, below 0.8 (now {_or_none(one[f'{what}_ratio_before'])})"


def _or_none(ratio: float | None) -> str:
    return "none" if ratio is None else f"{ratio:.2f}"
