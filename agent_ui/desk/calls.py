"""A call of somebody not known yet: who may be calling, a search, a new caller; until an agent says whose call it is."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, make_response, redirect, request, session, url_for
from werkzeug.wrappers import Response

from agent_ui.desk.customers import customer_context
from agent_ui.desk.home import found
from agent_ui.desk.rail import SERVES
from agent_ui.desk.typed import search_for
from backend import db
from backend.interactions import service as interactions
from backend.overview import service as overview
from backend.people.service import Permission, current_actor, requires
from shared.kernel.errors import Conflict, Invalid, NotFound
from shared.ui.pages import page, request_now, tell, wants_fragment

bp = Blueprint("calls", __name__, template_folder="templates")
TEMPLATE = "desk/call.html"


@bp.get("/calls/<uuid:call_id>")
@requires(Permission.SEE_CUSTOMER)
def show(call_id: UUID) -> Response:
    """Who may be calling; a call whose customer is known leads to their page, unless they were taken for another."""
    return _shown(call_id, instead="instead" in request.args)


@bp.post("/calls/<uuid:call_id>/customer")
@requires(SERVES)
def attach(call_id: UUID) -> Response:
    """The agent says whose call it is, or that it is somebody else's (`instead`). Said twice, it is said once; where somebody
    said otherwise first, that page opens."""
    try:
        customer_id = UUID(request.form.get("customer", ""))
    except ValueError:
        raise NotFound("There is no such customer.") from None
    try:
        with db.transaction() as writing:
            interactions.attach(
                writing, call_id, customer_id, current_actor(), request_now(), instead="instead" in request.form
            )
    except Conflict as conflict:
        tell("warn", "Somebody was faster", str(conflict))
        return redirect(url_for(".show", call_id=call_id), 303)
    tell("good", "Noted whose call it is")
    return redirect(url_for("customers.show", customer_id=customer_id), 303)


@bp.post("/calls/<uuid:call_id>/prospect")
@requires(SERVES)
def create(call_id: UUID) -> Response:
    """A caller whom we do not know yet, by the name that they give."""
    name, instead = request.form.get("name", ""), "instead" in request.form
    try:
        with db.transaction() as writing:
            overview.create_caller(writing, call_id, name, current_actor(), request_now(), instead=instead)
    except Invalid as wrong:
        return _shown(call_id, 422, name, wrong.errors, instead=instead)
    except Conflict as conflict:
        tell("plain", "Noted already", str(conflict))
        return redirect(url_for(".show", call_id=call_id), 303)
    tell("good", "New caller noted")
    return redirect(url_for(".show", call_id=call_id), 303)


@bp.post("/calls/<uuid:call_id>/nobody")
@requires(SERVES)
def drop(call_id: UUID) -> Response:
    """An ended call of nobody known is let go; one that is gone already stays gone."""
    try:
        with db.transaction() as writing:
            interactions.drop(writing, call_id, current_actor(), request_now())
    except Conflict as conflict:
        tell("warn", "Not yet", str(conflict))
        return redirect(url_for(".show", call_id=call_id), 303)
    tell("good", "Let go", "Nothing was noted of this call.")
    return redirect(url_for("home.show"), 303)


@bp.post("/calls/<uuid:call_id>/hold")
@requires(SERVES)
def hold(call_id: UUID) -> Response:
    """The customer is on hold, where the telephone does not tell of it itself."""
    return _held(call_id, interactions.hold)


@bp.post("/calls/<uuid:call_id>/retrieval")
@requires(SERVES)
def retrieve(call_id: UUID) -> Response:
    """I speak with them again."""
    return _held(call_id, interactions.retrieve)


def _held(call_id: UUID, act: Callable[..., interactions.Call]) -> Response:
    refused = ""
    try:
        with db.transaction() as writing:
            call = act(writing, call_id, current_actor(), request_now())
    except Conflict as conflict:
        refused = str(conflict)
        with db.reading() as reading:
            call = interactions.call_of(reading, call_id)
    if refused:
        tell("warn", "Not on hold" if act is interactions.hold else "Nothing was on hold", refused)
    if call.customer_id is None:
        return redirect(url_for(".show", call_id=call_id), 303)
    if wants_fragment() and not refused:
        return page("desk/customer.html", "contact", trigger=("contact-changed",), **customer_context(call.customer_id))
    where = url_for("customers.show", customer_id=call.customer_id)
    return make_response("", 200, {"HX-Redirect": where}) if wants_fragment() else redirect(where, 303)


def _shown(
    call_id: UUID, status: int = 200, typed: str = "", errors: dict[str, str] | None = None, *, instead: bool = False
) -> Response:
    with db.reading() as reading:
        seen = overview.caller(reading, call_id, current_actor())
    if seen.call.customer_id is not None and not instead:
        where = url_for("customers.show", customer_id=seen.call.customer_id)
        return make_response("", 200, {"HX-Redirect": where}) if wants_fragment() else redirect(where, 303)
    query = session.get("query", "") if "searched" in request.args else search_for(call_id)
    return page(
        TEMPLATE, "call_now", status=status, call=seen.call, call_id=call_id, typed=typed, errors=errors or {}, query=query,
        candidates=[match for match in seen.candidates if match.id != seen.call.customer_id], taken_for=seen.taken_for,
        matches=found(query).customers.items, instead=instead and seen.taken_for is not None,
    )  # fmt: skip
