"""Where what is known of a customer comes from: one table, on a page of its own."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint
from werkzeug.wrappers import Response

from backend import db
from backend.overview import service as overview
from backend.people.service import Permission, current_actor, requires
from shared.ui.formats import speak_of
from shared.ui.pages import page

bp = Blueprint("sources", __name__, template_folder="templates")


@bp.get("/customers/<uuid:customer_id>/sources")
@requires(Permission.SEE_CUSTOMER)
def show(customer_id: UUID) -> Response:
    """Each attribute with who told it, what made it stand, and what others tell; masked as on the customer's page."""
    with db.reading() as session:
        found = overview.sources_page(session, customer_id, current_actor())
    speak_of(found.timezone)
    return page("desk/sources.html", found=found)
