"""Customers whom not everybody may open: whom a rule takes in, and which teams look after them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from backend.matrix.keeping import Role
from backend.matrix.parts import Key, Labelled, Rule
from backend.rules.service import Name, lint

if TYPE_CHECKING:
    from backend.matrix.types import Pack

FILE, TABLE = "pack.toml", "restricted"


class Restricted(Labelled):
    """Customers of whom all but these teams, and these roles, learn no more than that there is somebody, and whose they are.

    The first group in the pack's order whose rule holds is theirs. `label` is for those who may open them.
    """

    rule: Rule
    teams: tuple[Key, ...] = Field(min_length=1)
    roles: tuple[Role, ...] = ()


def restricted_names(pack: Pack) -> dict[str, Name]:
    """What these rules may read: what segments read, segments and protective states, and which kinds of holding there are."""
    return {**pack.segment_names, "segments": Name("list"), "protective": Name("list"), "holdings": Name("list")}


def restricting_faults(pack: Pack) -> Iterator[tuple[str, str, int, str, str]]:
    """Rules that read what there is not, keys that stand twice, teams that nobody can be in."""
    keys = Counter(one.key for one in pack.restricted)
    teams = {one.key for one in pack.casework.team}
    for nth, one in enumerate(pack.restricted):
        if keys[one.key] > 1:
            yield FILE, TABLE, nth, one.key, "stands twice"
        for team in one.teams:
            if team not in teams:
                yield FILE, TABLE, nth, one.key, f"{team} is no team of cases.toml"
        for why in lint(one.rule.text, restricted_names(pack), "bool"):
            yield FILE, TABLE, nth, one.key, why
    if pack.restricted and "holdings" in {*pack.attributes, *pack.facts}:
        yield FILE, TABLE, 0, "holdings", "an attribute or fact has the name of what restricted groups read"
