"""How far two people agree, field by field, and what that weighs: Fellegi and Sunter's theory of record linkage. Pure.

I. P. Fellegi and A. B. Sunter, "A Theory for Record Linkage", Journal of the American Statistical Association 64 (1969): a level of
agreement weighs log2(m / u) bits, m being its chance among pairs that are one person and u among pairs that are two; what is
unknown of either weighs nothing. The weights of a pair add up to its score. Strings are compared by Jaro and Winkler's
similarity (W. E. Winkler, "String Comparator Metrics and Enhanced Decision Rules", 1990).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from math import log2
from typing import Any

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler

Levels = dict[str, Any]
"""By field an array with the level of each pair, 0 the best; UNKNOWN where either is not known."""
UNKNOWN = -1
CLOSE, ALIKE = 0.92, 0.83
"""Jaro and Winkler's similarity from which a name may be a misspelling of another, and from which it resembles it."""
CROSSED = 0.25
"""So much better must given and family name agree crosswise than straight."""
BATCH = 200_000


@dataclass(frozen=True)
class Field:
    """One field's levels, best first, with their chances among pairs of one person (m) and of two (u)."""

    key: str
    levels: tuple[str, ...]
    m: tuple[float, ...]
    u: tuple[float, ...]

    @property
    def weights(self) -> tuple[float, ...]:
        return tuple(log2(m / u) for m, u in zip(self.m, self.u, strict=True))


@dataclass(frozen=True)
class Model:
    """The weights as they are kept: `threshold` is the score from which a pair is suggested."""

    fields: tuple[Field, ...]
    threshold: float
    attributes: Mapping[str, tuple[str, ...]]
    """Which attributes of a profile may hold a field, most likely first."""


@lru_cache(maxsize=1)
def model() -> Model:
    """The weights that stand in weights.toml, where their source is told."""
    plain = tomllib.loads(files("backend.identities").joinpath("weights.toml").read_text())
    found = tuple(
        Field(key, tuple(one["levels"]), tuple(one["m"]), tuple(one["u"])) for key, one in plain["field"].items()
    )
    return Model(found, plain["threshold"], {key: tuple(names) for key, names in plain["attributes"].items()})


class People:
    """People in columns, each value folded, "" where it is not known: what pairs of them are compared by."""

    COLUMNS = ("given", "family", "birth", "phone", "email", "street", "house", "city", "postcode", "national")

    def __init__(self, columns: Mapping[str, Sequence[str]]) -> None:
        """`columns`: by name as many values as there are people; `birth` as YYYYMMDD, `phone` as digits."""
        self._columns = {name: _Column(columns[name]) for name in self.COLUMNS}

    def compare(self, left: Any, right: Any) -> Levels:
        """The levels of the pairs (left[i], right[i]), which are places of people."""
        names = _names(self._columns["given"], self._columns["family"], left, right)
        return names | {
            "birth_date": _birth(self._columns["birth"], left, right),
            "phone": _phone(self._columns["phone"], left, right),
            "email": _email(self._columns["email"], left, right),
            "street": _text(self._columns["street"], left, right),
            "house_number": _exactly(self._columns["house"], left, right),
            "city": _text(self._columns["city"], left, right),
            "postcode": _code(self._columns["postcode"], left, right),
            "national_id": _code(self._columns["national"], left, right),
        }


def scores(levels: Levels, by: Model) -> Any:
    """The score of each pair in bits."""
    total = None
    for field in by.fields:
        if field.key not in levels:
            continue
        part = np.array([*field.weights, 0.0])[levels[field.key]]  # the last place is that of UNKNOWN, -1
        total = part if total is None else total + part
    return total


class _Column:
    """Values once each, and which of them each person has: two people of one value need no comparison of text."""

    def __init__(self, values: Sequence[str]) -> None:
        known: dict[str, int] = {"": 0}
        self.codes = np.fromiter((known.setdefault(value, len(known)) for value in values), np.int64, len(values))
        self.values = list(known)


