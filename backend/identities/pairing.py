"""All near matches among many people: by keys into blocks, from blocks into pairs, and what the pairs weigh. Pure, in columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backend.identities import blocking, comparing
from backend.identities.comparing import Model, People
from backend.identities.types import Agreement

BATCH = 400_000
"""So many pairs are compared at a time: memory stays bounded however many there are."""


@dataclass(frozen=True)
class Found:
    """A pair from the threshold on: places of people, the score in bits, and its parts."""

    left: int
    right: int
    score: float
    agreements: tuple[Agreement, ...]


@dataclass(frozen=True)
class Result:
    """What was found, how many pairs were compared for it, and how many keys were left out as too common."""

    found: tuple[Found, ...]
    compared: int
    skipped: int


def columns_of(people: Sequence[Mapping[str, str]]) -> dict[str, list[str]]:
    """Rows as columns."""
    return {name: [one[name] for one in people] for name in People.COLUMNS}


def all_pairs(columns: Mapping[str, Sequence[str]], by: Model) -> Result:
    """Every pair of these people whose score reaches the threshold, compared where they share a key."""
    pairs, skipped = candidates(columns)
    people = People(columns)
    found: list[Found] = []
    for start in range(0, len(pairs), BATCH):
        some = pairs[start : start + BATCH]
        found += weighed(people, some[:, 0], some[:, 1], by)
    return Result(tuple(found), len(pairs), skipped)


def candidates(columns: Mapping[str, Sequence[str]]) -> tuple[Any, int]:
    """The pairs that share a key, each once, and how many keys were too common to be used."""
    codes: dict[str, int] = {}
    places: list[int] = []
    keys: list[int] = []
    names = People.COLUMNS
    for at, values in enumerate(zip(*(columns[name] for name in names), strict=True)):
        for text in blocking.keys(dict(zip(names, values, strict=True))):
            keys.append(codes.setdefault(text, len(codes)))
            places.append(at)
    many = len(columns[names[0]])
    key, place = np.array(keys, np.int64), np.array(places, np.int64)
    order = np.argsort(key, kind="stable")
    key, place = key[order], place[order]
    starts = np.flatnonzero(np.r_[True, key[1:] != key[:-1]]) if len(key) else np.array([], np.int64)
    sizes = np.diff(np.r_[starts, len(key)])
    skipped = int((sizes > blocking.LARGEST).sum())
    made: list[Any] = []
    for size in np.unique(sizes[(sizes > 1) & (sizes <= blocking.LARGEST)]):
        # All blocks of one size at once: each row is a block, each pair of columns a pair of every block.
        block = place[starts[sizes == size][:, None] + np.arange(size)]
        one, other = np.triu_indices(int(size), 1)
        made.append(np.unique(block[:, one].ravel() * many + block[:, other].ravel()))
    flat = np.unique(np.concatenate(made)) if made else np.array([], np.int64)
    return np.stack([flat // max(many, 1), flat % max(many, 1)], axis=1), skipped


def weighed(people: People, left: Any, right: Any, by: Model) -> list[Found]:
    """Those of the pairs (left[i], right[i]) whose score reaches the threshold."""
    if not len(left):
        return []
    levels = people.compare(left, right)
    score = comparing.scores(levels, by)
    return [
        Found(int(left[i]), int(right[i]), round(float(score[i]), 3), agreements(levels, int(i), by))
        for i in np.flatnonzero(score >= by.threshold)
    ]


def agreements(levels: comparing.Levels, i: int, by: Model) -> tuple[Agreement, ...]:
    """What pair `i` agrees in, and how; fields of which either is not known are left out."""
    return tuple(
        Agreement(field.key, field.levels[level], round(field.weights[level], 3))
        for field in by.fields
        if (level := int(levels[field.key][i])) != comparing.UNKNOWN
    )
