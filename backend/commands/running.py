"""Commands that run the house: `serve`, `demo`, `db`, `keys`, `staff`, `audit`."""

import json
import os
from typing import Annotated, Any

import typer

from backend import db, demo, readiness, serving
from backend.commands import data
from backend.commands.console import tell
from backend.people import service as people
from backend.record import service as record
from backend.settings import SettingsError
from backend.staffing import service as staffing
from shared.kernel import clock
from shared.kernel.actors import SYSTEM
from shared.kernel.errors import NotFound

commands = typer.Typer()
_db = typer.Typer(help="The database's migrations.", no_args_is_help=True)
_keys = typer.Typer(help="API keys.", no_args_is_help=True)
_staff = typer.Typer(help="Who may sign in at the desk.", no_args_is_help=True)
_audit = typer.Typer(help="The audit trail.", no_args_is_help=True)
for name, group in (("db", _db), ("keys", _keys), ("staff", _staff), ("audit", _audit)):
    commands.add_typer(group, name=name)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]


@commands.command()
def serve() -> None:
    """Serves the desk, the portal and the API on 127.0.0.1, in the foreground."""
    settings = readiness.begin_serving()
    db.close()
    serving.serve(settings)


@commands.command(name="demo")
def demo_() -> None:
    """Prepares the demo where needed, prints its addresses and sign-ins, and serves it in the foreground."""
    mail_port = demo.own_mail(os.environ)
    settings = readiness.begin()
    if settings.env == "production":
        raise SettingsError("EVENHAND_ENV may be demo or test for `evenhand demo`; it is 'production'.")
    db.upgrade(settings.database_url)
    data.load(demo.PACK, settings.home)
    demo.score(tell)
    for line in demo.prepare(settings, mail_port):
        typer.echo(line)
    db.close()
    serving.serve(settings, mail_port)


@_db.command()
def upgrade() -> None:
    """Brings the database to this release; does nothing when it is there already."""
    settings = readiness.begin()
    db.upgrade(settings.database_url)
    typer.echo("The database has every migration of this release.", err=True)


@_db.command()
def check(as_json: Json = False) -> None:
    """Compares the database with the code's tables; exit 1 when they differ."""
    settings = readiness.begin()
    found = db.check(settings.database_url)
    for line in found:
        typer.echo(line, err=True)
    if not found:
        typer.echo("The database is as this release expects it.", err=True)
    if as_json:
        _out({"ok": not found, "differences": found})
    raise typer.Exit(1 if found else 0)


@_db.command()
def revise(message: Annotated[str, typer.Argument(help="What changes, in a few words.")]) -> None:
    """For developers: writes the migration that is missing between the database and the code's tables."""
    settings = readiness.begin()
    typer.echo(str(db.revise(settings.database_url, message)))


@_keys.command()
def create(
    scopes: Annotated[str, typer.Option(help=f"One or several, with commas between: {', '.join(people.SCOPES)}.")],
    source: Annotated[
        str, typer.Option(help="Which system will hold it, as the pack's events.toml calls it: web, crm, …")
    ] = "",
    as_json: Json = False,
) -> None:
    """Makes an API key and shows it, this once, as one JSON object."""
    readiness.begin()
    wanted = [scope.strip() for scope in scopes.split(",") if scope.strip()]
    with db.transaction() as session:
        key_id, key = people.create_key(session, wanted, clock.now(), source)
        _note(session, "key.created", f"key:{key_id}", {"scopes": sorted(set(wanted)), "source": source})
    typer.echo("Keep this key safe: it is not shown again.", err=True)
    _out({"id": str(key_id), "key": key, "scopes": sorted(set(wanted))})


@_staff.command(name="create")
def create_staff(
    email: Annotated[str, typer.Argument(help="What they sign in with.")],
    name: Annotated[str, typer.Option(help="As others see it.")],
    role: Annotated[str, typer.Option(help=f"One of {', '.join(people.STAFF_ROLES)}.")] = "agent",
) -> None:
    """Adds a member of staff; asks for their password, or reads it from standard input."""
    readiness.begin()
    password = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    with db.transaction() as session:
        staff_id = people.create_staff(session, email, name, role, password, clock.now())
        _note(session, "staff.created", f"staff:{staff_id}", {"email": email, "role": role})
    typer.echo(f"{email} may sign in as {role}.", err=True)


@_staff.command(name="reset-second-step")
def reset_second_step(email: Annotated[str, typer.Argument(help="What they sign in with.")]) -> None:
    """Takes away a second step whose telephone and codes on paper are lost, where no other administrator can do it at the desk."""
    readiness.begin()
    with db.transaction() as session:
        staff_id = people.staff_by_email(session, email)
        if staff_id is None:
            raise NotFound(f"Nobody signs in as {email}.")
        who = staffing.reset_second_step(session, staff_id, SYSTEM, clock.now())
    typer.echo(f"{who.name} was signed out everywhere, and signs in by password alone, or sets up another.", err=True)


@_staff.command()
def extension(
    number: Annotated[str, typer.Argument(help="The telephone's extension, as the telephone system names it.")],
    email: Annotated[str, typer.Argument(help="Whose it is from now on, by what they sign in with.")] = "",
    remove: Annotated[bool, typer.Option("--remove", help="It is nobody's.")] = False,
) -> None:
    """Says whose telephone this is, so that its calls ring at their desk."""
    readiness.begin()
    if remove == bool(email):
        raise typer.BadParameter("Name whose it is, or say --remove.")
    with db.transaction() as session:
        if remove:
            people.withdraw_extension(session, number)
        else:
            people.assign_extension(session, number, email, SYSTEM, clock.now())
        _note(session, "extension.removed" if remove else "extension.set", f"extension:{number}", {"email": email})
    typer.echo(f"{number} is nobody's." if remove else f"{number} is {email}'s.", err=True)


@_staff.command()
def extensions(as_json: Json = False) -> None:
    """Lists the extensions and whose they are."""
    readiness.begin()
    with db.reading() as session:
        known = people.extensions(session)
    for one in known:
        typer.echo(f"{one.extension:<12} {one.name} <{one.email}>", err=True)
    if as_json:
        _out({"extensions": [{"extension": one.extension, "name": one.name, "email": one.email} for one in known]})


@_audit.command()
def verify(as_json: Json = False) -> None:
    """Recomputes the whole trail and prints what it found as one JSON object; exit 1 when it is broken."""
    readiness.begin()
    verdict = record.verify()
    where = "" if verdict["ok"] else f" It does not hold from entry {verdict['first_bad']} on."
    typer.echo(f"{verdict['entries']} entries.{where}", err=True)
    _out(dict(verdict))
    raise typer.Exit(0 if verdict["ok"] else 1)


def _note(session: db.Session, action: str, subject: str, payload: dict[str, Any]) -> None:
    record.audit(
        session, actor=SYSTEM, action=action, subject=subject, customer_id=None, payload=payload, now=clock.now()
    )


def _out(answer: dict[str, Any]) -> None:
    typer.echo(json.dumps(answer))
