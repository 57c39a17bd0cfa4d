"""Parity on live data: what each channel would show of a customer, worked out apart for each and compared. It writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from backend.engine.ruling import Ranked
from backend.engine.service import deliver
from backend.treatments import asking, cards, recommending
from backend.treatments.asking import Decided
from backend.treatments.cards import CustomerCard
from shared.kernel.actors import SYSTEM
from shared.kernel.errors import Conflict

ATTEMPTS = 5
AGENTS = ("phone", "branch")
"""Channels in which an agent shows the card; in the others the customer reads it."""


@dataclass(frozen=True)
class Shown:
    """One treatment as a channel shows it: everything that must be the same wherever it is shown."""

    treatment: str
    terms: tuple[tuple[str, Any, str], ...]
    valid_until: str
    headline: str
    body: str
    reason: str
    acknowledgement: str | None
    factors: tuple[float | None, ...]


@dataclass(frozen=True)
class View:
    """One channel's view of a customer: what it shows in order, and the rule for each treatment that it withholds."""

    channel: str
    shown: tuple[Shown, ...]
    rules: dict[str, str]


def compare_channels(customer_id: UUID, channels: Sequence[str], now: datetime) -> tuple[list[View], list[str]]:
    """The views of all channels, each asked for on its own, and every difference that no rule explains.

    What is compared must be of one state: where something about the customer changed between two views, all are asked for
    again. Raises NotFound, and Conflict when the customer will not hold still.
    """
    for _ in range(ATTEMPTS):
        asked = [_view(customer_id, channel, now) for channel in channels]
        if len({read_at for _, read_at in asked}) <= 1:
            break
    else:
        raise Conflict("This customer is changing too fast to compare the channels. Please try again.")
    views = [view for view, _ in asked]
    differences = []
    for place, one in enumerate(views):
        for other in views[place + 1 :]:
            differences += [f"{one.channel}/{other.channel}: {what}" for what in compare(one, other)]
    return views, differences


def compare(one: View, other: View) -> list[str]:
    """What differs between two channels beyond what a rule of delivery withholds."""
    found = []
    mine, theirs = {s.treatment: s for s in one.shown}, {s.treatment: s for s in other.shown}
    for treatment in {*mine, *theirs} - ({*mine} & {*theirs}):
        silent = other if treatment in mine else one
        if not silent.rules.get(treatment):
            found.append(f"{treatment} is missing in {silent.channel}, and no rule says why")
    common = [s.treatment for s in one.shown if s.treatment in theirs]
    if common != (order := [s.treatment for s in other.shown if s.treatment in mine]):
        found.append(f"order: {common} and {order}")
    for treatment in common:
        for name in Shown.__dataclass_fields__:
            a, b = getattr(mine[treatment], name), getattr(theirs[treatment], name)
            if a != b:
                found.append(f"{treatment}: {name}: {a!r} and {b!r}")
    return found


def view_from(plain: Mapping[str, Any]) -> View:
    """The view that was kept as plain data."""
    shown = tuple(
        Shown(**{**one, "terms": tuple((k, v, t) for k, v, t in one["terms"]), "factors": tuple(one["factors"])})
        for one in plain["shown"]
    )
    return View(plain["channel"], shown, dict(plain["rules"]))


def _view(customer_id: UUID, channel: str, now: datetime) -> tuple[View, tuple[Any, ...]]:
    """What the channel shows, and by which versions of everything that was worked out."""
    decided = _standing_or_preview(customer_id, now)
    rows = _rows(decided)
    delivery = deliver(decided.ranked, decided.inputs.snapshot, decided.inputs.configuration, channel)
    everything = len(decided.ranked)
    if channel in AGENTS:
        agent = recommending.agent_recommendation(decided, rows, (), channel, SYSTEM, everything)
        shown = [card.card for card in agent.cards]
        factors = {_key(card.card): card.factors for card in agent.cards}
    else:
        shown = list(recommending.customer_recommendation(decided, delivery, rows, SYSTEM, everything).cards)
        factors = {_key(item): item.factors for item in delivery.here}
    view = View(
        channel,
        tuple(
            Shown(
                _key(c),
                tuple((t.key, t.value, t.text) for t in c.terms),
                c.valid_until.isoformat(),
                c.headline,
                c.body,
                c.reason,
                c.acknowledgement,
                tuple(factors[_key(c)]),
            )
            for c in shown
        ),
        {_key(item): w.rule for item, w in delivery.elsewhere},
    )
    return view, (*asking.versions(decided.inputs), *sorted((str(row.offer_id), row.version) for row in decided.offers))


def _key(shown: Ranked | CustomerCard) -> str:
    """What is shown, and for which holding."""
    return f"{shown.treatment}@{shown.subject}" if shown.subject else shown.treatment


def _standing_or_preview(customer_id: UUID, now: datetime) -> Decided:
    standing = asking.standing(customer_id, now)
    if standing is not None:
        return standing
    made = asking.preview(customer_id, now)
    return replace(
        made,
        ranked=tuple(
            r._replace(offer_id=r.offer_id or str(uuid5(NAMESPACE_OID, r.treatment + r.subject))) for r in made.ranked
        ),
    )


def _rows(decided: Decided) -> dict[str, Any]:
    """The offers' rows, or stand-ins for those that a preview does not open."""
    rows = recommending.by_id(decided.offers)
    for item in decided.ranked:
        rows.setdefault(str(item.offer_id), cards.stand_in(item))
    return rows
