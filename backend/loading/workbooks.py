"""XLSX workbooks, row by row: the values that were last worked out, never a formula. Bombs are refused unopened."""

from __future__ import annotations

import datetime as dt
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from backend.loading.converting import Cell
from backend.loading.files import BrokenFile
from backend.matrix.service import FileMapping

MOST_UNPACKED = 2_000_000_000
"""Bytes of all parts; a sheet is read as it is unpacked."""
MOST_SHARED = 200_000_000
"""Bytes of the texts that cells share: these are held."""
MOST_SWOLLEN, SWELLS = 50_000_000, 200
"""A part of more bytes than this, packed to less than one in so many, is no sheet that anybody filled in."""
MOST_ROWS = 1_048_576


def read(path: Path, mapping: FileMapping) -> Iterator[tuple[int, list[Cell]]]:
    """The header and the rows of the mapping's sheet, else of the first, with their row numbers. Raises BrokenFile."""
    from openpyxl import load_workbook  # not needed where nobody loads a workbook

    try:
        _look_inside(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # styles and extensions that are of no concern here
            book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
            try:
                yield from _rows(book, path, mapping)
            finally:
                book.close()
    except OSError as e:
        raise BrokenFile(f"{path} cannot be opened: {e.strerror or e}. Nothing was loaded.") from None
    except (zipfile.BadZipFile, ParseError, KeyError, ValueError, TypeError, IndexError, AttributeError, EOFError) as e:
        if isinstance(e, BrokenFile):
            raise
        raise BrokenFile(f"{path.name} is no XLSX workbook, or is damaged. Nothing was loaded.") from None


def _look_inside(path: Path) -> None:
    """Raises BrokenFile for what would fill the memory. Python unpacks no more of a part than it is said to hold."""
    with zipfile.ZipFile(path) as packed:
        parts = packed.infolist()
        swollen = any(p.file_size > MOST_SWOLLEN and p.file_size > SWELLS * max(1, p.compress_size) for p in parts)
        shared = sum(p.file_size for p in parts if "sharedstrings" in p.filename.lower())
        if swollen or shared > MOST_SHARED or sum(p.file_size for p in parts) > MOST_UNPACKED:
            raise BrokenFile(f"{path.name} unpacks to far more than a workbook holds. Nothing was loaded.")
        for part in parts:
            if part.filename.endswith((".xml", ".rels")):
                with packed.open(part) as opened:
                    # A workbook never declares entities; what does, means to blow them up or to read other files.
                    if b"<!DOCTYPE" in opened.read(2_000):
                        raise BrokenFile(f"{path.name} declares entities, as no workbook does. Nothing was loaded.")


def _rows(book: Any, path: Path, mapping: FileMapping) -> Iterator[tuple[int, list[Cell]]]:
    if mapping.sheet and mapping.sheet not in book.sheetnames:
        raise BrokenFile(
            f"{path.name} has no sheet {mapping.sheet}; it has {', '.join(book.sheetnames)}. Nothing was loaded."
        )
    if not book.worksheets:
        raise BrokenFile(f"{path.name} has no sheet. Nothing was loaded.")
    sheet = book[mapping.sheet] if mapping.sheet else book.worksheets[0]
    sheet.reset_dimensions()  # what a file says of its own size need not be so
    width = 0
    for line, values in enumerate(sheet.iter_rows(values_only=True), 1):
        if line > MOST_ROWS:
            raise BrokenFile(f"{path.name} has more rows than a sheet can have. Nothing was loaded.")
        if any(value is not None and value != "" for value in values):
            width = width or len(values)
            # A sheet leaves empty cells at the end of a row away.
            yield line, [plain(value) for value in values] + [None] * (width - len(values))


def plain(value: Any) -> Cell:
    """A value as a table keeps it: dates in ISO 8601, what JSON has no number for as text."""
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else str(value)
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            return None if value != value else str(value)
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if isinstance(value, dt.datetime) and value.time() == dt.time() and value.tzinfo is None:
        return value.date().isoformat()
    if isinstance(value, (dt.datetime, dt.date, dt.time)):
        return value.isoformat()
    return str(value)
