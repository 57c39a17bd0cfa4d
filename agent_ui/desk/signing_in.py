"""Staff sign in and out."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from agent_ui.desk import coming_in, stepping
from backend import db
from backend.entering import service as entering
from backend.people.service import Permission, current_actor, public, requires
from shared.kernel.errors import Invalid, Unauthenticated
from shared.ui import sign_on, signing_in
from shared.ui.devices import face_key
from shared.ui.pages import page, request_now

bp = Blueprint("signing_in", __name__, template_folder="templates")
TOO_LATE = "That took too long. Sign in again."


@bp.get("/sign-in")
@public
def form() -> Response:
    if signing_in.signed_in_actor() is not None:
        return redirect(url_for("home.show"), 303)
    return _form()


@bp.post("/sign-in")
@public
def enter() -> Response:
    email, password = request.form.get("email", "").strip(), request.form.get("password", "")
    if current_app.config["SIGN_ON_ONLY"]:
        return _form(422, email, {"": f"Sign in with {sign_on.name()}: passwords are not taken here."})
    errors = {}
    if not email:
        errors["email"] = "Enter your e-mail address."
    if not password:
        errors["password"] = "Enter your password."  # noqa: S105 (words for a person)
    if errors:
        return _form(422, email, errors)
    try:
        actor = entering.sign_in_staff(email, password, coming_in.visitor(), request_now())
    except Unauthenticated as refused:
        return _form(422, email, {"": str(refused)})
    return coming_in.begin(actor, "password", request.form.get("next", ""))


@bp.get("/sign-in/organisation")
@public
def by_organisation() -> Response:
    """Out to the organisation's own sign-in, where one is set up."""
    try:
        return sign_on.go(request.args.get("next", ""))
    except Unauthenticated as refused:
        return _form(401, errors={"": str(refused)})


@bp.get("/sign-in/organisation/back")
@public
def back_from_organisation() -> Response:
    try:
        known, next_path = sign_on.returned()
        with db.transaction() as writing:
            actor = entering.sign_on.staff(writing, known.issuer, known.subject, known.email, request_now())
    except Unauthenticated as refused:
        return _form(401, errors={"": str(refused)})
    return coming_in.begin(actor, "sign_on", next_path)


@bp.get("/sign-in/second-step")
@public
def second() -> Response:
    """The second step, for who has taken the first."""
    if coming_in.half_way() is None:
        return redirect(url_for(".form"), 303)
    return page("desk/second_step.html", errors={})


@bp.post("/sign-in/second-step")
@public
def take_second() -> Response:
    actor = coming_in.half_way()
    if actor is None:
        return _form(422, errors={"": TOO_LATE})
    typed = request.form.get("code", "")
    try:
        if not typed.strip():
            raise Unauthenticated("Enter the code.")
        entering.second_step(actor, typed[:40], coming_in.visitor(), face_key(), request_now())
    except Unauthenticated as refused:
        return page("desk/second_step.html", status=422, errors={"code": str(refused)})
    return redirect(coming_in.go_on(actor), 303)


@bp.get("/sign-in/set-up")
@public
def set_up() -> Response:
    """For whoever must have a second step and has none yet: before anything else opens."""
    actor = coming_in.half_way()
    if actor is None:
        return redirect(url_for(".form"), 303)
    with db.reading() as reading:
        is_set = entering.authenticators.is_set(reading, actor)
    if is_set:
        return redirect(url_for(".second"), 303)
    return stepping.beginning(actor, url_for(".confirm"))


@bp.post("/sign-in/set-up")
@public
def confirm() -> Response:
    """The first right code: the second step is set, and the sign-in begins."""
    actor = coming_in.half_way()
    if actor is None:
        return _form(422, errors={"": TOO_LATE})
    try:
        codes = stepping.confirmed(actor)
    except Invalid as wrong:
        return stepping.beginning(actor, url_for(".confirm"), 422, wrong.errors)
    onward = coming_in.go_on(actor)
    return stepping.on_paper(codes, onward)


@bp.post("/sign-out")
@requires(Permission.DESK)
def leave() -> Response:
    coming_in.leave(current_actor())
    return redirect(url_for(".form"), 303)


def _form(status: int = 200, typed: str = "", errors: dict[str, str] | None = None) -> Response:
    return page(
        "desk/sign_in.html", status=status, typed=typed, errors=errors or {}, demo=current_app.config["DEMO"],
        next=request.values.get("next", ""),
        organisation=sign_on.name(), only=current_app.config["SIGN_ON_ONLY"],
    )  # fmt: skip
