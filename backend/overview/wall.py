"""The wall: everything that goes on now in all channels, for the one who watches over it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from backend import db
from backend.cases import service as cases
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.interactions.service import AgentState, Call, Event, Taken, Usuals
from backend.matrix.service import Pack
from backend.overview.going import WallLine, Watched, contact, ringing, visit
from backend.profiles import service as profiles
from backend.profiles.service import Brief
from backend.record import service as record
from backend.treatments import service as treatments
from backend.treatments.service import ParityCheck, RuleFailure
from shared.kernel import clock
from shared.kernel.errors import NotFound

ANSWERS_SHOWN = 12
ANSWERS = frozenset({"offer.accepted", "offer.declined", "offer.deferred", "offer.undone"})
MOST_VISITS = 2_000
HALF_AN_HOUR = timedelta(minutes=30)
AN_HOUR = timedelta(hours=1)
USUAL_FOR = timedelta(minutes=10)
"""What is usual is worked out again after so long."""
MISSED_FOR = timedelta(seconds=5)


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
class QueueNow:
    """Who waits in a queue, since when the longest, and how its calls are taken against what is promised.

    `label` is empty for calls of no queue; `seconds` and `target` are None where nothing is promised.
    """

    label: str
    waiting: int
    longest: datetime | None
    half_hour: Taken
    today: Taken
    seconds: int | None
    target: float | None


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
    queues: tuple[QueueNow, ...] = ()
    level: QueueNow | None = None
    """All queues together; None where nothing is promised."""
    teams: tuple[tuple[str, str], ...] = ()
    """The pack's teams, key and label."""
    members: dict[UUID, tuple[str, ...]] | None = None
    """Which teams each agent is in."""


