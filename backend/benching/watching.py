"""The wall of a full floor: five hundred interactions and a hundred agents, ten walls open, and agents' pages drawn meanwhile."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import cycle, islice
from pathlib import Path
from uuid import UUID

from backend import db
from backend.benching import measuring
from backend.benching.clients import Client
from backend.benching.copies import BenchFailed, Tell, serving
from backend.benching.rows import Row, quantile, row
from backend.benching.streams import Lines, open_line
from backend.interactions import service as interactions
from backend.overview import service as overview
from backend.people import service as people
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from shared.kernel import clock, ids
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict

AGENTS, AT_DESKS, AT_THE_PORTAL, WALLS = 100, 350, 150, 10
PAUSE_SECONDS = 1 / 3
"""Of five hundred interactions that last six minutes, three in two seconds begin and end; as often something is said."""
PAGE_SECONDS = 0.12
BLOCKS = 8
APART_SECONDS = 0.6
"""A wall fetches itself so often at most (`throttle` in its templates)."""
GOING, SHOWN = "/desk/wall/panels/going", "/desk/wall/panels/going?channel=branch"
_INTENTS: tuple[tuple[str, str | None], ...] = (("pay", "bill_question"), ("use", "not_working"), ("leave", None))
SUPERVISOR = "supervisor@demo.example"


def wall(url: str, home: Path, n: int, tell: Tell) -> list[Row]:
    """How soon a wall shows what changed, how long its refresh takes, and whether agents' pages are slower with ten walls open.

    Pages are drawn by turns with walls and without, some at a time, while the same changes go on: machines change their speed.
    """
    people_of = measuring.first_customers(AT_DESKS + AT_THE_PORTAL + 2 * n)
    going, spare = people_of[: AT_DESKS + AT_THE_PORTAL], people_of[AT_DESKS + AT_THE_PORTAL :]
    agents = _filled(going)
    tell(f"{len(going)} interactions go on, {AGENTS} agents are at work.")
    alone, watched, refreshed = _Timed(), _Timed(), _Timed()
    with serving(url, home) as house:
        floor = _Floor(going, agents)
        floor.start()
        try:
            client, asked = measuring.at_desk(house.port, going[0]), cycle(going)
            _drawn(client, asked, 20, _Timed())
            for nth in range(BLOCKS):
                walls = _Walls(house.port, refreshed) if nth % 2 else None
                timed = watched if walls else alone
                before_it, began = house.cpu_seconds(), time.perf_counter()
                try:
                    _drawn(client, asked, max(4, n // BLOCKS), timed)
                    timed.cpu += (house.cpu_seconds() or 0) - (before_it or 0)
                    timed.lasted += time.perf_counter() - began
                    if nth == BLOCKS - 1:
                        tell("Agents' pages with and without ten walls are measured.")
                        shown = _shown(house.port, spare, agents, max(16, n // 4))
                        tell("Changes are measured.")
                finally:
                    if walls:
                        walls.close()
            client.close()
        finally:
            floor.close()
    before = alone.row("desk_no_wall", server_cores=alone.cores)
    after = watched.row("desk_ten_walls", server_cores=watched.cores, walls=WALLS)
    for share in ("p50", "p99"):
        after[f"{share}_of_without"] = round(after[f"{share}_ms"] / before[f"{share}_ms"], 3)
    # The first ones read everybody for the first time.
    refreshed.seconds = refreshed.seconds[2 * WALLS :]
    refresh = refreshed.row("wall_refresh", walls=WALLS, interactions=len(going), agents=AGENTS)
    return [refresh, shown, before, after]


@dataclass
class _Timed:
    """What each took, and all together."""

    seconds: list[float] = field(default_factory=list)
    together: float = 0.0
    cpu: float = 0.0
    lasted: float = 0.0
    """The processor's time that the server used, over so many seconds."""

    @property
    def cores(self) -> float:
        """How much of a processor the server took: steadier than times, where others are at work on the machine."""
        return round(self.cpu / self.lasted, 3) if self.lasted else 0.0

    def row(self, name: str, **more: object) -> Row:
        return row(name, self.seconds, self.together, **more)


def _drawn(client: Client, customers: Iterator[UUID], n: int, timed: _Timed) -> None:
    """An agent's pages, one after the other as somebody opens them; each profile has moved before, so that it is decided anew."""
    began = time.perf_counter()
    for customer in islice(customers, n):
        measuring.bump([customer])
        time.sleep(PAGE_SECONDS)
        asked = time.perf_counter()
        status, body = client.send(client.prepared("GET", f"/desk/customers/{customer}"))
        timed.seconds.append(time.perf_counter() - asked)
        if status != 200:
            raise BenchFailed(f"An agent's page came with {status}: {body[:200]!r}")
    timed.together += time.perf_counter() - began


def _filled(going: list[UUID]) -> list[Actor]:
    """The floor as it is at a busy hour; every decision stands, as on the pages of those who serve them."""
    now, chance = clock.now(), random.Random(7)
    agents = [
        Actor("staff", str(ids.uuid7()), f"Agent {nth}", people.ROLES["agent"], role="agent")
        for nth in range(1, AGENTS + 1)
    ]
    with db.transaction() as session:
        for agent in agents:
            interactions.set_agent_state(session, agent, "ready", now - timedelta(minutes=chance.randint(0, 40)))
    for nth, customer in enumerate(going):
        at = now - timedelta(seconds=chance.randint(5, 700))
        if nth < AT_DESKS:
            with db.transaction() as session:
                interactions.begin(session, customer, ("phone", "chat")[nth % 2], agents[nth % AGENTS], at)
                stage, intent = chance.choice(_INTENTS)
                overview.set_moment(session, customer, stage, intent, "phone", agents[nth % AGENTS], now)
        else:
            with db.reading() as session:
                name = profiles.profile(session, customer).name
            themselves = Actor("customer", str(customer), name, people.ROLES["customer"], customer)
            overview.visit(themselves, "bills", "Bills", now - timedelta(seconds=chance.randint(0, 200)))
        treatments.decide(customer, now)
    return agents


