"""The indexes by which customers are found. Derived from the customers' rows: made where they are missing, by each upgrade.

SQLite: a trigram index (FTS5) that triggers keep, so that no way of writing or erasing a customer passes it by. It holds no
text, only which row has which three letters. PostgreSQL: pg_trgm, where the role may have it; the search goes on without.
"""

from __future__ import annotations

import logging

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

PREFIXES = ("customer_search", "customer_trigram", "ix_customer_search")
"""How tables and indexes begin that stand here and in no room's tables."""
EXTENSION = "pg_trgm"
_log = logging.getLogger("evenhand.db")
_NAMES = "CREATE INDEX IF NOT EXISTS ix_customer_search_name ON customer (search_text{collated}, customer_id) WHERE is_anonymous IS {no}"
# The index is written to as it is searched; a long list of what waits to be put in order would be read by every search.
_TRIGRAMS = (
    "CREATE INDEX IF NOT EXISTS ix_customer_search_trigrams ON customer USING gin (search_text gin_trgm_ops) "
    "WITH (gin_pending_list_limit = 1024) WHERE is_anonymous IS false"
)
_FORGET = (
    "INSERT INTO customer_trigram (customer_trigram, rowid, text) "
    "SELECT 'delete', nth, '|' || OLD.search_text FROM customer_search WHERE customer_id = OLD.customer_id; "
    "DELETE FROM customer_search WHERE customer_id = OLD.customer_id; "
)
_LEARN = (
    "INSERT INTO customer_search (customer_id) SELECT NEW.customer_id WHERE NOT NEW.is_anonymous; "
    "INSERT INTO customer_trigram (rowid, text) "
    "SELECT nth, '|' || NEW.search_text FROM customer_search WHERE customer_id = NEW.customer_id; "
)
_TRIGGERS = {
    "customer_search_insert": f"AFTER INSERT ON customer BEGIN {_LEARN} END",
    "customer_search_delete": f"AFTER DELETE ON customer BEGIN {_FORGET} END",
    "customer_search_update": (
        "AFTER UPDATE OF search_text, is_anonymous, customer_id ON customer WHEN OLD.search_text IS NOT NEW.search_text "
        "OR OLD.is_anonymous IS NOT NEW.is_anonymous OR OLD.customer_id IS NOT NEW.customer_id "
        f"BEGIN {_FORGET} {_LEARN} END"
    ),
}


def ensure(connection: Connection) -> None:
    """Makes what is missing; says so where PostgreSQL lets this role have no trigram index."""
    if connection.dialect.name == "sqlite":
        _sqlite(connection)
    else:
        _postgresql(connection)


def drop(connection: Connection) -> None:
    """Takes away all that stands here; the extension stays, others may use it."""
    if connection.dialect.name == "sqlite":
        for name in _TRIGGERS:
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
        connection.exec_driver_sql("DROP TABLE IF EXISTS customer_trigram")
        connection.exec_driver_sql("DROP TABLE IF EXISTS customer_search")
    connection.exec_driver_sql("DROP INDEX IF EXISTS ix_customer_search_trigrams")
    connection.exec_driver_sql("DROP INDEX IF EXISTS ix_customer_search_name")


def is_ours(name: str | None) -> bool:
    """Whether a table or index of this name stands here, so that nobody looks for it among the rooms' tables."""
    return name is not None and name.startswith(PREFIXES)


def _sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(_NAMES.format(collated="", no="0"))
    known = sa.inspect(connection).has_table("customer_search")
    if not known:
        connection.exec_driver_sql(
            "CREATE TABLE customer_search (nth INTEGER PRIMARY KEY, customer_id CHAR(32) NOT NULL UNIQUE)"
        )
        connection.exec_driver_sql(
            "CREATE VIRTUAL TABLE customer_trigram USING fts5"
            "(text, content='', columnsize=0, detail=none, tokenize='trigram case_sensitive 1')"
        )
        connection.exec_driver_sql(
            "INSERT INTO customer_search (customer_id) SELECT customer_id FROM customer WHERE NOT is_anonymous ORDER BY rowid"
        )
        connection.exec_driver_sql(
            "INSERT INTO customer_trigram (rowid, text) "
            "SELECT s.nth, '|' || c.search_text FROM customer_search s JOIN customer c ON c.customer_id = s.customer_id"
        )
    # A step that makes the table anew takes its triggers away: here they come again.
    for name, what in _TRIGGERS.items():
        connection.exec_driver_sql(f"CREATE TRIGGER IF NOT EXISTS {name} {what}")


def _postgresql(connection: Connection) -> None:
    connection.exec_driver_sql(_NAMES.format(collated=' COLLATE "C"', no="false"))
    if connection.exec_driver_sql("SELECT to_regclass('ix_customer_search_trigrams')").scalar() is not None:
        return
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(f"CREATE EXTENSION IF NOT EXISTS {EXTENSION}")
            connection.exec_driver_sql(_TRIGRAMS)
    except DBAPIError as refused:
        reason = str(refused.orig).strip().splitlines()[0]
        _log.warning(
            "Customers are searched without a trigram index, more slowly and without regard to typing errors: %s. "
            "Have a superuser run CREATE EXTENSION pg_trgm in this database, then run evenhand db upgrade.",
            reason,
        )
