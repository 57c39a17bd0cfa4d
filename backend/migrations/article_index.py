"""The index by which articles are found. Derived from the articles' rows: made where it is missing, by each upgrade.

SQLite: trigrams (FTS5) that triggers keep. PostgreSQL: pg_trgm, where the role may have it; the search goes on without.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection

PREFIXES = ("article_trigram", "ix_article_trigrams")
"""How tables and indexes begin that stand here and in no room's tables."""
_TRIGRAMS = "CREATE INDEX IF NOT EXISTS ix_article_trigrams ON article USING gin (search_text gin_trgm_ops)"
_FORGET = "DELETE FROM article_trigram WHERE article_id = OLD.article_id; "
_LEARN = "INSERT INTO article_trigram (article_id, text) VALUES (NEW.article_id, '|' || NEW.search_text); "
_TRIGGERS = {
    "article_trigram_insert": f"AFTER INSERT ON article BEGIN {_LEARN} END",
    "article_trigram_delete": f"AFTER DELETE ON article BEGIN {_FORGET} END",
    "article_trigram_update": f"AFTER UPDATE OF search_text ON article BEGIN {_FORGET} {_LEARN} END",
}


def ensure(connection: Connection) -> None:
    """Makes what is missing. Without the extension, which customers' search asks for, PostgreSQL looks through the articles."""
    if connection.dialect.name == "sqlite":
        _sqlite(connection)
    elif connection.exec_driver_sql("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'").scalar() is not None:
        connection.exec_driver_sql(_TRIGRAMS)


def drop(connection: Connection) -> None:
    """Takes away all that stands here."""
    if connection.dialect.name == "sqlite":
        for name in _TRIGGERS:
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
        connection.exec_driver_sql("DROP TABLE IF EXISTS article_trigram")
    connection.exec_driver_sql("DROP INDEX IF EXISTS ix_article_trigrams")


def is_ours(name: str | None) -> bool:
    """Whether a table or index of this name stands here, so that nobody looks for it among the rooms' tables."""
    return name is not None and name.startswith(PREFIXES)


def _sqlite(connection: Connection) -> None:
    if not sa.inspect(connection).has_table("article_trigram"):
        connection.exec_driver_sql(
            "CREATE VIRTUAL TABLE article_trigram USING fts5"
            "(article_id UNINDEXED, text, tokenize='trigram case_sensitive 1')"
        )
        connection.exec_driver_sql(
            "INSERT INTO article_trigram (article_id, text) SELECT article_id, '|' || search_text FROM article"
        )
    for name, what in _TRIGGERS.items():
        connection.exec_driver_sql(f"CREATE TRIGGER IF NOT EXISTS {name} {what}")
