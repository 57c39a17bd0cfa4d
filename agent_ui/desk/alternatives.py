"""Another treatment in place of the recommended: what an agent may choose from, and choosing it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from agent_ui.desk.channel import channel_with
from backend import db
from backend.people.service import Permission, current_actor, requires
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from shared.kernel.errors import Conflict, Invalid, NotFound
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now, tell

bp = Blueprint("alternatives", __name__, template_folder="templates")
TEMPLATE = "desk/alternatives.html"


@bp.get("/customers/<uuid:customer_id>/alternatives")
@requires(Permission.DECIDE_OFFERS)
def show(customer_id: UUID) -> Response:
    """All that passed consent, suitability and contact policy, in this channel."""
    return page(TEMPLATE, **_context(customer_id))


@bp.post("/customers/<uuid:customer_id>/alternatives")
@requires(Permission.DECIDE_OFFERS)
def choose(customer_id: UUID) -> Response:
    """Presents it; its reason goes on the record."""
    chosen, _, subject = request.form.get("treatment", "").partition("/")
    try:
        with db.transaction() as session:
            line = treatments.override(
                session, customer_id, chosen, subject=subject, channel=channel_with(customer_id, session), actor=current_actor(), now=request_now(),
                reason=request.form.get("reason"),
            )  # fmt: skip
    except Invalid as wrong:
        return page(TEMPLATE, status=422, wrong=str(wrong), typed=request.form, **_context(customer_id))
    except NotFound:
        # Nothing was chosen, or a treatment that is gone: the list says what there is.
        words = "Choose one of these treatments."
        return page(TEMPLATE, status=422, wrong=words, typed=request.form, **_context(customer_id))
    except Conflict as refused:
        return page(TEMPLATE, status=409, wrong=str(refused), typed=request.form, **_context(customer_id))
    tell("good", f"Offered: {line.headline}", "It stands on the portal too, on the same terms.")
    return redirect(url_for("customers.show", customer_id=customer_id), 303)


def _context(customer_id: UUID) -> dict[str, Any]:
    with db.reading() as session:
        profile = profiles.profile(session, customer_id)
        found = treatments.alternatives(
            session, customer_id, channel_with(customer_id, session), current_actor(), request_now()
        )
    speak_of(profile.timezone)
    return {"customer": profile, "choices": found}
