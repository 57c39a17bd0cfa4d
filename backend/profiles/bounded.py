"""Reading for no longer than one may wait: what takes longer is given up, and the session goes on."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

import psycopg.errors
from sqlalchemy import Select, TextClause, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

_STEPS = 20_000
"""So many of SQLite's instructions between two looks at the clock: well under a millisecond."""


class Deadline:
    """Runs a session's selects until the time is over; `cut` tells that one of them was given up."""

    def __init__(self, session: Session, seconds: float) -> None:
        self.session = session
        self.ends = time.monotonic() + seconds
        self.cut = False

    def rows(self, statement: Select[Any] | TextClause, **settings: str) -> list[Any]:
        """What the select gives; nothing once the time is over. `settings` are PostgreSQL's, for this select alone."""
        left = self.ends - time.monotonic()
        if left <= 0 or self.cut:
            self.cut = True
            return []
        try:
            if self.session.get_bind().dialect.name == "sqlite":
                return self._sqlite(statement)
            return self._postgresql(statement, left, settings)
        except DBAPIError as failure:
            if not _is_given_up(failure):
                raise
            self.cut = True
            return []

    def _sqlite(self, statement: Select[Any] | TextClause) -> list[Any]:
        raw: Any = self.session.connection().connection.driver_connection
        raw.set_progress_handler(lambda: time.monotonic() > self.ends, _STEPS)
        try:
            return list(self.session.execute(statement).all())
        finally:
            raw.set_progress_handler(None, 0)

    def _postgresql(self, statement: Select[Any] | TextClause, left: float, settings: dict[str, str]) -> list[Any]:
        point = self.session.connection().begin_nested()
        try:
            # Going back to the savepoint takes the settings back too.
            wanted = {"statement_timeout": f"{max(1, int(left * 1000))}ms", **settings}
            calls = ", ".join(f"set_config(:n{nth}, :v{nth}, true)" for nth in range(len(wanted)))
            values = {f"n{nth}": name for nth, name in enumerate(wanted)} | {
                f"v{nth}": value for nth, value in enumerate(wanted.values())
            }
            self.session.connection().execute(text(f"SELECT {calls}"), values)
            return list(self.session.connection().execute(statement).all())
        finally:
            point.rollback()


def _is_given_up(failure: DBAPIError) -> bool:
    cause = failure.orig
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorname", "") == "SQLITE_INTERRUPT"
    return isinstance(cause, psycopg.errors.QueryCanceled)
