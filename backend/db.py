"""The process's one database: SQLite (WAL) for the processes of one machine, PostgreSQL for more than one.

`transaction` writes, `reading` only reads; services never commit. On SQLite a lock of our own stands before
`BEGIN IMMEDIATE`, so that the threads and processes of a machine wait in line instead of polling the file's lock.

What an acknowledged write survives. SQLite runs with `synchronous=NORMAL`: a commit is handed to the operating system
before anything is answered, so it survives `kill -9` of any or all of our processes. A power cut or a crash of the
operating system may lose the last moments' commits, never the file's consistency. PostgreSQL keeps its own default
(`synchronous_commit=on`), which survives both.
"""

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import psycopg.errors
from sqlalchemy import JSON, Connection, DateTime, Dialect, Engine, Table, bindparam, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.types import TypeDecorator, Uuid
from sqlmodel import Session, SQLModel

from backend import engines
from backend.turns import Turn
from shared.kernel.errors import Conflict, Unavailable

__all__ = [
    "Json",
    "Session",
    "UtcDateTime",
    "Uuid",
    "before_commit", "check", "close", "connection", "dialect", "insert_many",
    "is_current",
    "keep",
    "open",
    "reading",
    "revise",
    "table_of",
    "touched",
    "transaction",
    "upgrade",
    "upsert",
    "url_of",
]  # fmt: skip

# Without names a constraint can never be dropped by a migration; every tables.py imports this module first.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

_log = logging.getLogger("evenhand.db")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, UTC in and out on both databases. Binding a naive one raises ValueError."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value.isoformat()} has no time zone.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Json(TypeDecorator[Any]):
    """JSON kept as it was written, key order and digits included; None is SQL's NULL. Assign a new value to change it."""

    impl = JSON
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(none_as_null=True)


class _Session(Session):
    """A session that hands statements about tables straight to its connection: the way through the mapper costs a quarter of one."""

    def execute(self, statement: Any, params: Any = None, **options: Any) -> Any:
        if options or statement._propagate_attrs:  # it names a mapped class
            return super().execute(statement, params, **options)
        return connection(self).execute(statement, params)


@dataclass(frozen=True)
class _Database:
    url: URL
    writer: Engine
    reader: Engine
    lock: contextlib.AbstractContextManager[Any]
    kept: dict[Any, Any] = field(default_factory=dict)

    def dispose(self) -> None:
        self.writer.dispose()
        self.reader.dispose()
        if isinstance(self.lock, Turn):
            self.lock.close()


MOST_KEPT = 64
_CONNECTION = "connection"
_Kept = TypeVar("_Kept")
_open: _Database | None = None
_inside = threading.local()
_before_commit: list[Callable[[Session], None]] = []
_at_commit: list[Callable[[Session], None]] = []


def open(url: str, home: Path | None = None) -> None:
    """Makes this the process's database, in place of one that was open. Makes the folder of a SQLite file."""
    global _open
    target = make_url(url)
    if home is not None:
        home.mkdir(parents=True, exist_ok=True)
    if target.get_backend_name() == "sqlite" and target.database:
        Path(target.database).parent.mkdir(parents=True, exist_ok=True)
    close()
    _open = _made(target)


def close() -> None:
    """Lets go of the database and its connections, if one is open."""
    global _open
    if _open is not None:
        _open.dispose()
        _open = None


def dialect() -> str:
    """The open database's kind: "sqlite" or "postgresql"."""
    return _database().url.get_backend_name()


def url_of() -> str:
    """The open database's address, with its password: never for a log."""
    return _database().url.render_as_string(hide_password=False)


def before_commit(act: Callable[[Session], None], *, last: bool = False) -> None:
    """Has this done at the end of every transaction of this process, inside it: what follows from a change counts with it."""
    acts = _at_commit if last else _before_commit
    if act not in acts:
        acts.append(act)


