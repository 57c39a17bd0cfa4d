"""What bounds the offers of a pack: its dials, how often what may be offered, quiet hours, and what is scarce."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from backend.matrix.parts import Amount, Clock, Key, Labelled, Part, Rule


class Policies(Part):
    """The pack's dials. β: how much the customer's gain weighs against the company's, never below the floor.

    Concessions of twelve months stay below `concession_cap`, and below `concession_share` of the customer's `margin` (twelve
    months of it, in major units) where the pack says how to work that out.
    """

    epsilon: float = Field(gt=0, le=1)
    beta: float = Field(ge=0, le=1)
    beta_floor: float = Field(gt=0, le=1)
    attention_cost: Amount
    attention_per_recent: Amount
    concession_cap: Amount
    concession_share: float = Field(default=1, ge=0, le=1)
    margin: Rule | None = None
    discount: float = Field(default=0.1, ge=0, le=1)
    """By how much a margin of next year counts less than one of this year, in a customer's lifetime value."""
    exclusive_groups: tuple[Key, ...] = ()
    """Groups of treatments of which a customer is offered one at a time."""


class Scope(Part):
    """Which offers a limit counts: all, or those of an issue, a group or a treatment, as they were when they were made."""

    key: Key
    of: Literal["all", "issue", "group", "treatment"]
    name: str = ""
    days: int = Field(ge=1, le=730)
    """The window: the customer's local today and the days before it."""


class Cap(Scope):
    """At most so many of this outcome in the window, in all channels together."""

    outcome: Literal["presented", "declined", "accepted"]
    most: int = Field(ge=0)


class Gap(Scope):
    """So many days lie between one presentation and the next."""


class QuietHours(Part):
    """When nothing is sent to a customer on the house's own initiative, by their own clock; may pass midnight."""

    begin: Clock = Field(alias="from")
    until: Clock

    @field_validator("until")
    @classmethod
    def _ends(cls, until: str, info: ValidationInfo) -> str:
        if until == info.data.get("begin"):
            raise ValueError("quiet hours that end when they begin are none: leave them out")
        return until


class Budget(Labelled):
    """What is scarce: money in a month, or places in a day. Reserved when an offer is presented or accepted; never oversold."""

    unit: Literal["money", "places"]
    per: Literal["month", "day"]
    amount: float = Field(ge=0, allow_inf_nan=False)
    reserve: Literal["presented", "accepted"] = "accepted"
    lead_days: int = Field(default=1, ge=0, le=365)
    """With `per` day: the first day from today on that may be taken."""
    horizon_days: int = Field(default=14, ge=1, le=365)
    """With `per` day: for so many days ahead."""
    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5)
    """With `per` day: the days of the week that have places, 1 is Monday."""
