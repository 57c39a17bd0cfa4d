"""Whoever is not signed in writes to us, and is answered by e-mail."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from backend.mailroom import service as mailroom
from backend.people.service import public
from selfservice_ui import coming_in
from shared.kernel.errors import Invalid, TooMany
from shared.ui.pages import page, request_now
from shared.ui.signing_in import signed_in_actor

bp = Blueprint("contact", __name__)


@bp.get("/contact")
@public
def form() -> Response:
    # Who is signed in has better ways, in which we know who they are.
    return redirect(url_for("home.show"), 303) if signed_in_actor() is not None else _form()


@bp.post("/contact")
@public
def send() -> Response:
    try:
        mailroom.write_in(
            request.form.get("name", ""), request.form.get("email", ""), request.form.get("text", ""),
            visitor=coming_in.visitor(), home=current_app.extensions["evenhand_home"], now=request_now(),
        )  # fmt: skip
    except Invalid as wrong:
        return _form(422, wrong.errors)
    except TooMany as refused:
        return _form(429, {"": str(refused)})
    return redirect(url_for(".sent"), 303)


@bp.get("/contact/sent")
@public
def sent() -> Response:
    return page("portal/contact_sent.html")


def _form(status: int = 200, errors: dict[str, str] | None = None) -> Response:
    return page("portal/contact.html", status=status, typed=request.form, errors=errors or {})
