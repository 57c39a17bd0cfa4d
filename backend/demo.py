"""The demo: who may sign in, and what to print about it."""

import socket
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from backend import db
from backend.catalogue import service as catalogues
from backend.engine import service as engine
from backend.overview import service as overview
from backend.people import service as people
from backend.profiles import service as profiles
from backend.settings import Settings
from backend.treatments import service as treatments
from shared.kernel import clock

PACK = "telecom"
MAIL_PORT = 2525
SMS_DOMAIN = "sms.demo.example"
MAIL_FROM = "Evenhand Telecom <service@demo.example>"
PAGE = 100
LOOKED_AT = 200
AT_RISK = 0.4
TOURED = ("leaving", "price")
"""The intents that the tour goes through, one by a page that is looked at, one said to the agent."""
FACES = ("phone", "portal")


@dataclass(frozen=True, slots=True)
class _Candidate:
    customer_id: UUID
    number: str
    name: str
    risk: float
    troubled: bool
    months: int


def own_mail(environ: MutableMapping[str, str]) -> int | None:
    """Where no mail server is set, sets the demo's own, which sends nothing on; gives its port."""
    if environ.get("EVENHAND_SMTP_URL"):
        return None
    port = free_port(MAIL_PORT)
    environ["EVENHAND_SMTP_URL"] = f"smtp://127.0.0.1:{port}"
    environ.setdefault("EVENHAND_MAIL_FROM", MAIL_FROM)
    # What would go out as a text message is read in the demo's mailbox too.
    environ.setdefault("EVENHAND_SMS_DOMAIN", SMS_DOMAIN)
    return port


def free_port(wanted: int) -> int:
    """This port where it is free, else any other."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def prepare(settings: Settings, mail_port: int | None = None) -> list[str]:
    """Gives the demo's staff and loaded customers their sign-ins where these are missing; returns what to print."""
    now = clock.now()
    with db.reading() as session:
        made = people.demo_credentials_exist(session)
        everyone = [] if made else list(_everyone(session))
    if not made:
        with db.transaction() as session:
            people.create_demo_staff(session, now)
            people.give_demo_credentials(session, everyone, now)
    return _sheet(settings, now, mail_port)


def score(tell: Callable[[str], None]) -> None:
    """Scores the demo's customers, where nobody was scored yet: elsewhere a worker does, as the day of each begins."""
    with db.reading() as session:
        known = profiles.cuts_now(session, catalogues.pack_in_force(session))
    if known is None:
        overview.score_all(clock.now(), tell)


def _everyone(session: Session) -> Iterator[UUID]:
    cursor = None
    while True:
        page = profiles.search(session, limit=PAGE, cursor=cursor)
        yield from (match.id for match in page.items)
        cursor = page.next_cursor
        if cursor is None:
            return


def _sheet(settings: Settings, now: datetime, mail_port: int | None) -> list[str]:
    address = f"http://127.0.0.1:{settings.port}"
    staff = "  ".join(email.partition("@")[0] for email, _name, _role in people.DEMO_STAFF)
    with db.reading() as session:
        shown = _telling(session, now)
    return [
        "",
        f"  Portal  {address}/",
        *(f"          {number:<10} {who}" for number, who in shown),
        f"  Desk    {address}/desk",
        f"          {staff}  @demo.example",
        f"  Wall    {address}/desk/wall",
        "          supervisor@demo.example",
        f"  API     {address}/api/v1/openapi.json   (a key: evenhand keys create --scopes all)",
        *_mail(address, settings, mail_port),
        "",
        *(_tour(address, shown[0][0]) if shown else ()),
        f"  The password of all of them is {people.DEMO_PASSWORD}. All people here are made up. Ctrl-C ends the demo.",
        "",
    ]


def _mail(address: str, settings: Settings, port: int | None) -> list[str]:
    if port is None:
        return []
    return [
        f"  Mail    {address}/desk/mailbox   (as admin: what was sent to customers; nothing leaves this machine)",
        f"          write to {settings.mail_from} by SMTP at 127.0.0.1:{port}, from a customer's address",
    ]


def _tour(address: str, number: str) -> list[str]:
    """Two minutes in which a stranger sees what all this is for."""
    return [
        "  The tour, in two minutes and three windows (private ones, so that each signs in by itself):",
        f"  1. {address}/desk as agent1: choose Ready.  {address}/desk/wall as supervisor.  {address}/ as {number}.",
        "  2. In the portal open Services, then Cancel my plan. The wall shows where the customer is.",
        f"  3. In another terminal:  .venv/bin/evenhand ring {number}     The desk opens the customer, and says what they looked at.",
        "  4. At the desk set why they call, say Price too high. The portal shows another card, the same as the desk.",
        "  5. In the portal accept it. Desk and wall know at once; the desk can no longer offer it twice.",
        "  6. Press Enter in the terminal: the call ends. Wrap up is filled in already; the portal says that you spoke.",
        "",
    ]


def _shows(customer_id: UUID, now: datetime) -> bool:
    """Whether the tour works with this customer: each of its moments has a first of its own, which both faces can deliver."""
    firsts = []
    for intent in TOURED:
        decided = treatments.preview(customer_id, now, intent=intent)
        inputs = decided.inputs
        here = [
            engine.deliver(decided.ranked, inputs.snapshot, inputs.configuration, channel).here for channel in FACES
        ]
        if not all(here) or here[0][0].treatment != here[1][0].treatment:
            return False
        firsts.append(here[0][0].treatment)
    return len(set(firsts)) == len(firsts)


def _telling(session: Session, now: datetime) -> list[tuple[str, str]]:
    """Two customers whom it is worth to sign in as: one who may leave after something went wrong, one who is content."""
    pack = catalogues.pack_in_force(session)
    found: list[_Candidate] = []
    cursor = None
    while len(found) < LOOKED_AT:
        page = profiles.search(session, limit=PAGE, cursor=cursor)
        for match in page.items:
            profile = profiles.profile(session, match.id)
            snapshot = profiles.snapshot(profile, now, pack)
            if snapshot.churn_risk is not None and not profile.facts.get("dates", {}).get("left"):
                months = snapshot.attributes.get("tenure")
                tenure = int(months) if isinstance(months, (int, float)) else 0
                troubled = snapshot.bad_experience is not None
                found.append(_Candidate(match.id, match.number, match.name, snapshot.churn_risk, troubled, tenure))
        cursor = page.next_cursor
        if cursor is None:
            break
    if not found:
        return []
    by_risk = sorted(found, key=lambda one: (one.risk > AT_RISK, one.troubled, one.risk, one.number), reverse=True)
    leaving = next((one for one in by_risk if _shows(one.customer_id, now)), by_risk[0])
    staying = max(found, key=lambda one: (not one.troubled, one.months, -one.risk, one.number))
    return [
        (
            leaving.number,
            f"{leaving.name}, who may leave" + (" after something went wrong" if leaving.troubled else ""),
        ),
        (staying.number, f"{staying.name}, content for {staying.months} months"),
    ]
