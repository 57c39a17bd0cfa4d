"""Looking in on one interaction as it happens, and stepping in: a word to its agent, taking it over, handing it on, ending it, a callback.

The page marks nothing read; that it was looked at is on record. Each act is plain; of two supervisors at once the first counts.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, g, redirect, request, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.cases import service as cases
from backend.casework import service as casework
from backend.interactions import service as interactions
from backend.overview import service as overview
from backend.people.service import Permission, current_actor, requires
from backend.profiles import service as profiles
from shared.kernel.errors import Conflict, Invalid, NotFound
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now, tell, wants_fragment

bp = Blueprint("floor", __name__, template_folder="templates")
ONE = "/floor/<uuid:customer_id>/<uuid:interaction_id>"
TEMPLATE = "supervision/floor.html"
LOOKED = "look-in"


@bp.get(ONE)
@requires(Permission.SUPERVISE)
def show(customer_id: UUID, interaction_id: UUID) -> Response:
    return _page(customer_id, interaction_id)


@bp.get(f"{ONE}/panels/<any(who, talk, notes, timeline, do, acts):name>")
@requires(Permission.SUPERVISE)
def panel(customer_id: UUID, interaction_id: UUID, name: str) -> Response:
    return page(TEMPLATE, name, **_context(customer_id, interaction_id))


@bp.post(f"{ONE}/words")
@requires(Permission.SUPERVISE)
def whisper(customer_id: UUID, interaction_id: UUID) -> Response:
    """A word to the agent, on their page at once; the customer never reads it."""
    try:
        with db.transaction() as session:
            word = interactions.whisper(
                session, customer_id, interaction_id, request.form.get("text", ""), current_actor(), request_now()
            )
    except (Invalid, Conflict) as refused:
        return _refused(customer_id, interaction_id, refused, "Not said")
    if wants_fragment():
        return page(TEMPLATE, "acts", said=word, **_context(customer_id, interaction_id))
    tell("good", f"Said to {word.to_name}")
    return _back(customer_id, interaction_id)


@bp.post(f"{ONE}/words/<uuid:word_id>/withdrawal")
@requires(Permission.SUPERVISE)
def withdraw(customer_id: UUID, interaction_id: UUID, word_id: UUID) -> Response:
    """Takes a word of one's own back, while nobody has read it."""
    try:
        with db.transaction() as session:
            interactions.withdraw(session, customer_id, word_id, current_actor(), request_now())
    except Conflict as refused:
        return _refused(customer_id, interaction_id, refused, "Not taken back")
    if wants_fragment():
        return page(TEMPLATE, "acts", **_context(customer_id, interaction_id))
    tell("good", "Taken back")
    return _back(customer_id, interaction_id)


@bp.post(f"{ONE}/takeover")
@requires(Permission.SUPERVISE)
def take_over(customer_id: UUID, interaction_id: UUID) -> Response:
    """The contact is mine: its agent sees it at once, and the customer's page opens."""
    try:
        with db.transaction() as session:
            found = interactions.take_over(
                session, customer_id, interaction_id, _seen(), _why(), current_actor(), request_now()
            )
    except (Invalid, Conflict) as refused:
        return _refused(customer_id, interaction_id, refused, "Not taken over")
    tell("good", "The contact is yours", "Its agent sees it. The telephone itself is put through at the telephone.")
    return redirect(url_for("customers.show", customer_id=found.customer_id), 303)


@bp.post(f"{ONE}/assignment")
@requires(Permission.SUPERVISE)
def reassign(customer_id: UUID, interaction_id: UUID) -> Response:
    """The contact goes on with another agent who is ready."""
    try:
        to = _id("to")
        if to is None:
            raise Invalid("Choose who takes it.", {"to": "Choose who takes it."})
        with db.transaction() as session:
            found = interactions.reassign(
                session, customer_id, interaction_id, _seen(), to, _why(), current_actor(), request_now()
            )
    except (Invalid, Conflict) as refused:
        return _refused(customer_id, interaction_id, refused, "Not handed on")
    tell(
        "good",
        f"{found.staff} has the contact",
        "Both agents see it. The telephone itself is put through at the telephone.",
    )
    return _back(customer_id, interaction_id)


@bp.post(f"{ONE}/ending")
@requires(Permission.SUPERVISE)
def end(customer_id: UUID, interaction_id: UUID) -> Response:
    """The contact is over; its agent wraps it up."""
    try:
        with db.transaction() as session:
            found = interactions.end_contact(
                session, customer_id, interaction_id, _seen(), _why(), current_actor(), request_now()
            )
    except (Invalid, Conflict) as refused:
        return _refused(customer_id, interaction_id, refused, "Not ended")
    tell("good", "Ended", f"{found.staff} wraps it up. The telephone itself is hung up at the telephone.")
    return _back(customer_id, interaction_id)