class _Memory:
    """What this process knows from the last look, so that the next one reads only what changed."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        self.url = ""
        self.briefs: dict[UUID, Brief] = {}
        self.answers: dict[UUID, WallAnswer] = {}
        self.usuals: Usuals = {}
        self.usual_at: datetime | None = None

    def here(self) -> _Memory:
        """Of another database nothing is known."""
        if self.url != db.url_of():
            self.clear()
            self.url = db.url_of()
        record.remember()
        return self


_memory = _Memory()
record.forget_by(_memory.clear)


def wall(now: datetime) -> Wall:
    """Who is at work, what goes on in every channel, how calls are taken, what was answered last, and whether the channels agreed.

    Its lines say nothing of treatments yet: `glanced` does, for those that are shown. Opens its own transactions.
    """
    with _memory.lock, db.reading() as session:
        known = _memory.here()
        pack = catalogues.pack_in_force(session)
        agents = interactions.at_work(session)
        live = interactions.live(session)
        contacts = interactions.going_on(session)
        visits = interactions.visits_now(session, now, MOST_VISITS)
        wanted = {call.customer_id for call in live if call.customer_id} | {one.customer_id for one in contacts}
        wanted |= {one.customer_id for one in visits}
        known.briefs = profiles.briefs(session, wanted, known.briefs)
        if known.usual_at is None or not timedelta(0) <= now - known.usual_at < USUAL_FOR:
            known.usuals, known.usual_at = interactions.usual_lengths(session, now), now
        seen = Watched(known.briefs, known.usuals, pack, now)
        lines = _lines(live, contacts, visits, seen)
        queues, level = _queues(session, live, pack, now)
        return Wall(
            agents=agents,
            lines=tuple(sorted(lines, key=lambda line: line.urgency)),
            answers=_answers(session, pack, known, now),
            parity=treatments.last_check(session),
            visitors=len(visits),
            failing=treatments.failures(session, now),
            missed=len(cases.callbacks_in(session, "missed", None)),
            queues=queues,
            level=level,
            teams=tuple((one.key, one.label) for one in pack.casework.team),
            members=cases.all_teams(session),
        )


def glanced(lines: Sequence[WallLine], now: datetime) -> tuple[WallLine, ...]:
    """These lines with what stands recommended to each customer and what they answered lately. Opens its own transactions."""
    some = {line.customer_id: _memory.briefs.get(line.customer_id) for line in lines if line.customer_id is not None}
    seen = treatments.glances({one: brief for one, brief in some.items() if brief is not None}, now)
    return tuple(
        replace(line, recommended=seen[line.customer_id].recommended, answered=seen[line.customer_id].answered)
        if line.customer_id in seen
        else line
        for line in lines
    )


def _lines(
    live: Iterable[Call],
    contacts: Iterable[interactions.Going],
    visits: Iterable[interactions.Visit],
    seen: Watched,
) -> list[WallLine]:
    held = {call.interaction_id: call.held_at for call in live if call.held_at is not None}
    queues = {call.interaction_id: call.queue for call in live if call.interaction_id is not None}
    loose = [call for call in live if call.interaction_id is None]
    drawn: list[WallLine | None] = [ringing(call, seen) for call in loose]
    drawn += [contact(one, held.get(one.interaction_id), queues.get(one.interaction_id, ""), seen) for one in contacts]
    spoken = {call.customer_id for call in loose} | {one.customer_id for one in contacts}
    drawn += [visit(one, seen) for one in visits if one.customer_id not in spoken]
    return [line for line in drawn if line is not None]


def _queues(
    session: Session, live: Iterable[Call], pack: Pack, now: datetime
) -> tuple[tuple[QueueNow, ...], QueueNow | None]:
    """Each queue of the pack, with calls of none last where there are any; and all of them together."""
    plan = pack.telephony
    waits = [call for call in live if call.state == "ringing" and call.direction == "inbound"]
    otherwise = plan.service_level.seconds if plan.service_level else int(HALF_AN_HOUR.total_seconds())
    within = {one.label: one.service_level.seconds for one in plan.queues if one.service_level is not None}
    today = clock.midnight_after(clock.local_day(now, pack.timezone) - timedelta(days=1), pack.timezone)
    lately = interactions.taken_since(session, now - HALF_AN_HOUR, now, within, otherwise)
    over_the_day = interactions.taken_since(session, today, now, within, otherwise)
    labels = [one.label for one in plan.queues]
    labels += [""] if any(not call.queue for call in waits) or "" in over_the_day else []
    nobody = Taken(0, 0)
    found = []
    for label in labels:
        mine = [call.rang_at for call in waits if call.queue == label]
        level = plan.level_of(label)
        found.append(QueueNow(
            label, len(mine), min(mine, default=None), lately.get(label, nobody), over_the_day.get(label, nobody),
            level.seconds if level else None, level.share if level else None,
        ))  # fmt: skip
    if plan.service_level is None:
        return tuple(found), None
    both = [
        Taken(sum(one.calls for one in some.values()), sum(one.in_time for one in some.values()))
        for some in (lately, over_the_day)
    ]
    longest = min((call.rang_at for call in waits), default=None)
    target = plan.service_level
    return tuple(found), QueueNow("", len(waits), longest, both[0], both[1], target.seconds, target.share)


def _answers(session: Session, pack: Pack, known: _Memory, now: datetime) -> tuple[WallAnswer, ...]:
    """The last answers given anywhere in the last hour, newest first."""
    some = record.lately(session, ("offers",), ANSWERS_SHOWN)
    events = interactions.happened_since(session, some, ANSWERS, now - AN_HOUR, ANSWERS_SHOWN)
    told: dict[UUID, WallAnswer] = {}
    for event in events:
        try:
            told[event.event_id] = known.answers.get(event.event_id) or _answer(session, event, pack)
        except NotFound:
            continue  # erased since
    known.answers = told
    return tuple(sorted(told.values(), key=lambda one: one.at, reverse=True))


def _answer(session: Session, event: Event, pack: Pack) -> WallAnswer:
    profile = profiles.profile(session, event.customer_id)
    mask = interactions.mask_for_anybody(profile, pack)
    headline = mask.text(str(event.data.get("headline") or event.data.get("treatment") or ""))
    answer = event.kind.removeprefix("offer.")
    return WallAnswer(event.at, event.customer_id, profile.name, answer, headline, event.channel, event.actor_name)
