"""A file as a table: a header, and rows with the line where each stands. Put by whole before anything of it is used.

Every reader gives its rows one by one; they go into a file without a name, in the folder of the data, which is gone with the
process. So a file that breaks off in the middle has loaded nothing, memory stays small, and a query is asked only once.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import orjson

from backend.loading.converting import Cell
from backend.loading.files import BrokenFile

OWN = ("_line", "_column", "_value", "_why")
"""What a file of refused rows has behind its own columns: mended and loaded again, it is read without them."""
MOST_COLUMNS = 500


@dataclass(frozen=True)
class Table:
    """What a file or query holds. `digest` names its content; `total` counts its rows."""

    name: str
    header: tuple[str, ...]
    digest: str
    total: int
    _kept: IO[bytes]

    def rows(self) -> Iterator[tuple[int, list[Cell]]]:
        """Each row with its line, from the first on. One reader at a time."""
        self._kept.seek(0)
        for line in self._kept:
            number, *cells = orjson.loads(line)
            yield number, cells

    def close(self) -> None:
        """Lets go of what was put by."""
        self._kept.close()


def put_by(name: str, rows: Iterable[tuple[int, list[Cell]]], home: Path) -> Table:
    """The table of these rows, the first of which is the header. Raises BrokenFile where there is none, or as the reader does."""
    home.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    kept = tempfile.TemporaryFile(dir=home)  # noqa: SIM115 (the table closes it)
    try:
        ahead = iter(rows)
        first = next(ahead, None)
        header = _header(first[1] if first else [], name)
        digest.update(orjson.dumps(header))
        width, total = len(header), 0
        for line, cells in ahead:
            written = orjson.dumps([line, *_as_header(cells, width)])
            digest.update(written)
            kept.write(written + b"\n")
            total += 1
    except BaseException:
        kept.close()
        raise
    return Table(name, header, digest.hexdigest(), total, kept)


def _header(cells: list[Cell], name: str) -> tuple[str, ...]:
    header = tuple("" if cell is None else str(cell).strip() for cell in cells)
    while header and not header[-1]:
        header = header[:-1]
    if header[-len(OWN) :] == OWN:
        header = header[: -len(OWN)]
    if not any(header):
        raise BrokenFile(f"{name} is empty: it has no header. Nothing was loaded.")
    if len(header) > MOST_COLUMNS:
        raise BrokenFile(f"{name} has {len(header)} columns; {MOST_COLUMNS} are read at most. Nothing was loaded.")
    return header


def _as_header(cells: list[Cell], width: int) -> list[Cell]:
    """Without our own columns behind; a row that is too long or short stays so, and is refused when it is read."""
    if len(cells) > width and (
        len(cells) == width + len(OWN) or not any(cell not in (None, "") for cell in cells[width:])
    ):
        return cells[:width]
    return cells
