"""The demo: who may sign in, and what to print about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from backend import db
from backend.people import service as people
from backend.profiles import service as profiles
from backend.settings import Settings
from backend.treatments import service as treatments
from shared.kernel import clock

PACK = "telecom"
PAGE = 100
LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class _Candidate:
    number: str
    name: str
    risk: float
    troubled: bool
    months: int


def prepare(settings: Settings) -> list[str]:
    """Gives the demo's staff and loaded customers their sign-ins where these are missing; returns what to print."""
    now = clock.now()
    with db.reading() as session:
        made = people.demo_credentials_exist(session)
        everyone = [] if made else list(_everyone(session))
    if not made:
        with db.transaction() as session:
            people.create_demo_staff(session, now)
            people.give_demo_credentials(session, everyone, now)
    return _sheet(settings, now)


def _everyone(session: Session) -> Iterator[UUID]:
    cursor = None
    while True:
        page = profiles.search(session, limit=PAGE, cursor=cursor)
        yield from (match.id for match in page.items)
        cursor = page.next_cursor
        if cursor is None:
            return


def _sheet(settings: Settings, now: datetime) -> list[str]:
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
        f"  API     {address}/api/v1/openapi.json   (a key: evenhand keys create --scopes all)",
        "",
        f"  The password of all of them is {people.DEMO_PASSWORD}. All people here are made up. Ctrl-C ends the demo.",
        "",
    ]


def _telling(session: Session, now: datetime) -> list[tuple[str, str]]:
    """Two customers whom it is worth to sign in as: one who may leave after something went wrong, one who is content."""
    pack = treatments.pack_in_force(session)
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
                found.append(_Candidate(match.number, match.name, snapshot.churn_risk, troubled, tenure))
        cursor = page.next_cursor
        if cursor is None:
            break
    if not found:
        return []
    leaving = max(found, key=lambda one: (one.troubled, one.risk, one.number))
    staying = max(found, key=lambda one: (not one.troubled, one.months, -one.risk, one.number))
    return [
        (
            leaving.number,
            f"{leaving.name}, who may leave" + (" after something went wrong" if leaving.troubled else ""),
        ),
        (staying.number, f"{staying.name}, content for {staying.months} months"),
    ]
