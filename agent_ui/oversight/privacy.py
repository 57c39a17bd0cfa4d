"""What is held of a customer, for those who handle such requests: handed over as a file, or erased once the number is typed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, current_app, make_response, redirect, request, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.oversight import service as oversight
from backend.people.service import Permission, current_actor, requires
from backend.profiles import service as profiles
from backend.settings import Settings
from shared.kernel.errors import Invalid
from shared.ui.pages import page, request_now, tell

bp = Blueprint("privacy", __name__, template_folder="templates")
TEMPLATE = "oversight/privacy.html"
TYPES = {"json": "application/json", "html": "text/html; charset=utf-8"}
SETTINGS = "evenhand_oversight"


@bp.get("/customers/<uuid:customer_id>/data")
@requires(Permission.HANDLE_PRIVACY)
def show(customer_id: UUID) -> Response:
    """Also of who is closed to others: what is theirs by law is not for one team alone to give. That they looked is on record, as ever."""
    with profiles.as_house():
        return page(TEMPLATE, **_context(customer_id))


@bp.post("/customers/<uuid:customer_id>/data/copy")
@requires(Permission.HANDLE_PRIVACY)
def copy(customer_id: UUID) -> Response:
    """All that is held, as one file; that it was handed over is on the record."""
    kind = request.form.get("kind", "")
    if kind not in TYPES:
        raise Invalid("Choose how you want it.", {"kind": "json or html"})
    with profiles.as_house(), db.transaction() as session:
        access = oversight.subject_access(session, customer_id, current_actor(), request_now())
    text = oversight.as_json(access) if kind == "json" else oversight.as_html(access)
    answer: Response = make_response(text, 200, {"Content-Type": TYPES[kind]})
    answer.headers["Content-Disposition"] = f'attachment; filename="{access.file_name}.{kind}"'
    return answer


@bp.post("/customers/<uuid:customer_id>/data/erasure")
@requires(Permission.HANDLE_PRIVACY)
def erase(customer_id: UUID) -> Response:
    """Erases the customer for good, where their number was typed: this cannot be undone."""
    with profiles.as_house():
        return _erased(customer_id)


def _erased(customer_id: UUID) -> Response:
    settings: Settings = current_app.extensions[SETTINGS]
    typed = " ".join(request.form.get("number", "").split()).upper()
    with db.reading() as session:
        number = profiles.profile(session, customer_id).number
    if typed != number.upper():
        wrong = "Type the customer's number exactly as it stands above." if typed else "Type the customer's number."
        return page(TEMPLATE, status=422, wrong=wrong, typed=typed, **_context(customer_id))
    with db.transaction() as session:
        done = oversight.erase_customer(session, customer_id, current_actor(), request_now(), settings.home)
    kept = ", ".join(f"{line.many} × {line.of} until {line.until:%d %B %Y}" for line in done.kept)
    tell(
        "good",
        "Erased",
        f"{done.rows:,} rows. " + (f"Kept apart, as the law says: {kept}." if kept else "Nothing is kept."),
    )
    return redirect(url_for("home.show"), 303)


def install(app: Flask, settings: Settings) -> None:
    """Gives erasure the home, whose files it cleans too."""
    app.extensions[SETTINGS] = settings


def _context(customer_id: UUID) -> dict[str, Any]:
    with db.reading() as session:
        profile = profiles.profile(session, customer_id)
        return {
            "customer_id": profile.customer_id, "name": profile.name, "number": profile.number,
            "kept": oversight.would_keep(session, customer_id),
        }  # fmt: skip