@bp.post(f"{ONE}/callback")
@requires(Permission.SUPERVISE)
def call_back(customer_id: UUID, interaction_id: UUID) -> Response:
    """Books a call to the customer at a free time."""
    about = " ".join(request.form.get("about", "").split())
    try:
        if not about:
            raise Invalid("Say what the call is about.", {"about": "Say what it is about: the customer reads it."})
        if len(about) > cases.LONGEST_SUBJECT:
            raise Invalid("Shorten it.", {"about": f"Keep it to {cases.LONGEST_SUBJECT} characters."})
        with db.transaction() as session:
            found = interactions.interaction(session, profiles.resolve(session, customer_id), interaction_id)
            made = casework.book_callback(
                session, customer_id, about=about, when=request.form.get("when", "soon"), team="", channel=found.channel,
                actor=current_actor(), now=request_now(),
            )  # fmt: skip
    except (Invalid, Conflict) as refused:
        return _refused(customer_id, interaction_id, refused, "Not booked")
    tell("good", "Callback booked" if made.slot_at else "Callback noted, no time is free")
    return _back(customer_id, interaction_id)


@bp.post(f"{ONE}/callback/<uuid:case_id>/cancellation")
@requires(Permission.SUPERVISE)
def call_off(customer_id: UUID, interaction_id: UUID, case_id: UUID) -> Response:
    """The callback is no longer wanted; one that came of an offer is taken back with the offer."""
    try:
        with db.transaction() as session:
            owner = profiles.resolve(session, customer_id)
            case = cases.case_of(session, owner, case_id)
            if case.kind != "callback":
                raise NotFound("There is no such callback.")
            if case.offer_id is not None:
                raise Conflict("This came of an offer: take the offer back, and all of it is undone.")
            channel = interactions.interaction(session, owner, interaction_id).channel
            cases.cancel(session, owner, case_id, actor=current_actor(), now=request_now(), channel=channel)
    except Conflict as refused:
        return _refused(customer_id, interaction_id, refused, "Not called off")
    tell("good", "Callback called off")
    return _back(customer_id, interaction_id)


def _page(customer_id: UUID, interaction_id: UUID, status: int = 200, **more: Any) -> Response:
    return page(TEMPLATE, status=status, **_context(customer_id, interaction_id), **more)


def _context(customer_id: UUID, interaction_id: UUID) -> dict[str, Any]:
    """All that the page is drawn from, for its first paint and for each refresh."""
    seen = overview.look_in(customer_id, interaction_id, current_actor(), request_now())
    speak_of(seen.customer.timezone)
    g.looked_at, g.looked_at_as = seen.customer.id, LOOKED
    with db.reading() as session:
        times = casework.call_times(session, seen.customer.id, request_now())
    return {
        "look": seen, "customer_id": seen.customer.id, "interaction_id": interaction_id, "times": times,
        "here": {"customer_id": seen.customer.id, "interaction_id": interaction_id},
        "my_id": UUID(current_actor().id),
    }  # fmt: skip


def _refused(customer_id: UUID, interaction_id: UUID, why: Invalid | Conflict, title: str) -> Response:
    """The page as it is now, with what was typed and why it was not done, at the act that was meant."""
    act = (request.endpoint or "").rpartition(".")[2]
    errors = why.errors if isinstance(why, Invalid) else {}
    more: dict[str, Any] = {
        "act": act,
        "typed": request.form,
        "errors": errors,
        "refused": None if errors else {"title": title, "text": str(why)},
    }
    if wants_fragment():
        return page(TEMPLATE, "acts", status=why.status, **_context(customer_id, interaction_id), **more)
    return _page(customer_id, interaction_id, why.status, **more)


def _back(customer_id: UUID, interaction_id: UUID) -> Response:
    return redirect(url_for(".show", customer_id=customer_id, interaction_id=interaction_id), 303)


def _why() -> str:
    return request.form.get("why", "")


def _seen() -> UUID:
    """Whose the contact was when the page was drawn. Raises Conflict where the page does not say."""
    found = _id("seen")
    if found is None:
        raise Conflict("Please open this page again.")
    return found


def _id(name: str) -> UUID | None:
    try:
        return UUID(request.form.get(name, ""))
    except ValueError:
        return None
