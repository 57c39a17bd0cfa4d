"""Customers who are closed to whoever asks: they learn whose they are, and hand them over."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, g, redirect, request, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.casework import service as casework
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.overview import service as overview
from backend.people.service import Permission, current_actor, requires
from backend.profiles import service as profiles
from shared.kernel.errors import Conflict, Invalid, NotFound, Restricted
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now, tell

bp = Blueprint("restricted", __name__, template_folder="templates")
TEMPLATE = "desk/restricted.html"
CHANNEL = "phone"
HANDED_OVER = "follow_up"
"""How a contact ends that is handed over, where the pack has it; else as its first way of ending."""


def install(app: Flask) -> None:
    """Answers every page and act of this app that is about a closed customer with whose they are."""
    app.register_error_handler(Restricted, _refused)


@bp.post("/customers/<uuid:customer_id>/hand-over")
@requires(Permission.WORK_CASES)
def hand_over(customer_id: UUID) -> Response:
    """Their team calls them back, or has a case where there is no number to call; a contact that I have with them is over with that."""
    form, actor, now = request.form, current_actor(), request_now()
    about = " ".join(form.get("about", "").split())
    with db.reading() as session:
        teams = dict(overview.looked_after_by(session, customer_id))
        if not _is_closed(session, customer_id):
            return redirect(url_for("customers.show", customer_id=customer_id), 303)
    if not about:
        words = "Say in a few words what it is about: they know nothing of this contact."
        return _page(customer_id, 422, {"about": words})
    if form.get("team") not in teams:
        return _page(customer_id, 422, {"team": "Choose a team."})
    try:
        with profiles.as_house(), db.transaction() as session:
            if profiles.profile(session, customer_id).phone is None:
                casework.open_case(
                    session, customer_id, about, team=form["team"], channel=CHANNEL, actor=actor, now=now
                )
            else:
                casework.book_callback(
                    session, customer_id, about=about, when=form.get("when", ""), team=form["team"], channel=CHANNEL,
                    actor=actor, now=now,
                )  # fmt: skip
            _close_mine(session, profiles.resolve(session, customer_id), about)
    except (Invalid, Conflict) as wrong:
        return _page(customer_id, wrong.status, getattr(wrong, "errors", None) or {"": str(wrong)})
    tell("good", f"Handed over to {teams[form['team']]}", "They see to the customer, and know what it is about.")
    return redirect(url_for("home.show"), 303)


def _close_mine(session: db.Session, owner: UUID, about: str) -> None:
    """My contact with them, where there is one, ends as handed over."""
    actor, now = current_actor(), request_now()
    pack = catalogues.pack_in_force(session)
    codes = [one.key for one in pack.wrap_ups]
    for one in interactions.open_with_customer(session, owner):
        if str(one.staff_id) == actor.id and codes:
            code = HANDED_OVER if HANDED_OVER in codes else codes[0]
            overview.wrap_up(
                session, owner, one.interaction_id, code=code, summary=f"Handed over: {about}", not_mentioned=(), actor=actor,
                now=now,
            )  # fmt: skip


def _refused(refused: Restricted) -> Response:
    with suppress(NotFound), db.transaction() as session:
        overview.note_refusal(session, refused.customer_id, current_actor(), request.endpoint or "")
    g.pop("looked_at", None)
    return _page(refused.customer_id, refused.status, {})


def _page(customer_id: UUID, status: int, errors: dict[str, str]) -> Response:
    """Whose they are, and how they are handed over: nothing of the customer but when they may be called."""
    typed: Any = request.form if request.endpoint == "restricted.hand_over" else {}
    with profiles.as_house(), db.reading() as session:
        teams = overview.looked_after_by(session, customer_id)
        chosen = typed.get("team") or (teams[0][0] if teams else "")
        by_phone = profiles.profile(session, customer_id).phone is not None
        times = casework.call_times(session, customer_id, request_now(), chosen if chosen in dict(teams) else "")
    speak_of(times.zone)
    return page(
        TEMPLATE,
        "closed",
        status=status,
        closed_customer=customer_id,
        closed_teams=teams,
        by_phone=by_phone,
        times=times,
        errors=errors,
        typed=typed,
    )


def _is_closed(session: db.Session, customer_id: UUID) -> bool:
    try:
        profiles.resolve(session, customer_id)
    except Restricted:
        return True
    return False
