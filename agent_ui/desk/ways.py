"""A customer's contacts drawn on stages and channels: a small panel that is fetched when it is asked for."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint
from werkzeug.wrappers import Response

from backend.overview import service as overview
from backend.people.service import Permission, current_actor, requires
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now

bp = Blueprint("ways", __name__, template_folder="templates")
KINDS = {
    "call": "Call", "visit": "Visit to the portal", "moment.set": "Said why they came", "callback.requested": "Asked for a call",
    "callback.made": "Called back", "case.opened": "Case opened", "case.written": "Wrote to us", "case.answered": "We answered",
    "complaint.opened": "Complaint", "complaint.resolved": "Complaint resolved", "payment.made": "Payment",
    "payment.failed": "Payment failed", "offer.accepted": "Accepted an offer", "offer.declined": "Declined an offer",
}  # fmt: skip


@bp.get("/customers/<uuid:customer_id>/way")
@requires(Permission.SEE_CUSTOMER)
def show(customer_id: UUID) -> Response:
    """The drawing, with its table."""
    way = overview.way_page(customer_id, current_actor(), request_now())
    speak_of(way.timezone)
    return page("desk/way.html", "way", way=way, kinds=KINDS)
