"""`evenhand catalogue`: the life of a version without the pages: drafts, checks, approval, going in force, the way back."""

from __future__ import annotations

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from sqlmodel import Session

from backend import db
from backend.budgets import service as budgets
from backend.catalogue import service as catalogues
from backend.catalogue.service import Draft
from backend.commands.console import connect, out, tell
from backend.commands.simulating import in_words
from backend.matrix import service as matrix
from backend.matrix.service import PackError
from backend.people import service as people
from backend.simulation import service as simulations
from shared.kernel import clock
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import Invalid, NotFound

commands = typer.Typer()
_catalogue = typer.Typer(help="Versions of the catalogue: drafts, approval, what is in force.", no_args_is_help=True)
commands.add_typer(_catalogue, name="catalogue")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]
By = Annotated[str, typer.Option("--as", help="The member of staff who does it, by e-mail.")]
Id = Annotated[UUID, typer.Argument(help="A draft's id.")]
Folder = Annotated[str, typer.Argument(help="A pack's name or folder.")]


@_catalogue.command("list")
def list_(as_json: Json = False) -> None:
    """Lists the drafts and the versions, the newest first."""
    connect()
    with db.reading() as session:
        drafts, versions = catalogues.drafts(session), catalogues.versions(session)
    for one in drafts:
        when = f", in force from {one.effective_at:%Y-%m-%d %H:%M} UTC" if one.effective_at else ""
        tell(
            f"draft {one.draft_id}  {one.state:<10} {one.name!r} by {one.made_by}, on version {one.base_version}{when}"
        )
    for version in versions:
        spells = ", ".join(f"{s.since:%Y-%m-%d %H:%M}" + (" (put back)" if s.back else "") for s in version.spells)
        named = f" {version.name!r}" if version.name else ""
        tell(
            f"version {version.version:<4} {version.state:<10}{named} by {version.published_by}; in force from {spells}"
        )
    if as_json:
        out({
            "drafts": [{name: getattr(one, name) for name in type(one).__slots__} for one in drafts],
            "versions": [
                {"version": v.version, "state": v.state, "digest": v.digest, "draft_id": v.draft_id, "name": v.name,
                 "published_at": v.published_at.isoformat(), "published_by": v.published_by}
                for v in versions
            ],
        })  # fmt: skip


@_catalogue.command()
def draft(
    folder: Folder,
    by: By,
    name: Annotated[str, typer.Option(help="What it changes, in a few words.")] = "",
    into: Annotated[UUID | None, typer.Option(help="A draft whose files are replaced, in place of a new one.")] = None,
    as_json: Json = False,
) -> None:
    """Makes a draft of the pack's text files, or puts them in the place of a draft's."""
    connect()
    texts = _texts(folder)
    with db.transaction() as session:
        actor, now = _staff(session, by), clock.now()
        if into is None:
            into = catalogues.begin_draft(session, name or Path(folder).name, actor, now, files=texts)
        else:
            catalogues.replace_files(session, into, texts, actor, now)
        made = catalogues.draft(session, into)
    _say(made, as_json)


@_catalogue.command()
def check(draft_id: Id, by: By, as_json: Json = False) -> None:
    """Checks a draft, its personas included; exit 1 when anything is wrong with it."""
    connect()
    with db.reading() as session:
        actor = _staff(session, by)
    made = catalogues.check_draft(draft_id, actor, clock.now())
    for problem in made.problems or ():
        tell(str(problem))
    _say(made, as_json)
    raise typer.Exit(1 if made.problems else 0)


@_catalogue.command()
def diff(draft_id: Id) -> None:
    """Prints what a draft changes of the version in force, as unified lines on standard output."""
    connect()
    with db.reading() as session:
        made = catalogues.draft(session, draft_id)
        version = catalogues.in_force(session).catalogue.version
        before = catalogues.files_of(session, version)
    for path, lines in catalogues.difference(before, made.files):
        typer.echo("\n".join([f"--- {path} (version {version})", f"+++ {path} ({made.name})", *lines]))


@_catalogue.command()
def simulate(draft_id: Id, by: By, as_json: Json = False) -> None:
    """Simulates a draft against what is in force over all customers, here and now; the draft has reached the next step then."""
    connect()
    with db.transaction() as session:
        seen = catalogues.draft(session, draft_id).revision
        simulations.ask_simulation(session, draft_id, seen, _staff(session, by), clock.now())
    simulations.simulate_next(clock.now(), processes=simulations.cores())
    with db.reading() as session:
        found, made = simulations.simulation(session, draft_id), catalogues.draft(session, draft_id)
    if found is None or found.report is None:
        raise Invalid(f"It was not simulated here: {found.error or found.state if found else 'nothing was asked'}.")
    for line in in_words(found.report):
        tell(line)
    _say(made, as_json)


@_catalogue.command()
def ask(draft_id: Id, by: By, as_json: Json = False) -> None:
    """Asks a second person to approve a draft."""
    _act(draft_id, by, as_json, catalogues.ask_approval)


@_catalogue.command()
def approve(draft_id: Id, by: By, as_json: Json = False) -> None:
    """Approves a draft; nobody who had a hand in it can."""
    _act(draft_id, by, as_json, catalogues.approve)


@_catalogue.command("send-back")
def send_back(
    draft_id: Id, by: By, words: Annotated[str, typer.Option(help="What is to be changed.")], as_json: Json = False
) -> None:
    """Gives a draft back to its authors."""
    _act(draft_id, by, as_json, lambda s, d, seen, a, now: catalogues.send_back(s, d, seen, words, a, now))


