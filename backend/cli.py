"""The `evenhand` command: each module of `backend/commands` adds its own through its `commands`."""

import sys

import typer

from backend.commands import (
    authoring,
    benching,
    calling,
    data,
    deciding,
    exporting,
    identities,
    mailing,
    overseeing,
    rehearsing,
    reporting,
    running,
    scoring,
    simulating,
    webhooks,
)
from backend.settings import SettingsError
from shared.kernel.errors import EvenhandError

app = typer.Typer(
    name="evenhand",
    help="One customer, one decision, every channel.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # they may be a customer's data
)
for module in (
    running,
    scoring,
    data,
    exporting,
    deciding,
    authoring,
    simulating,
    rehearsing,
    calling,
    identities,
    webhooks,
    mailing,
    overseeing,
    reporting,
    benching,
):
    app.add_typer(module.commands)


def main() -> None:
    """Runs the command. What a person can put right is told in one line: exit 2 for a setting, 1 for the rest."""
    try:
        app()
    except SettingsError as wrong:
        sys.exit(_tell(wrong, 2))
    except EvenhandError as failure:
        sys.exit(_tell(failure, 1))


def _tell(failure: Exception, status: int) -> int:
    print(f"evenhand: {failure}", file=sys.stderr)
    return status
