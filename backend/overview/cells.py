"""The matrix as it goes: what came to each cell in a span of days, what it cost, what it led to and what that is worth."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import fmean, median
from uuid import UUID

from sqlmodel import Session

from backend import db
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.interactions.service import Contact, Move, Passing, Span, Traffic
from backend.matrix.service import Pack, effective_cell
from backend.people.service import Permission
from backend.profiles import service as profiles
from backend.profiles.service import Profile
from shared.kernel import clock
from shared.kernel.actors import Actor
from shared.kernel.errors import Invalid, NotFound

LEAVING = "leave"
"""To come here is no moving on."""
LONGEST = 366
LOOKED_AT = 600
"""So many customers are looked at for what a customer is worth; of more, that many spread over all."""
FEW = 10
"""Of fewer nothing is concluded for a cell alone."""
WAYS = 12
STEPS = 40
A_PAGE = 25
Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which days, both of them included, in the house's time zone; and which customers, as they are now."""

    since: date
    until: date
    life_cycle: str = ""
    segment: str = ""

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1


@dataclass(frozen=True, slots=True)
class LiveCell:
    """One cell. Money is in major units; what cannot be said is None."""

    stage: str
    channel: str
    count: int
    before: int
    each: float | None
    """What the pack says that one contact costs; None where it has no such cell."""
    rating: float | None
    rated: int
    presented: int
    answered: int
    accepted: int
    seasoned: int
    moved: int
    worth: float | None
    """What is still to come from a customer who was here, on average."""

    @property
    def cost(self) -> float:
        return self.count * (self.each or 0.0)

    @property
    def chance(self) -> float | None:
        """Of moving on; None of too few."""
        return self.moved / self.seasoned if self.seasoned >= FEW else None

    @property
    def value(self) -> float | None:
        """contacts × chance of moving on × lifetime value − cost."""
        if self.chance is None or self.worth is None:
            return None
        return self.count * self.chance * self.worth - self.cost

    @property
    def trend(self) -> float | None:
        """By which share there are more contacts than in the span before; None where there were none."""
        return (self.count - self.before) / self.before if self.before else None


@dataclass(frozen=True, slots=True)
class LiveMatrix:
    """All cells in which something happened, by stage and channel."""

    asked: Asked
    cells: Mapping[Place, LiveCell]
    total: int
    before: int
    worth: float | None
    looked_at: int
    """At so many customers, for what they are worth."""
    ways: tuple[Move, ...] = ()
    steps: tuple[tuple[str, str, datetime], ...] = ()
    customer: Profile | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """Contacts that came from another cell, or went there: how many, and the median seconds between. `place` None: none within 30 days."""

    place: Place | None
    count: int
    share: float
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Treated:
    treatment: str
    presented: int
    accepted: int
    declined: int
    deferred: int


@dataclass(frozen=True, slots=True)
class CellPage:
    """One cell opened. `people` are the profiles of those in `contacts`; who was erased meanwhile is not among them."""

    asked: Asked
    cell: LiveCell
    customers: int
    came_from: tuple[Flow, ...]
    went_to: tuple[Flow, ...]
    treated: tuple[Treated, ...]
    contacts: tuple[Contact, ...]
    people: Mapping[UUID, Profile]
    cursor: str | None


def live_matrix(asked: Asked, actor: Actor, now: datetime, *, ways: bool = False, of: UUID | None = None) -> LiveMatrix:
    """What happened in each cell. `ways` adds the most frequent ways between them, `of` one customer's own.

    Opens its own transaction. Raises Forbidden, Invalid for days or customers that there are none of, NotFound.
    """
    catalogues.require(actor, Permission.SUPERVISE)
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
        span = _span(asked, pack, now)
        counted = interactions.traffic(session, span)
        cells, worth, looked_at = _cells(session, asked, span, pack, now, counted)
        moves = interactions.moves_between(session, span, WAYS) if ways else ()
        steps: tuple[tuple[str, str, datetime], ...] = ()
        customer = None
        if of is not None:
            catalogues.require(actor, Permission.SEE_CUSTOMER)
            customer = profiles.profile(session, of)
            own = Span(span.since, span.until, span.stages, span.default, only=(customer.customer_id,))
            steps = interactions.one_way(session, own, STEPS)
    total, before = sum(one.count for one in cells.values()), sum(one.before for one in cells.values())
    return LiveMatrix(asked, cells, total, before, worth, looked_at, moves, steps, customer)


