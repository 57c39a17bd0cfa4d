"""The wall: everything that goes on now in all channels, for the one who watches over it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from sqlmodel import Session

from backend import db
from backend.cases import service as cases
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.interactions.service import AgentState, Call, Interaction, Visit
from backend.profiles import service as profiles
from backend.record import service as record
from backend.treatments import service as treatments
from backend.treatments.service import ParityCheck, RuleFailure
from shared.kernel.errors import NotFound

T = TypeVar("T")

A_LONG_CALL = timedelta(minutes=15)
A_LONG_RING = timedelta(seconds=30)
A_LONG_HOLD = timedelta(minutes=2)
ANSWERS_SHOWN = 12
ANSWERS = frozenset({"offer.accepted", "offer.declined", "offer.deferred", "offer.undone"})
MOST_LINES = 40


@dataclass(frozen=True, slots=True)
class WallLine:
    """One interaction that goes on now. `trouble` says in words why it needs a look; empty when it does not."""

    customer_id: UUID | None
    name: str
    number: str
    channel: str
    state: str
    why: str
    since: datetime
    staff: str
    recommended: str
    answered: str
    trouble: str
    call_id: UUID | None = None
    """The call of somebody not known yet."""


@dataclass(frozen=True, slots=True)
class WallAnswer:
    at: datetime
    customer_id: UUID
    name: str
    answer: str
    headline: str
    channel: str | None
    by: str


@dataclass(frozen=True, slots=True)
class Wall:
    """What the wall shows, those who need help first."""

    agents: tuple[AgentState, ...]
    lines: tuple[WallLine, ...]
    answers: tuple[WallAnswer, ...]
    parity: ParityCheck | None
    visitors: int
    """Customers who are at the portal now, those who are on the phone as well among them."""
    failing: tuple[RuleFailure, ...] = ()
    """Rules that could not be decided in the last 30 days, the last first."""
    missed: int = 0
    """Calls back that nobody made at their time, and that are still to be made."""


def wall(now: datetime) -> Wall:
    """Who is at work, what goes on in every channel, what was answered last, and whether the channels agreed when last compared.

    Opens its own transactions.
    """
    with db.reading() as session:
        agents = interactions.at_work(session)
        live = interactions.live(session)
        calls = [call for call in live if call.interaction_id is None]
        contacts = interactions.all_open(session)[:MOST_LINES]
        visits = interactions.visits_now(session, now, MOST_LINES)
        answers, parity = _answers(session), treatments.last_check(session)
        failing = treatments.failures(session, now)
        missed = len(cases.callbacks_in(session, "missed", None))
    held = {call.interaction_id: call.held_at for call in live if call.held_at is not None}
    lines = [
        *_drawn(_ringing, calls, now),
        *_drawn(lambda one, at: _contact(one, at, held.get(one.interaction_id)), contacts, now),
    ]
    spoken = {call.customer_id for call in calls} | {contact.customer_id for contact in contacts}
    alone = [visit for visit in visits if visit.customer_id not in spoken]
    lines += _drawn(_visit, alone[: max(0, MOST_LINES - len(lines))], now)
    lines.sort(key=lambda line: (not line.trouble, line.state != "ringing", line.since))
    return Wall(agents, tuple(lines), answers, parity, len(visits), failing, missed)


def _answers(session: Session) -> tuple[WallAnswer, ...]:
    """The last answers given anywhere in the last hour, newest first."""
    found: list[WallAnswer] = []
    pack = catalogues.pack_in_force(session)
    for customer_id in record.lately(session, ("offers",), ANSWERS_SHOWN):
        try:
            profile = profiles.profile(session, customer_id)
        except NotFound:
            continue  # erased since
        mask = interactions.mask_for_anybody(profile, pack)
        for event in interactions.timeline(session, customer_id, kinds=ANSWERS, limit=3).items:
            headline = mask.text(str(event.data.get("headline") or event.data.get("treatment") or ""))
            answer = event.kind.removeprefix("offer.")
            found.append(
                WallAnswer(event.at, customer_id, profile.name, answer, headline, event.channel, event.actor_name)
            )
    found.sort(key=lambda one: one.at, reverse=True)
    return tuple(found[:ANSWERS_SHOWN])


def _drawn(draw: Callable[[T, datetime], WallLine], things: Iterable[T], now: datetime) -> Iterator[WallLine]:
    """A line each; whoever was erased since has none."""
    for thing in things:
        with suppress(NotFound):
            yield draw(thing, now)


def _ringing(call: Call, now: datetime) -> WallLine:
    long = call.state == "ringing" and now - call.rang_at > A_LONG_RING
    trouble = "nobody answers" if long else ""
    if call.customer_id is not None:
        return _line(call.customer_id, "phone", call.state, call.rang_at, call.staff, trouble, now)
    return WallLine(
        customer_id=None, name="", number=call.number, channel="phone", state=call.state, why="", since=call.rang_at,
        staff=call.staff, recommended="", answered="", trouble=trouble, call_id=call.call_id,
    )  # fmt: skip


def _contact(contact: Interaction, now: datetime, held_at: datetime | None = None) -> WallLine:
    minutes = int(A_LONG_CALL.total_seconds() // 60)
    long = contact.ended_at is None and now - contact.started_at > A_LONG_CALL
    if held_at is not None:
        waits = "on hold for long" if now - held_at > A_LONG_HOLD else ""
        return _line(contact.customer_id, contact.channel, "on hold", held_at, contact.staff or "", waits, now)
    return _line(
        contact.customer_id, contact.channel, "talking" if contact.ended_at is None else "wrapping up", contact.started_at,
        contact.staff or "", f"longer than {minutes} minutes" if long else "", now,
    )  # fmt: skip


def _visit(visit: Visit, now: datetime) -> WallLine:
    state = f"on “{visit.page}”" if visit.page else "visiting"
    return _line(visit.customer_id, "portal", state, visit.page_since, "", "", now)


def _line(
    customer_id: UUID, channel: str, state: str, since: datetime, staff: str, trouble: str, now: datetime
) -> WallLine:
    seen = treatments.glance(customer_id, now)
    return WallLine(
        customer_id=customer_id, name=seen.name, number="", channel=channel, state=state, why=seen.why, since=since, staff=staff,
        recommended=seen.recommended, answered=seen.answered, trouble=trouble,
    )  # fmt: skip
