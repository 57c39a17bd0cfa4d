"""Customers sign in, by number or e-mail, and out."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.people.service import Permission, public, requires, sign_in_customer
from backend.profiles import service as profiles
from shared.kernel.errors import Unauthenticated
from shared.ui import signing_in
from shared.ui.pages import local_path, page, request_now

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
        errors["who"] = "Enter your customer number or your e-mail address."
    if not password:
        errors["password"] = "Enter your password."  # noqa: S105 (words for a person)
    if errors:
        return _form(422, who, errors)
    with db.reading() as session:
        customer_id = profiles.find_by_sign_in(session, who)
        known_as = profiles.known_as(session, customer_id) if customer_id else ()
    try:
        actor = sign_in_customer(customer_id, password, request_now(), known_as=known_as)
    except Unauthenticated as refused:
        return _form(422, who, {"": str(refused)})
    signing_in.start(actor)
    return redirect(local_path(request.form.get("next"), url_for("home.show")), 303)


@bp.post("/sign-out")
@requires(Permission.PORTAL)
def leave() -> Response:
    signing_in.end()
    return redirect(url_for(".form"), 303)


def _form(status: int = 200, typed: str = "", errors: dict[str, str] | None = None) -> Response:
    return page(
        "portal/sign_in.html", status=status, typed=typed, errors=errors or {}, demo=current_app.config["DEMO"],
        next=request.values.get("next", ""),
    )  # fmt: skip
