"""My contact with a customer: begun, noted on as one types, marked as private, wrapped up. Works with scripting off."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, make_response, redirect, request, url_for
from werkzeug.wrappers import Response

from agent_ui.desk import promises
from agent_ui.desk import typed as kept_typing
from agent_ui.desk.channel import OPENED, PHONE
from agent_ui.desk.customers import TEMPLATE, customer_context
from agent_ui.desk.rail import SERVES
from backend import db
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.interactions.types import Interaction
from backend.overview import service as overview
from backend.people.service import current_actor, requires
from backend.profiles import service as profiles
from shared.kernel.errors import Conflict, Invalid, NoAuthority, NotFound
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now, tell, wants_fragment

bp = Blueprint("contacts", __name__, template_folder="templates")
ONE = "/customers/<uuid:customer_id>/contacts/<uuid:interaction_id>"
WRAP_UP = "desk/wrap_up.html"
NOTES_STATE = "desk/notes_state.html"
STILL_TALKING = "The telephone says that the call still goes on. Wrap up when it has ended, or anyway; nothing that you wrote is lost."


@bp.post("/customers/<uuid:customer_id>/contact")
@requires(SERVES)
def begin(customer_id: UUID) -> Response:
    """A contact without a call, in the channel that is chosen; the one that is open already goes on."""
    channel = request.form.get("channel") or PHONE
    if channel not in OPENED:
        raise Invalid("There is no such channel.", {"channel": f"one of {', '.join(OPENED)}"})
    with db.transaction() as session:
        interactions.begin(session, customer_id, channel, current_actor(), request_now())
    # In another channel other treatments can be delivered: the page is drawn anew.
    return strip(customer_id) if channel == PHONE else _to_customer(customer_id)


@bp.post(f"{ONE}/private")
@requires(SERVES)
def private(customer_id: UUID, interaction_id: UUID) -> Response:
    """The portal shows nothing of a private contact, and does not move by it."""
    wanted = request.form.get("private") == "yes"
    with db.transaction() as session:
        interactions.set_private(session, customer_id, interaction_id, wanted, current_actor(), request_now())
    return strip(customer_id)


@bp.post(f"{ONE}/person")
@requires(SERVES)
def person(customer_id: UUID, interaction_id: UUID) -> Response:
    """With whom I speak: the customer, or someone who may act for them; every act of the contact names that person."""
    wanted = _person()
    try:
        with db.transaction() as session:
            interactions.speak_with(session, customer_id, interaction_id, wanted, current_actor(), request_now())
    except NoAuthority as refused:
        return page(TEMPLATE, "contact", status=409, person_error=str(refused), **customer_context(customer_id))
    return strip(customer_id)


@bp.post(f"{ONE}/verification")
@requires(SERVES)
def verify(customer_id: UUID, interaction_id: UUID) -> Response:
    """How whoever speaks proved who they are: what was masked is shown for a while, or until it is wrapped up."""
    try:
        with db.transaction() as session:
            interactions.verify_caller(
                session, customer_id, interaction_id, request.form.get("how", ""), current_actor(), request_now(),
                catalogues.pack_in_force(session),
            )  # fmt: skip
    except Invalid as wrong:
        return page(TEMPLATE, "contact", status=422, verify_error=str(wrong), **customer_context(customer_id))
    return strip(customer_id, "happened", "moment-changed")


@bp.post(f"{ONE}/notes")
@requires(SERVES)
def notes(customer_id: UUID, interaction_id: UUID) -> Response:
    """Keeps what was written. Where another window wrote meanwhile, both texts come back, and the agent says which to keep."""
    text = request.form.get("notes", "").replace("\r\n", "\n")
    keep, seen = request.form.get("keep", ""), _number("seen")
    if keep == "both":
        text = "\n\n".join(part for part in (request.form.get("theirs", "").replace("\r\n", "\n"), text) if part)
    try:
        with db.transaction() as session:
            found = interactions.write_notes(
                session, customer_id, interaction_id, text, _number("now") if keep else seen, current_actor(), request_now()
            )  # fmt: skip
    except Conflict as conflict:
        if "notes" not in conflict.extra:
            raise
        other = {"text": conflict.extra["notes"], "version": conflict.extra["version"]}
        return _notes(customer_id, 409, typed_notes=text, notes_seen=seen, notes_other=other)
    except Invalid as wrong:
        return _notes(customer_id, 422, typed_notes=text, notes_seen=seen, notes_wrong=str(wrong))
    if request.form.get("quiet"):
        return make_response("", 204)
    if wants_fragment():
        # As an agent types, this is asked again and again: the line under the notes needs nothing of the customer.
        if not keep:
            return page(NOTES_STATE, saved=True, contact=found)
        return _notes(customer_id, 200, whole=True, saved=True, contact=found)
    tell("good", "Notes saved")
    return _to_customer(customer_id)


@bp.get(f"{ONE}/wrap-up")
@requires(SERVES)
def closing(customer_id: UUID, interaction_id: UUID) -> Response:
    """What closing the contact asks, prefilled with what happened."""
    found = _mine(customer_id, interaction_id)
    return _to_customer(customer_id) if found is None else _sheet(found)


@bp.post(f"{ONE}/wrap-up")
@requires(SERVES)
def close(customer_id: UUID, interaction_id: UUID) -> Response:
    """Closes the contact. What cannot be taken comes back with all that was typed; closed twice, it is closed once."""
    found = _mine(customer_id, interaction_id)
    if found is None:
        return _to_customer(customer_id)
    if not request.form.get("anyway") and _still_talking(found):
        return _sheet(found, 409, {}, talking=STILL_TALKING)
    try:
        with db.transaction() as session:
            overview.wrap_up(
                session, customer_id, interaction_id, code=request.form.get("code", ""), summary=request.form.get("summary", ""),
                not_mentioned=_ticked(), actor=current_actor(), now=request_now(), promises=promises.given(session),
            )  # fmt: skip
            kept_typing.drop_wrap_up(session, found)
            state = interactions.agent_state(session, current_actor(), request_now()).state
    except Invalid as wrong:
        return _sheet(found, 422, wrong.errors)
    tell("good", "Wrapped up", "You are ready for the next call." if state == "ready" else "")
    return _to_customer(customer_id)


def _mine(customer_id: UUID, interaction_id: UUID) -> Interaction | None:
    """The contact, while it is this agent's and open; else None, and the next page says what became of it."""
    with db.reading() as session:
        customer_id = profiles.resolve(session, customer_id)
        found = interactions.interaction(session, customer_id, interaction_id)
    if found.staff_id != UUID(current_actor().id):
        tell("warn", "This contact is not yours", f"{found.staff or 'A colleague'} has it, and wraps it up.")
    elif found.wrapped_at is not None:
        tell("good", "Wrapped up already")
    else:
        return found
    return None


