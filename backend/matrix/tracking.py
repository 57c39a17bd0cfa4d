"""The tracking plan of a pack: which events come in from outside, how they are shaped, and what each tells of a customer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field

from backend.matrix.parts import Chance, Key, Labelled, Part

Name = Annotated[str, Field(min_length=1, max_length=120)]
"""A name as senders write it: "Order Completed"."""
PropertyType = Literal["bool", "int", "number", "text", "date"]


class Property(Part):
    """What an event carries. One that is not `required` may be missing; one of `choices` is one of these texts."""

    name: Name
    type: PropertyType
    required: bool = False
    choices: tuple[str, ...] = ()


class PlannedEvent(Labelled):
    """An event that the plan knows, by the name that its senders give it, and what it feeds.

    `label` is the agent's line of the timeline, `own` the customer's (empty: not shown to them). `count` names day buckets
    that get one more, `add` buckets that get a property's figure; `value`, `date` and `attribute` say what of the profile a
    property becomes, a date being the event's own day. `intent` is what the event lets one suppose, as surely as `strength`;
    `truth` a moment of truth; `bad_experience` opens one of that kind, `puts_right` closes it. What happened `outside` is
    beyond our control: a review, a post, a word to a friend.
    """

    name: Name
    call: Literal["track", "page", "screen"] = "track"
    own: str = ""
    channel: Key | None = None
    stage: Key | None = None
    property: tuple[Property, ...] = ()
    count: tuple[Key, ...] = ()
    add: Mapping[Key, str] = Field(default_factory=dict)
    value: Mapping[Key, str] = Field(default_factory=dict)
    date: tuple[Key, ...] = ()
    attribute: Mapping[Key, str] = Field(default_factory=dict)
    intent: Key | None = None
    strength: Chance = 0.5
    truth: Key | None = None
    low_rating: int | None = None
    """With `truth`: only where the property `rating` is no higher."""
    bad_experience: Key | None = None
    puts_right: Key | None = None
    outside: bool = False


class Trait(Part):
    """What senders call an attribute, where they do not call it by its key."""

    name: Name
    attribute: Key


class FactSource(Labelled):
    """A system that tells of customers, and how far it is trusted: of two that differ, the higher is believed."""

    trust: int = Field(ge=0, le=100)
    verified: bool = False
    """Whether what it tells was checked with the customer: what was not never goes before it."""


class MomentOfTruth(Labelled):
    """An experience that a customer remembers: what it does to their score, and the kind of event on the timeline that is one.

    `again_days`: only where the same happened, with the same subject, within so many days before.
    """

    weight: float = Field(ge=-100, le=100)
    kind: str = ""
    again_days: int = Field(default=0, ge=0, le=365)


class Experience(Part):
    """How moments of truth make the running score of a customer's experience."""

    start: float = Field(default=70, ge=0, le=100)
    half_life_days: float = Field(default=45, gt=0, le=800)
    low_rating: int = Field(default=2, ge=1, le=4)
    """Of five: what a customer rates no higher is told as `rating.low`."""
    truth: tuple[MomentOfTruth, ...] = ()

    @cached_property
    def by_key(self) -> Mapping[str, MomentOfTruth]:
        return {truth.key: truth for truth in self.truth}

    @cached_property
    def by_kind(self) -> Mapping[str, tuple[MomentOfTruth, ...]]:
        """Which moments of truth an event of the timeline may be."""
        kinds = {truth.kind for truth in self.truth if truth.kind}
        return {kind: tuple(t for t in self.truth if t.kind == kind) for kind in kinds}


class TrackingPlan(Part):
    """What is done with what comes in: `unplanned` events are kept or refused; an event that is shaped otherwise than planned is
    refused, or taken without what is wrong and warned of."""

    unplanned: Literal["keep", "refuse"] = "keep"
    misshapen: Literal["warn", "refuse"] = "refuse"
    event: tuple[PlannedEvent, ...] = ()
    trait: tuple[Trait, ...] = ()
    source: tuple[FactSource, ...] = ()

    @cached_property
    def by_name(self) -> Mapping[tuple[str, str], PlannedEvent]:
        """By call and name; names meet without regard to case."""
        return {(event.call, event.name.casefold()): event for event in self.event}

    @cached_property
    def by_trait(self) -> Mapping[str, str]:
        return {trait.name: trait.attribute for trait in self.trait}

    @cached_property
    def trust(self) -> Mapping[str, int]:
        return {source.key: source.trust for source in self.source}
