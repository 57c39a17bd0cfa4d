"""What the customer says of what they allow, put on record by the agent who read them the words. Works with scripting off."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from agent_ui.desk.customers import TEMPLATE, customer_context
from backend import db
from backend.overview import service as overview
from backend.people.service import Permission, current_actor, requires
from shared.kernel.errors import Conflict, Invalid
from shared.ui.pages import page, request_now, tell, wants_fragment

bp = Blueprint("consents", __name__, template_folder="templates")


@bp.post("/customers/<uuid:customer_id>/consents")
@requires(Permission.RECORD_CONSENT)
def say(customer_id: UUID) -> Response:
    """Puts on record what they say of one purpose, in all of its channels; the next decision obeys."""
    purpose, allowed = request.form.get("purpose", ""), set(request.form.getlist("channel"))
    try:
        with db.transaction() as session:
            changed = overview.say_consents(
                session, customer_id, purpose, allowed, request.form.get("wording", ""), current_actor(), request_now()
            )
    except Invalid as wrong:
        return _who(customer_id, 422, consent_wrong=str(wrong), consent_of=purpose)
    except Conflict as refused:
        return _who(customer_id, 409, consent_wrong=str(refused), consent_of=purpose)
    title = "On record: what they allow" if changed else "Nothing changed: that stood already"
    if wants_fragment():
        return _who(customer_id, 200, consent_done=title)
    tell("good", title)
    return redirect(url_for("customers.show", customer_id=customer_id), 303)


def _who(customer_id: UUID, status: int, **more: str) -> Response:
    trigger = ("moment-changed", "happened") if status == 200 else ()
    return page(TEMPLATE, "who", status=status, trigger=trigger, **customer_context(customer_id), **more)
