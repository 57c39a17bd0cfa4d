"""Alembic, configured in code: brings a database up to this release and finds what differs."""

import importlib
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.autogenerate.api import AutogenContext
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, MetaData
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from backend.db import Json, UtcDateTime
from backend.migrations import article_index, search_index

HERE = Path(__file__).parent
# Any fixed number: processes that start together on PostgreSQL upgrade one after another.
ADVISORY_LOCK = 0x45564E48


def metadata() -> MetaData:
    """Every room's tables. Rooms are found by their folder, since this floor may not name those above it."""
    for tables in sorted(HERE.parent.glob("*/tables.py")):
        importlib.import_module(f"backend.{tables.parent.name}.tables")
    return SQLModel.metadata


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, without an ini file."""
    made = Config()
    made.set_main_option("script_location", str(HERE))
    made.set_main_option("file_template", "%%(rev)s")
    made.set_main_option("timezone", "UTC")
    made.attributes["connection"] = connection
    return made


def upgrade(engine: Engine) -> None:
    """Runs the steps that are missing, all or none of them."""
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        command.upgrade(config(connection), "head")
        search_index.ensure(connection)
        article_index.ensure(connection)


def revise(engine: Engine, message: str) -> Path:
    """Writes the next step: what would bring this database to the code's tables. The database must be current."""
    slug = re.sub(r"[^a-z0-9]+", "_", message.lower()).strip("_")
    with engine.begin() as connection:
        made = command.revision(
            config(connection), message=message, autogenerate=True, rev_id=f"{datetime.now(UTC):%Y_%m_%d}_{slug}"
        )
    if made is None or isinstance(made, list):
        raise RuntimeError("Alembic wrote no step, or more than one.")
    return Path(str(made.path))


def differences(engine: Engine) -> list[str]:
    """What a migration is missing for: steps not run, and tables or columns that differ from the code's."""
    with engine.begin() as connection:
        context = MigrationContext.configure(connection, opts=options(connection))
        current, head = context.get_current_revision(), _head()
        if current != head:
            return [f"the database stands at {current or 'nothing'}, this release at {head}"]
        return [str(step) for step in compare_metadata(context, metadata())]


def is_current(engine: Engine) -> bool:
    """Whether every step has been run."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == _head()


def options(connection: Connection) -> dict[str, Any]:
    """How Alembic compares and writes, the same for running, checking and making a step."""
    return {
        "compare_type": _compare_type,
        "compare_server_default": True,
        "render_as_batch": True,
        "render_item": render_item,
        "include_object": _belongs_to_a_room,
        # SQLite's DDL is transactional when, as here, the driver does not commit behind our back.
        "transactional_ddl": True,
    }


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Writes our own types as SQLAlchemy's plain ones, so that a step never changes when our code does."""
    if kind != "type":
        return False
    if isinstance(item, AutoString):
        return f"sa.String({item.length})" if item.length else "sa.String()"
    if isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, Json):
        return "sa.JSON()"
    return False


def _belongs_to_a_room(_item: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
    """Indexes that are derived, and what SQLite makes to hold them, stand in no room's tables."""
    return kind not in ("table", "index") or not (search_index.is_ours(name) or article_index.is_ours(name))


def _compare_type(
    _context: MigrationContext, _inspected: Any, _metadata: Any, inspected_type: Any, metadata_type: Any
) -> bool | None:
    """SQLite calls a Uuid CHAR(32); the two are the same. None leaves the rest to Alembic."""
    if isinstance(metadata_type, sa.Uuid) and isinstance(inspected_type, sa.CHAR):
        return False
    return None


def _head() -> str | None:
    return ScriptDirectory.from_config(config()).get_current_head()
