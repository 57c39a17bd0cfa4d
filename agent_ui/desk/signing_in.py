"""Staff sign in and out."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from agent_ui.desk.states import arrive, depart
from backend import db
from backend.entering import service as entering
from backend.entering.service import Visitor
from backend.people.service import Permission, current_actor, public, requires
from backend.record import service as record
from shared.kernel.actors import Actor
from shared.kernel.errors import Unauthenticated
from shared.ui import sign_on, signing_in
from shared.ui.devices import browser_words, face_key, mark_device, network_address
from shared.ui.pages import local_path, page, request_now

bp = Blueprint("signing_in", __name__, template_folder="templates")


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
        actor = entering.sign_in_staff(email, password, _visitor(), request_now())
    except Unauthenticated as refused:
        return _form(422, email, {"": str(refused)})
    return _begin(actor, request.form.get("next"))


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
    return _begin(actor, next_path)


@bp.post("/sign-out")
@requires(Permission.DESK)
def leave() -> Response:
    depart(current_actor())
    _on_trail(current_actor(), "signed_out")
    signing_in.end()
    return redirect(url_for(".form"), 303)


def _begin(actor: Actor, next_path: str | None) -> Response:
    signing_in.start(actor)
    arrive(actor)
    _on_trail(actor, "signed_in")
    return redirect(local_path(next_path, url_for("home.show")), 303)


def _on_trail(actor: Actor, action: str) -> None:
    with db.transaction() as session:
        record.audit(
            session, actor=actor, action=action, subject=f"staff:{actor.id}", customer_id=None,
            payload={"browser": browser_words()}, now=request_now(),
        )  # fmt: skip


def _visitor() -> Visitor:
    return entering.visitor(network_address(), mark_device(), browser_words(), face_key())


def _form(status: int = 200, typed: str = "", errors: dict[str, str] | None = None) -> Response:
    return page(
        "desk/sign_in.html", status=status, typed=typed, errors=errors or {}, demo=current_app.config["DEMO"],
        next=request.values.get("next", ""),
        organisation=sign_on.name(), only=current_app.config["SIGN_ON_ONLY"],
    )  # fmt: skip
