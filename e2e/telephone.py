"""A telephone system, as Evenhand hears of it."""

from __future__ import annotations

import urllib.parse
import urllib.request
from uuid import uuid4

from backend import db
from backend.interactions import service as interactions
from backend.overview import service as overview
from backend.people import service as people
from e2e.servers import Server
from shared.kernel import clock
from tests.databases import opened


class Telephone:
    """A telephone system that tells of calls as bridges do."""

    def __init__(self, server: Server) -> None:
        self._calls: list[str] = []
        self._server = server
        with opened(server.database_url, server.log.parent), db.transaction() as session:
            key = people.create_key(session, ["calls:write"], clock.now())[1]
        self.door = f"{server.address}/api/v1/cti/{key}"

    def rings(self, number: str, agent: str, line: str = "12025550100") -> str:
        call = uuid4().hex
        self._calls.append(call)
        self._tell(event="newCall", callId=call, direction="in", to=line, **{"from": number, "user[]": agent})
        return call

    def follows(self, call: str) -> None:
        """Tidies this call away too, of which somebody else tells at the same door."""
        self._calls.append(call)

    def answered(self, call: str, agent: str) -> None:
        self._tell(event="answer", callId=call, user=agent)

    def ended(self, call: str) -> None:
        self._tell(event="hangup", callId=call, cause="normalClearing")

    def close(self) -> None:
        """Every call is over and wrapped up, and nobody is at work: the next journey begins with nothing left of this one."""
        for call in self._calls:
            self.ended(call)
        now = clock.now()
        with opened(self._server.database_url, self._server.log.parent), db.transaction() as session:
            for agent in interactions.at_work(session):
                actor = people.staff_actor(session, agent.staff_id)
                assert actor is not None
                for contact in interactions.open_interactions(session, agent.staff_id):
                    overview.wrap_up(
                        session, contact.customer_id, contact.interaction_id, code="solved", summary="", not_mentioned=(),
                        actor=actor, now=now,
                    )  # fmt: skip
                for left in interactions.calls_of(session, agent.staff_id):
                    interactions.drop(session, left.call_id, actor, now)
                interactions.set_agent_state(session, actor, "offline", now)

    def _tell(self, **told: str) -> None:
        with urllib.request.urlopen(self.door, urllib.parse.urlencode(told).encode(), timeout=10) as answer:
            assert answer.status == 200
