"""The factors of a ranked treatment taken apart again: which objectives matched, which money, whose attention. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from backend.engine import contact
from backend.engine.catalogue import Catalogue
from backend.engine.deciding import Factors, Ranked
from backend.engine.facts import Configuration, Ledger
from backend.engine.match import balance
from backend.engine.using import amounts_of
from backend.profiles.snapshot import Snapshot
from backend.rules.service import Context
from shared.kernel import money


@dataclass(frozen=True, slots=True)
class Parts:
    """What the factors are made of: C = Σ weight × score; V = (1 − β) × (equity − cost) + β × experience;
    attention = base + per × recent; price = Σ bid price × use. Money in major units.
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
    prices: tuple[tuple[str, float, float], ...]
    """(budget, how much of it one acceptance takes, its bid price), for those that have a price."""

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

    @property
    def price(self) -> float:
        return sum(amount * bid for _, amount, bid in self.prices)


def parts_of(
    item: Ranked,
    context: Context,
    weights: Mapping[str, float],
    snapshot: Snapshot,
    ledger: Ledger,
    configuration: Configuration,
) -> Parts:
    """The parts, from the same inputs as the decision; `context` is the customer's. Raises RuleFailed where one cannot be worked out."""
    today, pack = date.fromisoformat(snapshot.today), configuration.catalogue.pack
    catalogue = configuration.catalogue_of(item.catalogue_version)
    t = catalogue.treatments[item.treatment]
    context = _of_subject(context, item.subject, snapshot, catalogue)
    used = [use.amount.value(context) for use in t.use] if configuration.prices else []
    amounts = amounts_of(t, used, item.terms, money.exponent(pack.currency)) if used else {}
    return Parts(
        objectives=tuple((o, weights.get(o, 0.0), score) for o, score in t.objectives.items() if score),
        equity=t.value.equity.number(context),
        cost=t.value.cost.number(context),
        experience=t.value.experience.number(context),
        beta=balance(snapshot, pack),
        attention_base=pack.policies.attention_cost,
        attention_per_recent=pack.policies.attention_per_recent,
        recent=contact.presentations(ledger, today, without=item.offer_id if item.live else None),
        prices=tuple(
            (budget, amount, configuration.prices[budget])
            for budget, amount in amounts.items()
            if configuration.prices.get(budget)
        ),
    )


def _of_subject(context: Context, subject: str, snapshot: Snapshot, catalogue: Catalogue) -> Context:
    """With what is known of the holding besides, where it is for one."""
    holding = next((h for h in snapshot.holdings if h.holding_id == subject), None)
    if holding is None:
        return context
    own = {f"{holding.kind}_{key}": value for key, value in holding.attributes.items()}
    return Context(context.values | own, catalogue.needed)


_NAMES = {
    "propensity": "its chance",
    "context": "its fit",
    "value": "its value",
    "lever": "its lever",
    "price": "its price",
    "attention": "the attention that it costs",
}


CLOSE, FAR = 0.1, 0.5
"""By which part of its priority a treatment leads, so that the next is as good, or no match."""


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


def margin_in_words(item: Ranked, follower: Ranked | None, name: str = "") -> str:
    """How far the treatment stands before the next, of this name, as somebody on a call can use it; empty for the last."""
    if follower is None:
        return ""
    if item.pinned:
        return f"They heard of this first, so it stays before “{name}” until they answer."
    gap = item.priority - follower.priority
    if gap < 0:
        return f"Before “{name}” because it resolves why they are here."
    share = gap / item.priority if item.priority > 0 else 1.0
    if share < CLOSE:
        return f"Hardly ahead of “{name}”: either is a good choice."
    return f"Far ahead of “{name}”." if share > FAR else f"Ahead of “{name}”."


def _chance(factors: Factors) -> Factors:
    """With the draw in the propensity's place, where one ranks."""
    return factors if factors.draw is None else factors._replace(propensity=factors.draw, draw=None)
