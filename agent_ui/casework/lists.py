"""Lists of cases, sorted by what burns: mine, my teams', nobody's, all."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.cases import service as cases
from backend.casework import service as casework
from backend.catalogue import service as catalogues
from backend.people.service import Permission, current_actor, requires
from backend.record import service as record
from shared.kernel.errors import Forbidden, Invalid
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now, tell

bp = Blueprint("caselists", __name__, template_folder="templates")
VIEWS: dict[cases.View, str] = {
    "mine": "My cases", "team": "My team", "unassigned": "Unassigned", "all": "All open",
}  # fmt: skip
STATES = ("new", "open", "reopened", "pending", "snoozed")


@bp.get("/cases")
@requires(Permission.SEE_CASES)
def index() -> Response:
    """One list, narrowed as the address says; what there is not finds nothing."""
    view: cases.View = next((one for one in VIEWS if one == request.args.get("view")), "mine")
    narrow = {name: request.args.get(name, "")[:60] for name in ("type", "priority", "team")}
    status, cursor = request.args.get("status", ""), request.args.get("cursor") or None
    found = casework.cases_page(
        view,
        current_actor(),
        request_now(),
        statuses=(status,) if status in STATES else (),
        cursor=cursor,
        type=narrow["type"],
        priority=narrow["priority"],
        team=narrow["team"],
    )
    speak_of(found.zone)
    chosen = {name: value for name, value in {**narrow, "status": status}.items() if value}
    return page(
        "casework/list.html",
        found=found,
        view=view,
        views=VIEWS,
        states=STATES,
        chosen=chosen,
        onward=cursor is not None,
    )


@bp.post("/cases/teams")
@requires(Permission.WORK_CASES)
def teams() -> Response:
    """Whose cases I look after."""
    chosen = request.form.getlist("team")
    with db.transaction() as session:
        pack = catalogues.pack_in_force(session)
        known = {one.key for one in pack.casework.team}
        if not set(chosen) <= known:
            raise Invalid("There is no such team.", {"team": f"one of {', '.join(sorted(known))}"})
        mine = UUID(current_actor().id)
        before = cases.teams_of(session, mine)
        if guarded := (set(chosen) - set(before)) & cases.guarding(pack):
            label = pack.casework.team_label(sorted(guarded)[0])
            raise Forbidden(f"{label} opens customers that are closed to others: an administrator puts you there.")
        cases.join_teams(session, mine, chosen)
        record.audit(
            session, actor=current_actor(), action="teams.joined", subject=f"staff:{mine}", customer_id=None,
            payload={"before": {"teams": list(before)}, "after": {"teams": sorted(set(chosen))}}, now=request_now(),
        )  # fmt: skip
    tell("good", "Your teams are noted", "Their cases are under My team.")
    return redirect(url_for(".index", view="team"), 303)
