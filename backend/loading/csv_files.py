"""CSV files, row by row: any of the usual encodings and dividers, plain or gzipped, with quotes over several lines."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from backend.loading.converting import Cell
from backend.loading.files import BrokenFile
from backend.matrix.service import FileMapping

LONGEST_LINE = 1_000_000
"""Characters; a file without line ends would otherwise be read as a whole."""
_DIVIDERS = (",", ";", "\t", "|")


def read(path: Path, mapping: FileMapping) -> Iterator[tuple[int, list[Cell]]]:
    """The header and the rows, each with the line where it begins. Raises BrokenFile."""
    nothing = "Nothing was loaded."
    try:
        with ExitStack() as stack:
            raw = stack.enter_context(path.open("rb"))
            packed = raw.peek(2)[:2] == b"\x1f\x8b"
            content = stack.enter_context(gzip.GzipFile(fileobj=raw)) if packed else raw
            text = io.TextIOWrapper(content, encoding=_encoding(mapping), errors="strict", newline="")
            lines = _Lines(text, path.name)
            divider = mapping.delimiter or _divider(lines.first)
            # A cell too long for us is a fault of its row; only one that cannot be held is a fault of the file.
            csv.field_size_limit(LONGEST_LINE)
            reader = csv.reader(lines, delimiter=divider, strict=True)
            try:
                begins = 1
                for cells in reader:
                    if cells:
                        yield begins, list(cells)
                    begins = reader.line_num + 1
            except csv.Error as e:
                raise BrokenFile(f"{path.name}, line {reader.line_num}: {e}. {nothing}") from None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise BrokenFile(f"{path.name} is a gzip file that is damaged or ends too early. {nothing}") from None
    except OSError as e:
        raise BrokenFile(f"{path} cannot be opened: {e.strerror or e}. {nothing}") from None


def _encoding(mapping: FileMapping) -> str:
    return "utf-8-sig" if mapping.encoding == "utf-8" else mapping.encoding


class _Lines:
    """The lines of a file, none of them longer than can be held."""

    def __init__(self, text: io.TextIOWrapper, name: str) -> None:
        self._text, self._name, self.count = text, name, 0
        self.first = self._next()
        self._given = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._next() if self._given else self.first
        self._given = True
        if not line:
            raise StopIteration
        return line

    def _next(self) -> str:
        try:
            line = self._text.readline(LONGEST_LINE + 1)
        except UnicodeDecodeError as e:
            raise BrokenFile(
                f"{self._name} is not {self._text.encoding.removesuffix('-sig')} text: what stands after line {self.count} "
                f"cannot be read. The mapping names the encoding. Nothing was loaded."
            ) from e
        if len(line) > LONGEST_LINE:
            raise BrokenFile(
                f"{self._name}, line {self.count + 1} is longer than {LONGEST_LINE:,} characters. Nothing was loaded."
            )
        if "\x00" in line:
            raise BrokenFile(f"{self._name} is not a text file: it holds zero bytes. Nothing was loaded.")
        self.count += 1
        return line


def _divider(header: str) -> str:
    """What divides the header most often, quotes left aside; a comma where nothing does."""
    bare = "".join(header.split('"')[::2])
    return max(_DIVIDERS, key=lambda divider: (bare.count(divider), divider == ","))
