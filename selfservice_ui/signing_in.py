"""Customers sign in, by number or e-mail, and out."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from backend.entering import service as entering
from backend.people.service import Permission, current_actor, public, requires
from selfservice_ui import coming_in
from shared.kernel.errors import Unauthenticated
from shared.ui import signing_in
from shared.ui.pages import page, request_now

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
    try:
        actor = entering.sign_in_customer(who, password, coming_in.visitor(), request_now())
    except Unauthenticated as refused:
        return _form(422, who, {"": str(refused)})
    return coming_in.begin(actor, "password", request.form.get("next", ""))


@bp.post("/sign-out")
@requires(Permission.PORTAL)
def leave() -> Response:
    coming_in.leave(current_actor())
    return redirect(url_for(".form"), 303)


def _form(status: int = 200, typed: str = "", errors: dict[str, str] | None = None) -> Response:
    return page(
        "portal/sign_in.html", status=status, typed=typed, errors=errors or {}, demo=current_app.config["DEMO"],
        next=request.values.get("next", ""),
    )  # fmt: skip
