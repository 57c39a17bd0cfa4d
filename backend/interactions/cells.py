"""Contacts counted by the cells of the matrix, over all customers: how many, where they came from and where they went.

A contact is one interaction (a call, a visit, a talk) or one message that a customer wrote. Its cell is the stage that was noted with it and the
channel by which it came. All statements read a span of time by its index; the windows within them follow one customer at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, case, func, literal, null, or_, select, text, union_all
from sqlmodel import Session

from backend import db
from backend.interactions.contacts import INTERACTION
from backend.interactions.tables import COUNTED, EventRow, RatingRow
from shared.kernel import ids
from shared.kernel.errors import Invalid

FOLLOWS = timedelta(days=30)
"""What comes later is no longer said to follow from a contact."""
MOST_RATINGS = 5_000
_MESSAGES = "support"
"""The stage of a message with which none was noted."""
_ANSWERS = ("offer.presented", "offer.accepted", "offer.declined", "offer.deferred")
_OPENED = ("case.opened", "complaint.opened", "offer.accepted")
_EVENT, _RATING = db.table_of(EventRow), db.table_of(RatingRow)
_COUNTED = text(COUNTED)


@dataclass(frozen=True, slots=True)
class Span:
    """From an instant up to another, which is no longer of it. `stages` are those of the pack, `default` where nobody said one."""

    since: datetime
    until: datetime
    stages: tuple[str, ...]
    default: str
    among: Select[Any] | None = None
    """The ids of the customers that count; None: everyone."""
    only: tuple[UUID, ...] = ()
    """These customers alone; empty: all of `among`."""

    @property
    def length(self) -> timedelta:
        return self.until - self.since


@dataclass(frozen=True, slots=True)
class Traffic:
    """Contacts of one cell that went on to the same stage within thirty days, or nowhere: `to` is empty then.

    `count` in the span, `before` in the one before it, `seasoned` in the span of its length that ended thirty days before its end.
    """

    stage: str
    channel: str
    to: str
    count: int
    before: int
    seasoned: int


@dataclass(frozen=True, slots=True)
class Move:
    """So many times a contact in the one cell was followed by one in the other."""

    start: tuple[str, str]
    end: tuple[str, str]
    count: int


@dataclass(frozen=True, slots=True)
class Passing:
    """One contact of a cell: the cell of the customer's contact before and after it, within thirty days, and the seconds between."""

    customer_id: UUID
    at: datetime
    came_from: tuple[str, str] | None
    after: float
    went_to: tuple[str, str] | None
    until: float


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact of a cell, for a list. `minutes` is empty where nobody knows."""

    customer_id: UUID
    contact_id: UUID
    at: datetime
    what: str
    """ "interaction" or "message"."""
    staff: str
    code: str
    minutes: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """How often something was done with offers in a cell: presented, accepted, declined, deferred."""

    stage: str
    channel: str
    kind: str
    count: int


@dataclass(frozen=True, slots=True)
class Rated:
    """What a customer thought of what was done in a cell, 1 to 5."""

    stage: str
    channel: str
    score: int


def traffic(session: Session, span: Span) -> tuple[Traffic, ...]:
    """Every cell's contacts by the stage to which the customer went next."""
    one = _led(session, _contacts(span, _first(span), span.until))
    to = case((one.c.until <= FOLLOWS.total_seconds(), one.c.next_stage), else_="").label("to")
    seasoned = and_(one.c.at >= span.since - FOLLOWS, one.c.at < span.until - FOLLOWS)
    asked = select(
        one.c.stage, one.c.channel, to, _how_many(one.c.at >= span.since),
        _how_many(and_(one.c.at >= span.since - span.length, one.c.at < span.since)), _how_many(seasoned),
    ).group_by(one.c.stage, one.c.channel, to)  # fmt: skip
    return tuple(
        Traffic(stage, channel, to or "", int(count), int(before), int(ripe))
        for stage, channel, to, count, before, ripe in session.execute(asked)
    )


def moves(session: Session, span: Span, most: int) -> tuple[Move, ...]:
    """The most frequent ways from one cell to another, the most frequent first."""
    one = _led(session, _contacts(span, span.since, span.until))
    cells = (one.c.stage, one.c.channel, one.c.next_stage, one.c.next_channel)
    asked = (
        select(*cells, func.count().label("many"))
        .where(
            one.c.until <= FOLLOWS.total_seconds(),
            or_(one.c.stage != one.c.next_stage, one.c.channel != one.c.next_channel),
        )
        .group_by(*cells)
        .order_by(func.count().desc(), *cells)
        .limit(most)
    )
    return tuple(Move((row[0], row[1]), (row[2], row[3]), int(row[4])) for row in session.execute(asked))


