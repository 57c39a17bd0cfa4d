"""Holdouts of a pack: who is kept from what, so that one can tell whether it helps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from backend.matrix.parts import Key, Labelled

if TYPE_CHECKING:
    from backend.matrix.types import Pack

FILE = "holdouts.toml"
HELD_ISSUES = ("sales", "retention", "care")
"""Of service and collections nothing is ever held out."""
HELD_OBJECTIVES = ("inform", "retain", "expand", "win_back", "advocate")
"""What resolves a trouble or settles what is owed is kept from nobody."""


class Holdout(Labelled):
    """A control group: this share of customers, by a hash of their id and the salt, is kept from the treatments it covers.

    With no treatments and no groups named it is universal: it covers whatever may be held out. `segment`: only customers in it
    enter; who has entered stays. Another salt draws another group.
    """

    share: float = Field(gt=0, le=0.5)
    treatments: tuple[Key, ...] = ()
    groups: tuple[Key, ...] = ()
    segment: str = ""
    salt: str = Field(default="", max_length=80, pattern=r"^[A-Za-z0-9_.-]*$")

    @model_validator(mode="after")
    def _salted(self) -> Holdout:
        if not self.salt:
            object.__setattr__(self, "salt", self.key)
        return self

    @property
    def universal(self) -> bool:
        return not self.treatments and not self.groups

    def covers(self, treatment: str, group: str) -> bool:
        """Whether it is meant for this treatment; whether that may be held out at all is the catalogue's matter."""
        return self.universal or treatment in self.treatments or group in self.groups


def holdout_faults(pack: Pack) -> Iterator[tuple[str, str, int, str, str]]:
    """Keys that stand twice, segments that there are not, and segments drawn by what is protected."""
    keys = Counter(one.key for one in pack.holdouts)
    salts = Counter(one.salt for one in pack.holdouts)
    segments = {one.key: one for one in pack.segments}
    protected = {key for key, one in pack.attributes.items() if one.protected}
    for nth, one in enumerate(pack.holdouts):
        if keys[one.key] > 1:
            yield FILE, "holdout", nth, one.key, "stands twice"
        elif salts[one.salt] > 1:
            yield FILE, "holdout", nth, one.key, "has the salt of another: both would keep the very same customers"
        if not one.segment:
            continue
        if one.segment not in segments:
            yield FILE, "holdout", nth, one.key, f"there is no segment {one.segment}"
        elif read := sorted(protected.intersection(segments[one.segment].rule.names)):
            yield (
                FILE,
                "holdout",
                nth,
                one.key,
                f"the segment {one.segment} is drawn by {', '.join(read)}: protected attributes choose no control group",
            )
