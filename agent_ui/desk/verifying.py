"""Whoever speaks proves who they are: questions whose answers are compared on the server, or a code read back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from agent_ui.desk.contacts import ONE, strip
from agent_ui.desk.rail import SERVES
from backend import db
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.interactions.service import Outcome
from backend.people.service import current_actor, requires
from backend.profiles import service as profiles
from shared.kernel.errors import Conflict, Invalid
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now, tell

bp = Blueprint("verifying", __name__, template_folder="templates")
TEMPLATE = "desk/verifying.html"
WRONG = "That is not what we have."


@bp.get(f"{ONE}/proof")
@requires(SERVES)
def show(customer_id: UUID, interaction_id: UUID) -> Response:
    """What may be asked of whoever speaks, and where a code may be sent; of a contact that is over, nothing."""
    try:
        return _proof(customer_id, interaction_id)
    except Conflict as over:
        tell("warn", "Not verified", str(over))
        return redirect(url_for("customers.show", customer_id=customer_id), 303)


@bp.post(f"{ONE}/proof/answers")
@requires(SERVES)
def answers(customer_id: UUID, interaction_id: UUID) -> Response:
    """Compares what they answered; what was typed comes back where it was wrong, what is known never does."""
    typed = {name.removeprefix("answer-"): text for name, text in request.form.items() if name.startswith("answer-")}
    try:
        with db.transaction() as session:
            outcome = interactions.answer_questions(
                session, customer_id, interaction_id, typed, current_actor(), request_now(), catalogues.pack_in_force(session)
            )  # fmt: skip
    except Invalid as wrong:
        return _proof(customer_id, interaction_id, 422, typed=typed, answers_wrong=str(wrong), fields=wrong.errors)
    except Conflict as refused:
        return _proof(customer_id, interaction_id, 409, typed=typed, answers_wrong=str(refused))
    if outcome.verified:
        return strip(customer_id, "happened", "moment-changed")
    return _proof(customer_id, interaction_id, 422, typed=typed, answers_wrong=_said(outcome))


@bp.post(f"{ONE}/proof/code")
@requires(SERVES)
def send(customer_id: UUID, interaction_id: UUID) -> Response:
    """Sends a code to the address that is known to be theirs."""
    try:
        with db.transaction() as session:
            interactions.send_code(
                session, customer_id, interaction_id, current_actor(), request_now(), catalogues.pack_in_force(session)
            )  # fmt: skip
    except Conflict as refused:
        return _proof(customer_id, interaction_id, 409, code_wrong=str(refused))
    return _proof(customer_id, interaction_id)


@bp.post(f"{ONE}/proof/code/reading")
@requires(SERVES)
def read(customer_id: UUID, interaction_id: UUID) -> Response:
    """Compares what they read back with what was sent."""
    try:
        with db.transaction() as session:
            outcome = interactions.read_code(
                session, customer_id, interaction_id, request.form.get("code", "")[:40], current_actor(), request_now(),
                catalogues.pack_in_force(session),
            )  # fmt: skip
    except Invalid as wrong:
        return _proof(customer_id, interaction_id, 422, code_wrong=str(wrong))
    except Conflict as refused:
        return _proof(customer_id, interaction_id, 409, code_wrong=str(refused))
    if outcome.verified:
        return strip(customer_id, "happened", "moment-changed")
    return _proof(customer_id, interaction_id, 422, code_wrong=_said(outcome))


def _said(outcome: Outcome) -> str:
    if outcome.locked_until is not None:
        return f"{WRONG} Nothing more is compared for a while."
    return f"{WRONG} {outcome.tries} more {'try' if outcome.tries == 1 else 'tries'}."


def _proof(customer_id: UUID, interaction_id: UUID, status: int = 200, **said: Any) -> Response:
    with db.reading() as session:
        found = interactions.proving(
            session, customer_id, interaction_id, current_actor(), request_now(), catalogues.pack_in_force(session)
        )
        profile = profiles.profile(session, customer_id)
    speak_of(profile.timezone)
    answer = page(
        TEMPLATE, "proof", status=status, proving=found, customer=profile,
        here=lambda name: url_for(f"verifying.{name}", customer_id=profile.customer_id, interaction_id=interaction_id), **said,
    )  # fmt: skip
    answer.headers["HX-Retarget"] = "#proof"
    return answer
