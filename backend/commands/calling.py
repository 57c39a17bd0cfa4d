"""`evenhand ring`: a telephone call, played from its first ring to its end."""

from __future__ import annotations

import sys
import time
from typing import Annotated
from uuid import uuid4

import typer

from backend import db
from backend.catalogue import service as catalogues
from backend.commands.console import connect, out, tell
from backend.interactions import service as interactions
from backend.interactions.service import Call
from backend.overview import service as overview
from backend.people import service as people
from backend.profiles import service as profiles
from backend.record import service as record
from shared.kernel import clock
from shared.kernel.actors import SYSTEM
from shared.kernel.errors import NotFound

commands = typer.Typer()
LINE = "+12025550100"


@commands.command()
def ring(
    number: Annotated[str, typer.Argument(help="The number that calls, or a customer's number or e-mail.")],
    agent: Annotated[
        str | None,
        typer.Option(
            help="Whom it rings: e-mail, its part before the @, or name. Else who is ready longest and has the line's skill."
        ),
    ] = None,
    line: Annotated[str, typer.Option(help="The number that is called: its queue says which skill answers.")] = LINE,
    after: Annotated[float, typer.Option(min=0, max=600, help="Seconds until it is answered.")] = 3.0,
    lasting: Annotated[
        float | None,
        typer.Option("--for", min=0, max=36_000, help="Seconds until it ends; else with Enter, or Ctrl-C."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")] = False,
) -> None:
    """Plays a call: it rings, somebody answers, it ends. The desk sees it as from a telephone system."""
    connect()
    interactions.use_queues(catalogues.telephony_in_force, overview.who_may_open)
    named = [agent] if agent else []
    calling = _number(number)
    if agent:
        with db.reading() as session:
            if people.find_staff(session, agent) is None:
                raise NotFound(f"There is no agent {agent}.")
    external_id = f"ring-{uuid4().hex}"
    with db.transaction() as session:
        call = interactions.ring(session, external_id, calling, line, "inbound", named, clock.now())
    tell(_told(call))
    try:
        time.sleep(after)
        with db.transaction() as session:
            call = interactions.answered(session, external_id, named, clock.now())
        tell(f"Answered by {call.staff}." if call.staff else "Answered; nobody at the desk is ready.")
        _talk(lasting)
    except KeyboardInterrupt:
        pass
    with db.transaction() as session:
        call = interactions.hung_up(session, external_id, "normalClearing", clock.now())
    tell("The call has ended." if call.answered_at else "Nobody answered.")
    if as_json:
        out(
            {
                "call_id": str(call.call_id), "number": call.number, "agent": call.staff or None,
                "customer_id": str(call.customer_id) if call.customer_id else None, "answered": call.answered_at is not None,
            }
        )  # fmt: skip


@commands.command()
def skills(
    email: Annotated[str | None, typer.Argument(help="Whose skills are set; nobody's: all are listed.")] = None,
    skill: Annotated[
        list[str] | None, typer.Argument(help="What they are skilled in from now on, by the pack's keys.")
    ] = None,
) -> None:
    """Who is skilled in what, so that calls are offered to whoever can answer them."""
    connect()
    with db.transaction() as session:
        known = [one.key for one in catalogues.telephony_in_force(session).skills]
        if email is not None:
            people.set_skills(session, email, skill or [], known, SYSTEM, clock.now())
            record.audit(
                session, actor=SYSTEM, action="skills.set", subject=f"staff:{email}", customer_id=None,
                payload={"skills": sorted(skill or [])}, now=clock.now(),
            )  # fmt: skip
        mine = people.skills(session)
        for one in people.colleagues(session):
            if people.Permission.PRESENT_OFFERS in people.ROLES[one.role]:
                tell(f"{one.email}: {', '.join(sorted(mine.get(one.staff_id, ()))) or 'none'}")


def _number(text: str) -> str:
    """The telephone number to play; a customer may be named by number or e-mail instead."""
    with db.reading() as session:
        known = profiles.find_by_sign_in(session, text)
        phone = profiles.profile(session, known).phone if known is not None else None
    if known is not None and phone is None:
        raise NotFound(f"We know no telephone number of {text}.")
    return phone or text


def _told(call: Call) -> str:
    who = "an unknown caller"
    if call.customer_id is not None:
        with db.reading() as session:
            who = profiles.profile(session, call.customer_id).name
    whom = f"at {call.staff}'s desk" if call.staff else "and nobody is ready: choose Ready at a desk"
    return f"{call.number} rings ({who}) {whom}."


def _talk(seconds: float | None) -> None:
    """Till the time is up; without one, till Enter where somebody can press it, else for half a minute."""
    if seconds is not None:
        time.sleep(seconds)
        return
    if not sys.stdin.isatty():
        time.sleep(30)
        return
    tell("Enter ends the call.")
    sys.stdin.readline()
