"""Files of a case: attached, and handed out as files, never as something that a browser would run."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from uuid import UUID

from flask import Blueprint, Flask, Response, current_app, g, request
from werkzeug.wrappers import Response as Answer

from agent_ui.casework.one import ONE, act_on
from backend import db
from backend.cases import service as cases
from backend.matrix.service import Pack
from backend.people.service import Permission, requires
from backend.profiles import service as profiles
from backend.settings import Settings
from shared.kernel.actors import Actor

bp = Blueprint("casefiles", __name__)
LARGEST_UPLOAD = 52 * 1024 * 1024
"""With what a form adds; the pack says how large one file may be."""


def install(app: Flask, settings: Settings) -> None:
    """Says where files stand; and lets this one form be larger than others, before anything reads it."""
    app.extensions["evenhand_home"] = settings.home

    @app.before_request
    def allow_files() -> None:
        if request.endpoint == "casefiles.attach":
            request.max_content_length = LARGEST_UPLOAD


@bp.post(f"{ONE}/files")
@requires(Permission.WORK_CASES)
def attach(customer_id: UUID, case_id: UUID) -> Answer:
    sent = request.files.get("file")

    def act(session: db.Session, owner: UUID, pack: Pack, actor: Actor, now: datetime, seen: int | None) -> str:
        name, content = (sent.filename or "", sent.read()) if sent is not None else ("", b"")
        kept = cases.attach(
            session, owner, case_id, name, content, home=_home(), most_megabytes=pack.casework.attachment_megabytes, seen=seen,
            actor=actor, now=now,
        )  # fmt: skip
        return f"Attached: {kept.name}"

    return act_on(customer_id, case_id, act)


@bp.get(f"{ONE}/files/<uuid:file_id>")
@requires(Permission.SEE_ATTACHMENTS)
def fetch(customer_id: UUID, case_id: UUID, file_id: UUID) -> Answer:
    """The file, to be saved: whatever it holds, no browser shows or runs it here."""
    with db.reading() as session:
        owner = profiles.resolve(session, customer_id)
        file = cases.file_of(session, owner, case_id, file_id)
    g.looked_at = owner
    response = Response(cases.content_of(_home(), file), mimetype="application/octet-stream")
    response.headers.set("Content-Disposition", "attachment", filename=file.name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _home() -> Path:
    home: Path = current_app.extensions["evenhand_home"]
    return home
