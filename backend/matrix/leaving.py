"""How customers leave a pack's house, and what of their use a bill tells."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from backend.matrix.parts import Key, Labelled, Part, Rule


class LeavingReason(Labelled):
    """Why somebody leaves: colleagues read the label, the customer chooses by `choice`."""

    choice: str


class UsageKind(Labelled):
    """Something of which a month's bill says how much was used, and in what it is counted."""

    unit: str


class Leaving(Part):
    """How a customer leaves altogether: what is so then, and by which rules days and money are worked out.

    It ends with a month that is billed, `notice_days` from now or later. `runs_days`: for how many days a contract still runs;
    `early_cost`: what leaving before that costs, in major units.
    """

    label: str
    set: Mapping[Key, bool | int | float | str] = Field(min_length=1)
    charge: Key
    """The attribute with what is paid in a month."""
    notice_days: int = Field(default=0, ge=0, le=366)
    runs_days: Rule = Field(default="0", validate_default=True)
    early_cost: Rule = Field(default="0.0", validate_default=True)
    loses: tuple[str, ...] = ()
    reason: tuple[LeavingReason, ...] = ()
