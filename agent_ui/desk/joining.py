"""Whoever was invited makes their own sign-in: the link in the letter is all that they have."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.people import service as people
from backend.people.service import public
from backend.staffing import service as staffing
from shared.kernel.errors import Conflict, Invalid, NotFound
from shared.ui import sign_on
from shared.ui.pages import page, request_now, tell

bp = Blueprint("joining", __name__, template_folder="templates")


@bp.get("/join/<token>")
@public
def show(token: str) -> Response:
    return _page(token)


@bp.post("/join/<token>")
@public
def join(token: str) -> Response:
    """Sent twice, it is done once: the second time it says that there is a sign-in already."""
    name, password = request.form.get("name", ""), request.form.get("password", "")
    only = bool(current_app.config["SIGN_ON_ONLY"])
    errors = {}
    if not name.strip():
        errors["name"] = "Enter your name, as your colleagues see it."
    if not only and not password:
        errors["password"] = "Choose a password."  # noqa: S105 (words for a person)
    elif not only and password != request.form.get("again", ""):
        errors["again"] = "The two passwords are not the same."
    if errors:
        return _page(token, 422, errors, name)
    try:
        email = staffing.join(token, name, None if only else password, request_now())
    except Invalid as wrong:
        return _page(token, 422, wrong.errors, name)
    except (NotFound, Conflict) as refused:
        return page("desk/join_over.html", status=refused.status, title=_OVER, text=str(refused))
    tell("good", "You work here now", f"Sign in as {email}.")
    return redirect(url_for("signing_in.form"), 303)


_OVER = "This link opens nothing any more"


def _page(token: str, status: int = 200, errors: dict[str, str] | None = None, name: str = "") -> Response:
    with db.reading() as session:
        found = people.by_token(session, token)
    if found is None:
        text = "The invitation was withdrawn, or sent anew by another link. Look for a later letter, or ask whoever invited you."
        return page("desk/join_over.html", status=404, title=_OVER, text=text)
    if refusal := found.refusal(request_now()):
        return page("desk/join_over.html", status=410, title=_OVER, text=refusal)
    return page(
        "desk/join.html", status=status, invitation=found, role=people.STAFF_ROLES[found.role], name=name, errors=errors or {},
        only=current_app.config["SIGN_ON_ONLY"], organisation=sign_on.name(), token=token,
    )  # fmt: skip
