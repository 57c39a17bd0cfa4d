"""`evenhand webhooks`: where events are sent, and what did not arrive."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import typer

from backend import db
from backend.commands.console import connect, out, tell
from backend.record import service as record
from shared.kernel import clock
from shared.kernel.actors import SYSTEM
from shared.kernel.errors import Invalid

commands = typer.Typer()
_webhooks = typer.Typer(help="Where events are sent, and what did not arrive.", no_args_is_help=True)
commands.add_typer(_webhooks, name="webhooks")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]


@_webhooks.command()
def add(
    url: Annotated[str, typer.Argument(help="The endpoint's whole address.")],
    events: Annotated[str, typer.Option(help="Which events, with commas between; all of them when left out.")] = "",
) -> None:
    """Adds an endpoint and shows its secret, this once, as one JSON object."""
    settings = connect()
    wanted = [event.strip() for event in events.split(",") if event.strip()]
    with db.transaction() as session:
        made, secret = record.add_endpoint(
            session, url, wanted, by=SYSTEM.name, key=settings.secret, tls_only=settings.env == "production", now=clock.now()
        )  # fmt: skip
        _note(session, "webhook.added", made.endpoint_id, {"events": list(made.events)})
    tell("Keep this secret safe: it is not shown again.")
    out({"id": str(made.endpoint_id), "secret": secret, "events": list(made.events)})


@_webhooks.command(name="list")
def list_(as_json: Json = False) -> None:
    """Every endpoint, with how much is on its way there and how much was given up."""
    connect()
    with db.reading() as session:
        found = record.endpoints(session)
    for one in found:
        state = "" if one.active else "  stopped"
        tell(f"{one.endpoint_id}  {one.url}  {one.pending} on the way, {one.dead} dead{state}")
    if not found:
        tell("No endpoints. `evenhand webhooks add URL` adds one.")
    if as_json:
        out({"items": [_endpoint(one) for one in found]})


@_webhooks.command()
def remove(endpoint: Annotated[str, typer.Argument(help="The endpoint's id.")]) -> None:
    """Takes an endpoint away, with all that is on its way there."""
    connect()
    with db.transaction() as session:
        gone = record.remove_endpoint(session, _id(endpoint))
        _note(session, "webhook.removed", gone.endpoint_id, {"pending": gone.pending, "dead": gone.dead})
    tell(f"Nothing is sent to {gone.url} any more; {gone.pending} on the way and {gone.dead} dead were dropped.")


@_webhooks.command()
def dead(as_json: Json = False) -> None:
    """What was given up, the latest first, with the last answer."""
    connect()
    with db.reading() as session:
        found = record.deliveries(session, "dead", most=1_000)
    for letter in found:
        tell(
            f"{letter.message}  {letter.event}  {letter.url}  {letter.attempts} attempts, last answer {letter.status or letter.error or 'none'}"
        )
    if not found:
        tell("No dead letters.")
    if as_json:
        out({"items": [_letter(letter) for letter in found]})


@_webhooks.command()
def resend(
    message: Annotated[str | None, typer.Argument(help="The webhook-id of one dead letter.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    endpoint: Annotated[str | None, typer.Option(help="Only to this endpoint, by its id.")] = None,
    as_json: Json = False,
) -> None:
    """Sends one dead letter again, or all."""
    connect()
    if (message is None) is not everything:
        raise Invalid("Name one message, or say --all.")
    to = _id(endpoint) if endpoint else None
    with db.transaction() as session:
        if message is not None:
            many = record.resend(session, message, to, clock.now())
        else:
            many = record.resend_all(session, clock.now(), to)
        _note(session, "webhook.resent", message or "all", {"many": many})
    tell(f"{many} sent again.")
    if as_json:
        out({"resent": many})


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(f"{text} is no endpoint's id; `evenhand webhooks list` names them.") from None


def _endpoint(one: record.Endpoint) -> dict[str, Any]:
    return {
        "id": str(one.endpoint_id), "url": one.url, "events": list(one.events), "active": one.active, "pending": one.pending,
        "dead": one.dead,
    }  # fmt: skip


def _letter(letter: record.Delivery) -> dict[str, Any]:
    return {
        "message": letter.message, "endpoint": str(letter.endpoint_id), "url": letter.url, "event": letter.event,
        "attempts": letter.attempts, "status": letter.status, "error": letter.error,
    }  # fmt: skip


def _note(session: db.Session, action: str, subject: UUID | str, payload: dict[str, Any]) -> None:
    record.audit(
        session, actor=SYSTEM, action=action, subject=f"webhook:{subject}", customer_id=None, payload=payload, now=clock.now()
    )  # fmt: skip
