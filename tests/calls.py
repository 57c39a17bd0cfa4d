"""What tests of calls say: who is at work, what the telephone told, what state somebody is in."""

from __future__ import annotations

from datetime import datetime

from backend import db
from backend.interactions import service as interactions
from backend.people import service as people
from backend.profiles import service as profiles
from shared.kernel.actors import Actor
from tests.cast import PORTAL_CUSTOMER

LINE = "+12025550100"


def agent(login: str, now: datetime, state: str = "ready") -> Actor:
    """An agent of the demo, at work."""
    with db.transaction() as session:
        found = people.find_staff(session, login)
        assert found is not None
        actor = people.staff_actor(session, found[0])
        assert actor is not None
        interactions.set_agent_state(session, actor, state, now)
    return actor


def customer() -> profiles.Profile:
    with db.reading() as session:
        found = profiles.find_by_sign_in(session, PORTAL_CUSTOMER)
        assert found is not None
        return profiles.profile(session, found)


def ring(number: str, now: datetime, *named: str, external: str = "c1") -> interactions.Call:
    with db.transaction() as session:
        return interactions.ring(session, external, number, LINE, "inbound", named, now)


def answer(now: datetime, *named: str, external: str = "c1") -> interactions.Call:
    with db.transaction() as session:
        return interactions.answered(session, external, named, now)


def hang_up(now: datetime, external: str = "c1") -> interactions.Call:
    with db.transaction() as session:
        return interactions.hung_up(session, external, "normalClearing", now)


def state(actor: Actor, now: datetime) -> str:
    with db.reading() as session:
        return interactions.agent_state(session, actor, now).state
