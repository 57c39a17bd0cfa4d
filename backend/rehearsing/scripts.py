"""What people do in a rehearsal: callers, the agents who answer them, visitors of the portal.

Lengths are seconds of the day. A talk's is lognormal, as call centres measure it (Brown et al., JASA 100, 2005); how long
somebody waits before giving up is exponential beyond the first half minute.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID, uuid4

from backend.casework import service as casework
from backend.interactions import service as interactions
from backend.interactions.service import Call
from backend.matrix.service import Pack
from backend.overview import service as overview
from backend.people import service as people
from backend.rehearsing.crew import OURS, Crew
from backend.rehearsing.playing import Doing, Player, Script, Told
from backend.treatments import service as treatments
from shared.kernel.actors import Actor
from shared.kernel.errors import EvenhandError

LINE = "+12025550100"
TALK_MEDIAN, TALK_SPREAD, SHORTEST, LONGEST = 240.0, 0.6, 40.0, 1_500.0
PATIENCE, MEAN_PATIENCE = 30.0, 150.0
LOOKS_EVERY = 15.0
SAYS_WHY, HOLDS, OPENS_CASE, PUTS_THROUGH, CALLS_AGAIN = 0.85, 0.12, 0.06, 0.05, 0.08
ANSWERS = ("accepted", "declined", "declined", "deferred", "presented")
"""What is answered to a treatment that was put to somebody, each with the same chance."""
PAGES = (("home", "Home"), ("offers", "Offers"), ("bills", "Bills"), ("services", "Services"), ("activity", "Activity"))
_Acts = Generator[float | Doing, Any, Any]


@dataclass(frozen=True, slots=True)
class Person:
    """A made-up customer who may call or come to the portal."""

    customer_id: UUID
    name: str
    phone: str

    @property
    def actor(self) -> Actor:
        return people.customer_of(self.customer_id, self.name, self.customer_id)


@dataclass(frozen=True)
class Stage:
    """What all scripts of a day share."""

    pack: Pack
    crew: Crew
    player: Player
    random: Random

    @property
    def told(self) -> Told:
        return self.player.told

    def chance(self, of: float) -> bool:
        return self.random.random() < of

    def between(self, shortest: float, longest: float) -> float:
        return self.random.uniform(shortest, longest)


def caller(stage: Stage, person: Person, again: bool = False) -> Script:
    """Somebody calls, waits, perhaps gives up, is spoken with, and perhaps calls again."""
    external_id, count = f"{OURS}{uuid4().hex}", stage.told.counts
    first = stage.crew.next()
    named = [stage.crew.address(first)] if first else []
    call = yield Doing(lambda s, now: interactions.ring(s, external_id, person.phone, LINE, "inbound", named, now))
    count["calls"] += 1
    agent, patience = first, PATIENCE + stage.random.expovariate(1 / MEAN_PATIENCE)
    while agent is None and patience > 0 and call.state == "ringing":
        yield LOOKS_EVERY
        patience -= LOOKS_EVERY
        call, agent = yield from _looked(stage, call)
    if agent is None and call.state == "ringing":
        count["gave up"] += 1
        yield Doing(lambda s, now: interactions.hung_up(s, external_id, "originatorCancel", now))
        return
    if agent is None:
        return  # somebody at a real desk has it
    yield stage.between(3, 12)
    yield from _served(stage, person, external_id, agent)
    if not again and stage.chance(CALLS_AGAIN):
        count["called again"] += stage.player.later(caller(stage, person, again=True), stage.between(3_600, 3 * 3_600))


def visitor(stage: Stage, person: Person) -> Script:
    """Somebody comes to the portal, looks about, perhaps says why and answers what stands first."""
    stage.told.counts["visits"] += 1
    here = person.actor
    says, answers = stage.chance(0.3), stage.chance(0.35)
    for nth, (key, title) in enumerate(stage.random.sample(PAGES, stage.random.randint(1, len(PAGES)))):
        yield Doing(lambda now, key=key, title=title: overview.visit(here, key, title, now), alone=True)
        if nth == 0:
            if says:
                yield from _says_why(stage, person, "portal", here)
            yield Doing(lambda now: overview.portal_home(here, now), alone=True)
        yield stage.between(15, 180)
    if answers:
        yield from _answer(stage, person, "portal", here)


def _served(stage: Stage, person: Person, external_id: str, agent: Actor) -> _Acts:
    """The call is answered, spoken to its end and wrapped up; whatever happens, the agent is free after it."""
    try:
        call = yield Doing(lambda s, now: interactions.answered(s, external_id, [stage.crew.address(agent)], now))
        stage.told.counts["answered"] += 1
        agent = yield from _talk(stage, person, call, agent)
        yield Doing(lambda s, now: interactions.hung_up(s, external_id, "normalClearing", now))
        yield stage.between(20, 90)
        yield from _wrap_up(stage, person, agent)
    finally:
        stage.crew.free(agent)


def _looked(stage: Stage, call: Call) -> Generator[Doing, Any, tuple[Call, Actor | None]]:
    """How the call stands now, and which agent of ours is to answer it, if any."""
    now_it: Call = yield Doing(lambda s, now: interactions.call_of(s, call.call_id))
    if now_it.state != "ringing":
        return now_it, None
    if now_it.staff_id is not None:
        return now_it, stage.crew.take(now_it.staff_id)
    agent = stage.crew.next()
    return now_it, agent


def _talk(stage: Stage, person: Person, call: Call, agent: Actor) -> Generator[float | Doing, Any, Actor]:
    """What is said until they part; gives the agent who had the call last."""
    lasts = stage.random.lognormvariate(0, TALK_SPREAD) * TALK_MEDIAN
    lasts = min(LONGEST, max(SHORTEST, lasts))
    yield 0.15 * lasts
    if stage.chance(SAYS_WHY):
        yield from _says_why(stage, person, "phone", agent)
    yield 0.25 * lasts
    if stage.chance(HOLDS):
        stage.told.counts["held"] += 1
        yield Doing(lambda s, now: interactions.hold(s, call.call_id, agent, now))
        yield stage.between(30, 240)
        yield Doing(lambda s, now: interactions.retrieve(s, call.call_id, agent, now))
    if stage.chance(PUTS_THROUGH) and (other := stage.crew.next()) is not None:
        stage.told.counts["put through"] += 1
        name = stage.crew.address(other)
        yield Doing(lambda s, now: interactions.answered(s, call.external_id, [name], now))
        stage.crew.free(agent)
        agent = other
    yield 0.3 * lasts
    yield from _answer(stage, person, "phone", agent)
    if stage.chance(OPENS_CASE):
        stage.told.counts["cases"] += 1
        subject = "Asked to look into a bill"
        yield Doing(
            lambda s, now: casework.open_case(s, person.customer_id, subject, channel="phone", actor=agent, now=now)
        )
    yield 0.3 * lasts
    return agent


def _says_why(stage: Stage, person: Person, channel: str, actor: Actor) -> _Acts:
    intent = stage.random.choice(sorted(stage.pack.intents.values(), key=lambda one: one.key))
    stage.told.counts["moments"] += 1
    yield Doing(
        lambda s, now: overview.set_moment(s, person.customer_id, intent.stage, intent.key, channel, actor, now)
    )


def _answer(stage: Stage, person: Person, channel: str, actor: Actor) -> _Acts:
    """What stands first is put to them, and answered; what needs more than a word is put off."""
    decided = yield Doing(lambda now: treatments.decide(person.customer_id, now), alone=True)
    if not decided.ranked:
        stage.told.counts["nothing to offer"] += 1
        return
    offer_id, said = UUID(str(decided.ranked[0].offer_id)), stage.random.choice(ANSWERS)
    reason = stage.random.choice(stage.pack.decline_reasons).key if said == "declined" else None
    for answer in ("presented", said) if said != "presented" else ("presented",):
        more = {"reason": reason} if answer == "declined" else {}
        done = yield from _tried(
            stage,
            lambda s, now, answer=answer, more=more: treatments.answer(
                s, offer_id, answer, channel=channel, actor=actor, now=now, **more
            ),
        )
        if not done:
            return
        stage.told.counts[answer] += 1


def _wrap_up(stage: Stage, person: Person, agent: Actor) -> _Acts:
    def close(session: Any, now: Any) -> None:
        mine = [
            one
            for one in interactions.open_interactions(session, UUID(agent.id))
            if one.customer_id == person.customer_id
        ]
        for one in mine:
            overview.wrap_up(
                session, person.customer_id, one.interaction_id, code=code, summary="A made-up contact of a rehearsal.",
                not_mentioned=(), actor=agent, now=now,
            )  # fmt: skip

    code = stage.random.choice(stage.pack.wrap_ups).key
    yield from _tried(stage, close)
    stage.told.counts["wrapped up"] += 1


def _tried(stage: Stage, act: Any) -> Generator[Doing, Any, bool]:
    """Whether it was done; what the house refuses (answered meanwhile, needs what only a person can say) is counted."""
    try:
        yield Doing(act)
    except EvenhandError as refused:
        stage.told.counts[f"refused: {type(refused).__name__}"] += 1
        return False
    return True
