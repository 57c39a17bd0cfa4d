"""The telephone's door: Zammad's generic CTI push, as telephone bridges send it (form or JSON, its own names for things).

https://docs.zammad.org/en/latest/api/generic-cti/index.html
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import request
from pydantic import BaseModel
from sqlmodel import Session

from backend import db, problems
from backend.bodies import takes_forms
from backend.interactions import calls, holding
from backend.people import service as people
from backend.people.service import Permission, public
from shared.kernel import clock
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid, Unauthenticated

bp = problems.blueprint("calls", __name__, "Telephone systems tell of calls")
LONGEST_ID = 250
LONGEST_TEXT = 200
MOST_AGENTS = 50
EVENTS = ("newCall", "answer", "hold", "retrieve", "hangup")
"""Zammad's three, and two more of telephone systems that tell of them."""


class TokenPath(BaseModel):
    token: str


class CallAnswer(BaseModel):
    """Empty: the telephone system needs nothing of us."""


@bp.post(
    "/cti/<string:token>", responses={200: CallAnswer}, summary="A call rings, is answered, ends (Zammad's generic CTI)"
)
@public
@takes_forms
def tell(path: TokenPath) -> problems.Answer:
    """The token is a key with the scope `calls:write`; it stands in the address because telephone systems can send no header."""
    _holder(path.token)
    told, agents = _told()
    try:
        with db.transaction() as session:
            _pass_on(session, told, agents, clock.now())
    except Conflict:
        if told["event"] != "newCall":
            raise
        # Told twice at the same moment: the other telling counts.
    return {}


def _pass_on(session: Session, told: dict[str, str], agents: list[str], now: datetime) -> None:
    match told["event"]:
        case "newCall":
            inbound = told["direction"] == "in"
            number, line = (told["from"], told["to"]) if inbound else (told["to"], told["from"])
            # Who dials an agent's own telephone, or dials from it, names the agent by it.
            if not agents and people.whose_extension(session, line) is not None:
                agents = [line]
            calls.ring(session, told["callId"], number, line, "inbound" if inbound else "outbound", agents, now)
        case "answer":
            calls.answered(session, told["callId"], agents, now)
        case "hold" | "retrieve":
            holding.told_of(session, told["callId"], told["event"], now)
        case _:
            calls.hung_up(session, told["callId"], told["cause"], now)


def _holder(token: str) -> Actor:
    """Whoever holds the key. Raises Unauthenticated in the same words for one that does not hold or does not reach so far."""
    actor = people.trusted_actor(token)
    if actor is None:
        with db.reading() as session:
            actor = people.key_actor(session, token)
        if actor is not None:
            people.trust(token, actor)
    if actor is None or not actor.may(Permission.TELL_CALLS):
        raise Unauthenticated(
            "This address holds no key that may tell of calls: evenhand keys create --scopes calls:write"
        )
    return actor


def _told() -> tuple[dict[str, str], list[str]]:
    """What was sent, as text, and the agents that it names. Raises Invalid."""
    body: dict[str, Any]
    if request.is_json:
        given = request.get_json(silent=True)
        body = given if isinstance(given, dict) else {}
        named = body.get("user") or body.get("user[]") or []
        agents = named if isinstance(named, list) else [named]
    else:
        body = request.form.to_dict()
        agents = request.form.getlist("user[]") or request.form.getlist("user")
    told = {name: _text(body.get(name)) for name in ("event", "from", "to", "direction", "cause", "answeringNumber")}
    told["callId"] = _text(body.get("callId") or body.get("call_id"), LONGEST_ID)
    names = [text for name in [*agents[:MOST_AGENTS], told["answeringNumber"]] if (text := _text(name))]
    errors = {}
    if told["event"] not in EVENTS:
        errors["event"] = f"one of {', '.join(EVENTS)}"
    if not told["callId"]:
        errors["callId"] = f"the call's own id, {LONGEST_ID} characters at most"
    if told["event"] == "newCall":
        if told["direction"] not in ("in", "out"):
            errors["direction"] = "in or out"
        if not told["from"]:
            errors["from"] = "the number that calls, or anonymous"
    if errors:
        raise Invalid("This tells of no call.", errors)
    return told, names


def _text(value: Any, most: int = LONGEST_TEXT) -> str:
    """A short text without control characters; empty for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or len(value) > most:
        return ""
    return value.strip() if value.isprintable() else ""
