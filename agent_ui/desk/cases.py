"""What an agent does with work that is still open: say that it is done, or that it is no longer wanted."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from agent_ui.desk.channel import channel_with
from agent_ui.desk.customers import TEMPLATE, customer_context
from backend import db
from backend.cases import service as cases
from backend.people.service import Permission, current_actor, requires
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from shared.kernel.errors import Conflict, Invalid
from shared.ui.pages import page, request_now, tell, wants_fragment

bp = Blueprint("cases", __name__, template_folder="templates")


@bp.post("/customers/<uuid:customer_id>/cases/<uuid:case_id>/closing")
@requires(Permission.WORK_CASES)
def close(customer_id: UUID, case_id: UUID) -> Response:
    """It is done: the customer reads how it came out."""
    return _closed(customer_id, case_id, "done")


@bp.post("/customers/<uuid:customer_id>/cases/<uuid:case_id>/cancellation")
@requires(Permission.WORK_CASES)
def cancel(customer_id: UUID, case_id: UUID) -> Response:
    """It is no longer wanted. What an offer set in motion is taken back by the offer, so that all of it is undone."""
    return _closed(customer_id, case_id, "cancelled")


def _closed(customer_id: UUID, case_id: UUID, how: str) -> Response:
    actor, now = current_actor(), request_now()
    outcome = request.form.get("outcome", "")
    try:
        with db.transaction() as session:
            owner, channel = profiles.resolve(session, customer_id), channel_with(customer_id, session)
            if how == "done":
                close = treatments.close_case
            elif cases.case_of(session, owner, case_id).offer_id is not None:
                raise Conflict("This came of an offer: take the offer back under Answered, and all of it is undone.")
            else:
                close = cases.cancel
            case = close(session, owner, case_id, actor=actor, now=now, channel=channel, outcome=outcome)
    except Invalid as wrong:
        return _who(customer_id, 422, case_wrong={"id": case_id, "text": str(wrong), "typed": outcome})
    except Conflict as refused:
        return _who(customer_id, 409, case_refused=refused)
    done = {"title": f"{case.kind_label}: {case.state_label.lower()}", "text": case.subject}
    if wants_fragment():
        return page(TEMPLATE, "who", trigger=("happened",), case_done=done, **customer_context(customer_id))
    tell("good", done["title"], done["text"])
    return redirect(url_for("customers.show", customer_id=customer_id), 303)


def _who(customer_id: UUID, status: int, **context: Any) -> Response:
    return page(TEMPLATE, "who", status=status, **context, **customer_context(customer_id))
