"""How soon others see it: 100 desks and 200 visitors hold streams while offers are answered, telephones ring and pages are drawn."""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from urllib.parse import urlencode
from uuid import UUID

from backend import db
from backend.benching import drawing, measuring
from backend.benching.clients import Client
from backend.benching.copies import BenchFailed, House, Tell, serving
from backend.benching.rows import Row, quantile, row
from backend.benching.streams import Line, Lines, open_line
from backend.interactions import service as interactions
from backend.people import service as people
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from shared.kernel import clock

DESKS = 100
VISITORS = 200
GATHERED_SECONDS = 0.04
"""For so long a page gathers what it hears before it fetches itself (`GATHER` in live.js)."""
PAUSE_SECONDS = 0.05
FORM = "application/x-www-form-urlencoded"
AGENT = people.DEMO_STAFF[1][0]
_POP = re.compile(rb'href="([^"]+)"[^>]* data-pop=')


@dataclass(frozen=True)
class _Page:
    """An open page that follows: whose streams say so, and what it fetches anew."""

    face: str
    path: str
    cookies: dict[str, str]

    def fetched(self, port: int, *, whole: bool = False) -> bytes:
        """The part that follows, as the page fetches it; or the whole page."""
        client = Client(port, dict(self.cookies))
        by_itself = client.prepared("GET", self.path, HX_Request="true", X_Live="yes")
        status, body = client.send(client.prepared("GET", self.path) if whole else by_itself)
        client.close()
        if status != 200:
            raise BenchFailed(f"{self.face}: a part of the page came with {status}: {body[:200]!r}")
        return body


@dataclass
class _Seen:
    """Of one face: the seconds until it heard, and until what it shows was true again."""

    heard: list[float] = field(default_factory=list)
    shown: list[float] = field(default_factory=list)

    def of_hearing(self) -> dict[str, float]:
        heard = sorted(self.heard)
        return {f"heard_p{share}_ms": round(quantile(heard, share / 100) * 1000, 4) for share in (50, 99)}


