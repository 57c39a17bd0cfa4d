"""Going on by telephone: whoever takes the call sees the page, the steps before it, and what was written so far."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.people.service import Permission, current_actor, requires
from shared.kernel.languages import gettext
from shared.ui.formats import speak_of
from shared.ui.pages import local_path, page, request_now

bp = Blueprint("by_phone", __name__)
DRAFTED = (("subject", "About"), ("text", "Their words"), ("about", "About"))
"""What is carried over of a form, under which name the desk reads it. Passwords and codes have other names, and are not."""
LONGEST_TITLE = 120


@bp.post("/by-phone")
@requires(Permission.PORTAL)
def ask() -> Response:
    actor, now = current_actor(), request_now()
    assert actor.customer_id is not None  # noqa: S101 (the permission belongs to customers; for the type checker)
    title = " ".join(request.form.get("title", "").split())[:LONGEST_TITLE] or gettext("The portal")
    draft = [(label, request.form.get(name, "")) for name, label in DRAFTED]
    with db.transaction() as session:
        interactions.go_on_by_phone(session, actor.customer_id, title, draft, actor=actor, now=now)
    return redirect(url_for(".show", back=local_path(request.form.get("back"), url_for("home.show"))), 303)


@bp.get("/by-phone")
@requires(Permission.PORTAL)
def show() -> Response:
    """The number, what to say, and what we then see."""
    actor, now = current_actor(), request_now()
    assert actor.customer_id is not None  # noqa: S101 (the permission belongs to customers; for the type checker)
    with db.reading() as session:
        wish = interactions.by_phone(session, actor.customer_id, now)
        pack = catalogues.pack_in_force(session)
    if wish is None:
        return redirect(url_for("home.show"), 303)
    speak_of(pack.timezone)
    back = local_path(request.args.get("back"), url_for("home.show"))
    return page("portal/by_phone.html", wish=wish, phone=pack.phone, back=back)
