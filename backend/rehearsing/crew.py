"""The made-up agents of a rehearsal: who is free, who has been so for longest, who takes the next call."""

from __future__ import annotations

from collections import deque
from uuid import UUID

from backend import db
from backend.interactions import service as interactions
from backend.matrix.service import Pack
from backend.people import service as people
from backend.record import service as record
from shared.kernel import clock
from shared.kernel.actors import SYSTEM, Actor

OURS = "rehearsal-"
"""With this begins what the telephone calls a call of a rehearsal."""


class Crew:
    """The agents, known to the scripts by their ids; only the thread that tells the scripts on asks it."""

    def __init__(self, agents: tuple[Actor, ...], addresses: dict[str, str]) -> None:
        self.agents = agents
        self._agents = {UUID(one.id): one for one in agents}
        self._addresses = addresses
        self._free = deque(self._agents)

    def next(self) -> Actor | None:
        """Whoever has been free for longest, busy from now on; None where all are."""
        return self._agents[self._free.popleft()] if self._free else None

    def take(self, staff_id: UUID) -> Actor | None:
        """The agent of this id, busy from now on; None for one who is busy, or is no agent of the rehearsal."""
        if staff_id not in self._free:
            return None
        self._free.remove(staff_id)
        return self._agents[staff_id]

    def free(self, agent: Actor) -> None:
        """The agent takes calls again."""
        if UUID(agent.id) not in self._free:
            self._free.append(UUID(agent.id))

    def address(self, agent: Actor) -> str:
        """What the telephone system calls the agent."""
        return self._addresses[agent.id]


def call_in(how_many: int, pack: Pack) -> Crew:
    """So many made-up agents, ready for calls, skilled in all that the pack's queues ask for."""
    now = clock.now()
    _hang_up()
    skills = [one.key for one in pack.telephony.skills]
    with db.transaction() as session:
        agents = people.call_in_made_up(session, how_many, now)
        known = {str(one.staff_id): one.email for one in people.colleagues(session)}
        for agent in agents:
            people.set_skills(session, known[agent.id], skills, skills, SYSTEM, now)
            _wrap_up(session, agent)
            interactions.set_agent_state(session, agent, "ready", now)
        record.audit(
            session, actor=SYSTEM, action="rehearsal.begun", subject="staff:made-up", customer_id=None,
            payload={"agents": how_many}, now=now,
        )  # fmt: skip
    return Crew(agents, known)


def send_home(crew: Crew) -> int:
    """All is over that was left, and nobody is at work any more; gives how many contacts were left."""
    left = 0
    _hang_up()
    for agent in crew.agents:
        with db.transaction() as session:
            left += _wrap_up(session, agent)
            interactions.set_agent_state(session, agent, "offline", clock.now())
    with db.transaction() as session:
        people.send_made_up_home(session, clock.now())
        record.audit(
            session, actor=SYSTEM, action="rehearsal.ended", subject="staff:made-up", customer_id=None,
            payload={"left": left}, now=clock.now(),
        )  # fmt: skip
    return left


def _hang_up() -> None:
    """No call of a rehearsal goes on, not even one of a rehearsal that was broken off."""
    with db.transaction() as session:
        for call in interactions.live(session):
            if call.external_id.startswith(OURS):
                interactions.hung_up(session, call.external_id, "normalClearing", clock.now())


def _wrap_up(session: db.Session, agent: Actor) -> int:
    """Wraps up what the agent has in hand; gives how many contacts that were."""
    now, me = clock.now(), UUID(agent.id)
    contacts = interactions.open_interactions(session, me)
    for one in contacts:
        interactions.wrap_up(
            session, one.customer_id, one.interaction_id, code="rehearsal", label="The rehearsal ended", summary="",
            actor=agent, now=now,
        )  # fmt: skip
    return len(contacts)