def live(url: str, home: Path, n: int, tell: Tell) -> list[Row]:
    """From an answer until both faces show it, from a ring until the agent's screen shows who calls, and pages drawn meanwhile.

    Pages are drawn without any streams before and after, in the same run, since machines change their speed.
    """
    customers = measuring.first_customers(VISITORS)
    now = clock.now()
    with db.transaction() as session:
        key = people.create_key(session, ["all"], now)[1]
        people.give_demo_credentials(session, customers, now)
    with serving(url, home) as house:
        before = _pages(house, customers, n, "")
        tell("Pages without streams are measured.")
        agent = _ready_agent(house.port)
        lines, pages = _opened(house.port, customers, agent, tell)
        try:
            rows = _answers(house, customers, lines, pages, key, n)
            tell("Answers are measured.")
            rows.append(_rings(house, customers, lines, key, agent, max(4, n // 8)))
            tell("Rings are measured.")
            meanwhile = _pages(house, customers, n, "live_")
        finally:
            lines.close()
    tell("Pages with streams are measured.")
    with serving(url, home) as house:
        after = _pages(house, customers, n, "")
    for quiet, then, busy in zip(before, after, meanwhile, strict=True):
        busy["of_without_streams"] = round(2 * busy["per_second"] / (quiet["per_second"] + then["per_second"]), 3)
        if all(one.get("server_cpu_ms") for one in (quiet, then, busy)):
            # Steadier: how many a second also depends on how the clients' connections fell on the two web processes.
            busy["cpu_of_without"] = round(
                2 * busy["server_cpu_ms"] / (quiet["server_cpu_ms"] + then["server_cpu_ms"]), 3
            )
    return [*rows, *before, *meanwhile, *({**one, "name": f"{one['name']}_after"} for one in after)]


def _opened(port: int, customers: list[UUID], agent: Client, tell: Tell) -> tuple[Lines, dict[tuple[str, UUID], _Page]]:
    """All the streams, and the pages that they belong to; the agent's own is at the desk's first page."""
    desk = measuring.at_desk(port, customers[0])
    with ThreadPoolExecutor(8) as pool:
        visitors = list(pool.map(lambda one: measuring.at_portal(port, one), customers))
        asked: list[tuple[Client, str, str, UUID | None]] = [
            (desk, "desk", f"/desk/stream?customer={one}", one) for one in customers[:DESKS]
        ]
        asked += [(client, "portal", "/stream", one) for one, client in zip(customers, visitors, strict=True)]
        asked += [(agent, "agent", "/desk/stream", None)]
        opened: list[Line] = list(pool.map(lambda one: open_line(port, *one), asked))
    pages = {
        ("desk", one): _Page("desk", f"/desk/customers/{one}/panels/do", desk.cookies) for one in customers[:DESKS]
    }
    pages |= {
        ("portal", one): _Page("portal", "/", client.cookies) for one, client in zip(customers, visitors, strict=True)
    }
    for client in (desk, *visitors):
        client.close()
    tell(f"{DESKS} desks and {len(visitors)} visitors are live.")
    return Lines(opened), pages


def _answers(
    house: House, customers: list[UUID], lines: Lines, pages: dict[tuple[str, UUID], _Page], key: str, n: int
) -> list[Row]:
    """What is first is declined, for one customer after the other; by phone and the portal shows it, or the other way."""
    seen = {"desk": _Seen(), "portal": _Seen()}
    api, began = Client(house.port), time.perf_counter()
    with ThreadPoolExecutor(1) as watching:
        for nth, one in enumerate(islice(cycle(customers[:DESKS]), n)):
            decided = treatments.decide(one, clock.now())
            wanted = {str(ranked.offer_id) for ranked in decided.ranked[:1]}
            offer = next((offer for offer in decided.offers if str(offer.offer_id) in wanted), None)
            if offer is None:
                continue  # nothing is good for them any more
            channel, face = ("phone", "portal") if nth % 2 else ("portal", "desk")
            said = {"response": "declined", "channel": channel, "version": offer.version}
            request = api.prepared(
                "POST", f"/api/v1/offers/{offer.offer_id}/responses", json.dumps(said).encode(),
                Authorization=f"Bearer {key}", Content_Type="application/json",
            )  # fmt: skip
            sent = time.perf_counter()
            look = watching.submit(_until_shown, house.port, lines, pages[(face, one)], one, offer.offer_id, sent)
            status, answer = api.send(request)
            if status != 200:
                raise BenchFailed(f"An answer was refused with {status}: {answer[:200]!r}")
            heard, shown = look.result()
            seen[face].heard.append(heard)
            seen[face].shown.append(shown)
            lines.forget()
            time.sleep(PAUSE_SECONDS)
    api.close()
    wall = time.perf_counter() - began
    streams = {"desk": DESKS, "portal": VISITORS}
    return [
        row(f"answer_to_{face}", found.shown, wall, streams=streams[face], **found.of_hearing())
        for face, found in seen.items()
    ]


def _until_shown(port: int, lines: Lines, page: _Page, customer: UUID, offer: UUID, sent: float) -> tuple[float, float]:
    """The seconds until the page heard of the answer, and until the part that it fetched then was true."""
    heard = lines.first(page.face, customer, "offers", sent)
    time.sleep(GATHERED_SECONDS)
    if f'data-offer="{offer}"'.encode() in page.fetched(port):
        raise BenchFailed(f"The {page.face} still showed an offer that had been answered.")
    return heard.at - sent, time.perf_counter() - sent


def _rings(house: House, customers: list[UUID], lines: Lines, key: str, agent: Client, n: int) -> Row:
    """From the telephone system's word that it rings until the caller's page is there at the agent's desk."""
    seen, telephone, began = _Seen(), Client(house.port), time.perf_counter()
    with db.reading() as session:
        phones = [profiles.profile(session, one).phone for one in customers]
    for nth, phone in enumerate(islice(cycle([phone for phone in phones if phone]), n)):
        told = {
            "event": "newCall",
            "callId": f"bench-{nth}",
            "direction": "in",
            "from": phone,
            "to": "100",
            "user[]": AGENT,
        }
        sent = time.perf_counter()
        _tell(telephone, key, told)
        heard = lines.first("agent", None, "mine", sent)
        time.sleep(GATHERED_SECONDS)
        rail = _Page("agent", "/desk/rail", agent.cookies).fetched(house.port)
        found = _POP.search(rail)
        if found is None:
            raise BenchFailed("A call rang, and the agent's calls did not show it.")
        _Page("agent", found[1].decode(), agent.cookies).fetched(house.port, whole=True)
        seen.heard.append(heard.at - sent)
        seen.shown.append(time.perf_counter() - sent)
        _tell(
            telephone,
            key,
            {"event": "hangup", "callId": f"bench-{nth}", "cause": "cancel", "direction": "in", "from": phone},
        )
        time.sleep(PAUSE_SECONDS)
        lines.forget()
    telephone.close()
    return row("ring_to_desk", seen.shown, time.perf_counter() - began, **seen.of_hearing())


def _tell(telephone: Client, key: str, told: dict[str, str]) -> None:
    status, answer = telephone.request("POST", f"/api/v1/cti/{key}", urlencode(told).encode(), Content_Type=FORM)
    if status != 200:
        raise BenchFailed(f"The telephone was refused with {status}: {answer[:200]!r}")


def _ready_agent(port: int) -> Client:
    """An agent at the desk, ready for calls: another than the one who has all the desks open."""
    client = Client(port)
    client.sign_in("/desk/sign-in", AGENT, people.DEMO_PASSWORD, "email")
    with db.transaction() as session:
        found = people.find_staff(session, AGENT)
        actor = None if found is None else people.staff_actor(session, found[0])
        if actor is None:
            raise BenchFailed(f"{AGENT} cannot take calls.")
        interactions.set_agent_state(session, actor, "ready", clock.now())
    return client


def _pages(house: House, customers: list[UUID], n: int, prefix: str) -> list[Row]:
    """The pages of both faces as `bench pages` draws them."""
    rows = []
    for face in ("desk", "portal"):
        going = drawing.rounds(face, house.port, customers)
        drawing.drawn(f"{face} warm", going, 2 * measuring.CLIENTS)
        before = house.cpu_seconds()
        found = drawing.drawn(f"{prefix}{face}_{measuring.CLIENTS}", going, n)
        used = house.cpu_seconds()
        if before is not None and used is not None:
            found["server_cpu_ms"] = round((used - before) * 1000 / found["n"], 2)
        rows.append(found)
        for one in going:
            one.client.close()
    return rows