@_catalogue.command()
def schedule(
    draft_id: Id,
    by: By,
    at: Annotated[
        datetime | None, typer.Option("--from", help="Local time of the pack; at once where none is given.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Lets an approved draft go in force, now or from a date: the running worker puts it in force within seconds."""
    connect()
    with db.reading() as session:
        zone = clock.zone_named(catalogues.pack_in_force(session).timezone)
    when = at.replace(tzinfo=zone) if at and at.tzinfo is None else at
    _act(draft_id, by, as_json, lambda s, d, seen, a, now: catalogues.schedule(s, d, seen, when, a, now))


@_catalogue.command()
def withdraw(draft_id: Id, by: By, as_json: Json = False) -> None:
    """Gives a draft up."""
    _act(draft_id, by, as_json, catalogues.withdraw)


@_catalogue.command()
def rollback(
    version: Annotated[int, typer.Argument(help="The version that was in force before.")],
    by: Annotated[str, typer.Option("--as", help="The member of staff who does it, by e-mail.")] = "",
    as_json: Json = False,
) -> None:
    """Puts an earlier version in force again, at once."""
    connect()
    with db.transaction() as session:
        seen = catalogues.in_force(session).catalogue.version
        actor = _staff(session, by) if by else SYSTEM
        configuration = catalogues.roll_back(session, version, seen, actor, clock.now())
    tell(f"Version {version} is in force again, as configuration {configuration}.")
    if as_json:
        out({"version": version, "instead_of": seen, "configuration": configuration})


@_catalogue.command()
def publish(folder: Folder, as_json: Json = False) -> None:
    """Checks a pack and puts it in force at once, for whoever runs this installation; on the record like every other way.

    Levers and bid prices of an export come with it; of a plain pack, those in force stay.
    """
    connect()
    texts, at = _texts(folder), matrix.folder_of(folder)
    problems = catalogues.check_texts(texts)
    for problem in problems:
        tell(str(problem))
    if problems:
        raise Invalid(
            f"The pack {folder} has {len(problems)} problem{'s' * (len(problems) != 1)}: nothing was published."
        )
    dials = _dials(at / catalogues.DIALS)
    with db.transaction() as session:
        now = clock.now()
        version = catalogues.publish(session, matrix.body_of(texts), SYSTEM, now, texts)
        if dials is not None:
            _turn(session, version, *dials, now)
        configuration = catalogues.in_force(session).version
    tell(f"Version {version} is in force, as configuration {configuration}.")
    if as_json:
        out({"version": version, "configuration": configuration})


@_catalogue.command()
def export(
    folder: Annotated[Path, typer.Argument(help="A new folder to write into.")],
    version: Annotated[int | None, typer.Option(help="Which version; the one in force where none is given.")] = None,
    as_json: Json = False,
) -> None:
    """Writes everything of a version as plain text: the pack's files, levers and bid prices."""
    connect()
    with db.reading() as session:
        written = catalogues.export_version(session, folder, version)
    tell(f"{len(written)} files in {folder}.")
    if as_json:
        out({"files": [str(path) for path in written]})


def _turn(session: Session, version: int, levers: dict[str, float], prices: dict[str, float], now: datetime) -> None:
    """Puts the levers and bid prices of an export in force, of what the catalogue has."""
    catalogues.hold(session)
    known = catalogues.in_force(session)
    known_budgets = {budget.key for budget in known.catalogue.pack.budgets}
    levers = {key: lever for key, lever in levers.items() if key in known.catalogue.treatments}
    prices = {key: price for key, price in prices.items() if key in known_budgets}
    for key, price in prices.items():
        budgets.set_price(session, key, price, SYSTEM, now)
    if (levers, prices) != (dict(known.levers), dict(known.prices)):
        catalogues.configure(session, version, levers, prices, SYSTEM, now, known.exhausted)


def _act(draft_id: UUID, by: str, as_json: bool, act: Any) -> None:
    connect()
    with db.transaction() as session:
        actor = _staff(session, by)
        seen = catalogues.draft(session, draft_id).revision
        made = act(session, draft_id, seen, actor, clock.now())
    _say(made, as_json)


def _say(made: Draft, as_json: bool) -> None:
    tell(f"Draft {made.draft_id} ({made.name}): {made.state}.")
    if as_json:
        out({
            "draft_id": made.draft_id, "name": made.name, "state": made.state, "digest": made.digest,
            "problems": None if made.problems is None else [vars(p) for p in made.problems],
        })  # fmt: skip


def _staff(session: Session, email: str) -> Actor:
    found = people.find_staff(session, email)
    actor = people.staff_actor(session, found[0]) if found else None
    if actor is None:
        raise NotFound(f"Nobody signs in as {email}.")
    return actor


def _texts(folder: str) -> dict[str, str]:
    try:
        return matrix.texts_of(matrix.folder_of(folder))
    except PackError as wrong:
        raise Invalid(str(wrong)) from wrong


def _dials(file: Path) -> tuple[dict[str, float], dict[str, float]] | None:
    if not file.is_file():
        return None
    try:
        read = tomllib.loads(file.read_text(encoding="utf-8"))
        levers, prices = ({str(k): float(v) for k, v in read.get(name, {}).items()} for name in ("levers", "prices"))
    except (ValueError, TypeError, AttributeError) as wrong:
        raise Invalid(f"{file} holds no levers and prices: {wrong}.") from wrong
    return levers, prices