@contextlib.contextmanager
def transaction() -> Iterator[Session]:
    """One transaction that may write: returning commits, raising rolls back.

    A lost race (a unique key taken, a version moved, a deadlock) raises Conflict, a database that does not answer raises
    Unavailable. Opening one inside another of the same thread raises RuntimeError, since the inner could not see the outer's
    rows.
    """
    database = _database()
    if getattr(_inside, "writing", False):
        raise RuntimeError("A transaction is already open in this thread: pass its session on instead.")
    with database.lock:
        _inside.writing = True
        try:
            with _Session(database.writer, expire_on_commit=False) as session:
                yield session
                for act in (*_before_commit, *_at_commit):
                    act(session)
                session.commit()
        except StaleDataError as lost:
            raise Conflict("This was changed by someone else in the meantime. Please look again.") from lost
        except DBAPIError as failure:
            if _is_lost_race(failure):
                raise Conflict("Someone else did this at the same moment. Please look again.") from failure
            _unless_down(failure)
            raise
        except PoolTimeout as waited:
            raise _down(waited) from waited
        finally:
            _inside.writing = False


@contextlib.contextmanager
def reading() -> Iterator[Session]:
    """A consistent view of the database that cannot write; a write raises the database's own error. Raises Unavailable."""
    try:
        with _Session(_database().reader, expire_on_commit=False, autoflush=False) as session:
            yield session
    except DBAPIError as failure:
        _unless_down(failure)
        raise
    except PoolTimeout as waited:
        raise _down(waited) from waited


def connection(session: Session) -> Connection:
    """The session's connection, asked for once a transaction: asking takes a third of what a small statement takes."""
    kept: Connection | None = session.info.get(_CONNECTION)
    if kept is None or kept.closed:
        kept = session.info[_CONNECTION] = session.connection()
    return kept


def keep(session: Session, key: Hashable, read: Callable[[], _Kept]) -> _Kept:
    """What `read` gives for this key, which can never change once it is committed: read once while this database is open.

    Inside a transaction it is read anew: what is written there may yet be taken back.
    """
    database = _database()
    if session.get_bind() is not database.reader:
        return read()
    if key not in database.kept:
        found = read()
        if len(database.kept) >= MOST_KEPT:
            database.kept.clear()
        database.kept[key] = found
        return found
    kept: _Kept = database.kept[key]
    return kept


def _unless_down(failure: DBAPIError) -> None:
    """Raises Unavailable where the database was out of reach or held by another for too long."""
    cause = failure.orig
    held = isinstance(cause, sqlite3.Error) and getattr(cause, "sqlite_errorname", "").startswith("SQLITE_BUSY")
    if held or failure.connection_invalidated or isinstance(cause, psycopg.OperationalError):
        raise _down(failure) from failure


def _down(failure: Exception) -> Unavailable:
    _log.error("the database does not answer", exc_info=failure)
    return Unavailable("Nothing was saved: we could not reach our data just now. Please try again in a moment.")


def table_of(row: Table | type[SQLModel]) -> Any:
    """The table behind a row's class; a table is its own."""
    return row if isinstance(row, Table) else row.__table__  # type: ignore[attr-defined]


def touched(result: Any) -> int:
    """How many rows a statement changed or deleted; SQLAlchemy types this on another class than it gives."""
    return int(result.rowcount)


def upsert(
    session: Session, table: Table | type[SQLModel], rows: Sequence[Mapping[str, Any]],
    key: Sequence[str], update: Sequence[str] = (),
) -> int:  # fmt: skip
    """Inserts rows; where the key is taken, sets the `update` columns, or leaves the old row when there are none.

    Returns how many rows were inserted or changed. Rows have one shape.
    """
    if not rows:
        return 0
    target: Table = table_of(table)
    statement = _upsert(session.get_bind().dialect.name, target, tuple(rows[0]), tuple(key), tuple(update))
    values: Any = [dict(row) for row in rows] if len(rows) > 1 else dict(rows[0])
    result = connection(session).execute(statement, values, execution_options={"preserve_rowcount": True})
    return touched(result)


