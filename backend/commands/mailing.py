"""`evenhand mail`: e-mail comes in, over SMTP or LMTP, from a file, or through a pipe."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from backend import mailserver, readiness, worker
from backend.commands.console import out, tell
from backend.mailroom import service as mailroom
from shared.kernel import clock
from shared.kernel.errors import Invalid, NotFound

commands = typer.Typer()


@commands.command(name="mail")
def mail_(
    host: Annotated[
        str, typer.Option(help="Where to listen; behind a mail server, this machine alone.")
    ] = mailserver.HOST,
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 2525,
    lmtp: Annotated[bool, typer.Option("--lmtp", help="Speak LMTP instead of SMTP.")] = False,
    file: Annotated[
        str,
        typer.Option(
            help="Files this one mail instead, as any mail server can hand it over; - reads it from the pipe."
        ),
    ] = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="With --file: print one JSON object as the last line.")
    ] = False,
) -> None:
    """Takes the mail that customers write to EVENHAND_MAIL_FROM, and files it with their cases."""
    settings = readiness.begin_serving()
    worker.register_handlers()
    if not file:
        tell(f"Taking mail to {settings.mail_from or 'nobody'} on {host}:{port}.")
        mailserver.serve(settings, host, port, lmtp=lmtp)
        return
    content = _content(file)
    filed = mailroom.receive(content, home=settings.home, mail_from=settings.mail_from, now=clock.now())
    tell(f"Mail from {filed.sender or 'nobody'}: {filed.state}{f', {filed.why}' if filed.why else ''}.")
    if as_json:
        case_id = str(filed.case_id) if filed.case_id else None
        out({"mail_id": str(filed.mail_id), "state": filed.state, "why": filed.why, "case_id": case_id})


def _content(file: str) -> bytes:
    try:
        content = sys.stdin.buffer.read(mailroom.LARGEST + 1) if file == "-" else Path(file).read_bytes()
    except OSError as failure:
        raise NotFound(f"{file} cannot be read: {failure.strerror}.") from None
    if not content.strip():
        raise Invalid("There is no mail in it.")
    if len(content) > mailroom.LARGEST:
        raise Invalid(f"A mail may have {mailroom.LARGEST // 1024 // 1024} MB.")
    return content