class _Floor(threading.Thread):
    """What goes on meanwhile: contacts are wrapped up and begin, customers say why they are here."""

    def __init__(self, going: list[UUID], agents: list[Actor]) -> None:
        super().__init__(daemon=True)
        self._going, self._agents = going[:AT_DESKS], agents
        self._ended = threading.Event()

    def run(self) -> None:
        chance = random.Random(11)
        for nth in cycle(range(AT_DESKS)):
            if self._ended.wait(PAUSE_SECONDS):
                return
            customer, agent = self._going[nth], self._agents[nth % AGENTS]
            try:
                with db.transaction() as session:
                    if nth % 2:
                        stage, intent = chance.choice(_INTENTS)
                        overview.set_moment(session, customer, stage, intent, "phone", agent, clock.now())
                        continue
                    for one in interactions.open_with_customer(session, customer):
                        interactions.wrap_up(
                            session, customer, one.interaction_id, code="solved", label="Solved", summary="", actor=agent,
                            now=clock.now(),
                        )  # fmt: skip
                    interactions.begin(session, customer, "phone", agent, clock.now())
            except Conflict:
                continue

    def close(self) -> None:
        self._ended.set()
        self.join()


class _Walls:
    """Ten walls, each with its stream, fetching themselves as the page does."""

    def __init__(self, port: int, timed: _Timed) -> None:
        self._ended, self._timed = threading.Event(), timed
        self._began = time.perf_counter()
        client = _supervisor(port)
        clients = [Client(port, dict(client.cookies)) for _ in range(WALLS)]
        client.close()
        self._lines = Lines([open_line(port, one, "wall", "/desk/wall/stream", nth) for nth, one in enumerate(clients)])
        self._pool = ThreadPoolExecutor(WALLS)
        self._running = [self._pool.submit(self._watch, nth, one) for nth, one in enumerate(clients)]

    def _watch(self, nth: int, client: Client) -> None:
        after = time.perf_counter()
        request = client.prepared("GET", GOING, HX_Request="true")
        while not self._ended.is_set():
            heard = self._lines.first("wall", nth, "wall", after)
            began = time.perf_counter()
            status, body = client.send(request)
            self._timed.seconds.append(time.perf_counter() - began)
            if status != 200:
                raise BenchFailed(f"A wall could not be refreshed: {status}, {body[:200]!r}")
            after = max(heard.at, began)
            self._ended.wait(max(0.0, APART_SECONDS - (time.perf_counter() - began)))

    def close(self) -> None:
        """Closes them, when each has fetched itself for the last time."""
        self._ended.set()
        for one in self._running:
            one.result()
        self._pool.shutdown()
        self._lines.close()
        self._timed.together += time.perf_counter() - self._began


def _shown(port: int, spare: list[UUID], agents: list[Actor], n: int) -> Row:
    """From a contact's beginning until a wall shows it, with the wait of a page that has fetched itself just before."""
    client = _supervisor(port)
    lines = Lines([open_line(port, client, "one", "/desk/wall/stream", 0)])
    fetching = Client(port, dict(client.cookies))
    request = fetching.prepared("GET", SHOWN, HX_Request="true")
    seconds: list[float] = []
    heard_after: list[float] = []
    began = time.perf_counter()
    try:
        for nth, customer in enumerate(islice(spare, n)):
            sent = time.perf_counter()
            with db.transaction() as session:
                interactions.begin(session, customer, "branch", agents[nth % AGENTS], clock.now())
            done = time.perf_counter()
            heard = lines.first("one", 0, "wall", sent)
            heard_after.append(heard.at - sent)
            status, body = fetching.send(request)
            while status == 200 and str(customer).encode() not in body:
                # What was heard was of another change: the page hears of this one too, and fetches itself again.
                heard = lines.first("one", 0, "wall", max(heard.at, done))
                status, body = fetching.send(request)
            if status != 200:
                raise BenchFailed(f"A wall could not be refreshed: {status}, {body[:200]!r}")
            seconds.append(time.perf_counter() - sent)
            lines.forget()
            with db.transaction() as session:
                for one in interactions.open_with_customer(session, customer):
                    interactions.wrap_up(
                        session, customer, one.interaction_id, code="solved", label="Solved", summary="",
                        actor=agents[nth % AGENTS], now=clock.now(),
                    )  # fmt: skip
            time.sleep(random.uniform(0.05, 0.4))
    finally:
        lines.close()
        client.close()
        fetching.close()
    heard_in_order = sorted(heard_after)
    found = row("change_to_wall", seconds, time.perf_counter() - began)
    found["heard_p99_ms"] = round(quantile(heard_in_order, 0.99) * 1000, 4)
    found["p99_with_pause_ms"] = round(found["p99_ms"] + APART_SECONDS * 1000, 4)
    return found


def _supervisor(port: int) -> Client:
    client = Client(port)
    client.sign_in("/desk/sign-in", SUPERVISOR, people.DEMO_PASSWORD, "email")
    return client
