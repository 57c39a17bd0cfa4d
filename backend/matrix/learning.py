"""What a pack says of learning: the features that chances are learned from, how fast is forgotten, how far is explored."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from backend.matrix.parts import Key, Labelled, Part, Rule
from backend.rules.service import lint

if TYPE_CHECKING:
    from backend.matrix.types import Pack

FILE = "learning.toml"
BASE = "base"
CHANNEL = "channel:"
"""Before a channel's key: the column that is 1 for the answers that were given there."""
UNKNOWN = "?"
"""After a feature's column: the one that is 1 where its value is not known."""


class Feature(Labelled):
    """One number that chances are learned from: an expression over profile and moment, or a count over the offers of before.

    Scaled to (value − typical) / (high − low), the value kept between low and high; a yes is 1. Where `missing` holds, or no
    value can be had, the number is 0 and a column of its own says so. `history`: how often this very treatment was
    presented and not taken, taken or declined within so many days.
    """

    value: Rule = Field(default="0", validate_default=True)
    low: float = 0.0
    high: float = 1.0
    typical: float = 0.0
    missing: Rule = Field(default="false", validate_default=True)
    history: Literal["", "untaken", "taken", "declined"] = ""
    days: int = Field(default=365, ge=1, le=1100)

    @model_validator(mode="after")
    def _in_bounds(self) -> Feature:
        if self.high <= self.low:
            raise ValueError(f"feature {self.key}: high must be above low")
        if not self.low <= self.typical <= self.high:
            raise ValueError(f"feature {self.key}: typical lies between low and high")
        if self.history and (self.low or self.typical):
            raise ValueError(f"feature {self.key}: a history is counted from 0, which is typical")
        if bool(self.history) == (self.value.text != "0"):
            raise ValueError(f"feature {self.key}: needs exactly one of value, history")
        return self

    @cached_property
    def column(self) -> str:
        """The name of its column: another one as soon as it means something else, so that no weight is taken for another's."""
        meaning = (self.value.text, self.missing.text, self.history, self.days if self.history else 0, self.low, self.high, self.typical)  # fmt: skip
        return f"{self.key}~{hashlib.sha256(repr(meaning).encode()).hexdigest()[:6]}"

    @property
    def may_be_missing(self) -> bool:
        return self.missing.text != "false"

    def scaled(self, value: float) -> float:
        """The number that is learned from."""
        return (min(max(value, self.low), self.high) - self.typical) / (self.high - self.low)


class Exploration(Part):
    """How far the treatments of a group are explored; of the group "", of all that have none of their own.

    `share`: in which share of the moments a draw ranks; `floor`: the least standard deviation of its log odds.
    """

    group: str = ""
    share: float = Field(default=1.0, ge=0, le=1)
    floor: float = Field(default=0.05, ge=0, le=2)


class Limits(Part):
    """From where on a treatment's model is not believed any more: it falls back to the catalogue's chance, and says so."""

    answers: int = Field(default=200, ge=30)
    """Fewer of the last `days` days say nothing."""
    days: int = Field(default=28, ge=7, le=365)
    calibration: float = Field(default=0.1, gt=0, le=1)
    """Expected calibration error."""
    surprise: float = Field(default=5.0, ge=2)
    """Standard deviations by which answers may differ from what was foretold."""
    drift: float = Field(default=0.25, gt=0)
    """Population stability index of a feature."""


