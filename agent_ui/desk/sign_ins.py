"""A member of staff's own sign-ins: where they are signed in, and their second step."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from agent_ui.desk import coming_in, stepping
from backend import db
from backend.entering import service as entering
from backend.people import service as people
from backend.people.service import Permission, current_actor, requires
from backend.staffing import service as staffing
from shared.kernel.errors import Conflict, Invalid, NotFound, Unauthenticated
from shared.ui.devices import face_key
from shared.ui.pages import page, request_now, tell

bp = Blueprint("sign_ins", __name__, template_folder="templates")
WAYS = {"password": "with a password", "sign_on": "with your organisation's sign-in"}


@bp.get("/me/sign-ins")
@requires(Permission.DESK)
def show() -> Response:
    return _page()


@bp.post("/me/sign-ins/<uuid:session_id>/end")
@requires(Permission.DESK)
def end(session_id: UUID) -> Response:
    actor = current_actor()
    if session_id == coming_in.this_session():
        coming_in.leave(actor)
        return redirect(url_for("signing_in.form"), 303)
    try:
        with db.transaction() as session:
            staffing.end_sign_ins(session, UUID(actor.id), actor, request_now(), only=session_id)
    except NotFound as gone:
        tell("plain", str(gone))
    else:
        tell("good", "Signed out there", "Whoever is there has to sign in again.")
    return redirect(url_for(".show"), 303)


@bp.post("/me/sign-ins/others/end")
@requires(Permission.DESK)
def end_others() -> Response:
    actor = current_actor()
    with db.transaction() as session:
        ended = staffing.end_sign_ins(session, UUID(actor.id), actor, request_now(), but=coming_in.this_session())
    tell("good", "Signed out everywhere else", "" if ended else "You were signed in only here.")
    return redirect(url_for(".show"), 303)


@bp.post("/me/second-step")
@requires(Permission.DESK)
def begin() -> Response:
    try:
        with db.transaction() as session:
            entering.authenticators.begin(session, current_actor(), face_key(), request_now())
    except Conflict as refused:
        tell("plain", str(refused))
        return redirect(url_for(".show"), 303)
    return redirect(url_for(".set_up"), 303)


@bp.get("/me/second-step")
@requires(Permission.DESK)
def set_up() -> Response:
    with db.reading() as session:
        begun = entering.authenticators.beginning(session, current_actor(), face_key())
    if begun is None:
        return redirect(url_for(".show"), 303)
    return stepping.beginning(current_actor(), url_for(".confirm"))


@bp.post("/me/second-step/confirmation")
@requires(Permission.DESK)
def confirm() -> Response:
    try:
        codes = stepping.confirmed(current_actor())
    except Invalid as wrong:
        return stepping.beginning(current_actor(), url_for(".confirm"), 422, wrong.errors)
    except Conflict as refused:
        tell("plain", str(refused))
        return redirect(url_for(".show"), 303)
    return stepping.on_paper(codes, url_for(".show"))


@bp.post("/me/second-step/removal")
@requires(Permission.DESK)
def remove() -> Response:
    """A borrowed browser is not enough: whoever removes it has it, or a code on paper. Who must have one sets up another."""
    actor, now = current_actor(), request_now()
    try:
        entering.second_step(actor, request.form.get("code", "")[:40], coming_in.visitor(), face_key(), now)
    except Unauthenticated as refused:
        return _page(422, {"code": str(refused)})
    with db.transaction() as session:
        entering.authenticators.remove(session, actor, coming_in.whole(""), now)
        must = _must(people.employee(session, UUID(actor.id)))
        if must:
            entering.authenticators.begin(session, actor, face_key(), now)
    if must:
        return redirect(url_for(".set_up"), 303)
    tell("good", "Removed", "No code is asked for any more.")
    return redirect(url_for(".show"), 303)


def _must(who: people.Employee) -> bool:
    return people.needs_second_step(who.role) and not who.is_demo


def _page(status: int = 200, errors: dict[str, str] | None = None) -> Response:
    actor, now = current_actor(), request_now()
    with db.reading() as session:
        who = people.employee(session, UUID(actor.id))
        found: dict[str, Any] = {
            "who": who,
            "sessions": people.sessions_of(session, who.staff_id, now, coming_in.this_session()),
            "is_set": entering.authenticators.is_set(session, actor),
            "codes_left": entering.authenticators.codes_left(session, actor),
            "must": _must(who),
        }
    return page("desk/sign_ins.html", status=status, errors=errors or {}, ways=WAYS, **found)
