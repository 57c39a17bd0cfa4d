"""What the customer sees: their portal as it is now, to be read and not to be used."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from flask import Blueprint, Flask, current_app, make_response
from werkzeug.wrappers import Response

from backend import db
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.people.service import Permission, current_actor, requires
from backend.profiles import service as profiles
from shared.kernel.errors import NotFound
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now

bp = Blueprint("portal", __name__, template_folder="templates")
Drawn = Callable[[UUID, datetime, Callable[[str], str]], str]
_EXTENSION = "portal_drawn"
# Nothing of it runs, sends or leads on, whatever stands in it; and only a page of the desk may frame it.
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "frame-ancestors 'self'; base-uri 'none'; form-action 'none'; sandbox allow-same-origin"
)


def draws_with(desk: Flask, draw: Drawn) -> None:
    """Teaches the desk to draw a customer's portal: told by whoever makes both faces, which know nothing of each other."""
    desk.extensions[_EXTENSION] = draw


def drawn_here() -> bool:
    """Whether the portal can be shown at all; not where the desk was made alone."""
    return _EXTENSION in current_app.extensions


@bp.get("/customers/<uuid:customer_id>/portal")
@requires(Permission.SEE_AS_CUSTOMER)
def show(customer_id: UUID) -> Response:
    """The frame around it, which says whose view it is."""
    with db.reading() as session:
        profile = profiles.profile(session, customer_id)
    _drawer()
    speak_of(profile.timezone)
    return page("desk/portal.html", "view", customer=profile)


@bp.get("/customers/<uuid:customer_id>/portal/page")
@requires(Permission.SEE_AS_CUSTOMER)
def inner(customer_id: UUID) -> Response:
    """The portal's first page itself, masked as this member of staff reads the customer."""
    now = request_now()
    with db.reading() as session:
        profile = profiles.profile(session, customer_id)
        pack = catalogues.pack_in_force(session)
        mask = interactions.mask_for(session, profile, pack, current_actor(), (profiles.snapshot(profile, now, pack),))
    answer = make_response(_drawer()(profile.customer_id, now, mask.text))
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    return answer


def _drawer() -> Drawn:
    draw: Drawn | None = current_app.extensions.get(_EXTENSION)
    if draw is None:
        raise NotFound("The portal is not served with this desk.")
    return draw