def passing(session: Session, span: Span, stage: str, channel: str) -> tuple[Passing, ...]:
    """Every contact of the cell in the span, with what came before and after it; and those before, as far as `traffic` looks back."""
    first = _first(span)
    one = _led(session, _contacts(span, first - FOLLOWS, span.until + FOLLOWS))
    asked = select(
        one.c.customer_id,
        one.c.at,
        one.c.last_stage,
        one.c.last_channel,
        one.c.after,
        one.c.next_stage,
        one.c.next_channel,
        one.c.until,
    ).where(one.c.stage == stage, one.c.channel == channel, one.c.at >= first, one.c.at < span.until)
    longest = FOLLOWS.total_seconds()
    found = []
    for customer_id, at, last_stage, last_channel, after, next_stage, next_channel, until in session.execute(asked):
        came = (last_stage, last_channel) if last_stage and float(after) <= longest else None
        went = (next_stage, next_channel) if next_stage and float(until) <= longest else None
        found.append(Passing(customer_id, at, came, float(after or 0), went, float(until or 0)))
    return tuple(found)


def one_way(session: Session, span: Span, most: int) -> tuple[tuple[str, str, datetime], ...]:
    """The stage, channel and instant of the span's last contacts, oldest first: for one customer."""
    one = _contacts(span, span.since, span.until).subquery()
    asked = select(one.c.stage, one.c.channel, one.c.at).order_by(one.c.at.desc(), one.c.contact_id.desc()).limit(most)
    return tuple((row[0], row[1], row[2]) for row in reversed(session.execute(asked).all()))


def who_was_where(session: Session, span: Span) -> tuple[tuple[UUID, str, str], ...]:
    """(customer, stage, channel), each once."""
    one = _contacts(span, span.since, span.until).subquery()
    asked = select(one.c.customer_id, one.c.stage, one.c.channel).distinct()
    return tuple((row[0], row[1], row[2]) for row in session.execute(asked))


def contacts_in(
    session: Session, span: Span, stage: str, channel: str, limit: int, cursor: str | None = None
) -> tuple[tuple[Contact, ...], str | None]:
    """The cell's contacts, newest first, and the cursor of the next page. Raises Invalid for a cursor that is none."""
    one = _contacts(span, span.since, span.until, whole=True).subquery()
    asked = select(one).where(one.c.stage == stage, one.c.channel == channel)
    if cursor:
        at, contact_id = _read(cursor)
        asked = asked.where(or_(one.c.at < at, and_(one.c.at == at, one.c.contact_id < contact_id)))
    rows = session.execute(asked.order_by(one.c.at.desc(), one.c.contact_id.desc()).limit(limit + 1)).all()
    found = tuple(
        Contact(
            row.customer_id, row.contact_id, row.at, row.what, row.staff or "", row.code or "",
            None if row.ended_at is None else max(1, round((row.ended_at - row.at).total_seconds() / 60)),
        )
        for row in rows[:limit]
    )  # fmt: skip
    last = found[-1] if len(rows) > limit else None
    return found, None if last is None else f"{last.at.isoformat()}~{last.contact_id}"


def answers(session: Session, span: Span) -> tuple[Answer, ...]:
    """What was done with offers, by cell."""
    stage = _stage(_EVENT.c.stage, span, span.default)
    asked = (
        select(stage, _EVENT.c.channel, _EVENT.c.kind, func.count())
        .where(*_told(span, span.since, span.until), _EVENT.c.kind.in_(_ANSWERS), *_of(_EVENT, span))
        .group_by(stage, _EVENT.c.channel, _EVENT.c.kind)
    )
    return tuple(Answer(row[0], row[1], row[2].removeprefix("offer."), int(row[3])) for row in session.execute(asked))


def answers_by_treatment(session: Session, span: Span, stage: str, channel: str) -> tuple[tuple[str, str, int], ...]:
    """(treatment, what was done, how often) in one cell."""
    treatment = _EVENT.c.data["treatment"].as_string()
    asked = (
        select(treatment, _EVENT.c.kind, func.count())
        .where(
            *_told(span, span.since, span.until), _EVENT.c.kind.in_(_ANSWERS), *_of(_EVENT, span),
            _EVENT.c.channel == channel, _stage(_EVENT.c.stage, span, span.default) == stage,
        )
        .group_by(treatment, _EVENT.c.kind)
    )  # fmt: skip
    return tuple((row[0] or "", row[1].removeprefix("offer."), int(row[2])) for row in session.execute(asked))


