"""The portal's first page: what needs you, what we can do for you, what brings you here; and the bridge to a person."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, g, redirect, request, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.cases import service as cases
from backend.casework import service as casework
from backend.overview import service as overview
from backend.people.service import Permission, current_actor, requires
from backend.profiles.service import Profile
from selfservice_ui.words import CHANNEL
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid
from shared.kernel.languages import gettext
from shared.ui.formats import speak_of
from shared.ui.pages import nobody_looks, page, request_now, tell, wants_fragment

bp = Blueprint("home", __name__)
TEMPLATE = "portal/home.html"


@bp.get("/")
@requires(Permission.PORTAL)
def show() -> Response:
    """The home page; what it shows counts as presented, unless a browser only guessed that it may be wanted."""
    return page(TEMPLATE, "content", **home_context(present=not nobody_looks(), known=g.profile))


@bp.post("/moment")
@requires(Permission.SET_MOMENT)
def moment() -> Response:
    """Writes what brings the customer here, as they said it: every channel knows it from now on."""
    stage, _, intent = request.form.get("moment", "").partition("/")
    actor = current_actor()
    assert actor.customer_id is not None  # noqa: S101 (the permission belongs to customers here; for the type checker)
    with db.transaction() as session:
        overview.set_moment(session, actor.customer_id, stage, intent or None, CHANNEL, actor, request_now())
    if wants_fragment():
        said = {"title": gettext("Thank you"), "text": gettext("This is what we can do for you now.")}
        return page(TEMPLATE, "content", done=said, **home_context())
    tell("good", gettext("Thank you"), gettext("This is what we can do for you now."))
    return redirect(url_for(".show"), 303)


@bp.post("/callback")
@requires(Permission.PORTAL)
def callback() -> Response:
    """Asks for a call: the bridge to what can be done by phone alone."""
    try:
        with db.transaction() as session:
            overview.request_callback(
                session, current_actor(), when=_when(), about=request.form.get("about", ""), now=request_now()
            )  # fmt: skip
    except Invalid as wrong:
        errors = wrong.errors or {"": str(wrong)}
        return page(TEMPLATE, status=422, callback_errors=errors, **{**home_context(), "typed": request.form})
    tell("good", gettext("We will call you"), gettext("You find it under “What we are doing for you”."))
    return redirect(url_for(".show"), 303)


@bp.post("/cases/<uuid:case_id>/cancellation")
@requires(Permission.PORTAL)
def cancel(case_id: UUID) -> Response:
    """The customer no longer wants the call that they asked for."""
    try:
        with db.transaction() as session:
            overview.cancel_case(session, current_actor(), case_id, request_now())
    except Conflict as refused:
        return page(TEMPLATE, "content", status=409, case_refused=refused, **home_context())
    tell("good", gettext("We won't call"), gettext("You can ask for a call again at any time."))
    return redirect(url_for(".show"), 303)


@bp.get("/callbacks/<uuid:case_id>/time")
@requires(Permission.PORTAL)
def when(case_id: UUID) -> Response:
    """Another time for a call that was booked."""
    return _time(case_id)


@bp.post("/callbacks/<uuid:case_id>/time")
@requires(Permission.PORTAL)
def move(case_id: UUID) -> Response:
    try:
        with db.transaction() as session:
            moved = casework.move_own_callback(
                session, current_actor(), case_id, request.form.get("when", ""), CHANNEL, request_now()
            )
    except Invalid as wrong:
        return _time(case_id, 422, wrong.errors or {"": str(wrong)})
    except Conflict as refused:
        return page(TEMPLATE, "content", status=409, case_refused=refused, **home_context())
    tell("good", gettext("We call you at the new time") if moved.slot_at else gettext("Noted"))
    return redirect(url_for(".show"), 303)


def _when() -> str:
    """A part of the day, or the time that was chosen of all that are free."""
    chosen = request.form.get("when", "")
    return request.form.get("slot", "") if chosen == "at" else chosen


def _time(case_id: UUID, status: int = 200, errors: dict[str, str] | None = None) -> Response:
    actor = current_actor()
    assert actor.customer_id is not None  # noqa: S101 (the permission belongs to customers; for the type checker)
    with db.reading() as session:
        found = cases.callback_of(session, actor.customer_id, case_id).case
    times = casework.own_call_times(actor, request_now())
    speak_of(times.zone)
    return page("portal/call_time.html", status=status, it=found, times=times, errors=errors or {})


def home_context(actor: Actor | None = None, *, present: bool = True, known: Profile | None = None) -> dict[str, Any]:
    """All that the home page is drawn from, for its first paint and for each refresh; of who is signed in, or of `actor`.

    `known` is their profile, where this request has read it and written nothing since.
    """
    actor, now = actor or current_actor(), request_now()
    first = overview.first_page(actor, now, present=present, known=known)
    home, g.visit = first.home, first.visit
    speak_of(home.timezone)
    with db.reading() as session:
        times = casework.call_times_in(session, first.pack, home.timezone, now)
        sent = casework.sent_articles(session, actor, now)
    return {"home": home, "typed": {}, "times": times, "sent_articles": sent}
