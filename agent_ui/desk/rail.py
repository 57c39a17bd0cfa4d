"""The frame around the desk's pages: what I do now, and my calls and open contacts as tabs. Each can be fetched alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.interactions import service as interactions
from backend.interactions.types import AgentState, Call, Interaction
from backend.people.service import Permission, current_actor, requires
from backend.profiles import service as profiles
from shared.kernel.actors import Actor
from shared.kernel.errors import EvenhandError, NotFound
from shared.ui.pages import page, request_now, wants_fragment
from shared.ui.signing_in import signed_in_actor

bp = Blueprint("rail", __name__, template_folder="templates")
SERVES = Permission.PRESENT_OFFERS
"""Who may put an offer to a customer takes calls, has a state, and contacts to wrap up; others only read."""


@dataclass(frozen=True, slots=True)
class Tab:
    """A call or an open contact of mine. `number` is for a call of nobody known yet, else `name` says who; `call_id` for a
    call that rings or goes on."""

    key: str
    href: str
    name: str | None
    number: str
    channel: str
    state: Literal["ringing", "talking", "ended", "open"]
    since: datetime
    private: bool
    call_id: UUID | None
    current: bool


@bp.get("/rail")
@requires(Permission.DESK)
def show() -> Response:
    if not wants_fragment():
        return redirect(url_for("home.show"), 303)
    return page("desk/rail.html", **_work(current_actor()))


def frame() -> dict[str, Any]:
    """What every whole page of the desk has around it; nothing for a piece of one, and nothing where our data is out of reach."""
    actor = signed_in_actor()
    if actor is None or wants_fragment():
        return {}
    try:
        return _work(actor)
    except EvenhandError:
        return {}


def serves(actor: Actor) -> bool:
    """Whether this member of staff takes calls."""
    return actor.may(SERVES)


def is_here(actor: Actor) -> None:
    """A page of theirs is open: who takes calls stays at work by it."""
    if serves(actor):
        with db.reading() as session:
            me = interactions.agent_state(session, actor, request_now())
        interactions.here(me, request_now())


def here() -> str:
    """The path of the page that the agent looks at: a piece of it is asked for from there."""
    if wants_fragment():
        return urlsplit(request.headers.get("HX-Current-URL", "")).path
    return request.script_root + request.path


def back() -> str:
    """Where a form that stands on every page leads back to: this page, where it is one that can be asked for."""
    return here() if request.method == "GET" or wants_fragment() else url_for("home.show")


def _work(actor: Actor) -> dict[str, Any]:
    if not serves(actor):
        return {"me": None, "tabs": ()}
    with db.reading() as session:
        me: AgentState = interactions.agent_state(session, actor, request_now())
        calls = interactions.calls_of(session, UUID(actor.id))
        contacts = interactions.open_interactions(session, UUID(actor.id))
        wanted = {*(one.customer_id for one in calls), *(one.customer_id for one in contacts)}
        names = {known: name for known in wanted if known and (name := _name(session, known)) is not None}
    interactions.here(me, request_now())
    tabs = _tabs(calls, contacts, names)
    return {"me": me, "tabs": tabs, "back": back()}


def _tabs(calls: Iterable[Call], contacts: Iterable[Interaction], names: dict[UUID, str]) -> tuple[Tab, ...]:
    """Oldest first, and each stays where it is while it rings, goes on and ends: the keys that open it stay the same."""
    talking = {call.interaction_id: call for call in calls if call.interaction_id is not None}
    known = {one.interaction_id for one in contacts}
    loose = [(call.rang_at, _of_call(call, names)) for call in calls if call.interaction_id not in known]
    going = [
        (one.started_at, _of_contact(one, talking.get(one.interaction_id), names)) for one in contacts if one.customer_id in names
    ]  # fmt: skip
    return tuple(tab for _, tab in sorted((*loose, *going), key=lambda found: found[0]))


def _name(session: Any, customer_id: UUID) -> str | None:
    try:
        return profiles.profile(session, customer_id).name
    except NotFound:
        return None  # erased meanwhile


def _of_call(call: Call, names: dict[UUID, str]) -> Tab:
    name = names.get(call.customer_id) if call.customer_id else None
    href = _customer(call.customer_id) if call.customer_id and name else url_for("calls.show", call_id=call.call_id)
    since = call.ended_at or call.answered_at or call.rang_at
    live = call.call_id if call.state != "ended" else None
    return Tab(f"call-{call.call_id}", href, name, call.number, "phone", call.state, since, False, live, _is(href))


def _of_contact(contact: Interaction, call: Call | None, names: dict[UUID, str]) -> Tab:
    href = _customer(contact.customer_id)
    state: Literal["talking", "ended", "open"] = "ended" if contact.ended_at else "open"
    since = contact.ended_at or contact.started_at
    if call is not None and call.state == "talking":
        state, since = "talking", call.answered_at or call.rang_at
    return Tab(
        f"contact-{contact.interaction_id}", href, names[contact.customer_id], "", contact.channel, state, since,
        contact.is_private, call.call_id if call is not None and state == "talking" else None, _is(href),
    )  # fmt: skip


def _customer(customer_id: UUID) -> str:
    return url_for("customers.show", customer_id=customer_id)


def _is(href: str) -> bool:
    path = here()
    return path == href or path.startswith(f"{href}/")
