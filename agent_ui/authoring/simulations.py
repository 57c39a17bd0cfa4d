"""The simulation of a draft: asked for here, done by a worker, shown as far as it is."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

from agent_ui.authoring.drafts import TEMPLATE, context_of, seen
from backend import db
from backend.people.service import Permission, current_actor, requires
from backend.simulation import service as simulations
from shared.ui.pages import page, request_now, wants_fragment

bp = Blueprint("simulations", __name__, template_folder="templates", url_prefix="/catalogue/drafts")


@bp.get("/<uuid:draft_id>/simulation")
@requires(Permission.SEE_CATALOGUE)
def show(draft_id: UUID) -> Response:
    """How far it is; a page that waited for its end is drawn anew, since what comes next is another act."""
    context = context_of(draft_id)
    if not wants_fragment():
        return redirect(url_for("drafts.show", draft_id=draft_id), 303)
    response = page(TEMPLATE, "simulation", **context)
    simulation = context["simulation"]
    if simulation is None or simulation.state in ("done", "failed"):
        response.headers["HX-Refresh"] = "true"
    return response


@bp.post("/<uuid:draft_id>/simulation")
@requires(Permission.AUTHOR)
def ask(draft_id: UUID) -> Response:
    with db.transaction() as session:
        simulations.ask_simulation(session, draft_id, seen(), current_actor(), request_now())
    return redirect(url_for("drafts.show", draft_id=draft_id), 303)
