"""The demo's mailbox: what was sent to customers, as they would have got it. There is none in production."""

from __future__ import annotations

from flask import Blueprint, Flask, current_app
from werkzeug.wrappers import Response

from backend.mailroom import service as mailroom
from backend.people.service import Permission, requires
from backend.settings import Settings
from shared.ui.pages import page

bp = Blueprint("mailbox", __name__, template_folder="templates")


@bp.get("/mailbox")
@requires(Permission.ADMIN)
def index() -> Response:
    return page("administration/mailbox.html", letters=mailroom.read_box(current_app.extensions["evenhand_home"]))


def install(app: Flask, settings: Settings) -> None:
    """Where mail really leaves the house, it is read by those whom it is for, and by nobody else."""
    if settings.env != "production":
        app.register_blueprint(bp)
