"""Customers sign in, by number or e-mail, and out."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.entering import service as entering
from backend.people.service import Permission, current_actor, public, requires
from selfservice_ui import coming_in, keys
from shared.kernel.errors import Unauthenticated
from shared.kernel.languages import gettext
from shared.ui import sign_on, signing_in
from shared.ui.devices import face_key
from shared.ui.pages import page, request_now, tell

bp = Blueprint("signing_in", __name__)


@bp.get("/sign-in")
@public
def form() -> Response:
    if signing_in.signed_in_actor() is not None:
        return redirect(url_for("home.show"), 303)
    return _form()


@bp.post("/sign-in")
@public
def enter() -> Response:
    who, password = request.form.get("who", "").strip(), request.form.get("password", "")
    errors = {}
    if not who:
        errors["who"] = gettext("Enter your customer number or your e-mail address.")
    if not password:
        errors["password"] = gettext("Enter your password.")
    if errors:
        return _form(422, who, errors)
    try:
        actor = entering.sign_in_customer(who, password, coming_in.visitor(), request_now())
    except Unauthenticated as refused:
        return _form(422, who, {"": str(refused)})
    return coming_in.begin(actor, "password", request.form.get("next", ""))


@bp.get("/sign-in/passkey")
@public
def passkey() -> Response:
    return _passkey()


@bp.post("/sign-in/passkey")
@public
def enter_by_passkey() -> Response:
    challenge = keys.taken_challenge()
    try:
        with db.transaction() as writing:
            actor = entering.passkeys.sign_in(
                writing, request.form.get("answer", ""), challenge, keys.site(), request_now()
            )
    except Unauthenticated as refused:
        return _passkey(422, {"": str(refused)})
    return coming_in.begin(actor, "passkey", request.form.get("next", ""))


@bp.get("/sign-in/organisation")
@public
def by_organisation() -> Response:
    """Out to the sign-in of the customer's own organisation, where one is set up."""
    try:
        return sign_on.go(request.args.get("next", ""))
    except Unauthenticated as refused:
        return _form(401, errors={"": str(refused)})


@bp.get("/sign-in/organisation/back")
@public
def back_from_organisation() -> Response:
    try:
        known, next_path = sign_on.returned()
    except Unauthenticated as refused:
        return _form(401, errors={"": str(refused)})
    with db.transaction() as writing:
        actor = entering.sign_on.customer(writing, known.issuer, known.subject, known.email, request_now())
    if actor is not None:
        return coming_in.begin(actor, "sign_on", next_path)
    coming_in.connect_next(known)
    name = sign_on.name()
    tell(
        "plain",
        gettext("We do not know you yet by %(name)s", name=name),
        gettext("Sign in once in another way, or set up your account. From then on %(name)s opens it too.", name=name),
    )
    return redirect(url_for(".form", next=next_path) if next_path else url_for(".form"), 303)


@bp.get("/sign-in/authenticator")
@public
def second() -> Response:
    if coming_in.half_way() is None:
        return redirect(url_for(".form"), 303)
    return page("portal/second_step.html", errors={})


@bp.post("/sign-in/authenticator")
@public
def take_second() -> Response:
    actor = coming_in.half_way()
    if actor is None:
        return redirect(url_for(".form"), 303)
    typed = request.form.get("code", "").strip()
    try:
        if not typed:
            raise Unauthenticated(gettext("Enter the code that the app shows."))
        entering.second_step(actor, typed[:40], coming_in.visitor(), face_key(), request_now())
    except Unauthenticated as refused:
        return page("portal/second_step.html", status=422, errors={"code": str(refused)})
    return coming_in.go_on(actor)


@bp.post("/sign-out")
@requires(Permission.PORTAL)
def leave() -> Response:
    coming_in.leave(current_actor())
    return redirect(url_for(".form"), 303)


def _passkey(status: int = 200, errors: dict[str, str] | None = None) -> Response:
    asked = keys.asked(entering.passkeys.ask_to_sign_in(keys.site()))
    return page(
        "portal/passkey_asked.html", status=status, options=asked, errors=errors or {}, next=request.values.get("next", ""),
        elsewhere=keys.elsewhere(),
    )  # fmt: skip


def _form(status: int = 200, typed: str = "", errors: dict[str, str] | None = None) -> Response:
    return page(
        "portal/sign_in.html", status=status, typed=typed, errors=errors or {}, demo=current_app.config["DEMO"],
        next=request.values.get("next", ""), organisation=sign_on.name(),
    )  # fmt: skip
