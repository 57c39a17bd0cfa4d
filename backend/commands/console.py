"""What all commands share: the settings' database, lines for people on stderr, one JSON object for programs on stdout."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import typer
from rich.console import Console
from rich.progress import track

from backend import db, settings
from backend.mailroom import service as mailroom
from backend.settings import Settings

T = TypeVar("T")
PLAIN_STEP = 1_000


def connect() -> Settings:
    """Opens the database that the settings name. Raises SettingsError."""
    read = settings.read(os.environ)
    db.open(read.database_url, read.home)
    mailroom.set_up(read.smtp is not None, read.address, read.sms_domain)
    return read


def tell(line: str) -> None:
    typer.echo(line, err=True)


def out(answer: dict[str, Any]) -> None:
    """Prints the object as one line, the last."""
    typer.echo(json.dumps(answer, default=str))


def tracked(items: Sequence[T], what: str, plain_step: int = PLAIN_STEP) -> Iterator[T]:
    """The items one by one, with a progress bar on a terminal and, elsewhere, a plain line for each so many."""
    console = Console(stderr=True)
    if console.is_terminal:
        yield from track(items, description=what, console=console)
        return
    for done, item in enumerate(items, 1):
        yield item
        if done % plain_step == 0 or done == len(items):
            print(f"{what}: {done:,} of {len(items):,}", file=sys.stderr, flush=True)  # noqa: T201
