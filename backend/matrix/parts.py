"""What every piece of a pack is made of: keys, rules, weights, labels. Immutable, and strict about what it is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from backend.rules.service import Expression, compiled

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]


def _rule(given: Any) -> Expression:
    """A rule as the pack writes it, or one that was read already."""
    if isinstance(given, Expression):
        return given
    return compiled(str(given).lower() if isinstance(given, bool) else str(given))


Rule = Annotated[Expression, BeforeValidator(_rule)]
Vector = Mapping[Key, Annotated[float, Field(ge=0, le=1)]]
"""Objective → weight or score."""
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
"""Money in major units of the pack's currency."""


Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""A time of the day, such as "21:00"."""


GroupKind = Literal["household", "billing", "business"]
"""What several customers may belong to."""
GROUP_KINDS: tuple[GroupKind, ...] = ("household", "billing", "business")


class Part(BaseModel):
    """A piece of a pack: immutable, and strict about what it is given."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Labelled(Part):
    key: Key
    label: str


Chance = Annotated[float, Field(ge=0, le=1)]