def rated(session: Session, span: Span) -> tuple[Rated, ...]:
    """What customers said in the span, each laid to the cell in which the thing was opened or taken; the newest alone, of very many."""
    asked = (
        select(_RATING.c.customer_id, _RATING.c.thing_id, _RATING.c.score)
        .where(_RATING.c.changed_at >= span.since, _RATING.c.changed_at < span.until, *_of(_RATING, span))
        .order_by(_RATING.c.changed_at.desc())
        .limit(MOST_RATINGS)
    )
    scores = {(row.customer_id, str(row.thing_id)): row.score for row in session.execute(asked)}
    who = sorted({customer_id for customer_id, _ in scores})
    found: dict[tuple[UUID, str], Rated] = {}
    for nth in range(0, len(who), 500):
        rows = session.execute(
            select(_EVENT.c.customer_id, _EVENT.c.kind, _EVENT.c.channel, _EVENT.c.stage, _EVENT.c.data)
            .where(_EVENT.c.customer_id.in_(who[nth : nth + 500]), _EVENT.c.kind.in_(_OPENED))
            .order_by(_EVENT.c.event_id)
        )
        for row in rows:
            thing = str(row.data.get("offer_id" if row.kind == "offer.accepted" else "case_id"))
            score = scores.get((row.customer_id, thing))
            if score is not None and row.channel is not None:
                usual = span.default if row.kind == "offer.accepted" else _MESSAGES
                stage = next((s for s in (row.stage, usual) if s in span.stages), span.default)
                found.setdefault((row.customer_id, thing), Rated(stage, row.channel, score))
    return tuple(found.values())


def _first(span: Span) -> datetime:
    """So far back one looks for the span before, and for contacts that have had their time to be followed."""
    return min(span.since - span.length, span.since - FOLLOWS)


def _contacts(span: Span, since: datetime, until: datetime, *, whole: bool = False) -> Any:
    """Who, when, by which channel and in which stage: interactions and messages as one; `whole`: with what a list says of each."""
    talk = [
        INTERACTION.c.customer_id, INTERACTION.c.interaction_id.label("contact_id"), INTERACTION.c.started_at.label("at"),
        INTERACTION.c.channel, _stage(INTERACTION.c.stage, span, span.default).label("stage"),
    ]  # fmt: skip
    letter = [
        _EVENT.c.customer_id, _EVENT.c.event_id.label("contact_id"), _EVENT.c.at, _EVENT.c.channel,
        _stage(_EVENT.c.stage, span, _MESSAGES).label("stage"),
    ]  # fmt: skip
    if whole:
        told = {"staff": INTERACTION.c.staff, "code": INTERACTION.c.wrap_up_code, "ended_at": INTERACTION.c.ended_at}
        talk += [literal("interaction").label("what"), *(column.label(name) for name, column in told.items())]
        letter += [literal("message").label("what"), *(null().label(name) for name in told)]
    talks = select(*talk).where(
        INTERACTION.c.started_at >= since, INTERACTION.c.started_at < until, *_of(INTERACTION, span)
    )
    letters = select(*letter).where(
        *_told(span, since, until),
        _EVENT.c.kind == "case.written",
        _EVENT.c.interaction_id.is_(None),
        *_of(_EVENT, span),
    )
    return union_all(talks, letters)


def _led(session: Session, contacts: Any) -> Any:
    """The same with the customer's contact before and after each, and the seconds between."""
    one = contacts.subquery()
    seconds = _seconds(session, one.c.at)
    over: dict[str, Any] = {"partition_by": one.c.customer_id, "order_by": (one.c.at, one.c.contact_id)}
    return select(
        one.c.customer_id, one.c.stage, one.c.channel, one.c.at,
        func.lag(one.c.stage).over(**over).label("last_stage"), func.lag(one.c.channel).over(**over).label("last_channel"),
        (seconds - func.lag(seconds).over(**over)).label("after"),
        func.lead(one.c.stage).over(**over).label("next_stage"), func.lead(one.c.channel).over(**over).label("next_channel"),
        (func.lead(seconds).over(**over) - seconds).label("until"),
    ).subquery()  # fmt: skip


def _seconds(session: Session, at: Any) -> Any:
    if session.get_bind().dialect.name == "postgresql":
        return func.extract("epoch", at)
    return func.julianday(at) * 86_400.0


def _stage(noted: Any, span: Span, usual: str) -> Any:
    other = usual if usual in span.stages else span.default
    return case((noted.in_(span.stages), noted), else_=other)


def _told(span: Span, since: datetime, until: datetime) -> Sequence[Any]:
    # The id is made at the instant of the event: its order is that of time. The index holds these kinds alone.
    return (
        _COUNTED,
        _EVENT.c.event_id >= ids.first_at(since),
        _EVENT.c.event_id < ids.first_at(until),
        _EVENT.c.channel.is_not(None),
    )


def _of(table: Any, span: Span) -> list[Any]:
    found = [] if span.among is None else [table.c.customer_id.in_(span.among)]
    return [*found, table.c.customer_id.in_(span.only)] if span.only else found


def _how_many(condition: Any) -> Any:
    return func.sum(case((condition, 1), else_=0))


def _read(cursor: str) -> tuple[datetime, UUID]:
    try:
        at, _, contact_id = cursor.partition("~")
        found = datetime.fromisoformat(at)
        if found.tzinfo is None:
            raise ValueError(at)
        return found, UUID(contact_id)
    except ValueError:
        raise Invalid("That is not a cursor of this list.", {"cursor": "take it from the list"}) from None
