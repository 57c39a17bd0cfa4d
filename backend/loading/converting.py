"""From a cell of somebody's file to a value of ours, by what the mapping says of dates, numbers and truth. Pure.

Each function raises ValueError with the reason, written to follow the name of the column: "is no date".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from backend.matrix.service import Attribute, FileMapping, strptime_form
from shared.kernel import money

Cell: TypeAlias = str | int | float | bool | None
"""As it comes out of a file: text from CSV; numbers and truth as they are from files that know types; dates in ISO 8601."""
LONGEST_CELL = 500
LARGEST = 1e9
GUARDED = re.compile(r"'(?=[=+\-@\t\r'#])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_RISKY = ("=", "+", "-", "@", "\t", "\r", "'")
_FAULTS = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA"})
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_ISO_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_PLAIN = re.compile(r"-?\d+(\.\d+)?")
_EARLIEST = date(1900, 1, 1)
_NOTHING_BEFORE = datetime(1970, 1, 2, tzinfo=UTC)


def text_of(cell: Cell, mapping: FileMapping) -> str:
    """The cell as text, without what stands around it; the guard of an exported cell is taken off."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return (mapping.yes if cell else mapping.no)[0]
    if isinstance(cell, (int, float)):
        return written(cell, mapping)
    bare = cell.strip()
    if len(bare) > LONGEST_CELL:
        raise ValueError(f"is longer than {LONGEST_CELL} characters")
    if bare in _FAULTS:
        raise ValueError("is a fault that the sheet's own formula gave")
    if mapping.guarded and (bare[:1] == "'" or cell[:1] == "'"):
        bare = GUARDED.sub("", cell if cell[:1] == "'" else bare, count=1).strip()
    if _CONTROLS.search(bare):
        raise ValueError("holds characters that cannot be printed")
    return bare


def guard(text: str) -> str:
    """The text as a cell that no spreadsheet takes for a formula, or its fault; `text_of` takes the apostrophe off again."""
    return f"'{text}" if text.startswith(_RISKY) or text in _FAULTS else text


def written(number: float, mapping: FileMapping) -> str:
    """A number as the file writes it: the shortest text that is exactly this number."""
    text = str(number) if isinstance(number, int) else repr(number).removesuffix(".0")
    return text.replace(".", mapping.decimal) if mapping.decimal != "." else text


def truth(cell: str, mapping: FileMapping) -> bool:
    said = cell.casefold()
    if said in _folded(mapping.yes):
        return True
    if said in _folded(mapping.no):
        return False
    raise ValueError(f"is neither {mapping.yes[0]} nor {mapping.no[0]}")


def _folded(words: Iterable[str]) -> set[str]:
    return {word.casefold() for word in words}


def number(cell: str, mapping: FileMapping) -> float:
    """A number of 0 or more, with the mapping's decimal mark; thousands may be divided where each group has three digits."""
    divides = r"[.\u00a0\u202f ']" if mapping.decimal == "," else r"[,\u00a0\u202f ']"
    plain = cell
    if re.fullmatch(rf"-?\d{{1,3}}({divides}\d{{3}})+({re.escape(mapping.decimal)}\d+)?", cell):
        plain = re.sub(divides, "", cell)
    plain = plain.replace(",", ".") if mapping.decimal == "," and "." not in plain else plain
    if not (plain.isascii() and _PLAIN.fullmatch(plain)):
        try:
            # As programs write very large and very small ones: 1.5e-07.
            found = float(plain) if re.fullmatch(r"\d+(\.\d+)?[eE][+-]?\d+", plain) else -1.0
        except ValueError:
            found = -1.0
    else:
        found = float(plain)
    if not 0 <= found < LARGEST:
        raise ValueError("is not a number of 0 or more")
    return found


def whole(cell: str, mapping: FileMapping) -> int:
    try:
        found = number(cell, mapping)
    except ValueError:
        found = -1
    if found != int(found) or found < 0:
        raise ValueError("is not a whole number of 0 or more")
    return int(found)


def day(cell: str, mapping: FileMapping) -> date:
    """A day in one of the mapping's forms, or as ISO 8601 has it; of an instant, the day that it names."""
    for form in mapping.dates:
        try:
            return _likely(datetime.strptime(cell, strptime_form(form)).date())  # noqa: DTZ007 (a day has no zone)
        except ValueError:
            continue
    try:
        if _ISO_DAY.match(cell):
            return _likely(date.fromisoformat(cell[:10]) if cell[10:11] in ("", "T", " ") else _none())
    except ValueError:
        pass
    raise ValueError(f"is no date{_such_as(mapping.dates, 'YYYY-MM-DD')}")


def _likely(found: date) -> date:
    if not found >= _EARLIEST or found.year > 2200:
        raise ValueError
    return found


def _none() -> date:
    raise ValueError


def instant(cell: str, mapping: FileMapping, zone: ZoneInfo, now: datetime) -> datetime:
    """An instant in UTC; one without a zone of its own is meant in the mapping's."""
    found = _instant(cell, mapping)
    if found is None:
        raise ValueError(f"is no instant{_such_as(mapping.instants, 'YYYY-MM-DD HH:mm')}")
    aware = (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    if aware < _NOTHING_BEFORE:
        raise ValueError("lies before 1970")
    if (aware - now).days >= 1:
        raise ValueError("lies in the future")
    return aware


def _instant(cell: str, mapping: FileMapping) -> datetime | None:
    for form in mapping.instants:
        try:
            return datetime.strptime(cell, strptime_form(form))  # noqa: DTZ007 (the zone is the mapping's)
        except ValueError:
            continue
    try:
        if _ISO_INSTANT.match(cell):
            return datetime.fromisoformat(cell)
        return datetime.combine(day(cell, mapping), time(12))
    except (ValueError, OverflowError):
        return None


def _such_as(forms: tuple[str, ...], otherwise: str) -> str:
    return f" such as {' or '.join(forms) or otherwise}"


def minor(cell: str, mapping: FileMapping, currency: str) -> int:
    """An amount in major units as minor ones."""
    return money.of_major(number(cell, mapping), currency).minor


def ours(cell: str, words: Mapping[str, str]) -> str:
    """Our word for the file's own, where the mapping has one."""
    if cell in words:
        return words[cell]
    folded = cell.casefold()
    return next((mine for theirs, mine in words.items() if theirs.casefold() == folded), cell)


def attribute(cell: str, known: Attribute, mapping: FileMapping) -> Any:
    """The value of this attribute; `cell` is in our words already and not empty."""
    match known.type:
        case "bool":
            return truth(cell, mapping)
        case "int":
            return whole(cell, mapping)
        case "number":
            return number(cell, mapping)
        case "date":
            return day(cell, mapping).isoformat()
        case _:
            if known.choices and cell not in known.choices:
                raise ValueError(f"is none of {', '.join(known.choices)}")
            return cell


def cell_of(value: Any, known_type: str, mapping: FileMapping) -> str:
    """The way back: a value as the mapping's file writes it; empty for none. `attribute` makes an equal value of it."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return (mapping.yes if value else mapping.no)[0]
    if isinstance(value, (int, float)):
        return written(value, mapping)
    if known_type == "date":
        when = value if isinstance(value, date) else date.fromisoformat(str(value))
        return when.strftime(strptime_form(mapping.dates[0])) if mapping.dates else when.isoformat()
    return guard(str(value))
