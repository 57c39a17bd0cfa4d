"""What became of each customer after they met a rule, and how they were before: the numbers that groups are compared by."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from backend.cancelling import service as cancelling
from backend.catalogue import service as catalogues
from backend.profiles import service as profiles
from backend.proving import service as proving
from backend.proving.service import Assigned
from backend.reporting import service as reporting
from backend.reporting.service import ContactFact, Kept
from shared.kernel import clock, money

BEFORE = timedelta(days=90)
"""How far one looks back for what a customer was like."""
PIECE = 1_000
VISIT = timedelta(minutes=30)
"""So long one is taken to look around in the portal; a contact with staff counts as long as it took, where that is longer."""
_TALKS = frozenset({"contact", "visit"})


@dataclass(frozen=True, slots=True)
class Metric:
    """One outcome: what it is called, what it counts, and whether it happens or not, or is an amount."""

    key: str
    label: str
    told: str
    share: bool
    money: bool = False


METRICS: Mapping[str, Metric] = {
    one.key: one
    for one in (
        Metric("acceptance", "Acceptance", "The share of customers who took up something and kept it.", share=True),
        Metric("value", "Value", "What the decisions expected of all that a customer took up and kept.", share=False, money=True),
        Metric("retention", "Retention", "The share of customers who did not cancel everything.", share=True),
        Metric("experience", "Experience", "The customer's experience, 0 to 100, at the end of the days.", share=False),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """One customer: `after` and `before` hold a number for each metric, in the order of METRICS."""

    who: Assigned
    after: tuple[float, ...]
    before: tuple[float, ...]
    channel: str = ""
    """Where they were in touch when they met the rule, else where first after that; empty where that was not in these days."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The outcomes of one group, metric by metric, as columns."""

    after: Mapping[str, NDArray[np.float64]]
    before: Mapping[str, NDArray[np.float64]]

    @property
    def n(self) -> int:
        return len(next(iter(self.after.values())))


def outcomes(
    session: Session, rule: str, window: timedelta, now: datetime, treatments: Collection[str] = ()
) -> Iterator[Outcome]:
    """Everyone who met the rule long enough ago for all the days to be over. `treatments`: only these count as taken; none: all."""
    for piece in proving.everyone_assigned(session, rule, now - window, PIECE):
        yield from of_these(session, piece, (window,), now, treatments)[0]


def over_all(session: Session, rule: str, windows: Sequence[timedelta], now: datetime) -> list[list[Outcome]]:
    """The same for several windows at once: everyone is read once."""
    found: list[list[Outcome]] = [[] for _ in windows]
    for piece in proving.everyone_assigned(session, rule, now - min(windows), PIECE):
        for into, more in zip(found, of_these(session, piece, windows, now), strict=True):
            into += more
    return found


def of_these(
    session: Session,
    people: Sequence[Assigned],
    windows: Sequence[timedelta],
    now: datetime,
    treatments: Collection[str] = (),
) -> list[list[Outcome]]:
    """The outcomes of these customers in each window; of those whose days are over."""
    ids = [one.customer_id for one in people]
    pack = catalogues.pack_in_force(session)
    digits = 10 ** money.exponent(pack.currency)
    facts, contacts = reporting.kept_offers(session, ids, treatments), reporting.contact_facts(session, ids)
    gone = cancelling.gone(session, ids)
    known = profiles.truths_of(session, ids)
    found: list[list[Outcome]] = [[] for _ in windows]
    for one in people:
        own = known.get(one.customer_id)
        if own is None:
            continue
        kept = facts.get(one.customer_id, ())
        past = [f for f in kept if one.at - BEFORE <= f.at < one.at]
        at_first = profiles.score(own.kept, pack.experience, clock.local_day(one.at, own.timezone))
        before = (float(len(past)), _worth(past, digits), 0.0, at_first)
        left = gone.get(one.customer_id)
        met = met_in(contacts.get(one.customer_id, ()), one.at)
        for window, into in zip(windows, found, strict=True):
            until = one.at + window
            if until > now:
                continue
            taken = [f for f in kept if one.at <= f.at <= until]
            then = profiles.score(own.kept, pack.experience, clock.local_day(until, own.timezone))
            stayed = left is None or not one.at <= left <= until
            channel = met.channel if met is not None and met.at <= until else ""
            into.append(Outcome(one, (float(bool(taken)), _worth(taken, digits), float(stayed), then), before, channel))
    return found


def met_in(contacts: Collection[ContactFact], at: datetime) -> ContactFact | None:
    """The contact or visit that went on at this instant, else the first after it. Pure.

    Customers are sorted by it: nothing can have been shown to them, or kept from them, before it, so that whether they are treated
    has no say in it. Where they answered would have: who is shown nothing answers nowhere.
    """
    talks = sorted((one for one in contacts if one.kind in _TALKS), key=lambda one: (one.at, one.fact_id))
    going = [one for one in talks if one.at <= at <= one.at + max(timedelta(seconds=one.handle_seconds), VISIT)]
    return going[-1] if going else next((one for one in talks if one.at > at), None)


def columns(found: Sequence[Outcome]) -> Sample:
    """The outcomes as columns."""
    shape = (len(found), len(METRICS))
    after = np.array([one.after for one in found], dtype=np.float64).reshape(shape)
    before = np.array([one.before for one in found], dtype=np.float64).reshape(shape)
    return Sample(
        {key: after[:, nth] for nth, key in enumerate(METRICS)},
        {key: before[:, nth] for nth, key in enumerate(METRICS)},
    )


def usual(session: Session, window: timedelta, now: datetime, most: int = 500) -> Sample:
    """How it goes today: the last so many days of some customers, as if they had met a rule at their beginning."""
    people = [
        Assigned(one.customer_id, "", now - window, "", (), "")
        for one in profiles.some_from(session, UUID(int=0), most)
    ]
    found: list[Outcome] = []
    for start in range(0, len(people), PIECE):
        found += of_these(session, people[start : start + PIECE], (window,), now)[0]
    return columns(found)


def _worth(facts: Sequence[Kept], digits: int) -> float:
    return sum(fact.value_minor for fact in facts) / digits
