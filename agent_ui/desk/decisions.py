"""A decision explained: every candidate with its numbers, or with the rule that removed it."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, g, request
from werkzeug.wrappers import Response

from backend import db
from backend.catalogue import service as catalogues
from backend.people.service import Permission, current_actor, requires
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now

bp = Blueprint("decisions", __name__, template_folder="templates")


@bp.get("/decisions/<uuid:decision_id>")
@requires(Permission.SEE_DECISIONS)
def show(decision_id: UUID) -> Response:
    """The whole decision; `?why=` asks what would change it, `?why=KEY` why not this treatment."""
    with db.reading() as session:
        decision = treatments.decision_page(session, decision_id, request_now(), current_actor())
        zone = profiles.profile(session, decision.customer_id).timezone
        currency = catalogues.pack_in_force(session).currency
    g.looked_at = decision.customer_id
    why = request.args.get("why")
    found = treatments.what_would_change(decision, why) if why is not None else None
    speak_of(zone)
    return page("desk/decision.html", "change", decision=decision, currency=currency, found=found, why=why)