def cell_page(
    asked: Asked, stage: str, channel: str, actor: Actor, now: datetime, cursor: str | None = None
) -> CellPage:
    """One cell with its flows and its contacts. Raises as `live_matrix` does; NotFound for a cell that the pack does not know."""
    catalogues.require(actor, Permission.SUPERVISE)
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
        if stage not in {one.key for one in pack.stages} or channel not in {one.key for one in pack.channels}:
            raise NotFound("There is no such cell.")
        span = _span(asked, pack, now)
        around = interactions.passing(session, span, stage, channel)
        passing = [one for one in around if one.at >= span.since]
        cells, _, _ = _cells(session, asked, span, pack, now, _counted(around, span, stage, channel))
        told = interactions.answers_by_treatment(session, span, stage, channel)
        contacts, more = interactions.contacts_in(session, span, stage, channel, A_PAGE, cursor)
        people = profiles.these(session, {one.customer_id for one in contacts})
    empty = LiveCell(stage, channel, 0, 0, _each(pack, asked.segment, stage, channel), None, 0, 0, 0, 0, 0, 0, None)
    return CellPage(
        asked, cells.get((stage, channel), empty), len({one.customer_id for one in passing}),
        _flows((one.came_from, one.after) for one in passing), _flows((one.went_to, one.until) for one in passing),
        _treated(told), contacts, people, more,
    )  # fmt: skip


def days_asked(pack: Pack, now: datetime, days: int) -> tuple[date, date]:
    """The last so many days, today among them."""
    today = clock.local_day(now, pack.timezone)
    return today - timedelta(days=days - 1), today


def _span(asked: Asked, pack: Pack, now: datetime) -> Span:
    errors = {}
    today = clock.local_day(now, pack.timezone)
    if asked.since > asked.until:
        errors["until"] = "Choose a day on or after the first."
    elif asked.days > LONGEST:
        errors["until"] = f"Choose at most {LONGEST} days."
    if asked.since > today:
        errors["since"] = "Choose a day that has begun."
    if asked.segment and asked.segment not in {one.key for one in pack.segments}:
        errors["segment"] = "Choose one of the segments."
    if asked.life_cycle and asked.life_cycle not in {one.key for one in pack.life_cycle}:
        errors["life_cycle"] = "Choose one of the states."
    if errors:
        raise Invalid("That cannot be shown.", errors)
    since = clock.midnight_after(asked.since - timedelta(days=1), pack.timezone)
    until = min(now, clock.midnight_after(asked.until, pack.timezone))
    stages = tuple(one.key for one in pack.stages)
    return Span(since, until, stages, pack.default_stage, profiles.ids_among(asked.life_cycle, asked.segment))


