"""What one row of a mapped file says, typed and checked: the first thing wrong with it is named, with its column. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from backend.loading import converting
from backend.loading.converting import Cell
from backend.loading.files import BrokenFile
from backend.matrix.service import GROUP_KINDS, Column, FileMapping, Pack, attribute_of
from backend.profiles.service import normalise

LONGEST_NUMBER = 64


class Bad(Exception):
    """A row that is not taken: the column, the value as far as it can be shown, and why."""

    def __init__(self, column: str, value: str, why: str) -> None:
        super().__init__(why)
        self.column, self.value, self.why = column, value[: converting.LONGEST_CELL], why


@dataclass(slots=True)
class Told:
    """What a row says of the customer with this number; what it leaves empty, it does not say."""

    line: int
    cells: list[Cell]
    number: str
    fields: dict[str, Any] = field(default_factory=dict)
    """By target: name, phone, birth_date, at, kind, label and so on."""
    attributes: dict[str, Any] = field(default_factory=dict)
    values: dict[str, float] = field(default_factory=dict)
    dates: dict[str, date] = field(default_factory=dict)
    identifiers: list[tuple[str, str]] = field(default_factory=list)
    consents: dict[tuple[str, str], str] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The number as it is claimed: two spellings of one number are one customer."""
        return normalise("number", self.number) or self.number


