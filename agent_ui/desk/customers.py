"""The customer page: who they are, now and before, and what to do. Each column can be fetched alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, g, redirect, request, url_for
from werkzeug.wrappers import Response

from agent_ui.desk.channel import channel_with
from agent_ui.desk.home import remember
from agent_ui.desk.words import KINDS
from backend import db
from backend.overview import service as overview
from backend.people.service import Permission, current_actor, requires
from shared.kernel.errors import Conflict, Invalid
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now, tell, wants_fragment

bp = Blueprint("customers", __name__, template_folder="templates")
TEMPLATE = "desk/customer.html"


@bp.get("/customers/<uuid:customer_id>")
@requires(Permission.SEE_CUSTOMER)
def show(customer_id: UUID) -> Response:
    seen = customer_context(customer_id)
    canonical = seen["seen"].customer.id
    remember(canonical)
    if canonical != customer_id:
        return redirect(url_for(".show", customer_id=canonical), 303)
    return page(TEMPLATE, **seen)


@bp.get(
    "/customers/<uuid:customer_id>/panels/<any(who, moment, timeline, do, contact, notes, words, online, by_phone):name>"
)
@requires(Permission.SEE_CUSTOMER)
def panel(customer_id: UUID, name: str) -> Response:
    return page(TEMPLATE, name, **customer_context(customer_id))


@bp.get("/customers/<uuid:customer_id>/timeline")
@requires(Permission.SEE_CUSTOMER)
def timeline(customer_id: UUID) -> Response:
    """Earlier events, from a cursor on: more lines for htmx, a page of its own without."""
    show, narrow = _filter(), _narrow()
    cursor = request.args.get("cursor")
    lines = overview.timeline_page(
        customer_id, current_actor(), request_now(), kinds=KINDS[show], cursor=cursor, **narrow
    )
    speak_of(lines.timezone)
    return page(
        "desk/timeline.html", "lines", customer_id=customer_id, lines=lines.items, next_cursor=lines.next_cursor, cursor=cursor,
        show=show, narrow=narrow,
    )  # fmt: skip


@bp.post("/customers/<uuid:customer_id>/timeline/search")
@requires(Permission.SEE_CUSTOMER)
def find(customer_id: UUID) -> Response:
    """The events in which words stand, in the place of the timeline, or from a cursor on. What is searched for is in no address."""
    show, narrow = _filter(request.form), _narrow(request.form)
    words, cursor = request.form.get("words", "").strip(), request.form.get("cursor") or None
    if not words:
        return redirect(url_for(".show", customer_id=customer_id, show=show, **narrow), 303)
    told: dict[str, Any] = {"words": words, "show": show, "narrow": narrow}
    try:
        found = overview.timeline_found(
            customer_id, words, current_actor(), request_now(), kinds=KINDS[show], cursor=cursor, **narrow
        )
    except Invalid as wrong:
        told |= {"words_wrong": str(wrong), "lines": (), "next_cursor": None}
        return page(TEMPLATE, "timeline", status=422, **(customer_context(customer_id) | told))
    told |= {"lines": found.items, "next_cursor": found.next_cursor}
    if cursor and wants_fragment():
        speak_of(found.timezone)
        g.looked_at = customer_id
        return page("desk/timeline.html", "lines", customer_id=customer_id, cursor=cursor, **told)
    return page(TEMPLATE, "timeline", **(customer_context(customer_id) | told))


@bp.get("/customers/<uuid:customer_id>/events/<uuid:event_id>")
@requires(Permission.SEE_CUSTOMER)
def event(customer_id: UUID, event_id: UUID) -> Response:
    """One event whole: under its line for htmx, a page of its own without."""
    found = overview.event_page(customer_id, event_id, current_actor(), request_now())
    speak_of(found.timezone)
    g.looked_at = found.customer_id
    return page("desk/event.html", "whole", found=found)


@bp.get("/customers/<uuid:customer_id>/withheld")
@requires(Permission.SEE_CUSTOMER)
def withheld(customer_id: UUID) -> Response:
    """Why the others are not offered: lines under what is, or a page of its own."""
    found = overview.funnel_page(customer_id, channel_with(customer_id), current_actor(), request_now())
    speak_of(found.timezone)
    g.looked_at = found.customer_id
    return page("desk/withheld.html", "lines", customer_id=found.customer_id, found=found)


@bp.post("/customers/<uuid:customer_id>/moment")
@requires(Permission.SET_MOMENT)
def moment(customer_id: UUID) -> Response:
    """Writes why the customer is here, as they said it; what to offer follows from it."""
    stage, _, intent = request.form.get("moment", "").partition("/")
    try:
        with db.transaction() as session:
            overview.set_moment(
                session,
                customer_id,
                stage,
                intent or None,
                channel_with(customer_id, session),
                current_actor(),
                request_now(),
            )
    except Invalid as wrong:
        return page(TEMPLATE, "moment", status=422, moment_error=str(wrong), **customer_context(customer_id))
    except Conflict as refused:
        return page(TEMPLATE, "moment", status=409, moment_error=str(refused), **customer_context(customer_id))
    if wants_fragment():
        return page(TEMPLATE, "moment", trigger=("moment-changed", "happened"), **customer_context(customer_id))
    tell("good", "Noted why they are here")
    return redirect(url_for(".show", customer_id=customer_id), 303)


def customer_context(customer_id: UUID) -> dict[str, Any]:
    """All that the customer page is drawn from, for its first paint and for each refresh."""
    seen = overview.customer_page(customer_id, current_actor(), request_now())
    speak_of(seen.customer.timezone)
    g.looked_at = seen.customer.id
    g.in_hand = (seen.hand, seen.away_reasons)
    show, narrow = _filter(), _narrow()
    context = {
        "seen": seen,
        "narrow": narrow,
        "customer_id": seen.customer.id,
        "show": show,
        "lines": seen.timeline,
        "next_cursor": seen.timeline_next,
        "contact": seen.contact,
        "call": seen.call,
    }
    if show != "all" or narrow:
        some = overview.timeline_page(customer_id, current_actor(), request_now(), kinds=KINDS[show], **narrow)
        context |= {"lines": some.items, "next_cursor": some.next_cursor}
    return context


def _narrow(asked: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The channel and the stage to which the timeline is narrowed, where one was chosen; what there is not finds nothing."""
    given = request.args if asked is None else asked
    chosen = {name: given.get(name, "")[:60] for name in ("channel", "stage")}
    return {name: value for name, value in chosen.items() if value}


def _filter(asked: Mapping[str, str] | None = None) -> str:
    show = (request.args if asked is None else asked).get("show", "all")
    return show if show in KINDS else "all"
