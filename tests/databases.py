"""Fresh databases for tests, on SQLite and on PostgreSQL, each a copy of a template that a session makes once.

Three templates, each made of the one before: `migrated` (empty, upgraded by our own migrations), `whole` (the telecom pack
with its 7,043 customers, the demo's staff and sign-ins) and `loaded` (the same with some 600 of the customers: copied in a
moment, simulated in a second). The workers of one session share them; whoever needs one first makes it. Customers are loaded
once, on SQLite; PostgreSQL is given the same rows, upon its own migrations.
"""

import contextlib
import os
import shutil
import sqlite3
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Boolean, Engine, NullPool, create_engine, delete, select
from sqlalchemy.engine import URL

from tests import postgres

SHARED = "EVENHAND_TEST_SHARED"
SESSION = "EVENHAND_TEST_SESSION"
BASES = {"whole": "migrated", "loaded": "whole"}
FIRST, APART = 150, 15
"""Of the customers in the order of their numbers, `loaded` has so many first ones, and one in so many of the others."""
ENGINES = ("sqlite", "postgresql")


def pytest_configure(config: pytest.Config) -> None:
    """The process that leads the session names the folder that all its workers share, where `make test` has not."""
    if SHARED not in os.environ:
        os.environ[SHARED] = begin()
        os.environ[SESSION] = str(os.getpid())


def pytest_unconfigure(config: pytest.Config) -> None:
    """The same process takes away all that the session made."""
    if os.environ.get(SESSION) == str(os.getpid()):
        end(Path(os.environ.pop(SHARED)))
        del os.environ[SESSION]


def begin() -> str:
    """Makes the folder of a session and returns its path."""
    return tempfile.mkdtemp(prefix="evenhand-tests-", dir=postgres.roomy())


def end(shared: Path) -> None:
    """Takes away the session's templates, its PostgreSQL server and its folder."""
    if "TEST_DATABASE_URL" in os.environ and (shared / "templates.txt").exists():
        for name in (shared / "templates.txt").read_text().split():
            postgres.drop_database(postgres.server_url(shared), name)
    postgres.stop(shared)
    shutil.rmtree(shared, ignore_errors=True)


@contextlib.contextmanager
def fresh(engine: str, template: str, folder: Path) -> Iterator[str]:
    """The address of a database of one's own, copied from the template; gone afterwards."""
    shared = Path(os.environ[SHARED])
    if engine == "sqlite":
        path = folder / f"evenhand-{uuid.uuid4().hex[:8]}.sqlite3"
        shutil.copyfile(_sqlite_template(shared, template), path)
        try:
            yield f"sqlite:///{path}"
        finally:
            for part in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
                part.unlink(missing_ok=True)
    else:
        server = postgres.server_url(shared)
        name = f"evenhand_{uuid.uuid4().hex[:12]}"
        url = postgres.create_database(server, name, _postgres_template(shared, template))
        try:
            yield url.render_as_string(hide_password=False)
        finally:
            postgres.drop_database(server, name)


