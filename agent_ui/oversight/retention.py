"""How long things are kept: the pack's rules, what is over its time now, and what was removed."""

from __future__ import annotations

from flask import Blueprint, current_app
from werkzeug.wrappers import Response

from agent_ui.oversight.privacy import SETTINGS
from backend import db
from backend.oversight import service as oversight
from backend.people.service import Permission, requires
from backend.settings import Settings
from shared.ui.pages import page, request_now

bp = Blueprint("retention", __name__, template_folder="templates")
WORDS = {
    "event": "Events of the timeline", "interaction": "Contacts", "call": "Calls", "visit": "Visits to the portal",
    "look": "Looks at customers", "decision": "Decisions and what they were made from", "export": "Exported files",
    "visitor": "Anonymous visitors, since they were last heard of",
    "mail": "E-mail, sent and received",
    "audit": "What entries of the audit trail say beside who, when, what and whom", "rejected": "Files of rejected rows", "kept_record": "Records that the law made us keep",
}  # fmt: skip
PATIENCE = 1.0
"""Seconds for which a page counts."""


@bp.get("/retention")
@requires(Permission.ADMIN)
def show() -> Response:
    settings: Settings = current_app.extensions[SETTINGS]
    now = request_now()
    with db.reading() as session:
        removed = oversight.runs(session)
    return page("oversight/retention.html", due=oversight.due(now, settings.home, PATIENCE), runs=removed, words=WORDS)