class Reading:
    """A mapping applied to a header: reads each row. Raises BrokenFile where the file lacks a column or has it twice."""

    def __init__(self, mapping: FileMapping, pack: Pack, header: tuple[str, ...], name: str, now: datetime) -> None:
        self.mapping, self.pack, self.header, self._now = mapping, pack, header, now
        self._zone = ZoneInfo(mapping.timezone or pack.timezone)
        wanted = [one for column in mapping.column for one in column.headers]
        if missing := [one for one in wanted if one not in header]:
            raise BrokenFile(
                f"{name} has no column {', '.join(missing)}, which its mapping names; it has {', '.join(header[:30])}. "
                "Nothing was loaded."
            )
        if twice := sorted({one for one in wanted if header.count(one) > 1}):
            raise BrokenFile(f"{name} has the column {', '.join(twice)} more than once. Nothing was loaded.")
        self.unmapped = tuple(one for one in header if one and one not in set(wanted))
        self._columns = [
            (column, tuple(header.index(one) for one in column.headers), self._taker(column))
            for column in mapping.column
        ]
        self._facts = {fact.since for fact in pack.facts.values() if fact.since}
        # The number first: a row of nobody need not be read further.
        self._columns.sort(key=lambda one: one[0].to != "number")

    @property
    def number_header(self) -> str:
        return self._columns[0][0].headers[0]

    def number(self, cells: list[Cell]) -> str:
        """The number alone, for rows that are passed over; empty where there is none."""
        column, places, _ = self._columns[0]
        try:
            return (normalise("number", self._text(column, places, cells)) or "") if column.to == "number" else ""
        except (Bad, IndexError):
            return ""

    def read(self, line: int, cells: list[Cell]) -> Told:
        """Raises Bad."""
        if len(cells) != len(self.header):
            raise Bad("(row)", str(len(cells)), f"has {len(cells)} cells where the header has {len(self.header)}")
        told = Told(line, cells, "")
        for column, places, take in self._columns:
            cell = self._text(column, places, cells)
            if not cell:
                if column.required or column.to in _needed(self.mapping):
                    raise Bad(column.headers[0], "", "is empty")
                continue
            try:
                take(told, converting.ours(cell, column.words))
            except ValueError as why:
                raise Bad(column.headers[0], cell, str(why)) from None
        return told

    def _text(self, column: Column, places: tuple[int, ...], cells: list[Cell]) -> str:
        parts = []
        for place, header in zip(places, column.headers, strict=True):
            try:
                parts.append(converting.text_of(cells[place], self.mapping))
            except ValueError as why:
                raise Bad(header, str(cells[place]), str(why)) from None
        return " ".join(part for part in parts if part)

    def _taker(self, column: Column) -> Callable[[Told, str], None]:
        """What is done with a cell of this column."""
        kind = next(k for k in ("to", "attribute", "fact", "identifier", "consent", "data") if getattr(column, k))
        taker: Callable[[Told, str], None] = getattr(self, f"_take_{kind}")(column)
        return taker

    def _take_attribute(self, column: Column) -> Callable[[Told, str], None]:
        known = attribute_of(column.attribute, self.mapping, self.pack)
        if known is None:
            raise BrokenFile(f"The mapping names the attribute {column.attribute}, which the pack does not have.")

        def take(told: Told, cell: str) -> None:
            told.attributes[column.attribute] = converting.attribute(cell, known, self.mapping)

        return take

    def _take_fact(self, column: Column) -> Callable[[Told, str], None]:
        def take(told: Told, cell: str) -> None:
            if column.fact in self._facts:
                told.dates[column.fact] = converting.day(cell, self.mapping)
            else:
                told.values[column.fact] = converting.number(cell, self.mapping)

        return take

    def _take_identifier(self, column: Column) -> Callable[[Told, str], None]:
        def take(told: Told, cell: str) -> None:
            for one in cell.split(column.separator) if column.separator else (cell,):
                if one.strip():
                    told.identifiers.append((column.identifier, _spelled(column.identifier, one)))

        return take

    def _take_consent(self, column: Column) -> Callable[[Told, str], None]:
        purpose, channel = column.consent.split("/")

        def take(told: Told, cell: str) -> None:
            told.consents[purpose, channel] = "granted" if converting.truth(cell, self.mapping) else "denied"

        return take

    def _take_data(self, column: Column) -> Callable[[Told, str], None]:
        def take(told: Told, cell: str) -> None:
            match column.type:
                case "int":
                    told.data[column.data] = converting.whole(cell, self.mapping)
                case "number":
                    told.data[column.data] = converting.number(cell, self.mapping)
                case "bool":
                    told.data[column.data] = converting.truth(cell, self.mapping)
                case "date":
                    told.data[column.data] = converting.day(cell, self.mapping).isoformat()
                case "money":
                    told.data[column.data] = converting.minor(cell, self.mapping, self.pack.currency)
                    told.data["currency"] = self.pack.currency
                case _:
                    told.data[column.data] = cell

        return take

    def _take_to(self, column: Column) -> Callable[[Told, str], None]:
        target = column.to

        def take(told: Told, cell: str) -> None:
            if target == "number":
                told.number = _number(cell)
            else:
                told.fields[target] = self._field(target, cell)
            if target in ("phone", "email"):
                told.identifiers.append((target, told.fields[target]))

        return take

    def _field(self, target: str, cell: str) -> Any:
        match target:
            case "phone" | "email":
                return _spelled(target, cell)
            case "birth_date":
                return converting.day(cell, self.mapping)
            case "at":
                return converting.instant(cell, self.mapping, self._zone, self._now)
            case "granted" | "ended":
                return converting.truth(cell, self.mapping)
            case "name":
                return " ".join(cell.split())
            case "timezone":
                return _one_of(cell, available_timezones(), "is no time zone such as Europe/Berlin")
            case "channel":
                keys = [one.key for one in self.pack.channels]
                return _one_of(cell, keys, f"is none of {', '.join(keys)}")
            case "purpose":
                keys = [one.key for one in self.pack.purposes]
                return _one_of(cell, keys, f"is none of {', '.join(keys)}")
            case "kind" if self.mapping.part == "groups":
                return _one_of(cell, GROUP_KINDS, f"is none of {', '.join(GROUP_KINDS)}")
            case "kind" if self.mapping.part == "holdings":
                keys = [one.key for one in self.pack.holdings]
                return _one_of(cell, keys, f"is none of {', '.join(keys)}")
            case _:
                return cell


def _needed(mapping: FileMapping) -> tuple[str, ...]:
    """What no row may leave empty: since when somebody belongs to a group need not be known."""
    return ("number",) if mapping.part == "groups" else ("number", "at")


def _number(cell: str) -> str:
    if len(cell) > LONGEST_NUMBER or not cell.isprintable():
        raise ValueError("is no customer number")
    return cell


def _spelled(kind: str, cell: str) -> str:
    spelled = normalise(kind, cell)
    if spelled is None:
        raise ValueError(
            {"phone": "is no telephone number", "email": "is no e-mail address"}.get(kind, "is no identifier")
        )
    return spelled


def _one_of(cell: str, known: Iterable[str], why: str) -> str:
    if cell not in known:
        raise ValueError(why)
    return cell
