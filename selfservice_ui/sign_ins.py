"""Where the customer is signed in, each ended by them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.entering import service as entering
from backend.people.service import Permission, current_actor, requires
from selfservice_ui import coming_in
from shared.kernel.languages import gettext, noted
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now, tell

bp = Blueprint("sign_ins", __name__)
WAYS = {
    "password": noted("with your password"),
    "code": noted("with a code by e-mail"),
    "link": noted("with a link by e-mail"),
    "passkey": noted("with a passkey"),
    "sign_on": noted("with the sign-in of your organisation"),
    "claim": noted("when you set up your account"),
    "recovery": noted("when you chose a new password"),
}


@bp.get("/me/sign-in")
@requires(Permission.PORTAL)
def show() -> Response:
    return _page()


@bp.post("/me/sign-in/<uuid:session_id>/end")
@requires(Permission.PORTAL)
def end(session_id: UUID) -> Response:
    actor = current_actor()
    if session_id == coming_in.this_session():
        coming_in.leave(actor)
        return redirect(url_for("signing_in.form"), 303)
    with db.transaction() as session:
        entering.end(session, actor, session_id, request_now())
    tell("good", gettext("Signed out there"), gettext("Whoever is there has to sign in again."))
    return redirect(url_for(".show"), 303)


@bp.post("/me/sign-in/others/end")
@requires(Permission.PORTAL)
def end_others() -> Response:
    with db.transaction() as session:
        ended = entering.end_others(session, current_actor(), coming_in.this_session(), request_now())
    tell("good", gettext("Signed out everywhere else"), "" if ended else gettext("You were signed in only here."))
    return redirect(url_for(".show"), 303)


@bp.post("/me/sign-in/organisation/end")
@requires(Permission.PORTAL)
def disconnect() -> Response:
    with db.transaction() as session:
        entering.sign_on.disconnect(session, current_actor())
    tell("good", gettext("Disconnected"), gettext("The sign-in of your organisation opens this account no more."))
    return redirect(url_for(".show"), 303)


def _page(status: int = 200) -> Response:
    return page("portal/sign_ins.html", status=status, errors={}, **context())


def context() -> dict[str, Any]:
    """All that the page is drawn from."""
    actor, now = current_actor(), request_now()
    with db.reading() as session:
        speak_of(entering.timezone_of(session, actor))
        return {
            "sessions": entering.signed_in(session, actor, coming_in.this_session(), now),
            "ways": WAYS,
            "passkeys": entering.passkeys.passkeys(session, actor),
            "has_authenticator": entering.authenticators.is_set(session, actor),
            "connected_since": entering.sign_on.connected_since(session, actor),
            "codes_left": entering.authenticators.codes_left(session, actor),
        }
