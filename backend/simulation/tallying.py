"""What a simulation counts, customer by customer: in one process for a chunk, added up for all. Pure but for its callers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from backend.engine import service as engine
from backend.engine.facts import Configuration, Ledger
from backend.engine.ruling import Ranked, Ruling
from backend.engine.service import Line, amounts_of, concession_of, context_of, plan_of
from backend.matrix.service import Pack
from backend.profiles.service import Profile, Snapshot, band
from backend.rules.service import Context, Expression, RuleFailed, number_of
from shared.kernel import money

NOW, THEN = 0, 1
"""Under what is in force, and under the draft."""
NOBODY = ""
"""In the place of a treatment, where there is none."""
AGES = ((30, "under 30"), (45, "30 to 44"), (65, "45 to 64"), (200, "65 and over"))
STANDING = {"low": "loyal", "high": "at risk"}
MOST_WHYS = 400
"""Different reasons for nothing that one chunk keeps: a catalogue has few of them."""


def _counts() -> dict[Any, float]:
    return defaultdict(float)


@dataclass(slots=True)
class Tally:
    """Counts and sums by key. `side` is NOW or THEN; money in major units, expected means times the chance of acceptance."""

    customers: int = 0
    first: dict[Any, float] = field(default_factory=_counts)
    """(side, treatment) → for how many it is the best."""
    ranked: dict[Any, float] = field(default_factory=_counts)
    """(side, treatment) → for how many it is worth offering at all."""
    moves: dict[Any, float] = field(default_factory=_counts)
    """(segment, best now, best then), where the two differ; segment "" is everyone."""
    people: dict[Any, float] = field(default_factory=_counts)
    """Segment → customers."""
    objectives: dict[Any, float] = field(default_factory=_counts)
    """(segment, side, main objective of the best) → customers."""
    sums: dict[Any, float] = field(default_factory=_counts)
    """(side, what) → expected value, equity, experience, cost and concession of the best, and priority."""
    worth: dict[Any, float] = field(default_factory=_counts)
    """(segment, side) → expected value of the best."""
    budgets: dict[Any, float] = field(default_factory=_counts)
    """(side, budget) → how much the best would take of it, expected."""
    why: dict[Any, float] = field(default_factory=_counts)
    """(step, rule, treatment) → customers with nothing then, of whom this removed it."""
    nearest: dict[Any, float] = field(default_factory=_counts)
    """The last step that any treatment reached, for a customer with nothing then → customers."""
    groups: dict[Any, float] = field(default_factory=_counts)
    """(attribute, group, side, what) → customers, those with a concession as the best, and its money."""

    def add(self, other: Tally) -> None:
        """Adds the counts of other customers."""
        self.customers += other.customers
        for name in self.__slots__[1:]:
            mine, theirs = getattr(self, name), getattr(other, name)
            for key, number in theirs.items():
                mine[key] += number


def count(
    tally: Tally,
    profile: Profile,
    seen: tuple[Snapshot, Snapshot],
    ledger: Ledger,
    configurations: tuple[Configuration, Configuration],
    rulings: tuple[Ruling, Ruling],
) -> None:
    """Counts one customer with what they get now and would get then."""
    tally.customers += 1
    firsts = [ruling.ranked[0] if ruling.ranked else None for ruling in rulings]
    keys = [item.treatment if item else NOBODY for item in firsts]
    groups = groups_of(profile, seen[NOW], configurations[NOW].catalogue.pack)
    segments = ("", *seen[THEN].segments)
    for segment in segments:
        tally.people[segment] += 1
        if keys[NOW] != keys[THEN]:
            tally.moves[segment, keys[NOW], keys[THEN]] += 1
    for side, item in enumerate(firsts):
        tally.first[side, keys[side]] += 1
        for ranked in rulings[side].ranked:
            tally.ranked[side, ranked.treatment] += 1
        given = _count_first(tally, side, item, seen[side], ledger, configurations[side], segments) if item else 0.0
        for group in groups:
            tally.groups[*group, side, "customers"] += 1
            tally.groups[*group, side, "conceded"] += given > 0
            tally.groups[*group, side, "money"] += given
    if not rulings[THEN].ranked:
        _count_nothing(tally, rulings[THEN])


def _count_first(
    tally: Tally, side: int, item: Ranked, seen: Snapshot, ledger: Ledger, configuration: Configuration, segments: tuple[str, ...]
) -> float:  # fmt: skip
    """Counts the best treatment of one side; gives the money that it concedes."""
    catalogue = configuration.catalogue_of(item.catalogue_version)
    line = plan_of(catalogue).lines[item.treatment]
    chance, value = item.factors.propensity, item.factors.value
    for segment in segments:
        tally.objectives[segment, side, line.t.objective] += 1
        tally.worth[segment, side] += chance * value
    tally.sums[side, "value"] += chance * value
    tally.sums[side, "priority"] += item.priority
    given = concession_of(line.t, item.terms, catalogue.pack.currency)
    tally.sums[side, "concession"] += chance * given
    try:
        figures = line.worked_out(_context(line, item, seen, ledger, configuration))
        experience, equity, cost = (number_of(_known(figure)) for figure in figures[:3])
        amounts = amounts_of(line.t, line.uses_of(figures), item.terms, money.exponent(catalogue.pack.currency))
    except RuleFailed:
        return given  # a live offer of a customer whose figures cannot be worked out any more still stands
    tally.sums[side, "experience"] += chance * experience
    tally.sums[side, "equity"] += chance * (equity - cost)
    tally.sums[side, "cost"] += chance * cost
    for budget, amount in amounts.items():
        tally.budgets[side, budget] += chance * amount
    return given


def _context(line: Line, item: Ranked, seen: Snapshot, ledger: Ledger, configuration: Configuration) -> Context:
    """What the figures of this one treatment read, and no more: most read three or four names."""
    needed = _read_by(line.figures)
    if not needed:
        return Context({})
    holding = next((h for h in seen.holdings if h.holding_id == item.subject), None)
    own = {f"{holding.kind}_{key}": value for key, value in holding.attributes.items()} if holding else {}
    if needed & {"accepted", "declined", "presentations_30d", "concessions_12m"}:
        known: Mapping[str, Any] = context_of(seen, ledger, configuration, ()).values
    else:
        known = {**seen.attributes, **seen.facts}
        if not needed <= known.keys():
            known = seen.names()
    return Context({**known, **own}, needed)


@lru_cache(maxsize=4096)
def _read_by(figures: tuple[Expression, ...]) -> frozenset[str]:
    return frozenset(name for figure in figures for name in figure.names)


def _known(figure: Any) -> Any:
    if isinstance(figure, RuleFailed):
        raise figure
    return figure


def _count_nothing(tally: Tally, ruling: Ruling) -> None:
    furthest = -1
    for left in ruling.withheld:
        furthest = max(furthest, engine.STEPS.index(left.step))
        key = (left.step, left.rule, left.treatment)
        if key in tally.why or len(tally.why) < MOST_WHYS:
            tally.why[key] += 1
    if furthest >= 0:
        tally.nearest[engine.STEPS[furthest]] += 1


def groups_of(profile: Profile, seen: Snapshot, pack: Pack) -> list[tuple[str, str]]:
    """The groups among which nobody should be worse off: age bands, what the pack protects, loyal and at risk."""
    found = []
    born = profile.birth_date
    if born is not None:
        today = date.fromisoformat(seen.today)
        age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
        found.append(("age", next(label for under, label in AGES if age < under)))
    for attribute in pack.attributes.values():
        if (
            attribute.protected
            and attribute.type in ("bool", "choice")
            and seen.attributes.get(attribute.key) not in (None, "")
        ):
            value = seen.attributes[attribute.key]
            found.append((attribute.key, ("yes" if value else "no") if isinstance(value, bool) else str(value)))
    if seen.churn_risk is not None and (standing := STANDING.get(band(seen.churn_risk))):
        found.append(("standing", standing))
    return found
