"""The engines behind the process's database: how each kind is connected to, and how its transactions begin."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

import orjson
import psycopg
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import InvalidatePoolError

from backend import jsons

BUSY_MILLISECONDS = 10_000
POOL_SECONDS = 30
RESTED_SECONDS = 1.0
LOGGED_PAGES = 8_000
"""So many pages of 4 KiB the log beside a SQLite file holds before whoever commits must empty it: the worker does so each second."""


def sqlite(url: URL) -> tuple[Engine, Engine]:
    """The one that writes, with its one connection, and the one that reads."""
    # isolation_level None: the driver begins nothing by itself; the "begin" events below do.
    options: dict[str, Any] = {
        "connect_args": {"isolation_level": None, "timeout": BUSY_MILLISECONDS / 1000},
        "json_serializer": jsons.write,
        "json_deserializer": orjson.loads,
        "pool_timeout": POOL_SECONDS,
        # An error's text would otherwise carry the values of the row into the log.
        "hide_parameters": True,
    }
    writer = create_engine(url, pool_size=1, max_overflow=0, **options)
    reader = create_engine(url, pool_size=8, max_overflow=24, pool_use_lifo=True, **options)
    event.listen(writer, "connect", _prepare_writer)
    event.listen(writer, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    event.listen(reader, "connect", _prepare_reader)
    event.listen(reader, "begin", _begin_reading)
    return writer, reader


def _begin_reading(connection: Connection) -> None:
    # Straight to the driver: it locks nothing and cannot fail, and as a statement of its own it would cost as much as one.
    driver: Any = connection.connection.driver_connection
    driver.execute("BEGIN")


def _prepare_writer(connection: sqlite3.Connection, _record: object) -> None:
    _prepare(connection)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA wal_autocheckpoint = {LOGGED_PAGES}")


def _prepare_reader(connection: sqlite3.Connection, _record: object) -> None:
    _prepare(connection)
    connection.execute("PRAGMA query_only = ON")


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA cache_size = -16000")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA mmap_size = 268435456")


def postgresql(url: URL) -> tuple[Engine, Engine]:
    """The one that writes, and the one that reads: what it reads is of one instant."""
    options: dict[str, Any] = {
        "connect_args": {"options": "-c timezone=UTC"},
        "json_serializer": jsons.write,
        "json_deserializer": orjson.loads,
        "pool_timeout": POOL_SECONDS,
        # An error's text would otherwise carry the values of the row into the log.
        "hide_parameters": True,
    }
    writer = create_engine(url, pool_size=8, max_overflow=8, **options)
    reader = create_engine(
        url, pool_size=8, max_overflow=8, isolation_level="REPEATABLE READ",
        execution_options={"postgresql_readonly": True}, **options,
    )  # fmt: skip
    for engine in (writer, reader):
        _ping_rested(engine)
    return writer, reader


def _ping_rested(engine: Engine) -> None:
    """Has a connection that rested asked whether it still stands, before it is used again: the server may have gone since.

    One that was in use just now is not asked: that would be a round trip more in every transaction.
    """

    def leave(_connection: object, record: Any) -> None:
        record.info["rests_since"] = time.monotonic()

    def take(connection: Any, record: Any, _proxy: object) -> None:
        since = record.info.get("rests_since")
        if since is None or time.monotonic() - since < RESTED_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except psycopg.Error as gone:
            raise InvalidatePoolError("The server closed the connection.") from gone

    event.listen(engine, "checkin", leave)
    event.listen(engine, "checkout", take)
