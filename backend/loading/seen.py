"""Which numbers a load has met, and in which line: on disk once there are many, so that memory stays small."""

from __future__ import annotations

import sqlite3


class Seen:
    """A set of texts with a line each. Gone when it is closed."""

    def __init__(self) -> None:
        # A database without a name lives in memory until it grows, then in a file that nobody else sees.
        self._kept = sqlite3.connect("", isolation_level=None)
        self._kept.execute("CREATE TABLE seen (text TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID")
        self._kept.execute("PRAGMA synchronous = OFF")
        self._kept.execute("BEGIN")

    def add(self, text: str, line: int = 0) -> int | None:
        """The line where this text was met first, or None when it is new."""
        added = self._kept.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (text, line)).rowcount
        if added:
            return None
        found = self._kept.execute("SELECT line FROM seen WHERE text = ?", (text,)).fetchone()
        return int(found[0])

    def has(self, text: str) -> bool:
        return self._kept.execute("SELECT 1 FROM seen WHERE text = ?", (text,)).fetchone() is not None

    def close(self) -> None:
        self._kept.close()
