"""A telephone system, as Evenhand hears of it."""

from __future__ import annotations

import urllib.parse
import urllib.request
from uuid import uuid4

from backend import db
from backend.people import service as people
from e2e.servers import Server
from shared.kernel import clock
from tests.databases import opened


class Telephone:
    """A telephone system that tells of calls as bridges do."""

    def __init__(self, server: Server) -> None:
        with opened(server.database_url, server.log.parent), db.transaction() as session:
            key = people.create_key(session, ["calls:write"], clock.now())[1]
        self.door = f"{server.address}/api/v1/cti/{key}"

    def rings(self, number: str, agent: str) -> str:
        call = uuid4().hex
        self._tell(event="newCall", callId=call, direction="in", to="12025550100", **{"from": number, "user[]": agent})
        return call

    def answered(self, call: str, agent: str) -> None:
        self._tell(event="answer", callId=call, user=agent)

    def ended(self, call: str) -> None:
        self._tell(event="hangup", callId=call, cause="normalClearing")

    def _tell(self, **told: str) -> None:
        with urllib.request.urlopen(self.door, urllib.parse.urlencode(told).encode(), timeout=10) as answer:
            assert answer.status == 200
