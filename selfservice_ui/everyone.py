"""What we do for everyone, read without signing in; whoever is signed in has offers that were decided for them."""

from __future__ import annotations

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.people.service import public
from backend.treatments import service as treatments
from selfservice_ui import coming_in
from shared.ui.pages import nobody_looks, page, request_now
from shared.ui.signing_in import signed_in_actor

bp = Blueprint("everyone", __name__)
TITLE = "What we do for everyone"
"""As the desk reads it afterwards, when they sign in."""


@bp.get("/for-everyone")
@public
def show() -> Response:
    if signed_in_actor() is not None:
        return redirect(url_for("offers.index"), 303)
    with db.reading() as session:
        found = treatments.for_everyone(session, request_now())
    if not nobody_looks():
        coming_in.read(TITLE)
    return page("portal/for_everyone.html", offers=found)
