"""What a decision is made of: the ranked with the parts of their priority, and the withheld with what their rule saw. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from backend.engine.facts import TermValue
from backend.rules.service import Context, Expression


class Factors(NamedTuple):
    """The parts of a priority. Money in major units; `draw` stands in for the propensity while a treatment is explored."""

    propensity: float
    draw: float | None
    context: float
    value: float
    lever: float
    price: float
    attention: float

    @property
    def priority(self) -> float:
        chance = self.propensity if self.draw is None else self.draw
        return chance * (self.context * self.value * self.lever - self.price) - self.attention


class Ranked(NamedTuple):
    """A treatment that survived: its factors, its terms, and the live offer that it stands on, if any."""

    treatment: str
    subject: str
    catalogue_version: int
    factors: Factors
    terms: tuple[TermValue, ...]
    valid_until: date
    live: bool
    pinned: bool
    offer_id: str | None = None
    """Of the live offer; an offer not yet presented is no input of the decision."""
    first: float = 0.0
    """The chance that it comes first over all draws of this moment; 1 or 0 where nothing is explored."""
    history: tuple[float, ...] = ()
    """The pack's history features of this treatment, scaled; empty where the customer never had it."""

    @property
    def priority(self) -> float:
        return self.factors.priority


class Seen(Mapping[str, Any]):
    """The values that a rule saw, looked up when somebody asks: most are never asked for."""

    __slots__ = ("_context", "_rule")

    def __init__(self, rule: Expression, context: Context) -> None:
        self._rule, self._context = rule, context

    def __getitem__(self, name: str) -> Any:
        if name in self._rule.names:
            return self._context.values[name]
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._context.seen_by(self._rule))

    def __len__(self) -> int:
        return len(self._context.seen_by(self._rule))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mapping) and dict(self) == dict(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(dict(self))


_NOTHING: Mapping[str, Any] = {}


class Withheld(NamedTuple):
    """A treatment that left the funnel: at which step, by which rule, and what the rule saw."""

    treatment: str
    step: str
    rule: str
    detail: str = ""
    values: Mapping[str, Any] = _NOTHING
    subject: str = ""
    failed: bool = False
    """The rule could not be decided: a fault of the catalogue, not a matter of this customer."""


@dataclass(frozen=True)
class Ruling:
    """A decision's result: the ranked, best first, the withheld, and the weights that matched them."""

    ranked: tuple[Ranked, ...]
    withheld: tuple[Withheld, ...]
    weights: Mapping[str, float]
    features: tuple[float, ...] = ()
    """What chances were learned from, of this customer in this moment: in the order of the pack's columns, without histories."""
    met: Mapping[str, str] = field(default_factory=dict)
    """Holdout or experiment that had a say in it → the customer's group."""
