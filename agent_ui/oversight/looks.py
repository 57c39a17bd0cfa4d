"""Who has looked at a customer: told of each page of the desk in this one place, and shown to those who oversee."""

from __future__ import annotations

from contextlib import nullcontext
from uuid import UUID

import structlog
from flask import Blueprint, Flask, Response, g, request
from werkzeug.wrappers import Response as Answer

from backend import db
from backend.oversight import service as oversight
from backend.people.service import Permission, current_actor, requires
from backend.profiles import service as profiles
from shared.kernel.errors import EvenhandError
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now, wants_fragment

bp = Blueprint("looks", __name__, template_folder="templates")
PAGES = {
    "customers.show": "customer", "customers.panel": "customer", "customers.timeline": "timeline", "decisions.show": "decision",
    "matrix.of_customer": "matrix", "contacts.closing": "wrap-up", "casework.show": "case", "casework.panel": "case", "looks.index": "looks", "sources.show": "sources", "privacy.show": "data",
    "duplicates.pair": "pair", "portal.show": "portal", "ways.show": "matrix", "portal.inner": "portal", "duplicates.merge": "pair", "trail.show": "audit", "enquiry.show": "enquiry", "enquiry.send": "enquiry", "enquiry.on_paper": "enquiry",
}  # fmt: skip
"""What a page is called on the record; any other that shows a customer is a part of the customer's own."""
WORDS = {
    "customer": "Customer page", "timeline": "Timeline", "decision": "Explanation of a decision", "matrix": "Matrix",
    "wrap-up": "Wrap-up", "case": "Case", "looks": "Who has looked", "sources": "Where this comes from", "data": "Personal data", "look-in": "Looked in, live", "profile": "Profile, by a program",
    "enquiry": "Answer to a question of theirs", "audit": "Entry of the audit trail", "portal": "What they see on the portal", "pair": "Comparison with another customer", "pair-in-clear": "Comparison, what is masked shown",
}  # fmt: skip
AS_HOUSE = "privacy"
_log = structlog.stdlib.get_logger("evenhand.looks")


@bp.get("/customers/<uuid:customer_id>/looks")
@requires(Permission.SEE_LOOKS)
def index(customer_id: UUID) -> Answer:
    """Who has looked at the customer, the last first."""
    cursor = request.args.get("cursor")
    with db.reading() as session:
        profile = profiles.profile(session, customer_id)
        found = oversight.looks(session, customer_id, current_actor(), cursor)
    speak_of(profile.timezone)
    return page(
        "oversight/looks.html", customer_id=profile.customer_id, name=profile.name, looks=found.items,
        next_cursor=found.next_cursor, cursor=cursor, words=WORDS,
    )  # fmt: skip


def install(app: Flask) -> None:
    """Writes down each look. Whose page it is says its address, or `g.looked_at` where that does not; two are named by some.

    `g.looked_at_as` names what was seen where that is more than the page usually shows.
    """
    app.after_request(_told)


def _told(response: Response) -> Response:
    """A page must reach its reader whether or not the look could be written down; that it could not is in the log."""
    given = request.view_args or {}
    both = (g.get("looked_at") or given.get("customer_id"), given.get("other_id"))
    looked_at = [one for one in both if isinstance(one, UUID)]
    shown = response.status_code < 500 and response.status_code not in (303, 304, 403, 404, 410)
    if not looked_at or "actor" not in g or not shown or response.mimetype != "text/html":
        return response
    by_itself = request.headers.get("X-Live") == "yes" or (
        request.endpoint in ("customers.panel", "suggested.for_customer", "suggested.for_case") and wants_fragment()
    )
    try:
        name = g.get("looked_at_as") or PAGES.get(request.endpoint or "", "customer")
        # Who is closed to the one who reads is shown on these pages alone, and is looked at there by anybody.
        with profiles.as_house() if request.blueprint == AS_HOUSE else nullcontext():
            for customer_id in looked_at:
                oversight.note_look(current_actor(), customer_id, name, request_now(), by_itself=by_itself)
    except EvenhandError as failure:
        _log.error("look not written down", error=type(failure).__name__)
    return response
