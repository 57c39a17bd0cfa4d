"""What would change a decision: the smallest change, of something that someone can act on, found by search and true when tried.

The search tries every set of steps of its space, fewest first, and asks the engine what comes of each: nothing is inferred. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from itertools import combinations
from typing import Literal

from backend.engine import deciding as engine
from backend.engine.deciding import Ruling
from backend.engine.facts import Configuration, Ledger
from backend.matrix.service import day_text
from backend.profiles.snapshot import Snapshot, with_known
from backend.rules.service import Context, RuleFailed

MOST_TOGETHER = 3
"""Steps of one suggestion, waiting among them; one that waits has two at most."""
LONGEST_WAIT = 366
MOST_TRIES = 5_000
"""Decisions that one search may make: far more than a catalogue of the usual size needs."""
MOST_SUGGESTIONS = 4

Kind = Literal["act", "consent", "answer", "moment", "wait"]
Later = Callable[[date], Sequence[Snapshot]]
"""The customer on a later day if nothing else happens meanwhile: one snapshot for each state that the day brings."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that can be done: an act of the pack, a consent, an answer, a stated intent, or waiting until a day.

    `key` names it within its kind: the act, the purpose, the treatment answered, the intent, the ISO day.
    """

    kind: Kind
    key: str
    by: Literal["customer", "us", "time"]
    text: str


@dataclass(frozen=True, slots=True)
class Goal:
    """What is to come about: the treatment is offered at all, stands before the other, or stands first; or anything is offered."""

    kind: Literal["offered", "before", "first", "anything"]
    treatment: str = ""
    other: str = ""

    def reached(self, ruling: Ruling) -> bool:
        ranked = [item.treatment for item in ruling.ranked]
        if self.kind == "anything":
            return bool(ranked)
        if self.kind == "first":
            return ranked[:1] == [self.treatment]
        if self.treatment not in ranked:
            return False
        before = ranked.index(self.treatment)
        return self.kind == "offered" or self.other not in ranked[:before]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Steps that together reach the goal, and what then stands first and in which place the treatment stands."""

    steps: tuple[Step, ...]
    first: str
    rank: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What was found: suggestions of equal size, the first the smallest; none where nothing within the space helps.

    `complete` is False where the search ended before all was tried, `waiting` where waiting could not be tried.
    """

    goal: Goal
    suggestions: tuple[Suggestion, ...]
    tried: int
    complete: bool
    waiting: bool


@dataclass(frozen=True)
class World:
    """The arguments of a decision, and how the customer will be later where that can be known."""

    snapshot: Snapshot
    ledger: Ledger
    configuration: Configuration
    later: Later | None = None

    @property
    def today(self) -> date:
        return date.fromisoformat(self.snapshot.today)


def goal_for(ruling: Ruling, treatment: str = "") -> Goal | None:
    """What "why not?" asks of this treatment: to be offered where it is not, to stand first where it does not.

    Without one, and for the one that stands first already: that the second goes before the first; that anything is offered
    where nothing is; None where there is no second.
    """
    ranked = [item.treatment for item in ruling.ranked]
    if treatment and treatment not in ranked:
        return Goal("offered", treatment)
    if not ranked:
        return Goal("anything")
    first = ranked[0]
    if treatment not in ("", first):
        return Goal("first", treatment)
    second = next((key for key in ranked if key != first), None)
    return Goal("before", second, first) if second else None


def search(world: World, goal: Goal) -> Changes:
    """The smallest sets of steps that reach the goal, each one tried. Equal worlds give equal answers.

    A smaller set has fewer steps; of equal ones, acts go before consent, answers, what the customer says, and waiting, and a
    shorter wait before a longer.
    """
    found: list[Suggestion] = []
    told: set[tuple[frozenset[Step], frozenset[Kind]]] = set()
    tried, complete = 0, True
    world = replace(world, later=cache(world.later) if world.later else None)
    alone = _alone(world, goal)
    for steps in space(world, goal):
        if found and len(steps) > len(found[0].steps):
            break
        # To wait longer than is enough, or to say another thing that does the same, is nothing new.
        whole = frozenset(s for s in steps if s.kind not in ("wait", "moment"))
        if (whole, signature := frozenset(s.kind for s in steps)) in told:
            continue
        if tried == MOST_TRIES:
            complete = False
            break
        tried += 1
        # Asked of the treatment alone first: what is not offered where nothing competes with it is offered nowhere.
        ruling = outcome(world, goal, steps) if outcome(*alone, steps) is not None else None
        if ruling is not None:
            found.append(_suggestion(goal, steps, ruling))
            told.add((whole, signature))
            if len(found) == MOST_SUGGESTIONS:
                break
    return Changes(goal, tuple(found), tried, complete, world.later is not None)


def outcome(world: World, goal: Goal, steps: Sequence[Step]) -> Ruling | None:
    """The decision after these steps, where it reaches the goal (all day long, where a day is waited for); else None."""
    ruling = None
    for snapshot, ledger in changed(world, steps):
        ruling = engine.decide(snapshot, ledger, world.configuration)
        if not goal.reached(ruling):
            return None
    return ruling


def _alone(world: World, goal: Goal) -> tuple[World, Goal]:
    """A smaller question with a yes wherever the goal has one: the treatment offered, with nothing beside it but the ledger."""
    if not goal.treatment:
        return world, goal
    given = world.configuration
    ledger = {o.treatment for o in world.ledger.offers}
    narrow = replace(given, catalogue=given.catalogue.narrowed({goal.treatment, *ledger}))
    return replace(world, configuration=narrow), Goal("offered", goal.treatment)


def space(world: World, goal: Goal) -> Iterator[tuple[Step, ...]]:
    """All sets of steps that are tried, the smallest first. Waiting goes together with an act only for being offered at all:

    standing first depends on all the others, too, and each try costs a whole decision.
    """
    now, waits = steps_now(world), _waits(world)
    for size in range(1, MOST_TOGETHER + 1):
        for some in combinations(now, size):
            if _together(world, some):
                yield some
        if size == 1 or (size == 2 and goal.kind == "offered"):
            # What is said today has faded by then.
            before = [some for some in combinations(now, size - 1) if all(s.kind != "moment" for s in some)]
            for wait in waits:
                for some in before:
                    yield (wait, *some)


def steps_now(world: World) -> list[Step]:
    """What can be done today and would change anything, in the order in which steps of equal number are tried."""
    snapshot, pack = world.snapshot, world.configuration.catalogue.pack
    context = Context(snapshot.names())
    steps = []
    for act in pack.acts:
        with_it = with_known(snapshot, pack, act.set)
        if with_it != snapshot and _possible(act.when.test, context):
            steps.append(Step("act", act.key, act.by, act.label))
    granted = {key.split("/")[0] for key, state in snapshot.consents.items() if state == "granted"}
    for purpose in pack.purposes:
        if purpose.needed and purpose.key not in granted:
            steps.append(Step("consent", purpose.key, "customer", f"They agree to this: {purpose.label.lower()}"))
    for offer in world.ledger.offers:
        if offer.live(world.today) and offer.presented_first and offer.moment_key == snapshot.moment_key:
            name = world.configuration.treatment_of(offer).name
            steps.append(
                Step("answer", offer.offer_id, "customer", f"They decline “{name}”, which was presented first")
            )
    for intent in pack.intents.values():
        if not (snapshot.intent == intent.key and snapshot.stated):
            steps.append(Step("moment", intent.key, "customer", f"They say: “{intent.choice}”"))
    return steps


def changed(world: World, steps: Sequence[Step]) -> list[tuple[Snapshot, Ledger]]:
    """The customer and their ledger after these steps: once, or for each state that the day waited for brings."""
    pack = world.configuration.catalogue.pack
    snapshots: Sequence[Snapshot] = [world.snapshot]
    ledger = world.ledger
    acts = {act.key: act for act in pack.acts}
    for step in steps:
        match step.kind:
            case "wait":
                assert world.later is not None  # noqa: S101 (such steps come of it)
                snapshots = world.later(date.fromisoformat(step.key))
            case "act":
                snapshots = [with_known(s, pack, acts[step.key].set) for s in snapshots]
            case "consent":
                given = f"{step.key}/{pack.channels[0].key}"
                snapshots = [replace(s, consents={**s.consents, given: "granted"}) for s in snapshots]
            case "moment":
                snapshots = [_said(s, pack.intents[step.key].stage, step.key) for s in snapshots]
            case "answer":
                ledger = _declined(ledger, step.key, world.today)
    return [(snapshot, ledger) for snapshot in snapshots]


def _said(snapshot: Snapshot, stage: str, intent: str) -> Snapshot:
    version = snapshot.moment_version + 1
    return replace(
        snapshot, stage=stage, intent=intent, stated=True, moment_version=version, moment_key=str(version),
        moment_set_on=snapshot.today,
    )  # fmt: skip


def _declined(ledger: Ledger, offer_id: str, today: date) -> Ledger:
    return replace(
        ledger,
        offers=tuple(
            replace(o, state="declined", answered_on=today, until=None) if o.offer_id == offer_id else o
            for o in ledger.offers
        ),
    )


def _waits(world: World) -> list[Step]:
    if world.later is None:
        return []
    days = (world.today + timedelta(days=n) for n in range(1, LONGEST_WAIT + 1))
    return [Step("wait", day.isoformat(), "time", f"Wait until {day_text(day)}") for day in days]


def _together(world: World, steps: Sequence[Step]) -> bool:
    """Whether no step undoes another: a contract runs for one or for two years, and people say one thing."""
    acts = {act.key: act for act in world.configuration.catalogue.pack.acts}
    touched: list[str] = []
    for step in steps:
        touched += acts[step.key].set if step.kind == "act" else [step.kind if step.kind == "moment" else step.key]
    return len(touched) == len(set(touched))


def _possible(holds: Callable[[Context], bool], context: Context) -> bool:
    try:
        return holds(context)
    except RuleFailed:
        return False


def _suggestion(goal: Goal, steps: tuple[Step, ...], ruling: Ruling) -> Suggestion:
    ranked = [item.treatment for item in ruling.ranked]
    wanted = goal.treatment or ranked[0]
    return Suggestion(steps, ranked[0], ranked.index(wanted) + 1)
