"""What a customer allows, for every purpose and channel, changed as often as they like; and what they said before."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, make_response, redirect, request, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.entering import service as entering
from backend.oversight import service as oversight
from backend.overview import service as overview
from backend.people.service import Permission, current_actor, requires
from selfservice_ui import coming_in
from shared.kernel.errors import Conflict, Invalid, Unauthenticated
from shared.kernel.languages import gettext
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now, tell

bp = Blueprint("privacy", __name__)
TEMPLATE = "portal/privacy.html"
TYPES = {"json": "application/json", "html": "text/html; charset=utf-8"}


@bp.get("/privacy")
@requires(Permission.PORTAL)
def show() -> Response:
    return _page()


@bp.post("/privacy/consents")
@requires(Permission.PORTAL)
def say() -> Response:
    """What they allow of one purpose, from now on: what waits to be sent obeys too. Set again, it is as it was."""
    actor, purpose = current_actor(), request.form.get("purpose", "")
    assert actor.customer_id is not None  # noqa: S101 (who may be here is a customer; for the type checker)
    allowed = set(request.form.getlist("channel"))
    try:
        with db.transaction() as session:
            changed = overview.say_consents(
                session, actor.customer_id, purpose, allowed, request.form.get("wording", ""), actor, request_now()
            )
    except Invalid as wrong:
        return _page(422, wrong=str(wrong), wrong_of=purpose)
    except Conflict as refused:
        return _page(409, wrong=str(refused), wrong_of=purpose)
    if changed:
        tell(
            "good",
            gettext("Saved"),
            gettext("It holds from now on, however you reach us. You can change it here at any time."),
        )
    else:
        tell("plain", gettext("Nothing changed"), gettext("That is what we had noted already."))
    return redirect(url_for(".show"), 303)


@bp.post("/privacy/data")
@requires(Permission.PORTAL)
def copy() -> Response:
    """All that is held of them, as one file, once they have given their password again: a borrowed browser is not enough."""
    actor, kind = current_actor(), request.form.get("kind", "")
    if kind not in TYPES:
        return _page(422, copy_wrong=gettext("Choose how you want it."))
    password = request.form.get("password", "")
    if not password:
        return _page(422, copy_wrong=gettext("Enter your password."))
    try:
        entering.confirm_customer(actor, password, coming_in.visitor(), request_now())
    except Unauthenticated as refused:
        return _page(422, copy_wrong=str(refused))
    assert actor.customer_id is not None  # noqa: S101 (who may be here is a customer; for the type checker)
    with db.transaction() as session:
        access = oversight.subject_access(session, actor.customer_id, actor, request_now())
    text = oversight.as_json(access) if kind == "json" else oversight.as_html(access)
    answer: Response = make_response(text, 200, {"Content-Type": TYPES[kind]})
    answer.headers["Content-Disposition"] = f'attachment; filename="{access.file_name}.{kind}"'
    return answer


def _page(status: int = 200, **more: Any) -> Response:
    seen = overview.privacy_page(current_actor())
    speak_of(seen.timezone)
    return page(TEMPLATE, status=status, seen=seen, **more)