def _similarity(a: _Column, b: _Column, left: Any, right: Any, measure: Any) -> Any:
    """The measure of each pair of values, taken once for each two values; equal and unknown ones are left to the caller."""
    one, other = a.codes[left], b.codes[right]
    pairs, where = np.unique(one * np.int64(len(b.values)) + other, return_inverse=True)
    found = np.empty(len(pairs), np.float32)
    for start in range(0, len(pairs), BATCH):
        some = pairs[start : start + BATCH]
        texts = [a.values[i] for i in some // len(b.values)], [b.values[i] for i in some % len(b.values)]
        found[start : start + BATCH] = measure(*texts)
    return found[where]


def _jaro_winkler(ours: list[str], theirs: list[str]) -> Any:
    return process.cpdist(ours, theirs, scorer=JaroWinkler.normalized_similarity, dtype=np.float32)


def _edits(ours: list[str], theirs: list[str]) -> Any:
    """Optimal string alignment: letters put in, left out, changed, or two neighbours swapped."""
    return process.cpdist(ours, theirs, scorer=OSA.distance, dtype=np.float32)


def _unknown(a: _Column, b: _Column, left: Any, right: Any) -> Any:
    return (a.codes[left] == 0) | (b.codes[right] == 0)


def _names(given: _Column, family: _Column, left: Any, right: Any) -> Levels:
    straight = [_similarity(one, one, left, right, _jaro_winkler) for one in (given, family)]
    crossed = [
        _similarity(given, family, left, right, _jaro_winkler),
        _similarity(family, given, left, right, _jaro_winkler),
    ]
    gaps = [_unknown(given, given, left, right), _unknown(family, family, left, right)]
    whole = ~(gaps[0] | gaps[1])
    swapped = whole & (sum(crossed) > sum(straight) + 2 * CROSSED) & (np.minimum(*crossed) >= ALIKE)
    out = {}
    for key, one, other, gap in (
        ("given_name", straight[0], crossed[0], gaps[0]),
        ("family_name", straight[1], crossed[1], gaps[1]),
    ):
        out[key] = np.where(gap, UNKNOWN, _graded(np.where(swapped, other, one)))
    out["name_order"] = np.where(whole, swapped.astype(np.int8), UNKNOWN)
    return out


def _graded(similar: Any) -> Any:
    return np.select([similar >= 0.9999, similar >= CLOSE, similar >= ALIKE], [0, 1, 2], 3).astype(np.int8)


def _text(column: _Column, left: Any, right: Any) -> Any:
    graded = _graded(_similarity(column, column, left, right, _jaro_winkler))
    return np.where(_unknown(column, column, left, right), UNKNOWN, graded)


def _exactly(column: _Column, left: Any, right: Any) -> Any:
    same = (column.codes[left] != column.codes[right]).astype(np.int8)
    return np.where(_unknown(column, column, left, right), UNKNOWN, same)


def _code(column: _Column, left: Any, right: Any) -> Any:
    edits = _similarity(column, column, left, right, _edits)
    graded = np.select([edits == 0, edits == 1], [0, 1], 2).astype(np.int8)
    return np.where(_unknown(column, column, left, right), UNKNOWN, graded)


def _birth(column: _Column, left: Any, right: Any) -> Any:
    def graded(ours: list[str], theirs: list[str]) -> Any:
        edits = _edits(ours, theirs)
        return [_birth_level(a, b, int(edit)) for a, b, edit in zip(ours, theirs, edits, strict=True)]

    found = _similarity(column, column, left, right, graded).astype(np.int8)
    return np.where(_unknown(column, column, left, right), UNKNOWN, found)


def _birth_level(ours: str, theirs: str, edits: int) -> int:
    """0 the same, 1 a digit off or two neighbours swapped, or day and month swapped, 2 one part off, 3 another day."""
    if edits == 0:
        return 0
    year, month, day = ours[:4], ours[4:6], ours[6:]
    if edits == 1 or f"{year}{day}{month}" == theirs:
        return 1
    return 2 if (year == theirs[:4]) + (month == theirs[4:6]) + (day == theirs[6:]) == 2 else 3


def _phone(column: _Column, left: Any, right: Any) -> Any:
    """0 the same, 1 the same but for the area or country, 2 a digit off or two swapped, 3 another number."""

    def graded(ours: list[str], theirs: list[str]) -> Any:
        edits = _edits(ours, theirs)
        return [
            0 if a == b else 1 if len(a) >= 7 and a[-7:] == b[-7:] else 2 if edit == 1 else 3
            for a, b, edit in zip(ours, theirs, edits, strict=True)
        ]

    found = _similarity(column, column, left, right, graded).astype(np.int8)
    return np.where(_unknown(column, column, left, right), UNKNOWN, found)


def _email(column: _Column, left: Any, right: Any) -> Any:
    """0 the same, 1 the same name elsewhere, 2 a name like it, 3 another one."""

    def graded(ours: list[str], theirs: list[str]) -> Any:
        names = [[text.partition("@")[0] for text in texts] for texts in (ours, theirs)]
        similar = _jaro_winkler(*names)
        return [
            0 if a == b else 1 if x == y else 2 if near >= CLOSE else 3
            for a, b, x, y, near in zip(ours, theirs, *names, similar, strict=True)
        ]

    found = _similarity(column, column, left, right, graded).astype(np.int8)
    return np.where(_unknown(column, column, left, right), UNKNOWN, found)
