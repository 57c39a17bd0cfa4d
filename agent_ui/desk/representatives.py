"""Who may act for the customer: put on record at the desk, with what was seen, and ended. Works with scripting off."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from agent_ui.desk.channel import channel_with
from agent_ui.desk.customers import TEMPLATE, customer_context
from backend import db
from backend.interactions import service as interactions
from backend.people.service import Permission, current_actor, requires
from shared.kernel.errors import Conflict, Invalid
from shared.ui.pages import page, request_now, tell, wants_fragment

bp = Blueprint("representatives", __name__, template_folder="templates")


@bp.post("/customers/<uuid:customer_id>/representatives")
@requires(Permission.RECORD_REPRESENTATIVES)
def add(customer_id: UUID) -> Response:
    """Puts a person on record; what cannot be taken comes back as it was typed, with what to do about it."""
    try:
        days, wrong = _days()
        with db.transaction() as session:
            made = interactions.record_representative(
                session, customer_id, name=request.form.get("name", ""), relation=request.form.get("relation", ""),
                authority=request.form.get("authority", ""), may_act=_may_act(wrong), from_day=days["from"], until=days["until"],
                channel=channel_with(customer_id, session), actor=current_actor(), now=request_now(),
            )  # fmt: skip
            if wrong:
                raise Invalid("Please check who may act for this customer.", wrong)
    except Invalid as refused:
        errors = wrong | refused.errors
        return _who(customer_id, 422, person_wrong=errors, person_typed=request.form)
    what = "may act for" if made.may_act else "may be told about"
    return _done(
        customer_id, f"On record: {made.name}", f"They {what} this customer. Say in the contact with whom you speak."
    )


@bp.post("/customers/<uuid:customer_id>/representatives/<uuid:representative_id>/ending")
@requires(Permission.RECORD_REPRESENTATIVES)
def end(customer_id: UUID, representative_id: UUID) -> Response:
    """Their authority is over from now on; what they did before stands."""
    try:
        with db.transaction() as session:
            ended = interactions.end_representative(
                session,
                customer_id,
                representative_id,
                channel=channel_with(customer_id, session),
                actor=current_actor(),
                now=request_now(),
            )
    except Conflict as refused:
        return _who(customer_id, 409, person_refused=refused)
    return _done(customer_id, f"Ended: {ended.name}", "They can no longer act for this customer, nor be told.")


def _days() -> tuple[dict[str, date | None], dict[str, str]]:
    """The days as typed, none where none was; and what is wrong with them."""
    days: dict[str, date | None] = {}
    wrong = {}
    for name in ("from", "until"):
        text = request.form.get(name, "").strip()
        try:
            days[name] = date.fromisoformat(text) if text else None
        except ValueError:
            days[name], wrong[name] = None, "Choose a day, or leave it empty."
    return days, wrong


def _may_act(wrong: dict[str, str]) -> bool:
    answer = request.form.get("may_act", "")
    if answer not in ("yes", "no"):
        wrong["may_act"] = "Choose what they may do."
    return answer == "yes"


def _done(customer_id: UUID, title: str, text: str) -> Response:
    if wants_fragment():
        done = {"title": title, "text": text}
        return page(TEMPLATE, "who", trigger=("happened",), person_done=done, **customer_context(customer_id))
    tell("good", title, text)
    return redirect(url_for("customers.show", customer_id=customer_id), 303)


def _who(customer_id: UUID, status: int, **context: Any) -> Response:
    return page(TEMPLATE, "who", status=status, **context, **customer_context(customer_id))
