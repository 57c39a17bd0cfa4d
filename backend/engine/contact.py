"""Contact policy: what was put to the customer before limits what may be put to them now. Pure; windows are whole days.

It counts all offers of the ledger, whichever channel they were made in and under whichever of the customer's former ids.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from backend.engine.catalogue import Treatment
from backend.engine.facts import SAID_NO, TAKEN, Configuration, Ledger, OfferFact
from backend.matrix.service import Cap, Gap, Pack, Policies

Refusal = tuple[str, str, dict[str, Any]]
"""The rule, what to tell, and the values that it saw."""
YEAR = timedelta(days=365)
REPLACED = "superseded"
"""An offer on terms that were altered since: the one in its place counts, and it does not."""


def presentations(ledger: Ledger, today: date, days: int = 30, without: str | None = None) -> int:
    """How many offers were presented in the last days, the one named left out."""
    since = today - timedelta(days=days)
    return sum(
        1
        for o in ledger.offers
        if o.presented_on is not None and o.presented_on > since and o.offer_id != without and o.state != REPLACED
    )


def attention_of(pack: Pack, recent: int) -> float:
    """The cost of one more thing to read or hear after so many presentations in 30 days, in major units."""
    return pack.policies.attention_cost + pack.policies.attention_per_recent * recent


def concessions(ledger: Ledger, today: date) -> float:
    """The money given away to this customer over twelve months, in major units."""
    since = today - YEAR
    return sum(
        o.concession for o in ledger.offers if o.state in TAKEN and o.answered_on is not None and o.answered_on > since
    )


def committed(ledger: Ledger, today: date, without: str | None = None) -> float:
    """What was given away, and what standing offers, put off ones too, still promise: a new concession must fit beside both, in major units."""
    standing = (o for o in ledger.offers if o.state in ("presented", "deferred") and o.valid_until >= today)
    promised = sum(o.concession for o in standing if o.offer_id != without)
    return concessions(ledger, today) + promised


def most_conceded(policies: Policies, margin: float | None) -> float:
    """What may be given away to a customer of this margin (twelve months of it) in twelve months, in major units."""
    if margin is None:
        return policies.concession_cap
    return min(policies.concession_cap, policies.concession_share * max(margin, 0.0))


@dataclass(frozen=True, slots=True)
class History:
    """A ledger as contact policy sees it on one day: read once, asked for each candidate."""

    today: date
    recent: int
    """Presentations of the last 30 days."""
    committed: float
    answers: Mapping[tuple[str, str], Sequence[OfferFact]]
    """Treatment and subject → what came of it, newest first."""
    stopped: tuple[tuple[str, str, Refusal], ...]
    """(of, name, why): no treatment of this issue, group or name may be put to the customer today."""
    taken: Mapping[str, OfferFact]
    """Treatment → the latest time that it was taken, by itself or as a part of a bundle."""
    held: tuple[OfferFact, ...]
    """What was taken so lately that it could not be taken again."""
    configuration: Configuration


def history_of(ledger: Ledger, pack: Pack, configuration: Configuration, today: date) -> History:
    answers: dict[tuple[str, str], list[OfferFact]] = {}
    taken: dict[str, OfferFact] = {}
    for o in reversed(ledger.offers):
        answers.setdefault((o.treatment, o.subject), []).append(o)
        for key in (o.treatment, *configuration.treatment_of(o).bundle) if o.state in TAKEN else ():
            if key not in taken or _taken_on(taken[key]) < _taken_on(o):
                taken[key] = o
    return History(
        today=today,
        recent=presentations(ledger, today),
        committed=committed(ledger, today),
        answers=answers,
        stopped=tuple(_stopped(ledger.offers, pack, configuration, today)),
        taken=taken,
        held=tuple(o for o in ledger.offers if o.state in TAKEN and today < _again(o, configuration)),
        configuration=configuration,
    )


def refusal(t: Treatment, subject: str, history: History) -> Refusal | None:
    """Why this treatment may not be put to the customer today; None when it may."""
    if not history.answers:
        return _stop(t, history) if history.stopped else None
    return _answered(t, subject, history) or _beside(t, subject, history) or _stop(t, history)


def too_much_conceded(history: History, concession: float, most: float) -> Refusal | None:
    """Why this concession would be one too many; `most`: what may be given away in twelve months, in major units."""
    given = history.committed
    if given + concession <= most + 1e-9:
        return None
    return (
        "concession_cap",
        f"{given:.2f} conceded or promised in 12 months; with {concession:.2f} more the cap of {most:.2f} is passed.",
        {"concessions_12m": given},
    )


def _again(taken: OfferFact, configuration: Configuration) -> date:
    """The first day on which what was taken could be taken again, as it was said when it was offered."""
    return _taken_on(taken) + timedelta(days=configuration.treatment_of(taken).repeat_days)


def _taken_on(offer: OfferFact) -> date:
    return offer.answered_on or offer.presented_on or date.min


def _answered(t: Treatment, subject: str, history: History) -> Refusal | None:
    today = history.today
    for o in history.answers.get((t.key, subject), ()):
        if o.state == "deferred" and o.until is not None and o.until > today and o.valid_until >= today:
            until = o.until.isoformat()
            return "deferred", f"The customer asked to come back to it on {until}.", {"until": until}
        if o.answered_on is None:
            continue
        on = o.answered_on.isoformat()
        if o.state in TAKEN and today < (again := o.answered_on + timedelta(days=t.repeat_days)):
            return "repeat", f"Accepted on {on}; not again before {again.isoformat()}.", {"accepted_on": on}
        days = max(t.cool_off_days, history.configuration.cool_off_of(o.reason))
        if o.state in SAID_NO and today < (again := o.answered_on + timedelta(days=days)):
            said = "Declined" if o.state == "declined" else "Taken back"
            return "cool_off", f"{said} on {on}; not again before {again.isoformat()}.", {"declined_on": on}
    return None


def _beside(t: Treatment, subject: str, history: History) -> Refusal | None:
    """What the customer has already, for the same subject, and cannot have this beside."""
    conflicts = history.configuration.catalogue.conflicts.get(t.key)
    if not conflicts:
        return None
    for o in history.held:
        if o.treatment in conflicts and (o.subject == subject or not (o.subject and subject)):
            on = (o.answered_on or history.today).isoformat()
            words = f"The customer took {o.treatment} on {on}, and cannot have both."
            return f"beside:{o.treatment}", words, {"accepted_on": on}
    return None


def _stop(t: Treatment, history: History) -> Refusal | None:
    mine = {"all": "", "issue": t.issue, "group": t.group, "treatment": t.key}
    return next((why for of, name, why in history.stopped if mine[of] == name), None)


def _stopped(
    offers: Sequence[OfferFact], pack: Pack, configuration: Configuration, today: date
) -> Iterator[tuple[str, str, Refusal]]:
    """Caps that are reached and gaps that are still running, in the pack's order, caps first."""
    for cap in pack.caps:
        counts = Counter(
            _name(o, cap.of, configuration) for o in offers if _within(_day_of(o, cap.outcome), today, cap.days)
        )
        for name in _names(cap, counts):
            if counts[name] >= cap.most:
                yield cap.of, name, _too_many(cap, name, counts[name])
    for gap in pack.gaps:
        days: dict[str, date] = {}
        for o in offers:
            if o.presented_on is not None:
                name = _name(o, gap.of, configuration)
                days[name] = max(days.get(name, o.presented_on), o.presented_on)
        for name in _names(gap, days):
            last = days.get(name)
            if last is not None and today < (again := last + timedelta(days=gap.days)):
                what = f"{name.replace('_', ' ')} offer" if name else "offer"
                yield gap.of, name, (
                    f"gap:{gap.key}",
                    f"The last {what} was on {last.isoformat()}; the next from {again.isoformat()}.",
                    {"last": last.isoformat()},
                )  # fmt: skip


def _names(limit: Cap | Gap, met: Iterable[str]) -> list[str]:
    """Which of them the limit is for: the one that it names, or each one by itself."""
    return [limit.name] if limit.name or limit.of == "all" else sorted(met)


def _name(offer: OfferFact, of: str, configuration: Configuration) -> str:
    """As they were when they were put: a sale that the catalogue dropped since was one all the same."""
    if of == "all":
        return ""
    if of == "treatment":
        return offer.treatment
    t = configuration.treatment_of(offer)
    return t.issue if of == "issue" else t.group


def _day_of(offer: OfferFact, outcome: str) -> date | None:
    if outcome == "presented":
        return None if offer.state == REPLACED else offer.presented_on
    states = TAKEN if outcome == "accepted" else ("declined",)
    return offer.answered_on if offer.state in states else None


def _within(day: date | None, today: date, days: int) -> bool:
    return day is not None and day > today - timedelta(days=days)


def _too_many(cap: Cap, name: str, count: int) -> Refusal:
    what = f"{name.replace('_', ' ')} offers" if name else "offers"
    return (
        f"cap:{cap.key}",
        f"{count} {what} {cap.outcome} in {cap.days} days; at most {cap.most}.",
        {"count": count, "days": cap.days},
    )
