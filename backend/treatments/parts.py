"""The factors of a ranked treatment taken apart again: which objectives matched, which money, whose attention. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from backend.matrix.service import Pack
from backend.profiles.snapshot import Snapshot
from backend.rules.service import Context
from backend.treatments import contact
from backend.treatments.catalogue import Treatment
from backend.treatments.engine import Factors, Ranked
from backend.treatments.facts import Ledger
from backend.treatments.match import balance


@dataclass(frozen=True, slots=True)
class Parts:
    """What C, V and attention are made of: C = Σ weight × score; V = (1 − β) × (equity − cost) + β × experience; attention = base + per × recent.

    Money in major units.
    """

    objectives: tuple[tuple[str, float, float], ...]
    """(objective, its weight in this moment, the treatment's score on it), for those that it scores on."""
    equity: float
    cost: float
    experience: float
    beta: float
    attention_base: float
    attention_per_recent: float
    recent: int
    """Other offers presented in the last 30 days."""

    @property
    def company(self) -> float:
        """The company's side of V."""
        return (1 - self.beta) * (self.equity - self.cost)

    @property
    def customer(self) -> float:
        """The customer's side of V."""
        return self.beta * self.experience

    @property
    def context(self) -> float:
        return sum(weight * score for _, weight, score in self.objectives)

    @property
    def attention(self) -> float:
        return self.attention_base + self.attention_per_recent * self.recent


def parts_of(
    t: Treatment,
    item: Ranked,
    context: Context,
    weights: Mapping[str, float],
    snapshot: Snapshot,
    ledger: Ledger,
    pack: Pack,
) -> Parts:
    """The parts, from the same inputs as the decision. Raises RuleFailed where the value cannot be worked out."""
    today = date.fromisoformat(snapshot.today)
    return Parts(
        objectives=tuple((o, weights.get(o, 0.0), score) for o, score in t.objectives.items() if score),
        equity=t.value.equity.number(context),
        cost=t.value.cost.number(context),
        experience=t.value.experience.number(context),
        beta=balance(snapshot, pack),
        attention_base=pack.policies.attention_cost,
        attention_per_recent=pack.policies.attention_per_recent,
        recent=contact.presentations(ledger, today, without=item.offer_id if item.live else None),
    )


_NAMES = {
    "propensity": "its chance",
    "context": "its fit",
    "value": "its value",
    "lever": "its lever",
    "price": "its price",
    "attention": "the attention that it costs",
}


def lead_in_words(item: Ranked, follower: Ranked | None, name: str) -> str:
    """Why the treatment stands before the next, called `name`; empty for the last."""
    if follower is None:
        return ""
    if item.pinned and not follower.pinned:
        return f"It was presented first in this moment, and stays before “{name}” until it is answered."
    gap = item.priority - follower.priority
    if item.pinned:
        return f"It was presented before “{name}”, and both stay in that order until they are answered."
    if gap < 0:
        return f"“{name}” has the higher priority, but no sale goes above what resolves the reason that they gave."
    if gap == 0:
        return f"Equal with “{name}”: the order of their keys decides."
    mine, theirs = _chance(item.factors), _chance(follower.factors)
    losses = {key: mine.priority - mine._replace(**{key: getattr(theirs, key)}).priority for key in _NAMES}
    most = max(losses, key=lambda key: losses[key])
    return (
        f"Ahead of “{name}” by {gap:.2f}, most of all by {_NAMES[most]}: "
        f"{getattr(mine, most):.3g} against {getattr(theirs, most):.3g}."
    )


def _chance(factors: Factors) -> Factors:
    """With the draw in the propensity's place, where one ranks."""
    return factors if factors.draw is None else factors._replace(propensity=factors.draw, draw=None)
