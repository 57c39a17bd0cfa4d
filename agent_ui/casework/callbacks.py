"""Calls back: the lists, booked and moved where the customer lives, called now, not reached."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, g, redirect, request, url_for
from werkzeug.wrappers import Response

from agent_ui.desk.acting import Refusal, acted
from agent_ui.desk.channel import PHONE, channel_with
from agent_ui.desk.rail import SERVES
from backend import db
from backend.cases import service as cases
from backend.casework import service as casework
from backend.people.service import Permission, current_actor, requires
from backend.profiles import service as profiles
from shared.kernel.errors import Conflict, Invalid
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now, tell

bp = Blueprint("callbacks", __name__, template_folder="templates")
ONE = "/customers/<uuid:customer_id>/callbacks/<uuid:case_id>"
VIEWS: dict[cases.CallView, str] = {"mine": "Mine", "team": "My team", "all": "All", "missed": "Missed"}


@bp.get("/callbacks")
@requires(Permission.SEE_CASES)
def index() -> Response:
    """One list: who is late first, then as they come."""
    view: cases.CallView = next((one for one in VIEWS if one == request.args.get("view")), "all")
    found = casework.calls_page(view, current_actor(), request_now())
    speak_of(found.zone)
    return page("casework/callbacks.html", found=found, view=view, views=VIEWS)


@bp.get("/customers/<uuid:customer_id>/callbacks/new")
@requires(Permission.WORK_CASES)
def new(customer_id: UUID) -> Response:
    return _form(customer_id, None)


@bp.post("/customers/<uuid:customer_id>/callbacks/new")
@requires(Permission.WORK_CASES)
def book(customer_id: UUID) -> Response:
    """A call at a free time; what cannot be taken comes back as it was typed."""
    form = request.form
    return acted(
        lambda session: casework.book_callback(
            session, customer_id, about=form.get("about", ""), when=form.get("when", ""), team=form.get("team", ""),
            channel=channel_with(customer_id, session), actor=current_actor(), now=request_now(),
        ),
        refused=lambda why: _form(customer_id, None, why),
        said=lambda made: ("Callback booked" if made.slot_at else "Callback noted, no time is free",),
        back=lambda _: url_for("customers.show", customer_id=customer_id),
    )  # fmt: skip


@bp.get(f"{ONE}/time")
@requires(Permission.WORK_CASES)
def when(customer_id: UUID, case_id: UUID) -> Response:
    return _form(customer_id, case_id)


@bp.post(f"{ONE}/time")
@requires(Permission.WORK_CASES)
def move(customer_id: UUID, case_id: UUID) -> Response:
    return acted(
        lambda session: casework.move_callback(
            session, customer_id, case_id, request.form.get("when", ""), channel=channel_with(customer_id, session),
            actor=current_actor(), now=request_now(),
        ),
        refused=lambda why: _form(customer_id, case_id, why),
        said=lambda _: ("Callback moved",),
        back=lambda _: url_for("customers.show", customer_id=customer_id),
    )  # fmt: skip


@bp.post(f"{ONE}/call")
@requires(SERVES)
def call(customer_id: UUID, case_id: UUID) -> Response:
    """I call now: a contact is open, and the customer's page is there."""
    try:
        with db.transaction() as session:
            owner = casework.call_now(
                session, customer_id, case_id, channel=PHONE, actor=current_actor(), now=request_now()
            )
    except Conflict as refused:
        tell("warn", "Not called", str(refused))
        return redirect(url_for(".index"), 303)
    return redirect(url_for("customers.show", customer_id=owner), 303)


@bp.post(f"{ONE}/unreached")
@requires(Permission.WORK_CASES)
def unreached(customer_id: UUID, case_id: UUID) -> Response:
    """Nobody took the call: the next free time is booked, or a case takes its place."""
    try:
        with db.transaction() as session:
            tried = casework.nobody_answered(
                session, customer_id, case_id, channel=PHONE, actor=current_actor(), now=request_now()
            )
            zone = profiles.profile(session, customer_id).timezone
    except Conflict as refused:
        tell("warn", "Not noted", str(refused))
    else:
        slot, until = tried.case.slot_at, tried.case.slot_until
        if tried.given_up:
            tell("good", f"Not reached in {tried.tries} tries", "It is called no more; a case says so.")
        elif slot is not None and until is not None:
            tell("good", f"Try {tried.tries} noted", f"Next: {cases.slot_text(slot, until, zone)}, where they live.")
    return redirect(url_for("customers.show", customer_id=customer_id), 303)


def _form(customer_id: UUID, case_id: UUID | None, refused: Refusal | None = None) -> Response:
    errors = refused.errors if isinstance(refused, Invalid) else {}
    errors = errors or ({"": str(refused)} if refused else {})
    with db.reading() as session:
        profile = profiles.profile(session, customer_id)
        known = cases.callback_of(session, profile.customer_id, case_id) if case_id is not None else None
        team = known.team if known else request.args.get("team") or request.form.get("team", "")
        try:
            times = casework.call_times(session, profile.customer_id, request_now(), team)
        except Invalid:
            times = casework.call_times(session, profile.customer_id, request_now())
    speak_of(times.zone)
    g.looked_at = profile.customer_id
    return page(
        "casework/callback.html", status=refused.status if refused else 200, profile=profile, known=known, times=times, errors=errors,
        typed=request.form,
    )  # fmt: skip