def _cells(
    session: Session, asked: Asked, span: Span, pack: Pack, now: datetime, counted: Iterable[Traffic]
) -> tuple[dict[Place, LiveCell], float | None, int]:
    known = {one.key for one in pack.channels}
    by_cell: dict[Place, list[Traffic]] = defaultdict(list)
    for one in counted:
        by_cell[one.stage, one.channel].append(one)
    done: dict[Place, Counter[str]] = defaultdict(Counter)
    for answer in interactions.answers(session, span):
        done[answer.stage, answer.channel][answer.kind] += answer.count
    scores: dict[Place, list[int]] = defaultdict(list)
    for said in interactions.rated(session, span):
        scores[said.stage, said.channel].append(said.score)
    worth, by_place, looked_at = _worth(session, asked, span, pack, now)
    cells = {}
    for place in {*by_cell, *done, *scores}:
        stage, channel = place
        theirs, expected, told = by_cell[place], _expected(pack, asked.segment, stage, channel), done[place]
        count, before = sum(one.count for one in theirs), sum(one.before for one in theirs)
        if channel not in known or not (count or before or told or scores[place]):
            continue
        cells[place] = LiveCell(
            stage, channel, count, before, _each(pack, asked.segment, stage, channel),
            fmean(scores[place]) if scores[place] else None, len(scores[place]), told["presented"],
            told["accepted"] + told["declined"] + told["deferred"], told["accepted"],
            sum(one.seasoned for one in theirs), sum(one.seasoned for one in theirs if one.to in expected),
            by_place.get(place, worth),
        )  # fmt: skip
    return cells, worth, looked_at


def _counted(around: Iterable[Passing], span: Span, stage: str, channel: str) -> list[Traffic]:
    """One cell's contacts counted as `traffic` counts those of all."""
    before, ripe, over = span.since - span.length, span.since - interactions.FOLLOWS, span.until - interactions.FOLLOWS
    return [
        Traffic(
            stage, channel, one.went_to[0] if one.went_to else "", int(one.at >= span.since),
            int(before <= one.at < span.since), int(ripe <= one.at < over),
        )
        for one in around
    ]  # fmt: skip


def _each(pack: Pack, segment: str, stage: str, channel: str) -> float | None:
    found = effective_cell(pack, [segment] if segment else [], stage, channel)
    return None if found is None else float(found.cell.cost)


def _expected(pack: Pack, segment: str, stage: str, channel: str) -> frozenset[str]:
    """The stages that the process expects after this one."""
    found = effective_cell(pack, [segment] if segment else [], stage, channel)
    named = found.cell.next if found is not None else {}
    return frozenset(named or (step.end for step in pack.process if step.start == stage)) - {LEAVING, stage}


def _worth(
    session: Session, asked: Asked, span: Span, pack: Pack, now: datetime
) -> tuple[float | None, dict[Place, float], int]:
    """What is still to come from a customer on average: of all who are looked at, and of those who were in a cell."""
    each: dict[UUID, float] = {}
    for one in profiles.some_among(session, asked.life_cycle, asked.segment, LOOKED_AT):
        gone = bool(one.facts.get("dates", {}).get("left"))
        found = profiles.lifetime_value(profiles.snapshot(one, now, pack), pack, has_left=gone)
        if found is not None:
            each[one.customer_id] = found.to_come
    if not each:
        return None, {}, 0
    theirs: dict[Place, list[float]] = defaultdict(list)
    looked = Span(span.since, span.until, span.stages, span.default, only=tuple(sorted(each)))
    for customer_id, stage, channel in interactions.who_was_where(session, looked):
        theirs[stage, channel].append(each[customer_id])
    by_place = {place: fmean(many) for place, many in theirs.items() if len(many) >= FEW}
    return fmean(each.values()), by_place, len(each)


def _flows(found: Iterable[tuple[Place | None, float]]) -> tuple[Flow, ...]:
    by_place: dict[Place | None, list[float]] = defaultdict(list)
    total = 0
    for place, seconds in found:
        by_place[place].append(seconds)
        total += 1
    flows = [
        Flow(place, len(many), len(many) / total, None if place is None else median(many))
        for place, many in by_place.items()
    ]
    return tuple(sorted(flows, key=lambda one: (one.place is None, -one.count, one.place or ("", ""))))


def _treated(told: Sequence[tuple[str, str, int]]) -> tuple[Treated, ...]:
    by_key: dict[str, Counter[str]] = defaultdict(Counter)
    for treatment, kind, count in told:
        by_key[treatment][kind] += count
    found = [
        Treated(key, one["presented"], one["accepted"], one["declined"], one["deferred"]) for key, one in by_key.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.presented, -one.accepted, one.treatment)))
