"""What supervision says to me about a customer: it stands on their page until I put it away."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

from agent_ui.desk.customers import TEMPLATE, customer_context
from agent_ui.desk.rail import SERVES
from backend import db
from backend.interactions import service as interactions
from backend.people.service import current_actor, requires
from shared.ui.pages import page, request_now, wants_fragment

bp = Blueprint("whispers", __name__, template_folder="templates")


@bp.post("/customers/<uuid:customer_id>/words/<uuid:word_id>/dismissal")
@requires(SERVES)
def dismiss(customer_id: UUID, word_id: UUID) -> Response:
    """I have read it; whoever said it sees that."""
    with db.transaction() as session:
        interactions.dismiss(session, customer_id, word_id, current_actor(), request_now())
    if wants_fragment():
        return page(TEMPLATE, "words", **customer_context(customer_id))
    return redirect(url_for("customers.show", customer_id=customer_id), 303)
