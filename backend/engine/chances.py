"""The chance of acceptance in one decision: the catalogue's own, or what was learned, with a draw where it is explored. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np

from backend.engine.facts import SAID_NO, TAKEN, Configuration, Ledger, OfferFact
from backend.engine.ordering import beside, resolvable
from backend.engine.plan import Line, one_by_one
from backend.engine.ruling import Factors, Ranked
from backend.learning.epoch import DIGITS, Exploring, Odds, lots
from backend.learning.firsts import Contender, first_places
from backend.learning.normal import logit
from backend.matrix.service import Feature, Learning, Pack
from backend.profiles.snapshot import Snapshot
from backend.rules.service import Context, RuleFailed, Together, number_of

_ROUND = 10
"""To so many decimals chances are kept: recomputable on any machine."""


class Chance(NamedTuple):
    """The chance of one treatment for the customer; `odds` None: the catalogue's, nothing was learned or it is not believed."""

    propensity: float
    draw: float | None
    odds: Odds | None = None
    share: float = 0.0


_PLAIN = Chance(0.0, None)


class Chances:
    """What all chances of one decision share: the customer's features, and the epoch's odds for them."""

    __slots__ = ("_aligned", "_case_id", "_counts", "_drawn", "_epoch", "_learning", "_odds", "_x", "features")

    def __init__(self, snapshot: Snapshot, ledger: Ledger, configuration: Configuration, context: Context) -> None:
        pack = configuration.catalogue.pack
        self._learning: Learning = pack.learning
        self._epoch = configuration.epoch
        self._case_id = (snapshot.customer_id, snapshot.moment_key)
        self.features: tuple[float, ...] = features_of(pack, context)
        """What the customer is, in the order of the pack's columns, without the histories."""
        self._drawn: dict[tuple[str, str], Chance] = {}
        self._counts: dict[str, tuple[float, ...]] = {}
        if not self._epoch.learned or not self._learning.feature:
            self._aligned = None
            return
        self._counts = histories_of(self._learning, ledger, date.fromisoformat(snapshot.today))
        self._aligned = self._epoch.aligned(self._learning.columns)
        self._x = np.array((*self.features, *(0.0,) * len(self._learning.histories)))
        self._odds = self._aligned.means_and_spreads(self._x)

    def of(self, line: Line, subject: str) -> Chance:
        """The chance of this treatment, drawn the same whenever and wherever it is asked in this moment."""
        if self._aligned is None:
            return Chance(line.acceptance, None)
        found = self._drawn.get((line.key, subject))
        if found is None:
            found = self._drawn[line.key, subject] = self._of(line, subject)
        return found

    def _of(self, line: Line, subject: str) -> Chance:
        epoch, group = self._epoch, line.t.group
        place = self._aligned.place_of(line.key, group) if self._aligned is not None else None
        if self._aligned is None or place is None or line.key in epoch.fallen:
            return Chance(line.acceptance, None)
        counts = self._counts.get(line.key)
        if counts is None:
            mean, spread = self._odds[0][place], self._odds[1][place]
            mean += logit(line.acceptance) if self._aligned.is_kin(place) else 0.0
            odds = Odds(round(mean, DIGITS), round(spread, DIGITS))
        else:
            own = self._x.copy()
            own[-len(counts) :] = counts
            odds = self._aligned.odds(place, own, line.acceptance)
        exploring: Exploring = epoch.exploring_of(group)
        wide = Odds(odds.mean, max(odds.spread, exploring.floor))
        u, lot = lots(self._case_id[0], line.key, subject, self._case_id[1])
        draw = round(wide.draw(u), _ROUND) if lot < exploring.share else None
        return Chance(round(odds.chance, _ROUND), draw, wide, exploring.share)

    def known(self, treatment: str, subject: str) -> Chance:
        """The chance that was worked out in this decision."""
        return self._drawn.get((treatment, subject), _PLAIN)

    def history_of(self, treatment: str) -> tuple[float, ...]:
        """How often the customer had this treatment before, scaled; empty where never."""
        return self._counts.get(treatment, ())


