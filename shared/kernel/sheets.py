"""Tables as files for spreadsheets, in which nothing that somebody wrote runs as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any


def cell(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def as_csv(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """The table as CSV; what is None is an empty cell."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(head)
    for row in rows:
        writer.writerow(["" if value is None else cell(value) for value in row])
    return out.getvalue()
