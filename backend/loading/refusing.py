"""The file of refused rows: their own cells, with the line, the column, the value and why behind, to be mended and loaded again."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from pathlib import Path

from backend.loading import converting
from backend.loading.converting import Cell
from backend.loading.tables import OWN
from backend.loading.telling import Bad, Told
from backend.matrix.service import FileMapping


class Refused:
    """Takes refused rows as they come. A load that goes on where it stopped goes on in the same file."""

    def __init__(self, path: Path, header: tuple[str, ...], mapping: FileMapping, upto: int) -> None:
        """`upto`: the last line that an earlier load of the same file had done; what it noted beyond is noted anew."""
        self.path, self.count = path, 0
        self._header, self._mapping = header, mapping
        self._delimiter = mapping.delimiter or ","
        kept = self._earlier(upto)
        path.unlink(missing_ok=True)
        if kept:
            self._write(kept)

    def add(self, refused: Iterable[tuple[Told, Bad]]) -> None:
        rows = [
            [*map(self._cell, told.cells), str(told.line), bad.column, converting.guard(bad.value), bad.why]
            for told, bad in refused
        ]
        if rows:
            self._write(rows)

    def mark(self) -> tuple[int, int]:
        """Where the file ends now, to go back to."""
        return (self.path.stat().st_size if self.path.exists() else 0), self.count

    def back_to(self, mark: tuple[int, int]) -> None:
        """What was noted since does not count: the batch that it came of was lost, and is tried again."""
        size, self.count = mark
        if size:
            os.truncate(self.path, size)
        else:
            self.path.unlink(missing_ok=True)

    def _earlier(self, upto: int) -> list[list[str]]:
        if not upto or not self.path.exists():
            return []
        with self.path.open(encoding=self._mapping.encoding, newline="") as kept:
            _, *rows = csv.reader(kept, delimiter=self._delimiter)
        return [row for row in rows if row[-len(OWN)].isdigit() and int(row[-len(OWN)]) <= upto]

    def _write(self, rows: list[list[str]]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = not self.path.exists()
        self.path.touch(mode=0o600)
        with self.path.open("a", encoding=self._mapping.encoding, newline="") as out:
            writer = csv.writer(out, delimiter=self._delimiter)
            if new:
                writer.writerow([*self._header, *OWN])
            writer.writerows(rows)
        self.count += len(rows)

    def _cell(self, cell: Cell) -> str:
        """The cell as it can be read again, and as no spreadsheet takes for a formula."""
        if isinstance(cell, str):
            # Text that the mapping reads as it stands is kept so, whatever it begins with.
            return converting.guard(cell) if self._mapping.guarded else cell
        try:
            return converting.text_of(cell, self._mapping)
        except ValueError:
            return str(cell)
