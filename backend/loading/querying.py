"""A table of another database, by its address and a query: read row by row in a transaction that cannot write.

The password of the address stands in no message: what the driver says is told without it, and without the address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from sqlalchemy import Engine, NullPool, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from backend.loading.converting import Cell
from backend.loading.files import BrokenFile
from backend.loading.workbooks import plain

BATCH = 1_000
LONGEST_WORD = 300


class BrokenQuery(BrokenFile):
    """The other database cannot be asked, or does not answer: nothing is loaded."""

    code = "broken_query"
    title = "The query cannot be read"


def read(address: str, query: str) -> Iterator[tuple[int, list[Cell]]]:
    """The names of the query's columns, then its rows, counted from 2. Raises BrokenQuery."""
    url = _url(address)
    try:
        engine = _engine(url)
        try:
            with engine.connect() as connection:
                result = connection.execution_options(stream_results=True, yield_per=BATCH).execute(
                    text(query.replace(":", r"\:"))
                )
                if not result.returns_rows:
                    raise BrokenQuery("The query gives no rows: it must be a SELECT. Nothing was loaded.")
                yield 1, list(result.keys())
                for line, row in enumerate(result, 2):
                    yield line, [_plain(value) for value in row]
        finally:
            engine.dispose()
    except (SQLAlchemyError, ImportError, ValueError, OSError) as e:
        if isinstance(e, BrokenQuery):
            raise
        raise BrokenQuery(f"The other database did not answer the query: {_said(e, url)} Nothing was loaded.") from None


def _url(address: str) -> URL:
    try:
        url = make_url(address)
        port = url.port
    except (SQLAlchemyError, ValueError):
        raise BrokenQuery("The address of the other database cannot be read. Nothing was loaded.") from None
    if url.get_backend_name() not in ("sqlite", "postgresql") or (port is not None and not 0 < port < 65536):
        raise BrokenQuery(
            "The other database is addressed as sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME: only there "
            "can we hold ourselves to reading. Nothing was loaded."
        )
    return url.set(drivername="postgresql+psycopg") if url.get_backend_name() == "postgresql" else url


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        if not url.database or not Path(url.database).is_file():
            raise BrokenQuery("There is no such SQLite file. Nothing was loaded.")
        file = Path(url.database).resolve()
        made = create_engine(
            f"sqlite:///file:{quote(str(file))}?mode=ro&uri=true", poolclass=NullPool, hide_parameters=True
        )
        event.listen(made, "connect", lambda connection, _: connection.execute("PRAGMA query_only = ON"))
        return made
    return create_engine(
        url, poolclass=NullPool, hide_parameters=True, isolation_level="REPEATABLE READ",
        execution_options={"postgresql_readonly": True}, connect_args={"connect_timeout": 15},
    )  # fmt: skip


def _plain(value: Any) -> Cell:
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).decode("utf-8", "replace")
    return plain(float(value) if isinstance(value, Decimal) else value)


def _said(failure: Exception, url: URL) -> str:
    """The driver's own words in one line, without the address and its password in any spelling."""
    words = " ".join(str(getattr(failure, "orig", None) or failure).split())
    words = re.sub(r"\S+://\S+", "…", words)
    for secret in {url.password or "", quote(url.password or ""), quote_plus(url.password or "")} - {""}:
        words = words.replace(secret, "…")
    return f"{words[:LONGEST_WORD].rstrip('.')}."
