"""A file of customers, read against the pack's schema: good rows typed, bad ones kept apart with the reason. Pure."""

from __future__ import annotations

import csv
import gzip
import io
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.matrix.service import Attribute, Pack
from shared.kernel.errors import Invalid

NUMBER_HEADERS = ("customerID", "number")
LONGEST_CELL = 500
_TRUTH = {"yes": True, "1": True, "true": True, "no": False, "0": False, "false": False}


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was not taken: the first thing wrong with it, and where. `cells` are kept, so that it can be mended."""

    line: int
    column: str
    value: str
    why: str
    cells: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CustomerFile:
    """What a file holds: typed rows by attribute key (and `number`), and the rows that were not taken."""

    header: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]
    rejected: tuple[Rejected, ...]


class BrokenFile(Invalid):
    """The file as a whole cannot be read: nothing of it is loaded."""

    code = "broken_file"
    title = "The file cannot be read"


class _Bad(Exception):
    def __init__(self, column: str, value: str, why: str) -> None:
        super().__init__(why)
        self.column, self.value, self.why = column, value, why


def read(path: Path, pack: Pack) -> CustomerFile:
    """The customers in the file, under the pack's own headers or those of the file it came from (`ibm`). Raises BrokenFile.

    CSV in UTF-8, plain or gzipped. Columns that the pack does not know are passed over.
    """
    reader = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    columns: dict[str, int] = {}
    rows: list[dict[str, Any]] = []
    rejected: list[Rejected] = []
    header: tuple[str, ...] = ()
    lines: dict[str, int] = {}
    try:
        for cells in reader:
            if not header:
                header = tuple(cell.strip() for cell in cells)
                columns = _columns(header, pack, path)
            elif cells:
                line = reader.line_num
                try:
                    row = _row(cells, header, columns, pack)
                    _once(row, line, lines, header, columns)
                    rows.append(row)
                except _Bad as bad:
                    rejected.append(Rejected(line, bad.column, bad.value, bad.why, tuple(cells)))
    except csv.Error as e:
        raise BrokenFile(f"{path.name}, line {reader.line_num}: {e}. Nothing was loaded.") from None
    if not rows:
        first = (
            f" The first fault is in line {rejected[0].line}, {rejected[0].column}: {rejected[0].why}."
            if rejected
            else ""
        )
        raise BrokenFile(f"{path.name} has no customer that could be loaded.{first} Nothing was loaded.")
    return CustomerFile(header, tuple(rows), tuple(rejected))


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8-sig")
    except OSError as e:
        raise BrokenFile(f"{path} cannot be opened: {e.strerror or e}. Nothing was loaded.") from None
    except (EOFError, zlib.error):
        raise BrokenFile(f"{path.name} is a gzip file that ends too early. Nothing was loaded.") from None
    except UnicodeDecodeError as e:
        raise BrokenFile(f"{path.name} is not UTF-8 text: byte {e.start + 1} is none. Nothing was loaded.") from None
    if "\x00" in text:
        raise BrokenFile(f"{path.name} is not a text file: it holds zero bytes. Nothing was loaded.")
    return text


def _columns(header: tuple[str, ...], pack: Pack, path: Path) -> dict[str, int]:
    """Attribute key → place of its column. Every attribute that a file can bring must be there."""
    places = {name: place for place, name in enumerate(header)}
    found = {}
    missing = []
    for a in pack.attributes.values():
        names = [name for name in (a.ibm, a.column) if name]
        if not names:
            continue
        place = next((places[name] for name in names if name in places), None)
        if place is None:
            missing.append(names[0])
        else:
            found[a.key] = place
    if missing:
        raise BrokenFile(f"{path.name} has no column {', '.join(missing)}. Nothing was loaded.")
    place = next((places[name] for name in NUMBER_HEADERS if name in places), None)
    return found if place is None else {**found, "number": place}


def _row(cells: list[str], header: tuple[str, ...], columns: Mapping[str, int], pack: Pack) -> dict[str, Any]:
    if len(cells) != len(header):
        raise _Bad("(row)", str(len(cells)), f"has {len(cells)} cells where the header has {len(header)}")
    row: dict[str, Any] = {}
    for key, place in columns.items():
        cell = cells[place].strip()
        try:
            row[key] = _number(cell) if key == "number" else _typed(pack.attributes[key], cell)
        except ValueError as why:
            raise _Bad(header[place], cells[place][:LONGEST_CELL], str(why)) from None
    return row


def _number(cell: str) -> str:
    if not cell:
        raise ValueError("is empty; every customer has a number")
    if len(cell) > 64 or not cell.isprintable():
        raise ValueError("is no customer number")
    return cell


def _typed(attribute: Attribute, cell: str) -> bool | int | float | str:
    if not cell:
        if attribute.default is not None:
            return attribute.default
        raise ValueError("is empty")
    if len(cell) > LONGEST_CELL:
        raise ValueError(f"is longer than {LONGEST_CELL} characters")
    if attribute.type == "bool":
        if cell.lower() not in _TRUTH:
            raise ValueError("is neither Yes nor No")
        return _TRUTH[cell.lower()]
    if attribute.type == "int":
        if not (cell.isascii() and cell.isdigit() and len(cell) < 10):
            raise ValueError("is not a whole number of 0 or more")
        return int(cell)
    if attribute.type == "number":
        return _decimal(cell)
    if attribute.choices and cell not in attribute.choices:
        raise ValueError(f"is none of {', '.join(attribute.choices)}")
    return cell


def _decimal(cell: str) -> float:
    try:
        number = float(cell) if cell.isascii() and "_" not in cell else math.nan
    except ValueError:
        number = math.nan
    if not 0 <= number < 1e9:
        raise ValueError("is not a number of 0 or more")
    return number


def _once(
    row: dict[str, Any], line: int, lines: dict[str, int], header: tuple[str, ...], columns: Mapping[str, int]
) -> None:
    number = row.get("number")
    if number is None:
        return
    first = lines.setdefault(number.upper(), line)
    if first != line:
        raise _Bad(header[columns["number"]], number, f"stands in line {first} already")
