"""Who has a customer or a case open: each page says every half minute that it is; who else is there, and who is writing."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from flask import Blueprint, g, make_response, redirect, request, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.cases import service as cases
from backend.interactions import service as interactions
from backend.people.service import Permission, current_actor, requires
from backend.profiles import service as profiles
from shared.ui.pages import page, request_now, wants_fragment

bp = Blueprint("here", __name__, template_folder="templates")


@bp.post("/customers/<uuid:customer_id>/here")
@requires(Permission.SEE_CUSTOMER)
def show(customer_id: UUID) -> Response:
    """My page of the customer, or of a case of theirs, is open (`leave`: no more); I type there (`typing`), perhaps knowing
    (`knowing`) that a colleague does too."""
    case_id, actor, now = _case(), current_actor(), request_now()
    typing = bool(request.form.get("typing")) and case_id is not None and actor.may(Permission.WORK_CASES)
    leaving, writer, drawn = bool(request.form.get("leave")), None, _drawn(now)
    g.by_itself = True
    with db.transaction() as session:
        owner = profiles.resolve(session, customer_id)
        if case_id is not None:
            cases.case_of(session, owner, case_id)
        if leaving:
            interactions.is_left(session, owner, case_id, actor, now)
            if case_id is not None:
                cases.end_writing(session, owner, case_id, actor=actor, now=now)
        else:
            interactions.is_open(session, owner, case_id, actor, now, drawn=drawn)
        if typing and case_id is not None and not leaving:
            knowing = bool(request.form.get("knowing"))
            writer = cases.begin_writing(session, owner, case_id, actor=actor, now=now, knowing=knowing)
        elif case_id is not None:
            writer = cases.writing_in(session, owner, case_id, now)
        others = interactions.others_here(session, owner, case_id, actor, now)
    if leaving:
        return make_response("", 204)
    if not wants_fragment():
        return redirect(url_for("customers.show", customer_id=owner), 303)
    another = writer if writer is not None and str(writer.staff_id) != actor.id else None
    return page(
        "desk/here.html", customer_id=owner, case_id=case_id, others=others, writer=another, typing=typing, beaten=True,
        drawn=drawn.isoformat(),
    )  # fmt: skip


@bp.post("/customers/<uuid:customer_id>/closed-tabs")
@requires(Permission.SEE_CUSTOMER)
def close(customer_id: UUID) -> Response:
    """The tab of a case is closed; what was typed there stays kept."""
    with db.transaction() as session:
        owner = profiles.resolve(session, customer_id)
        interactions.close_place(session, owner, _case(), current_actor(), request_now())
    where = url_for("home.show")
    return make_response("", 200, {"HX-Redirect": where}) if wants_fragment() else redirect(where, 303)


def _drawn(now: datetime) -> datetime:
    """When the page that says so was drawn; now, where it does not tell."""
    try:
        return datetime.fromisoformat(request.form.get("drawn", "")).astimezone(UTC)
    except (ValueError, OverflowError):
        return now


def _case() -> UUID | None:
    try:
        return UUID(request.form.get("case", ""))
    except ValueError:
        return None
