"""What I am doing: ready for calls or away, by hand; on a call and wrapping up come by themselves."""

from __future__ import annotations

import contextlib
from uuid import UUID

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from agent_ui.desk.rail import SERVES, back, serves
from backend import db
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.matrix.service import Labelled
from backend.people.service import Permission, current_actor, requires
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid
from shared.ui.pages import local_path, page, request_now, tell, wants_fragment

bp = Blueprint("states", __name__, template_folder="templates")


@bp.get("/state")
@requires(Permission.DESK)
def show() -> Response:
    if not wants_fragment():
        return redirect(url_for("home.show"), 303)
    return _panel()


@bp.post("/state")
@requires(SERVES)
def change() -> Response:
    """Ready, or away and perhaps why (`away/meal`). While a call goes on or waits to be wrapped up it stays as it is, and the answer says why."""
    refused: Conflict | Invalid | None = None
    state, _, reason = request.form.get("state", "").partition("/")
    try:
        with db.transaction() as session:
            reasons = catalogues.pack_in_force(session).away_reasons
            interactions.set_agent_state(session, current_actor(), state, request_now(), reason, reasons)
            interactions.take_waiting(session, current_actor(), request_now())
    except (Conflict, Invalid) as why:
        refused = why
    if wants_fragment():
        return _panel(refused.status if refused else 200, str(refused) if refused else None)
    if refused:
        tell("warn", "Your state stays as it is", str(refused))
    return redirect(local_path(request.form.get("next"), url_for("home.show")), 303)


def arrive(actor: Actor) -> None:
    """Who signs in is away until they say that they are ready; who signs in a second time stays what they were."""
    if not serves(actor):
        return
    with db.transaction() as session:
        if interactions.agent_state(session, actor, request_now()).state == "offline":
            interactions.set_agent_state(session, actor, "away", request_now())


def depart(actor: Actor) -> None:
    """Who signs out takes no calls; one that still goes on is ended by the telephone, not by us."""
    if not serves(actor):
        return
    with contextlib.suppress(Conflict), db.transaction() as session:
        interactions.set_agent_state(session, actor, "offline", request_now())


def _panel(status: int = 200, refused: str | None = None) -> Response:
    actor = current_actor()
    me = None
    reasons: tuple[Labelled, ...] = ()
    to_wrap_up = True
    if serves(actor):
        with db.reading() as session:
            me = interactions.agent_state(session, actor, request_now())
            reasons = catalogues.pack_in_force(session).away_reasons
            to_wrap_up = me.state != "wrap_up" or interactions.has_to_wrap_up(session, UUID(actor.id))
    return page(
        "desk/state.html", status=status, me=me, reasons=reasons, back=back(), state_refused=refused, to_wrap_up=to_wrap_up
    )  # fmt: skip
