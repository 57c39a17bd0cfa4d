"""Keeping the database tidy: long deletions in short transactions, and a file without what was deleted from it."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import Any

from sqlalchemy import Table, bindparam, delete, select
from sqlalchemy.engine import make_url
from sqlmodel import Session

from backend import db
from backend.turns import Turn
from shared.kernel.errors import Unavailable

PATIENCE_SECONDS = 30


def delete_some(session: Session, table: Table, where: Any, most: int) -> int:
    """Deletes at most so many rows of the condition and gives how many: what is long is done in short transactions."""
    keys = list(table.primary_key.columns)
    some = session.execute(select(*keys).where(where).limit(most)).all()
    if some:
        # One by one: SQLite would look through the whole table for a list of such keys.
        this = delete(table).where(*(key == bindparam(f"key_{place}") for place, key in enumerate(keys)))
        session.connection().execute(this, [{f"key_{place}": one for place, one in enumerate(row)} for row in some])
    return len(some)


def empty_log() -> int:
    """Writes what stands in a SQLite log into its file, as far as nobody reads it, and gives how many pages: others go on meanwhile.

    It waits for the disk, so that whoever commits need not. On PostgreSQL that is its own checkpointer's work.
    """
    if db.dialect() != "sqlite":
        return 0
    with contextlib.closing(sqlite3.connect(_file(), isolation_level=None, timeout=PATIENCE_SECONDS)) as raw:
        _busy, _logged, written = raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    return int(written)


def compact() -> None:
    """Rewrites a SQLite file without what was deleted from it, its log too; on PostgreSQL that is its own vacuum's work.

    Nobody writes meanwhile; it takes about a second for a hundred megabytes. Raises Unavailable where somebody reads for long.
    """
    if db.dialect() != "sqlite":
        return
    path = _file()
    turn = Turn(path)
    try:
        with turn, contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=PATIENCE_SECONDS)) as raw:
            if raw.execute("SELECT 1 FROM sqlite_schema WHERE name = 'customer_trigram'").fetchone():
                # What was taken out of the search's index stands in its older parts until these are put together.
                raw.execute("INSERT INTO customer_trigram (customer_trigram) VALUES ('optimize')")
            raw.execute("VACUUM")
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except sqlite3.OperationalError as failure:
        raise Unavailable("The database is in use: what was erased is cleared from its free pages later.") from failure
    finally:
        turn.close()


def _file() -> str:
    path = make_url(db.url_of()).database
    assert path is not None  # noqa: S101 (a SQLite database is a file; for the type checker)
    return path
