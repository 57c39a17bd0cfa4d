"""A customer's passkeys, added, named and removed, and their authenticator."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, current_app, redirect, request, session, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from backend import db
from backend.entering import service as entering
from backend.entering.service import Challenge, Site
from backend.people.service import Permission, current_actor, requires
from selfservice_ui import coming_in, sign_ins
from shared.kernel.errors import Conflict, Invalid, Unauthenticated
from shared.kernel.languages import gettext
from shared.ui.devices import browser_words, face_key
from shared.ui.pages import page, request_now, tell

bp = Blueprint("keys", __name__)
_CHALLENGE = "challenge"
GOOD_FOR_SECONDS = 300


def site() -> Site:
    """For which site keys are made."""
    return entering.site_at(current_app.config["ADDRESS"])


def elsewhere() -> str:
    """Where keys work, when it is not the address that this page was asked for by; else empty."""
    return "" if request.host == site().host else site().origin


def asked(one: Challenge) -> str:
    """What the browser is asked; its answer is good once, and for five minutes."""
    session[_CHALLENGE] = [one.challenge, request_now().timestamp()]
    return one.options


def taken_challenge() -> str:
    """What the answer must hold; empty, which no answer does, where none was asked for lately."""
    challenge, at = session.pop(_CHALLENGE, ("", 0.0))
    return str(challenge) if request_now().timestamp() - at <= GOOD_FOR_SECONDS else ""


@bp.get("/me/passkeys/new")
@requires(Permission.PORTAL)
def new() -> Response:
    return _new()


@bp.post("/me/passkeys")
@requires(Permission.PORTAL)
def add() -> Response:
    actor, name, challenge = current_actor(), request.form.get("name", ""), taken_challenge()
    try:
        with db.transaction() as writing:
            entering.passkeys.add(
                writing, actor, request.form.get("answer", ""), challenge, site(), name, current_app.config["ADDRESS"], request_now()
            )  # fmt: skip
    except Invalid as wrong:
        return _new(422, wrong.errors)
    tell("good", gettext("Passkey added"), gettext("From now on you can sign in with it."))
    return redirect(url_for("sign_ins.show"), 303)


@bp.post("/me/passkeys/<uuid:passkey_id>/name")
@requires(Permission.PORTAL)
def rename(passkey_id: UUID) -> Response:
    try:
        with db.transaction() as writing:
            entering.passkeys.rename(writing, current_actor(), passkey_id, request.form.get(f"name-{passkey_id}", ""))
    except Invalid as wrong:
        return _sign_ins(wrong.errors)
    tell("good", gettext("Saved"))
    return redirect(url_for("sign_ins.show"), 303)


@bp.post("/me/passkeys/<uuid:passkey_id>/removal")
@requires(Permission.PORTAL)
def remove(passkey_id: UUID) -> Response:
    with db.transaction() as writing:
        entering.passkeys.remove(writing, current_actor(), passkey_id)
    tell(
        "good", gettext("Removed"), gettext("Nobody signs in with this passkey any more. Delete it on your device too.")
    )
    return redirect(url_for("sign_ins.show"), 303)


@bp.post("/me/authenticator")
@requires(Permission.PORTAL)
def begin_authenticator() -> Response:
    try:
        with db.transaction() as writing:
            entering.authenticators.begin(writing, current_actor(), face_key(), request_now())
    except Conflict as refused:
        tell("plain", str(refused))
        return redirect(url_for("sign_ins.show"), 303)
    return redirect(url_for(".authenticator"), 303)


@bp.get("/me/authenticator")
@requires(Permission.PORTAL)
def authenticator() -> Response:
    return _authenticator()


@bp.post("/me/authenticator/confirmation")
@requires(Permission.PORTAL)
def confirm_authenticator() -> Response:
    try:
        with db.transaction() as writing:
            codes = entering.authenticators.confirm(
                writing, current_actor(), request.form.get("code", ""), face_key(), request_now()
            )
    except Invalid as wrong:
        return _authenticator(422, wrong.errors)
    except Conflict:
        return redirect(url_for("sign_ins.show"), 303)
    return page("portal/codes_on_paper.html", codes=codes)


@bp.post("/me/authenticator/removal")
@requires(Permission.PORTAL)
def remove_authenticator() -> Response:
    """A borrowed browser is not enough: whoever removes it has it, or a code on paper."""
    actor, now = current_actor(), request_now()
    try:
        entering.second_step(actor, request.form.get("code", "")[:40], coming_in.visitor(), face_key(), now)
    except Unauthenticated as refused:
        return _sign_ins({"code": str(refused)})
    with db.transaction() as writing:
        entering.authenticators.remove(writing, actor, current_app.config["ADDRESS"], now)
    tell("good", gettext("Removed"), gettext("No code is asked for any more."))
    return redirect(url_for("sign_ins.show"), 303)


def _new(status: int = 200, errors: dict[str, str] | None = None) -> Response:
    with db.reading() as reading:
        options = asked(entering.passkeys.ask_to_add(reading, current_actor(), site()))
    return page(
        "portal/passkey_new.html", status=status, options=options, errors=errors or {}, elsewhere=elsewhere(),
        name=request.form.get("name") or entering.visitor("", "", browser_words(), b"").words,
    )  # fmt: skip


def _authenticator(status: int = 200, errors: dict[str, str] | None = None) -> Response:
    with db.reading() as reading:
        told = entering.authenticators.beginning(reading, current_actor(), face_key())
    if told is None:
        return redirect(url_for("sign_ins.show"), 303)
    picture = Markup(told.picture)  # noqa: S704 (drawn by us, of figures alone)
    return page("portal/authenticator.html", status=status, secret=told.secret, picture=picture, errors=errors or {})


def _sign_ins(errors: dict[str, str]) -> Response:
    return page("portal/sign_ins.html", status=422, errors=errors, **sign_ins.context())
