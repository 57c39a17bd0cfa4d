"""One case of the customer's: what we wrote, what they wrote, and room for more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, current_app, redirect, request, url_for
from flask import Response as FlaskResponse
from werkzeug.wrappers import Response

from backend import db
from backend.cases import service as cases
from backend.casework import service as casework
from backend.overview import service as overview
from backend.people.service import Permission, current_actor, requires
from backend.settings import Settings
from selfservice_ui.words import CHANNEL
from shared.kernel.errors import Conflict, Invalid
from shared.kernel.languages import gettext
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now, tell

bp = Blueprint("cases", __name__)
LARGEST_UPLOAD = 52 * 1024 * 1024
"""With what a form adds; the pack says how large one file may be."""


@bp.get("/cases/<uuid:case_id>")
@requires(Permission.PORTAL)
def show(case_id: UUID) -> Response:
    return drawn(case_id)


@bp.post("/cases/<uuid:case_id>/messages")
@requires(Permission.PORTAL)
def write(case_id: UUID) -> Response:
    """The customer writes; what cannot be taken comes back as it was typed."""
    text, sent = request.form.get("text", ""), request.files.get("file")
    try:
        file = (sent.filename, sent.read()) if sent is not None and sent.filename else None
        with db.transaction() as session:
            casework.write_own(session, current_actor(), case_id, text, CHANNEL, request_now(), file=file, home=home())
    except Invalid as wrong:
        return drawn(case_id, 422, errors=wrong.errors, typed=text, lost=bool(sent and sent.filename))
    except Conflict as refused:
        return drawn(case_id, 409, refused=refused, typed=text)
    tell("good", gettext("Sent"), gettext("We read it and answer here."))
    return redirect(url_for(".show", case_id=case_id), 303)


@bp.get("/cases/<uuid:case_id>/files/<uuid:file_id>")
@requires(Permission.PORTAL)
def fetch(case_id: UUID, file_id: UUID) -> Response:
    """A file that the customer sent, to be saved: no browser shows or runs it here."""
    with db.reading() as session:
        file = casework.own_file(session, current_actor(), case_id, file_id)
    response = FlaskResponse(cases.content_of(home(), file), mimetype="application/octet-stream")
    response.headers.set("Content-Disposition", "attachment", filename=file.name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def install(app: Flask, settings: Settings) -> None:
    """Says where files stand; and lets the two forms with files be larger than others, before anything reads it."""
    app.extensions["evenhand_home"] = settings.home

    @app.before_request
    def allow_files() -> None:
        if request.endpoint in ("cases.write", "raising.send"):
            request.max_content_length = LARGEST_UPLOAD


def home() -> Path:
    """Where files stand."""
    found: Path = current_app.extensions["evenhand_home"]
    return found


def drawn(case_id: UUID, status: int = 200, **more: Any) -> Response:
    """The page of the case; of what is none, the first page."""
    found = casework.own_case(current_actor(), case_id, request_now())
    if found is None:
        return redirect(url_for("home.show"), 303)
    with db.reading() as session:
        asking = overview.asking_of_case(session, current_actor(), found.case.case_id, request_now())
    found = replace(found, case=overview.cases_said(current_actor(), [found.case])[0])
    speak_of(found.timezone)
    return page(
        "portal/case.html",
        status=status,
        it=found,
        asking=asking,
        **{"errors": {}, "typed": "", "refused": None, "lost": False} | more,
    )
