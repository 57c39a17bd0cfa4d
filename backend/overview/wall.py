"""The wall: everything that goes on now in all channels, for the one who watches over it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlmodel import Session

from backend import db
from backend.cases import service as cases
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.interactions.service import AgentState, Call, Event, Going, Taken, Usual, Visit
from backend.matrix.service import Pack
from backend.overview.going import POORLY, WallLine, Watched, contact, ringing, visit
from backend.overview.remembering import Memory
from backend.profiles import service as profiles
from backend.profiles.service import Brief
from backend.record import service as record
from backend.treatments import service as treatments
from backend.treatments.service import ParityCheck, RuleFailure
from shared.kernel import clock
from shared.kernel.errors import NotFound

ANSWERS_SHOWN = 12
ANSWERS = frozenset({"offer.accepted", "offer.declined", "offer.deferred", "offer.undone"})
HALF_AN_HOUR = timedelta(minutes=30)
AN_HOUR = timedelta(hours=1)
KEPT_FOR = timedelta(seconds=10)
"""What nothing was told of is read anew after so long all the same."""
A_SHORT_WHILE = timedelta(seconds=2)
"""How calls are taken changes with the clock too."""


@dataclass(frozen=True, slots=True)
class WallAnswer:
    at: datetime
    customer_id: UUID
    name: str
    answer: str
    headline: str
    channel: str | None
    by: str
    restricted: str = ""


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


_memory = Memory()
record.forget_by(_memory.clear)


@contextmanager
def _reading(now: datetime) -> Iterator[Session]:
    """A view of the database, begun after it was heard what changed: nothing told of is missing from it."""
    _memory.hear(now)
    with db.reading() as session:
        yield session


def wall(now: datetime) -> Wall:
    """Who is at work, what goes on in every channel, how calls are taken, what was answered last, and whether the channels agreed.

    Its lines say nothing of treatments yet: `glanced` does, for those that are shown. Opens its own transactions.
    """
    known = _memory
    with known.lock, profiles.as_house(), _reading(now) as session:
        pack = catalogues.pack_in_force(session)
        live = interactions.live(session)
        known.look(session, {call.customer_id for call in live if call.customer_id is not None}, now)
        seen = Watched(known.briefs, known.usuals, pack, now)
        lines = _lines(live, known, seen)
        queues, level = _queues(session, live, pack, known, now)
        return Wall(
            agents=known.kept("agents", now, KEPT_FOR, lambda: interactions.at_work(session), ("agents",)),
            lines=tuple(sorted(lines, key=lambda line: line.urgency)),
            answers=_answers(session, pack, known, now),
            parity=known.kept("parity", now, KEPT_FOR, lambda: treatments.last_check(session), ("parity",)),
            visitors=len(known.visits),
            failing=known.kept("rules", now, KEPT_FOR, lambda: treatments.failures(session, now), ("rules",)),
            missed=known.kept(
                "missed", now, KEPT_FOR, lambda: len(cases.callbacks_in(session, "missed", None)), ("inbox", "timeline")
            ),
            queues=queues,
            level=level,
            teams=tuple((one.key, one.label) for one in pack.casework.team),
            members=known.kept("members", now, KEPT_FOR, lambda: cases.team_members(session)),
        )


def closed_of(seen: Wall) -> frozenset[str]:
    """Which groups of customers on this wall are closed to who reads now. Opens its own transaction where there are any."""
    groups = {one.restricted for some in (seen.lines, seen.answers) for one in some if one.restricted}
    if not groups:
        return frozenset()
    with db.reading() as session:
        return frozenset(group for group in groups if profiles.is_closed(session, group))


def without(seen: Wall, closed: frozenset[str]) -> Wall:
    """The same wall, where nothing but that there is somebody is told of the customers of these groups. Pure."""
    if not closed:
        return seen
    lines = tuple(_nobody(one) if one.restricted in closed else one for one in seen.lines)
    return replace(seen, lines=lines, answers=tuple(one for one in seen.answers if one.restricted not in closed))


def _nobody(line: WallLine) -> WallLine:
    return replace(
        line, name=profiles.NO_NAME, why="", stage="", intent="", experience=None, tone="", interaction_id=None, call_id=None,
        state="visiting" if line.channel == "portal" else line.state,
        troubles=tuple(one for one in line.troubles if one != POORLY),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class GoingOn:
    """What goes on with customers whom we know: calls, contacts at desks, visits; and who they are."""

    calls: tuple[Call, ...]
    contacts: tuple[Going, ...]
    visits: tuple[Visit, ...]
    briefs: Mapping[UUID, Brief]


def going_on(now: datetime) -> GoingOn:
    """The same that the wall is drawn from, for whoever watches without looking at it. Opens its own transactions."""
    known = _memory
    with known.lock, profiles.as_house(), _reading(now) as session:
        live = interactions.live(session)
        known.look(session, {call.customer_id for call in live if call.customer_id is not None}, now)
        contacts = tuple(one for some in known.contacts.values() for one in some)
        return GoingOn(live, contacts, tuple(known.visits.values()), dict(known.briefs))


def usual_of(channel: str, intent: str | None, now: datetime) -> Usual | None:
    """How long such contacts usually take; None where nobody can say. Opens its own transaction."""
    with _memory.lock, _reading(now) as session:
        _memory.look(session, (), now)
        return _memory.usuals.get((channel, intent)) or _memory.usuals.get((channel, None))


def glanced(lines: Sequence[WallLine], now: datetime) -> tuple[WallLine, ...]:
    """These lines with what stands recommended to each customer and what they answered lately. Opens its own transactions.

    Of who is closed to the one who reads nothing is looked at, and nothing said.
    """
    told = [line.customer_id for line in lines if line.customer_id is not None and line.name != profiles.NO_NAME]
    some = {customer_id: _memory.briefs.get(customer_id) for customer_id in told}
    seen = treatments.glances({one: brief for one, brief in some.items() if brief is not None}, now)
    return tuple(
        replace(line, recommended=seen[line.customer_id].recommended, answered=seen[line.customer_id].answered)
        if line.customer_id in seen
        else line
        for line in lines
    )


def _lines(live: Iterable[Call], known: Memory, seen: Watched) -> list[WallLine]:
    held = {call.interaction_id: call.held_at for call in live if call.held_at is not None}
    queues = {call.interaction_id: call.queue for call in live if call.interaction_id is not None}
    loose = [call for call in live if call.interaction_id is None]
    drawn: list[WallLine | None] = [ringing(call, seen) for call in loose]
    same = (known.usuals, seen.pack)
    going = [one for some in known.contacts.values() for one in some]
    for one in going:
        held_at, queue = held.get(one.interaction_id), queues.get(one.interaction_id, "")
        if held_at is not None:
            drawn.append(contact(one, held_at, queue, seen))
            continue
        made_of = (one, known.briefs.get(one.customer_id), *same)
        drawn.append(known.line(one.interaction_id, made_of, seen.now, partial(contact, one, None, queue, seen)))
    spoken = {call.customer_id for call in loose} | set(known.contacts)
    for customer_id, here in known.visits.items():
        if customer_id not in spoken:
            made_of_visit = (here, known.briefs.get(customer_id), *same)
            drawn.append(known.line(here.interaction_id, made_of_visit, seen.now, partial(visit, here, seen)))
    known.forget_lines({*(one.interaction_id for one in going), *(one.interaction_id for one in known.visits.values())})
    return [line for line in drawn if line is not None]


def _queues(
    session: Session, live: Iterable[Call], pack: Pack, known: Memory, now: datetime
) -> tuple[tuple[QueueNow, ...], QueueNow | None]:
    """Each queue of the pack, with calls of none last where there are any; and all of them together."""
    plan = pack.telephony
    waits = [call for call in live if call.state == "ringing" and call.direction == "inbound"]
    otherwise = plan.service_level.seconds if plan.service_level else int(HALF_AN_HOUR.total_seconds())
    within = {one.label: one.service_level.seconds for one in plan.queues if one.service_level is not None}
    today = clock.midnight_after(clock.local_day(now, pack.timezone) - timedelta(days=1), pack.timezone)
    lately, over_the_day = known.kept(
        ("taken", otherwise, *within.items()), now, A_SHORT_WHILE,
        lambda: [interactions.taken_since(session, since, now, within, otherwise) for since in (now - HALF_AN_HOUR, today)],
        ("inbox", "agents"),
    )  # fmt: skip
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


def _answers(session: Session, pack: Pack, known: Memory, now: datetime) -> tuple[WallAnswer, ...]:
    """The last answers given anywhere in the last hour, newest first."""
    return known.kept("answers", now, KEPT_FOR, lambda: _answers_now(session, pack, now), ("offers",))


def _answers_now(session: Session, pack: Pack, now: datetime) -> tuple[WallAnswer, ...]:
    some = record.lately(session, ("offers",), ANSWERS_SHOWN)
    told = []
    for event in interactions.happened_since(session, some, ANSWERS, now - AN_HOUR, ANSWERS_SHOWN):
        with suppress(NotFound):  # erased since
            told.append(_answer(session, event, pack))
    return tuple(sorted(told, key=lambda one: one.at, reverse=True))


def _answer(session: Session, event: Event, pack: Pack) -> WallAnswer:
    with profiles.as_house():
        profile = profiles.profile(session, event.customer_id)
    mask = interactions.mask_for_anybody(profile, pack)
    headline = mask.text(str(event.data.get("headline") or event.data.get("treatment") or ""))
    answer = event.kind.removeprefix("offer.")
    return WallAnswer(
        event.at, event.customer_id, profile.name, answer, headline, event.channel, event.actor_name, profile.restricted
    )
