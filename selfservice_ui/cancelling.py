"""Leaving, in plain steps: what, what it would mean, done; and taken back until the day before the last. The way out is never hidden."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from backend import db
from backend.casework import service as casework
from backend.overview import service as overview
from backend.people.service import Permission, current_actor, requires
from shared.kernel.errors import Conflict, Invalid, NotFound
from shared.ui.formats import speak_of
from shared.ui.pages import nobody_looks, page, request_now, tell

bp = Blueprint("cancelling", __name__)
LONGEST = 60


@bp.get("/services/cancel")
@requires(Permission.PORTAL)
def show() -> Response:
    """What may be cancelled."""
    return _choose()


@bp.get("/services/cancel/summary")
@requires(Permission.PORTAL)
def summary() -> Response:
    """What cancelling it would mean; it cancels nothing."""
    return _summary(_sent("what"), _sent("when"))


@bp.post("/services/cancel")
@requires(Permission.PORTAL)
def cancel() -> Response:
    what, when = _sent("what"), _sent("when")
    try:
        with db.transaction() as session:
            made = overview.cancel(session, current_actor(), what, when, _sent("seen"), _sent("reason"), request_now())
    except NotFound:
        return _choose(422, errors={"what": gettext("Choose what you want to cancel.")})
    except Conflict as changed:
        return _summary(what, when, 409, refused=changed)
    except Invalid as wrong:
        return _summary(what, when, 422, errors=wrong.errors)
    return redirect(url_for(".done", cancellation_id=made.cancellation_id), 303)


@bp.get("/cancellations/<uuid:cancellation_id>")
@requires(Permission.PORTAL)
def done(cancellation_id: UUID) -> Response:
    return _page(cancellation_id)


@bp.post("/cancellations/<uuid:cancellation_id>/undo")
@requires(Permission.PORTAL)
def undo(cancellation_id: UUID) -> Response:
    """They stay after all."""
    try:
        with db.transaction() as session:
            overview.take_cancellation_back(session, current_actor(), cancellation_id, request_now())
    except Conflict as late:
        return _page(cancellation_id, 409, refused=late)
    return redirect(url_for(".done", cancellation_id=cancellation_id), 303)


def _choose(status: int = 200, **more: Any) -> Response:
    actor, now = current_actor(), request_now()
    seen = overview.leaving_page(actor, now)
    speak_of(seen.timezone)
    times = casework.own_call_times(actor, now)
    about = {"about": gettext("Cancel my plan")}
    return page("portal/cancel.html", status=status, seen=seen, typed=about, times=times, **more)


def _summary(what: str, when: str, status: int = 200, **more: Any) -> Response:
    try:
        seen = overview.leaving_summary(current_actor(), what, when, request_now(), present=not nobody_looks())
    except NotFound:
        tell(
            "plain",
            gettext("There is nothing of that kind to cancel.") if what else gettext("Choose what you want to cancel."),
        )
        return redirect(url_for(".show"), 303)
    speak_of(seen.timezone)
    return page("portal/cancel_summary.html", status=status, seen=seen, typed=request.form, **more)


def _page(cancellation_id: UUID, status: int = 200, **more: Any) -> Response:
    seen = overview.cancellation_page(current_actor(), cancellation_id, request_now())
    speak_of(seen.timezone)
    return page("portal/cancellation.html", status=status, seen=seen, **more)


def _sent(name: str) -> str:
    return request.values.get(name, "")[:LONGEST]
