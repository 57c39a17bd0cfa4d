"""The door of rehearsing: a day of a call centre, played at speed with made-up agents and made-up customers alone.

What happens in it is real for the house: calls, contacts, decisions, offers, cases, with their places on timelines, walls and
the audit trail. So it is for demonstrations and trials, and a soak test for whoever changes the house.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

from backend import db
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.matrix.service import Pack
from backend.overview import service as overview
from backend.profiles import service as profiles
from backend.record import service as record
from backend.rehearsing import scripts
from backend.rehearsing.arriving import CLOSES, OPENS, STEP_SECONDS, CallDay, day_of
from backend.rehearsing.crew import Crew, call_in, send_home
from backend.rehearsing.playing import Player
from backend.treatments import service as treatments
from shared.kernel import clock
from shared.kernel.errors import Conflict, Invalid

__all__ = ["CLOSES", "OPENS", "CallDay", "Rehearsal", "Wanted", "day_of"]

DRAINS = 3_600.0
"""After the last arrival the day goes on for so long at most, until everyone is wrapped up."""
AMONG, PEOPLE, COMPARED = 5_000, 500, 40
FIRST = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is played: about `calls` over the whole day, `visits` to the portal for each call, from `begins` to `ends` (seconds of the day)."""

    calls: int = 400
    visits: float = 0.6
    agents: int = 12
    speed: float = 60.0
    begins: int = OPENS
    ends: int = CLOSES
    seed: int = 1
    threads: int = 4


class Rehearsal:
    """One day. Iterated, it plays five minutes of the day at a time; left, nobody is at work and nothing is left open.

    Raises Invalid for a day that ends before it begins, and Conflict where there is nobody made up to call.
    """

    def __init__(self, day: CallDay, wanted: Wanted) -> None:
        if not OPENS <= wanted.begins < wanted.ends <= CLOSES:
            raise Invalid("The day goes from 07:00 to 21:05; it ends after it begins.", {"from": "07:00 to 21:05"})
        self.day, self.wanted = day, wanted
        self._random = Random(wanted.seed)
        with db.reading() as session:
            self._pack: Pack = catalogues.pack_in_force(session)
            self._people = self._made_up(session)
        if not self._people:
            raise Conflict("A rehearsal is for made-up customers, and there are none: load the demo's pack first.")

    @property
    def steps(self) -> int:
        return -(-(self.wanted.ends - self.wanted.begins) // STEP_SECONDS)

    def _made_up(self, session: db.Session) -> list[scripts.Person]:
        known = [
            one for one in profiles.some_from(session, FIRST, AMONG) if one.made_up and "left" not in one.facts["dates"]
        ]
        some = self._random.sample(known, min(PEOPLE, len(known)))
        found = (profiles.profile(session, one.customer_id) for one in some)
        return [scripts.Person(one.customer_id, one.name, one.phone) for one in found if one.phone]

    def __enter__(self) -> Rehearsal:
        interactions.use_queues(catalogues.telephony_in_force, overview.who_may_open)
        self._crew: Crew = call_in(self.wanted.agents, self._pack)
        wanted, random = self.wanted, self._random
        self.player = Player(wanted.speed, wanted.threads, wanted.ends - wanted.begins)
        stage = scripts.Stage(self._pack, self._crew, self.player, random)
        for at in self.day.arrivals(wanted.calls, random, wanted.begins, wanted.ends):
            self.player.begin(scripts.caller(stage, random.choice(self._people)), at - wanted.begins)
        for at in self.day.arrivals(round(wanted.calls * wanted.visits), random, wanted.begins, wanted.ends):
            self.player.begin(scripts.visitor(stage, random.choice(self._people)), at - wanted.begins)
        return self

    def __exit__(self, *_: object) -> None:
        self.player.close()
        self.player.told.counts["left"] = send_home(self._crew)

    def __iter__(self) -> Iterator[int]:
        """After each five minutes of the day, how many have been played; the last waits until everyone is wrapped up."""
        for nth in range(1, self.steps + 1):
            self.player.play(nth * STEP_SECONDS)
            if nth == self.steps:
                self.player.play(nth * STEP_SECONDS + DRAINS)
            yield nth

    def outcome(self) -> dict[str, Any]:
        """What came of it, how late acts began, and whether the house is whole after it: channels agree, the trail holds."""
        told = self.player.told
        late = sorted(told.late) or [0.0]
        differences = []
        channels = [channel.key for channel in self._pack.channels]
        for person in self._people[:COMPARED]:
            differences += treatments.compare_channels(person.customer_id, channels, clock.now())[1]
        verdict = record.verify()
        return {
            "day": self.day.day.isoformat(),
            "counts": dict(sorted(told.counts.items())),
            "late_p50_ms": round(late[len(late) // 2] * 1000, 1),
            "late_p99_ms": round(late[int(0.99 * (len(late) - 1))] * 1000, 1),
            "faults": told.faults[:100],
            "differences": differences,
            "audit_ok": verdict["ok"],
        }