class Learning(Part):
    """How chances are learned from answers. Standard deviations are of log odds; without a feature nothing is learned."""

    half_life_days: float = Field(default=90.0, ge=1, le=3650)
    horizon_days: int = Field(default=540, ge=7, le=3650)
    """Answers that are older are not kept, nor those that weigh less than a hundredth of one of today."""
    window_days: int = Field(default=14, ge=1, le=365)
    """What was presented and not answered within so many days was not taken."""
    stays_days: int = Field(default=60, ge=0, le=730)
    """Who took up a treatment that keeps customers, and left within so many days, did not take it after all."""
    left: Rule = Field(default="false", validate_default=True)
    """Whether the customer has left, and in `left_days` how many days ago."""
    left_days: Rule = Field(default="0", validate_default=True)
    base_spread: float = Field(default=0.9, gt=0, le=5)
    """How far a group's chances may lie from the catalogue's."""
    group_spread: float = Field(default=0.5, gt=0, le=5)
    """How much a feature may weigh in a group."""
    kin_spread: float = Field(default=0.5, gt=0, le=5)
    """How far a treatment may lie from its group: too near, and one that changes is held back by its kin."""
    least_answers: int = Field(default=100, ge=1)
    """From so many on a treatment's model is called mature."""
    every_answers: int = Field(default=250, ge=1)
    every_minutes: int = Field(default=240, ge=1)
    """An epoch is published when so many answers came in, or any of them after so many minutes."""
    least_new: int = Field(default=25, ge=1)
    """Fewer new answers make no epoch, however long it has been."""
    exploring: tuple[Exploration, ...] = (Exploration(),)
    limits: Limits = Field(default_factory=Limits)
    feature: tuple[Feature, ...] = Field(default=(), max_length=40)

    @cached_property
    def shared(self) -> tuple[Feature, ...]:
        """Features that are the same for every treatment."""
        return tuple(one for one in self.feature if not one.history)

    @cached_property
    def histories(self) -> tuple[Feature, ...]:
        """Features of one treatment."""
        return tuple(one for one in self.feature if one.history)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The names of a vector's places: the base, the shared features with what tells that they are unknown, the histories."""
        shared = [name for one in self.shared for name in _columns(one)]
        return (BASE, *shared, *(one.column for one in self.histories))

    @cached_property
    def labels(self) -> dict[str, str]:
        """Column → what it is, in words."""
        named = {one.column: one.label for one in self.feature}
        return named | {
            f"{one.column}{UNKNOWN}": f"{one.label}: not known" for one in self.shared if one.may_be_missing
        }


def _columns(feature: Feature) -> Iterator[str]:
    yield feature.column
    if feature.may_be_missing:
        yield feature.column + UNKNOWN


def learning_faults(pack: Pack) -> Iterator[tuple[str, str, int, Key, str]]:
    """(file, table, nth, key, what is wrong): rules that cannot be read, protected attributes, groups twice."""
    learning = pack.learning
    protected = _told_by_protected(pack)
    keys = [one.key for one in learning.feature]
    for nth, feature in enumerate(learning.feature):
        if keys.index(feature.key) != nth:
            yield FILE, "feature", nth, feature.key, "stands twice"
        names = pack.cell_names
        for why in min(lint(feature.value.text, names, "number"), lint(feature.value.text, names, "bool"), key=len):
            yield FILE, "feature", nth, feature.key, f"value: {why}"
        for why in lint(feature.missing.text, names, "bool"):
            yield FILE, "feature", nth, feature.key, f"missing: {why}"
        for name in sorted({*feature.value.names, *feature.missing.names} & protected.keys()):
            yield FILE, "feature", nth, feature.key, protected[name]
    for name, rule, wanted in (("left", learning.left, "bool"), ("left_days", learning.left_days, "number")):
        for why in lint(rule.text, pack.segment_names, "bool" if wanted == "bool" else "number"):
            yield FILE, "learning", 0, name, why
    groups = [one.group for one in learning.exploring]
    for nth, group in enumerate(groups):
        if groups.index(group) != nth:
            yield FILE, "exploring", nth, group or "all", "stands twice"


def _told_by_protected(pack: Pack) -> dict[str, str]:
    """Names that no model may read, with the reason: protected attributes, and what is worked out of them."""
    bare = {a.key for a in pack.attributes.values() if a.protected}
    found = {name: f"{name} is protected: it may enter no model" for name in bare}
    for name, rules in (
        ("life_cycle", [one.rule for one in pack.life_cycle]),
        ("segments", [one.rule for one in pack.segments]),
        ("protective", [one.rule for one in pack.protective]),
    ):
        # What is worked out of what is worked out of them tells of them too: the three are looked at in their order.
        read = {one for rule in rules for one in rule.names} & found.keys()
        if read:
            found[name] = (
                f"{name} tells of {', '.join(sorted(read))}, which no model may read: name what is meant itself"
            )
    return found
