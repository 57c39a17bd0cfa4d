"""The pages on which a member of staff sets up their second step: before they are in, or from their own sign-ins."""

from __future__ import annotations

from flask import request
from markupsafe import Markup
from werkzeug.wrappers import Response

from backend import db
from backend.entering import service as entering
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict
from shared.ui.devices import face_key
from shared.ui.pages import page, request_now


def beginning(actor: Actor, to: str, status: int = 200, errors: dict[str, str] | None = None) -> Response:
    """What the app is told, as a picture and as text; the first code goes to the address `to`. Raises Conflict where none was begun."""
    with db.reading() as reading:
        told = entering.authenticators.beginning(reading, actor, face_key())
    if told is None:
        raise Conflict("Begin anew: what the app was told is no longer good.")
    picture = Markup(told.picture)  # noqa: S704 (an SVG that we draw ourselves, of a key that we made)
    return page(
        "desk/second_step_new.html", status=status, secret=told.secret, picture=picture, to=to, errors=errors or {}
    )


def confirmed(actor: Actor) -> tuple[str, ...]:
    """Takes the first code, and gives the codes on paper, this once. Raises Invalid, Conflict."""
    with db.transaction() as writing:
        return entering.authenticators.confirm(
            writing, actor, request.form.get("code", "")[:40], face_key(), request_now()
        )


def on_paper(codes: tuple[str, ...], onward: str) -> Response:
    return page("desk/second_step_codes.html", codes=codes, onward=onward)
