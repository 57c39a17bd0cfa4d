"""What is asked of the database meanwhile, and which of it would look through a whole table of customers' rows."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import event, text

from backend import db
from backend.benching.scaling import scanned

Asked = list[tuple[str, Any]]


@contextlib.contextmanager
def listened() -> Iterator[Asked]:
    """Every statement that looks for rows, with its parameters, by whichever connection."""
    with db.transaction() as session:
        engines: set[Any] = {session.get_bind()}
    with db.reading() as session:
        engines.add(session.get_bind())
    asked: Asked = []

    def keep(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if statement.startswith(("SELECT", "DELETE", "UPDATE")):
            asked.append((statement, parameters[0] if many else parameters))

    for engine in engines:
        event.listen(engine, "before_cursor_execute", keep)
    try:
        yield asked
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", keep)


def looked_through(asked: Iterable[tuple[str, Any]]) -> set[str]:
    """The statements for which the database knows no other way, by its own account."""
    with db.reading() as session:
        if db.dialect() == "postgresql":
            # Of the few rows of a test it would read all: what is asked is whether there is another way.
            session.connection().execute(text("SET LOCAL enable_seqscan = off"))
        return {found for statement, given in asked for found in scanned(session, statement, given)}