def features_of(pack: Pack, context: Context) -> tuple[float, ...]:
    """The shared features of this customer, scaled, the base first; empty where the pack learns from none."""
    if not pack.learning.feature:
        return ()
    shared, together, asked = _compiled(pack)
    try:
        found: Sequence[Any] = together.values(context)
    except RuleFailed:
        found = one_by_one(asked, context)
    out = [1.0]
    for n, feature in enumerate(shared):
        value, missing = found[2 * n], found[2 * n + 1]
        number = None if missing is True or isinstance(missing, RuleFailed) else _number(value)
        out.append(0.0 if number is None else feature.scaled(number))
        if feature.may_be_missing:
            out.append(1.0 if number is None else 0.0)
    return tuple(out)


def _compiled(pack: Pack) -> tuple[tuple[Feature, ...], Together, tuple[Any, ...]]:
    kept: tuple[tuple[Feature, ...], Together, tuple[Any, ...]] | None = pack.worked_out.get("features")
    if kept is None:
        shared = pack.learning.shared
        asked = tuple(rule for one in shared for rule in (one.value, one.missing))
        kept = pack.worked_out["features"] = (shared, Together(asked, most=max(len(asked), 1)), asked)
    return kept


def _number(value: Any) -> float | None:
    """A yes counts 1; what has no value is not known."""
    if isinstance(value, bool):
        return float(value)
    try:
        return number_of(value)
    except RuleFailed:
        return None


def histories_of(learning: Learning, ledger: Ledger, today: date) -> dict[str, tuple[float, ...]]:
    """Treatment → its history features for this customer, where any of them is not what it is for somebody new to it."""
    wanted = learning.histories
    if not wanted or not ledger.offers:
        return {}
    counted: dict[str, list[int]] = {}
    for offer in ledger.offers:
        for n, feature in enumerate(wanted):
            if _counts(offer, feature, today):
                counted.setdefault(offer.treatment, [0] * len(wanted))[n] += 1
    return {
        key: tuple(feature.scaled(many) for feature, many in zip(wanted, counts, strict=True))
        for key, counts in counted.items()
    }


def _counts(offer: OfferFact, feature: Feature, today: date) -> bool:
    """Whether the offer counts for the feature: one that still stands has no outcome yet."""
    if offer.presented_on is None or offer.presented_on < today - timedelta(days=feature.days) or offer.live(today):
        return False
    if feature.history == "taken":
        return offer.state in TAKEN
    if feature.history == "declined":
        return offer.state in SAID_NO
    return offer.state not in TAKEN and offer.state != "superseded"


def with_firsts(
    ordered: Sequence[Ranked],
    silent: Iterable[tuple[str, str, Factors]],
    chances: Chances,
    configuration: Configuration,
    snapshot: Snapshot,
    ledger: Ledger,
) -> list[Ranked]:
    """The ranked in their order, each with the chance that it comes first over all draws of this moment.

    What was presented first stays first. `silent`: what a draw alone has silenced; where nothing stands, silence may be first.
    """
    if not ordered or ordered[0].pinned or not any(chances.known(r.treatment, r.subject).odds for r in ordered):
        return [r._replace(first=1.0 if n == 0 else 0.0) for n, r in enumerate(ordered)]
    stands = [(r.treatment, r.subject) for r in ordered if r.live]
    conflicts = configuration.catalogue.conflicts
    able = sorted(
        (r for r in ordered if r.live or not beside(conflicts.get(r.treatment, ()), r.subject, stands)),
        key=lambda r: (r.treatment, r.subject),
    )
    if (kept := resolvable(able, snapshot, ledger, configuration)) is not None:
        able = kept
    drawn = [(r.treatment, r.subject, r.factors) for r in able] + list(silent)
    those = [_contender(chances.known(t, s), factors) for t, s, factors in drawn]
    if not stands:
        those.append(Contender(0.0, 0.0, 0.0, 0.0, 0.0, 0.0))
    found = dict(zip(((t, s) for t, s, _ in drawn), first_places(those), strict=False))
    return [r._replace(first=found.get((r.treatment, r.subject), 0.0)) for r in ordered]


def _contender(chance: Chance, factors: Factors) -> Contender:
    worth = factors.context * factors.value * factors.lever - factors.price
    if chance.odds is None:
        return Contender(0.0, 0.0, factors.propensity, worth, factors.attention, 0.0)
    return Contender(chance.odds.mean, chance.odds.spread, chance.propensity, worth, factors.attention, chance.share)
