"""Skills: what each member of staff is skilled in, so that calls are offered to whoever can answer them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.catalogue import service as catalogues
from backend.people import service as people
from backend.people.service import Permission, current_actor, requires
from backend.record import service as record
from shared.kernel.errors import Invalid, NotFound
from shared.ui.pages import page, request_now, tell

bp = Blueprint("skills", __name__, template_folder="templates")
TEMPLATE = "administration/skills.html"


@bp.get("/skills")
@requires(Permission.SET_SKILLS)
def index() -> Response:
    return page(TEMPLATE, **_context())


@bp.post("/skills")
@requires(Permission.SET_SKILLS)
def assign() -> Response:
    """From now on they are skilled in what is ticked."""
    email, chosen = request.form.get("email", ""), request.form.getlist("skill")
    try:
        with db.transaction() as session:
            known = [one.key for one in catalogues.pack_in_force(session).telephony.skills]
            email = email.strip().lower()
            before = next(
                (people.skills(session).get(one.staff_id) for one in people.colleagues(session) if one.email == email),
                None,
            )
            made = people.set_skills(session, email, chosen, known, current_actor(), request_now())
            record.audit(
                session, actor=current_actor(), action="skills.set", subject=f"staff:{email}", customer_id=None,
                payload={"before": {"skills": sorted(before or ())}, "after": {"skills": list(made)}}, now=request_now(),
            )  # fmt: skip
    except (NotFound, Invalid) as wrong:
        return page(TEMPLATE, status=422, wrong=str(wrong), **_context())
    tell("good", "Skills noted", "The next call is offered by them.")
    return redirect(url_for(".index"), 303)


def _context() -> dict[str, Any]:
    with db.reading() as session:
        mine = people.skills(session)
        return {
            "telephony": catalogues.pack_in_force(session).telephony,
            "staff": [
                (one, mine.get(one.staff_id, frozenset()))
                for one in people.colleagues(session)
                if Permission.PRESENT_OFFERS in people.ROLES[one.role]
            ],
        }