def _sqlite_template(shared: Path, template: str) -> Path:
    path = shared / f"{template}.sqlite3"
    with postgres.locked(shared / f"{path.name}.lock"):
        if not path.exists():
            building = shared / f"{template}-building.sqlite3"
            if template in BASES:
                shutil.copyfile(_sqlite_template(shared, BASES[template]), building)
            _build(f"sqlite:///{building}", template, shared)
            with contextlib.closing(sqlite3.connect(building)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            building.rename(path)
    return path


def _postgres_template(shared: Path, template: str) -> str:
    # Named for the session: a server that TEST_DATABASE_URL names may serve several at once.
    name = f"{shared.name}-{template}".replace("-", "_").lower()
    marker = shared / f"{name}.made"
    with postgres.locked(shared / f"{name}.lock"):
        if not marker.exists():
            base = _postgres_template(shared, "migrated") if template in BASES else None
            server = postgres.server_url(shared)
            postgres.drop_database(server, name)
            url = postgres.create_database(server, name, base)
            with (shared / "templates.txt").open("a") as names:
                names.write(f"{name}\n")
            if template == "migrated":
                _build(url.render_as_string(hide_password=False), template, shared)
            else:
                _copy_rows(_sqlite_template(shared, template), url)
            marker.touch()
    return name


def _build(url: str, template: str, shared: Path) -> None:
    from backend import db

    if template == "migrated":
        db.upgrade(url)
        return
    from tests.cast import load_everything

    db.open(url, shared)
    try:
        if template == "whole":
            load_everything(url, shared)
        else:
            _keep_some()
    finally:
        db.close()
    if template == "loaded":
        made = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with made.connect() as connection:
            connection.exec_driver_sql("VACUUM")


def _copy_rows(path: Path, url: URL) -> None:
    """Fills a migrated PostgreSQL database with the rows of an SQLite one, value by value as they are stored."""
    from backend import db
    from backend.migrations import runner

    tables = runner.metadata().sorted_tables
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with contextlib.closing(sqlite3.connect(path)) as given, psycopg.connect(plain) as made:
        made.execute("SET session_replication_role = replica")  # the rows are whole: nothing is asked of their keys
        for table in tables:
            names = ", ".join(column.name for column in table.columns)
            # SQLite has neither: instants stand there in UTC without saying so, yes and no as numbers.
            instants = [place for place, column in enumerate(table.columns) if isinstance(column.type, db.UtcDateTime)]
            yes_or_no = [place for place, column in enumerate(table.columns) if isinstance(column.type, Boolean)]
            made.execute(f"DELETE FROM {table.name}")  # what the migrations themselves enter
            with made.cursor().copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
                for row in given.execute(f"SELECT {names} FROM {table.name}"):
                    values = list(row)
                    for place in instants:
                        values[place] = values[place] and f"{values[place]}+00"
                    for place in yes_or_no:
                        values[place] = None if values[place] is None else bool(values[place])
                    copy.write_row(values)
        made.execute(
            "SELECT setval(pg_get_serial_sequence('change', 'change_id'), (SELECT coalesce(max(change_id), 0) + 1 FROM change), false)"
        )
    with psycopg.connect(plain, autocommit=True) as made:
        made.execute("VACUUM ANALYZE")


def _keep_some() -> None:
    """Takes most customers out of the open database, with all that is theirs but the record of what was done."""
    from backend import db
    from backend.migrations import runner
    from tests.cast import LOYAL_CUSTOMER, PORTAL_CUSTOMER

    everything = runner.metadata()
    customer = everything.tables["customer"]
    with db.transaction() as session:
        rows = session.execute(select(customer.c.customer_id, customer.c.number).order_by(customer.c.number)).all()
        kept = {row.customer_id for row in (*rows[:FIRST], *rows[FIRST::APART])}
        kept |= {row.customer_id for row in rows if row.number in (PORTAL_CUSTOMER, LOYAL_CUSTOMER)}
        for table in reversed(everything.sorted_tables):
            if "customer_id" in table.c and table.name != "audit_entry":
                session.execute(delete(table).where(table.c.customer_id.not_in(kept)))


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Each of the engines that we promise to run on, in turn."""
    return str(request.param)


@pytest.fixture
def database_url(engine: str, tmp_path: Path) -> Iterator[str]:
    """The address of an empty, migrated database, not yet opened."""
    with fresh(engine, "migrated", tmp_path) as url:
        yield url


@pytest.fixture
def loaded_url(engine: str, tmp_path: Path) -> Iterator[str]:
    """The address of a database with the telecom pack and some 600 of its customers, not yet opened."""
    with fresh(engine, "loaded", tmp_path) as url:
        yield url


@pytest.fixture
def loaded_sqlite_url(tmp_path: Path) -> Iterator[str]:
    """The same on SQLite alone."""
    with fresh("sqlite", "loaded", tmp_path) as url:
        yield url


@pytest.fixture
def whole_sqlite_url(tmp_path: Path) -> Iterator[str]:
    """The address of an SQLite database with all 7,043 customers of the telecom pack, not yet opened."""
    with fresh("sqlite", "whole", tmp_path) as url:
        yield url


@contextlib.contextmanager
def opened(url: str, home: Path) -> Iterator[str]:
    """Makes it this process's database for a while; whatever listened to it has ended before it is closed."""
    from backend import db
    from backend.record import service as record

    db.open(url, home)
    engines = _engines()
    for place, engine in engines.items():
        if place in _compiled:
            engine.dialect, engine._compiled_cache = _compiled[place]
    try:
        yield url
    finally:
        for place, engine in engines.items():
            if getattr(engine.dialect, "server_version_info", None):  # it has met its server
                _compiled.setdefault(place, (engine.dialect, engine._compiled_cache))
        record.hub().close()
        db.close()


_compiled: dict[tuple[str, str], tuple[Any, Any]] = {}
"""Of the first engine of each kind, its dialect and the statements compiled in it: one database of ours is as another."""


def _engines() -> dict[tuple[str, str], Engine]:
    from backend import db

    opened = db._database()
    return {(db.dialect(), "writer"): opened.writer, (db.dialect(), "reader"): opened.reader}


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> Iterator[str]:
    """An empty, migrated database, opened; the value is its address."""
    with opened(database_url, tmp_path) as url:
        yield url


@pytest.fixture
def loaded(loaded_url: str, tmp_path: Path) -> Iterator[str]:
    """The telecom pack with some 600 of its customers, opened, one's own to change; the value is its address."""
    with opened(loaded_url, tmp_path) as url:
        yield url


@pytest.fixture
def loaded_sqlite(loaded_sqlite_url: str, tmp_path: Path) -> Iterator[str]:
    """The same on SQLite alone, for what does not depend on the engine."""
    with opened(loaded_sqlite_url, tmp_path) as url:
        yield url


@pytest.fixture
def whole_sqlite(whole_sqlite_url: str, tmp_path: Path) -> Iterator[str]:
    """All 7,043 customers, opened, one's own to change; the value is its address."""
    with opened(whole_sqlite_url, tmp_path) as url:
        yield url


if __name__ == "__main__":
    if sys.argv[1] == "begin":
        print(begin())  # noqa: T201 (the shell that runs the tests reads it)
    else:
        end(Path(os.environ[SHARED]))