@lru_cache(maxsize=256)
def _upsert(
    dialect: str, target: Table, columns: tuple[str, ...], key: tuple[str, ...], update: tuple[str, ...]
) -> sqlite.Insert | postgresql.Insert:
    """Built once for each shape of row: building takes longer than running it, and it runs in every decision."""
    base = postgresql.insert(target) if dialect == "postgresql" else sqlite.insert(target)
    statement = base.values({name: bindparam(name) for name in columns})
    if not update:
        return statement.on_conflict_do_nothing(index_elements=list(key))
    new = {column: statement.excluded[column] for column in update}
    return statement.on_conflict_do_update(index_elements=list(key), set_=new)


def insert_many(session: Session, table: Table | type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts rows of one shape, for loads: COPY on PostgreSQL, one prepared statement on SQLite.

    Values pass through the columns' own types, as in any insert, but no statement is built per row: four times as fast.
    """
    if not rows:
        return
    target: Table = table_of(table)
    engine_dialect = session.get_bind().dialect
    names = list(rows[0])
    prepare = [target.c[name].type.dialect_impl(engine_dialect).bind_processor(engine_dialect) for name in names]
    # Column by column: a row at a time would ask for every cell which of the types is its own.
    cells: list[Iterable[Any]] = []
    for name, made in zip(names, prepare, strict=True):
        column = [row[name] for row in rows]
        cells.append(column if made is None else map(made, column))
    values = list(zip(*cells, strict=True))
    columns = ", ".join(names)
    told = connection(session)
    if engine_dialect.name == "postgresql":
        cursor: Any = told.connection.cursor()
        with cursor.copy(f"COPY {target.name} ({columns}) FROM STDIN") as copy:
            for row in values:
                copy.write_row(row)
    else:
        marks = ", ".join("?" * len(names))
        told.exec_driver_sql(f"INSERT INTO {target.name} ({columns}) VALUES ({marks})", values)  # noqa: S608 (names of our own tables)


def upgrade(url: str) -> None:
    """Brings the database at the address to the newest migration; does nothing when it is there already."""
    from backend.migrations import runner

    with _migrating(url) as engine:
        runner.upgrade(engine)


def check(url: str) -> list[str]:
    """What differs between the database and the tables of this release, a line each; empty when nothing does."""
    from backend.migrations import runner

    with _migrating(url) as engine:
        return runner.differences(engine)


def revise(url: str, message: str) -> Path:
    """Writes the migration that is missing between the database at the address and the code's tables; returns its file."""
    from backend.migrations import runner

    with _migrating(url) as engine:
        return runner.revise(engine, message)


def is_current() -> bool:
    """Whether the open database has every migration of this release."""
    from backend.migrations import runner

    return runner.is_current(_database().reader)


def _database() -> _Database:
    if _open is None:
        raise RuntimeError("No database is open: call db.open first.")
    return _open


@contextlib.contextmanager
def _migrating(url: str) -> Iterator[Engine]:
    target = make_url(url)
    if target.get_backend_name() == "sqlite" and target.database:
        Path(target.database).parent.mkdir(parents=True, exist_ok=True)
    made = _made(target)
    if target.get_backend_name() == "sqlite":
        # A step that SQLite cannot do in place makes the table anew and drops the old one, to which others point meanwhile.
        event.listen(made.writer, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys = OFF"))
    try:
        yield made.writer
    finally:
        made.dispose()


def _made(url: URL) -> _Database:
    if url.get_backend_name() == "sqlite":
        return _Database(url, *engines.sqlite(url), Turn(url.database))
    return _Database(url, *engines.postgresql(url), contextlib.nullcontext())


def _is_lost_race(failure: DBAPIError) -> bool:
    """True for a taken key and for what the database itself calls a race; a missing parent or value is our own fault."""
    cause = failure.orig
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorname", "") in ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY")
    races = (
        psycopg.errors.UniqueViolation, psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected,
    )  # fmt: skip
    return isinstance(cause, races)
