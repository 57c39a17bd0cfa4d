"""Who may see what is known of a customer, how long it is kept, and what the law keeps of the erased."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from backend.matrix.parts import Part

Role = Literal["agent", "senior_agent", "supervisor", "quality", "author", "admin", "read_only"]
"""What a member of staff is; customers and programs have none."""
FurtherRole = Literal["senior_agent", "supervisor"]
"""Who, beside an agent, gives customers other terms: these may have more authority than an agent has."""


class Kept(Part):
    """What the law makes us keep of somebody who is erased: so many years from the day on which it was issued, and why."""

    of: Literal["bill", "credit"]
    years: int = Field(ge=1, le=30)
    ground: str = Field(min_length=1)


class Retention(Part):
    """How long a kind of thing is kept, in days; `kinds` are those of events, by name or with a star at the end, all without.

    A `visitor` is somebody of whom nothing is known but the device: erased so many days after they were last heard of. An
    entry of the `audit` trail stays for good, in its chain; what goes is what it says beside who, when, what and whom.
    """

    of: Literal[
        "event", "interaction", "look", "decision", "call", "visit", "visitor", "mail", "export", "rejected", "audit",
    ]  # fmt: skip
    days: int = Field(ge=1, le=36500)
    kinds: tuple[str, ...] = ()
