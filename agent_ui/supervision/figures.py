"""What the wall says first: a few numbers, each with a word of trouble where something is wrong. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.interactions.service import Taken
from backend.overview.service import QueueNow, Wall
from backend.treatments.cards import STEP_LABELS

AN_HOUR = timedelta(hours=1)
A_LONG_WRAP_UP = timedelta(minutes=5)
FEW_CALLS = 5
"""Of fewer calls a share says nothing that anybody should act on."""
MOST_ANSWERS = 12


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with its label. `trouble` says in words what is wrong; empty when nothing is."""

    key: str
    label: str
    text: str
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class AtWork:
    """A member of staff: what they do, since when, and what is wrong about it."""

    name: str
    state: str
    since: datetime
    trouble: str
    reason: str = ""
    """Why they are away, where they said."""


_STATES = {"on_call": "On a call", "wrap_up": "Wrapping up", "ready": "Ready", "away": "Away"}
_ANSWERS = {
    "accepted": "Accepted",
    "fulfilled": "Arranged",
    "declined": "Declined",
    "deferred": "Put off",
    "pending_approval": "Being confirmed",
    "undone": "Taken back",
}
_ORDER = tuple(_STATES)


def figures(wall: Wall, now: datetime) -> tuple[Figure, ...]:
    """The numbers, in the order in which one asks for them."""
    states = Counter(agent.state for agent in wall.agents)
    waiting = sum(line.state == "ringing" for line in wall.lines)
    answers = sum(now - answer.at <= AN_HOUR for answer in wall.answers)
    unheard = any(line.state == "ringing" and line.trouble for line in wall.lines)
    missed = Figure("missed", "calls back missed", str(wall.missed), "call them") if wall.missed else None
    found = (
        Figure("work", "at work", str(len(wall.agents))),
        Figure("call", "on a call", str(states["on_call"])),
        Figure("ready", "ready", str(states["ready"]), "nobody is free" if waiting and not states["ready"] else ""),
        Figure("waiting", "waiting", str(waiting), "rings too long" if unheard else ""),
        *_level(wall.level),
        Figure("portal", "at the portal", str(wall.visitors)),
        Figure("answers", "answers in the last hour", _least(answers, full=answers >= MOST_ANSWERS)),
    )
    return (*found, missed) if missed else found


def _level(level: QueueNow | None) -> tuple[Figure, ...]:
    """How many of a hundred calls were answered in time over the last half hour; nothing where nothing is promised."""
    if level is None or level.target is None:
        return ()
    label = f"answered in {level.seconds}\u00a0s"
    share = level.half_hour.share
    if share is None:
        return (Figure("level", label, "–"),)
    return (Figure("level", label, percent(share), below(level.half_hour, level.target)),)


def below(taken: Taken, target: float | None) -> str:
    """ "below 80 %", where so few were answered in time; nothing of a handful of calls."""
    share = taken.share
    if share is None or target is None or taken.calls < FEW_CALLS or share >= target:
        return ""
    return f"below {percent(target)}"


def percent(share: float) -> str:
    """ "82 %" that no line breaks: never rounded up to what was not reached."""
    return f"{int(share * 100 + 1e-9)}\u00a0%"


def by_state(wall: Wall) -> tuple[tuple[str, int], ...]:
    """How many agents are in each state, in the order in which one asks for them; states of nobody left out."""
    states = Counter[str](agent.state for agent in wall.agents)
    return tuple((state_label(state), states[state]) for state in _ORDER if states[state])


def at_work(wall: Wall, now: datetime) -> tuple[AtWork, ...]:
    """Who is at work: those in trouble first, then by what they do."""
    found = [AtWork(a.name, a.state, a.since, _worry(a.state, now - a.since), a.reason) for a in wall.agents]
    return tuple(sorted(found, key=lambda one: (not one.trouble, _ORDER.index(one.state), one.since)))


def answer_label(answer: str) -> str:
    """ "Put off"."""
    return _ANSWERS.get(answer, answer.replace("_", " ").capitalize())


def state_label(state: str) -> str:
    """ "On a call"."""
    return _STATES.get(state, state)


def step_label(step: str) -> str:
    """ "not eligible": the step of the funnel as it is said within a line."""
    return STEP_LABELS.get(step, step).lower()


def about(length: timedelta) -> str:
    """A length in whole minutes: "4 min", "under 1 min"."""
    minutes = round(length.total_seconds() / 60)
    if minutes < 1:
        return "under 1 min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours else f"{minutes} min"


def lasting(since: datetime, now: datetime) -> str:
    """How long, as one reads it across a room: "42 s", "4 min", "1 h 5 min"."""
    seconds = max(0, int((now - since).total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _worry(state: str, lasts: timedelta) -> str:
    return "wraps up for long" if state == "wrap_up" and lasts > A_LONG_WRAP_UP else ""


def _least(number: int, *, full: bool) -> str:
    return f"{number}+" if full and number else str(number)
