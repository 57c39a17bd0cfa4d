"""What happened to a customer as facts that are counted, and under which keys. Pure: the same rows give the same facts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Any
from uuid import UUID

from backend.interactions import service as interactions
from shared.kernel import clock

SAME_REASON = timedelta(days=7)
"""Who comes again for the same reason within so long was not helped the first time."""
CONTAINED = timedelta(hours=24)
"""A visit after which nobody of the staff was asked within so long was enough by itself."""
CONTENT = 4
"""A rating of so many and more, of five, is a good one."""
PORTAL = "portal"
LEAVE = "leave"
BY_STAFF = "staff"
"""Of a treatment's sums: those of what staff did, not the customer alone."""
_TELLING = frozenset({"offer.presented", "offer.accepted", "offer.declined", "offer.deferred", "offer.altered", "offer.asked", "offer.overridden"})  # fmt: skip
"""Whichever of these comes first put the offer to the customer."""
_ACTS = {
    "offer.accepted": "accepted", "offer.approved": "accepted", "offer.declined": "declined", "offer.deferred": "deferred",
    "offer.overridden": "overridden", "offer.altered": "altered",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ContactFact:
    """One contact, visit or rating, and what it counts for."""

    fact_id: UUID
    kind: str
    at: datetime
    day: date
    channel: str
    staff: str
    reason: str
    handled: int = 0
    handle_seconds: int = 0
    wrapped: int = 0
    after_seconds: int = 0
    transferred: int = 0
    asked: int = 0
    """It had a reason, so that one can tell whether they came again for it."""
    repeated: int = 0
    followed: int = 0
    contained: int = 0
    score: int = 0
    content: int = 0

    @property
    def own_key(self) -> tuple[Any, ...]:
        return (self.fact_id,)

    def count_keys(self) -> Iterator[tuple[Any, ...]]:
        yield (self.day, self.kind, self.channel, self.staff)

    def sums(self) -> tuple[int, ...]:
        return (1, *_CONTACT_SUMS(self))


@dataclass(frozen=True, slots=True)
class OfferFact:
    """One act upon an offer, and what it counts for."""

    fact_id: UUID
    act: str
    at: datetime
    day: date
    treatment: str
    channel: str
    staff: str
    stage: str
    reason: str = ""
    segments: str = ""
    age: str = ""
    gender: str = ""
    loyalty: str = ""
    taken: int = 0
    undone: int = 0
    fulfilled: int = 0
    conceded: int = 0
    value_minor: int = 0
    cost_minor: int = 0

    @property
    def own_key(self) -> tuple[Any, ...]:
        return (self.fact_id, self.act)

    def count_keys(self) -> Iterator[tuple[Any, ...]]:
        """Day, split, act, treatment, value, channel, staff; a customer of several segments is counted in each."""
        yield (self.day, "", self.act, self.treatment, "", self.channel, self.staff)
        # Hundreds of agents times as many treatments make as many sums as events: most questions need but one of the two.
        yield (self.day, "treatment", self.act, self.treatment, BY_STAFF if self.staff else "", self.channel, "")
        yield (self.day, "staff", self.act, "", "", self.channel, self.staff)
        splits = (("stage", self.stage), ("reason", self.reason), *(("segment", one) for one in self.segments.split()))
        for split, value in splits:
            if value:
                yield (self.day, split, self.act, self.treatment, value, "", "")
        for split, value in (("age", self.age), ("gender", self.gender), ("loyalty", self.loyalty)):
            # Whether groups are dealt with alike is asked of all treatments together.
            yield (self.day, split, self.act, "", value or "unknown", "", "")

    def sums(self) -> tuple[int, ...]:
        return (1, *_OFFER_SUMS(self))


Fact = ContactFact | OfferFact
_CONTACT_SUMS = attrgetter(
    "handled", "handle_seconds", "wrapped", "after_seconds", "transferred", "asked", "repeated", "followed", "contained", "score", "content",
)  # fmt: skip
_OFFER_SUMS = attrgetter("taken", "undone", "fulfilled", "conceded", "value_minor", "cost_minor")


def contact_facts(counted: interactions.Counted, zone: str) -> list[ContactFact]:
    """What the contacts, visits and ratings of one customer count for. A contact counts once it is over."""
    talks = _by_interaction(e for e in counted.events if e.kind in interactions.TALKS)
    transferred = _by_interaction(e for e in counted.events if e.kind == interactions.TRANSFERRED)
    over = [row for row in counted.contacts if _is_over(row)]
    reasons = {row.interaction_id: _reason(row, talks.get(row.interaction_id, ())) for row in over}
    repeated, followed = _came_again(over, reasons)
    facts = []
    for row in over:
        facts.append(
            _contact(row, zone, reasons[row.interaction_id], row.interaction_id in transferred, repeated, followed)
        )
    spoken = [row.started_at for row in counted.contacts if _is_staffed(row) and row.direction == "inbound"]
    facts += [_visit(row, zone, spoken) for row in counted.contacts if _is_visit(row)]
    facts += [_rating(row, zone, counted.events) for row in counted.ratings]
    return facts


def offer_facts(
    events: Sequence[Any], conceded: Mapping[UUID, int], zone: str
) -> list[OfferFact]:  # fmt: skip
    """What the acts upon one customer's offers count for; `conceded`: by offer what it gives away, in minor units."""
    by_offer: dict[str, list[Any]] = defaultdict(list)
    facts = []
    for event in events:
        if event.kind in interactions.ANSWERS:
            by_offer[str(event.data.get("offer_id", ""))].append(event)
        elif event.kind == interactions.MOMENT and _says_leaving(event):
            facts.append(_act(event, LEAVE, "", event, zone))
    for offer_id, acts in by_offer.items():
        facts += _of_offer(acts, conceded.get(_uuid(offer_id), 0), zone)
    return facts


def _says_leaving(event: Any) -> bool:
    """Whether a member of staff wrote down that the customer said they are leaving."""
    return (event.actor_kind, event.data.get("stage"), event.data.get("source")) == ("staff", LEAVE, "stated")


def staff_of(row: Any) -> str:
    """Under whom something of the staff's counts: the id, or the name where a load told no more."""
    if row.actor_kind != "staff":
        return ""
    return str(row.staff_id) if row.staff_id is not None else str(row.actor_name)


def sums_of(facts: Iterable[Fact]) -> dict[tuple[Any, ...], list[int]]:
    """The counts of these facts, by key."""
    found: dict[tuple[Any, ...], list[int]] = {}
    for fact in facts:
        add(found, fact, 1)
    return found


def add(found: dict[tuple[Any, ...], list[int]], fact: Fact, sign: int) -> None:
    """Adds what the fact counts for, or takes it away."""
    sums = fact.sums()
    for key in fact.count_keys():
        have = found.setdefault(key, [0] * len(sums))
        for place, many in enumerate(sums):
            have[place] += sign * many


def _is_staffed(row: Any) -> bool:
    return row.staff_id is not None or bool(row.staff)


def _is_over(row: Any) -> bool:
    """A contact with staff that ended, and was wrapped up where that is known of it; of a load the name alone is told."""
    return _is_staffed(row) and row.ended_at is not None and (row.staff_id is None or row.wrapped_at is not None)


def _is_visit(row: Any) -> bool:
    return row.channel == PORTAL and not _is_staffed(row)


def _by_interaction(events: Iterable[Any]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    for event in events:
        if event.interaction_id is not None:
            found[event.interaction_id].append(event)
    return found


def _reason(row: Any, talks: Sequence[Any]) -> str:
    """Why they came, as it was learned in the contact; empty where nobody said."""
    told = (str(event.data.get("intent") or event.data.get("reason") or "") for event in reversed(talks))
    return str(row.intent or "") or next((reason for reason in told if reason), "")


def _came_again(over: Sequence[Any], reasons: Mapping[UUID, str]) -> tuple[set[UUID], set[UUID]]:
    """Which contacts were repeats, and which were followed by one; `over` in the order of time."""
    last: dict[str, Any] = {}
    repeated, followed = set(), set()
    for row in over:
        reason = reasons[row.interaction_id]
        if row.direction != "inbound" or not reason:
            continue
        before = last.get(reason)
        if before is not None and row.started_at - before.started_at <= SAME_REASON:
            repeated.add(row.interaction_id)
            followed.add(before.interaction_id)
        last[reason] = row
    return repeated, followed


def _contact(
    row: Any, zone: str, reason: str, transferred: bool, repeated: set[UUID], followed: set[UUID]
) -> ContactFact:
    talk = _seconds(row.started_at, row.ended_at)
    after = _seconds(row.ended_at, row.wrapped_at) if row.wrapped_at is not None else 0
    return ContactFact(
        row.interaction_id, "contact", row.started_at, clock.local_day(row.started_at, zone), row.channel,
        str(row.staff_id) if row.staff_id is not None else str(row.staff), reason, handled=1, handle_seconds=talk + after,
        wrapped=int(row.wrapped_at is not None), after_seconds=after, transferred=int(transferred),
        asked=int(bool(reason) and row.direction == "inbound"), repeated=int(row.interaction_id in repeated),
        followed=int(row.interaction_id in followed),
    )  # fmt: skip


def _visit(row: Any, zone: str, spoken: Sequence[datetime]) -> ContactFact:
    asked = any(row.started_at <= at <= row.started_at + CONTAINED for at in spoken)
    day = clock.local_day(row.started_at, zone)
    return ContactFact(
        row.interaction_id, "visit", row.started_at, day, row.channel, "", str(row.intent or ""), contained=int(not asked)
    )  # fmt: skip


def _rating(row: Any, zone: str, events: Sequence[Any]) -> ContactFact:
    """A rating counts for the member of staff who last acted on what is rated, where its acts are counted, and where they did."""
    thing = str(row.thing_id)
    acts = [
        e for e in events if e.kind in interactions.ANSWERS and e.data.get("offer_id") == thing and e.at <= row.rated_at
    ]
    told = [e for e in events if e.kind.startswith("rating.") and e.data.get(f"{row.thing}_id") == thing]
    by = next((e for e in reversed(acts) if e.actor_kind == "staff"), None)
    at = by or next(iter(told), None)
    return ContactFact(
        row.thing_id, "rating", row.rated_at, clock.local_day(row.rated_at, zone), (at.channel if at else None) or "",
        staff_of(by) if by else "", row.thing, score=row.score, content=int(row.score >= CONTENT),
    )  # fmt: skip


def _of_offer(acts: Sequence[Any], conceded: int, zone: str) -> Iterator[OfferFact]:
    """`acts` in the order of time: the first that tells of the offer presented it, whatever else it was."""
    kinds = Counter(event.kind for event in acts)
    taken = int(bool(kinds["offer.accepted"] or kinds["offer.approved"]))
    undone, fulfilled = min(1, kinds["offer.undone"]), min(1, kinds["offer.fulfilled"])
    outcome: dict[str, int] = {
        "taken": taken, "undone": undone, "fulfilled": fulfilled, "conceded": int(taken and conceded > 0),
        "cost_minor": conceded if taken else 0,
    }  # fmt: skip
    treatment = str(next((event.data["treatment"] for event in acts if event.data.get("treatment")), ""))
    first = next((event for event in acts if event.kind in _TELLING), None)
    if first is not None:
        yield _act(first, "presented", treatment, first, zone, **outcome)
    asked = next((event for event in acts if event.kind == "offer.asked"), None)
    for event in acts:
        act = _ACTS.get(event.kind)
        if act == "accepted":
            # What a supervisor approved the agent had asked for.
            yield _act(event, act, treatment, (event.kind == "offer.approved" and asked) or event, zone, **outcome)
        elif act == "declined":
            yield _act(event, act, treatment, event, zone, reason=str(event.data.get("reason") or ""))
        elif act == "overridden":
            yield _act(event, act, treatment, event, zone, **outcome)
        elif act is not None:
            yield _act(event, act, treatment, event, zone)


def _act(event: Any, act: str, treatment: str, who: Any, zone: str, **more: Any) -> OfferFact:
    day = clock.local_day(event.at, zone)
    return OfferFact(
        event.event_id, act, event.at, day, treatment, who.channel or "", staff_of(who), event.stage or "", **more
    )  # fmt: skip


def _seconds(first: datetime, last: datetime) -> int:
    return max(0, round((last - first).total_seconds()))


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)