def _still_talking(found: Interaction) -> bool:
    with db.reading() as session:
        calls = interactions.calls_of(session, UUID(current_actor().id))
    return any(call.interaction_id == found.interaction_id and call.state == "talking" for call in calls)


def _sheet(found: Interaction, status: int = 200, errors: dict[str, str] | None = None, talking: str = "") -> Response:
    """The form of the wrap-up; with errors, as it was typed."""
    asked = overview.wrap_up_page(found.customer_id, found.interaction_id, current_actor(), request_now())
    with db.reading() as session:
        profile = profiles.profile(session, found.customer_id)
    speak_of(profile.timezone)
    typed = {"code": asked.code, "summary": asked.summary}
    ticked = {one.offer_id for one in asked.not_mentioned}
    promised = promises.drawn(asked)
    kept = kept_typing.wrap_up_of(found)
    if request.method == "GET" and kept is not None:
        typed, ticked, promised = kept.typed, kept.ticked & ticked, kept.promised
    if request.method == "POST":
        typed = {name: request.form.get(name, "") for name in typed}
        ticked, promised = _ticked(), promises.typed()
    return page(
        WRAP_UP, "sheet", status=status, asked=asked, contact=found, customer_id=found.customer_id, name=profile.name,
        typed=typed, ticked=ticked, promised=promised, errors=errors or {}, talking=talking,
        draft_seen=request.form.get("draft_seen") or (kept.version if kept else 0), draft=kept,
    )  # fmt: skip


def strip(customer_id: UUID, *changed: str) -> Response:
    """The contact as it is now, in its strip for htmx or on the customer's page; `changed` tells the other panels."""
    if not wants_fragment():
        return _to_customer(customer_id)
    answer = page(TEMPLATE, "contact", trigger=("contact-changed", *changed), **customer_context(customer_id))
    answer.headers["HX-Retarget"] = "#contact"
    return answer


def _notes(customer_id: UUID, status: int, *, whole: bool = False, **more: Any) -> Response:
    """The line under the notes for htmx, or the whole field where its text is another now; without htmx, the page."""
    context = customer_context(customer_id) | more
    if wants_fragment() and not whole:
        return page(NOTES_STATE, status=status, **context)
    answer = page(TEMPLATE, "notes", status=status, **context)
    if whole:
        answer.headers["HX-Retarget"] = "#notes"
    return answer


def _to_customer(customer_id: UUID) -> Response:
    """Back to the customer's page, as a whole: much of it is different now."""
    where = url_for("customers.show", customer_id=customer_id)
    if wants_fragment():
        return make_response("", 200, {"HX-Redirect": where})
    return redirect(where, 303)


def _ticked() -> set[UUID]:
    found = set()
    for text in request.form.getlist("not_mentioned"):
        try:
            found.add(UUID(text))
        except ValueError:
            continue  # no offer of ours
    return found


def _person() -> UUID | None:
    """The representative who was chosen; None for the customer."""
    text = request.form.get("person", "")
    try:
        return UUID(text) if text else None
    except ValueError:
        raise NotFound("There is no such representative of this customer.") from None


def _number(name: str) -> int:
    text = request.form.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
