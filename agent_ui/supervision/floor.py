"""Looking in on one interaction as it happens, and stepping in: a word to its agent, taking it over, handing it on, ending it, a callback.

The page marks nothing read; that it was looked at is on record. Each act is plain; of two supervisors at once the first counts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, g, redirect, request, url_for
from werkzeug.wrappers import Response

from agent_ui.desk.acting import Made, Refusal, acted
from backend import db
from backend.cases import service as cases
from backend.cases.service import Case
from backend.casework import service as casework
from backend.interactions import service as interactions
from backend.interactions.types import Interaction
from backend.overview import service as overview
from backend.people.service import Permission, current_actor, requires
from backend.profiles import service as profiles
from shared.kernel.errors import Conflict, Invalid, NotFound
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now, wants_fragment

bp = Blueprint("floor", __name__, template_folder="templates")
ONE = "/floor/<uuid:customer_id>/<uuid:interaction_id>"
TEMPLATE = "supervision/floor.html"
LOOKED = "look-in"
RINGS = "phone"


@bp.get(ONE)
@requires(Permission.SUPERVISE)
def show(customer_id: UUID, interaction_id: UUID) -> Response:
    """A call that rings is looked into by its own id; once it is answered, it is the contact that it became."""
    context = _context(customer_id, interaction_id)
    if context["interaction_id"] != interaction_id:
        return _back(context["customer_id"], context["interaction_id"])
    return page(TEMPLATE, **context)


@bp.get(f"{ONE}/panels/<any(who, talk, notes, timeline, do, acts):name>")
@requires(Permission.SUPERVISE)
def panel(customer_id: UUID, interaction_id: UUID, name: str) -> Response:
    return page(TEMPLATE, name, **_context(customer_id, interaction_id))


@bp.post(f"{ONE}/words")
@requires(Permission.SUPERVISE)
def whisper(customer_id: UUID, interaction_id: UUID) -> Response:
    """A word to the agent, on their page at once; the customer never reads it."""
    return _act(
        customer_id, interaction_id, "Not said",
        lambda session: interactions.whisper(
            session, customer_id, interaction_id, request.form.get("text", ""), current_actor(), request_now()
        ),
        said=lambda word: (f"Said to {word.to_name}",),
        piece=lambda word: page(TEMPLATE, "acts", said=word, **_context(customer_id, interaction_id)),
    )  # fmt: skip


@bp.post(f"{ONE}/words/<uuid:word_id>/withdrawal")
@requires(Permission.SUPERVISE)
def withdraw(customer_id: UUID, interaction_id: UUID, word_id: UUID) -> Response:
    """Takes a word of one's own back, while nobody has read it."""
    return _act(
        customer_id, interaction_id, "Not taken back",
        lambda session: interactions.withdraw(session, customer_id, word_id, current_actor(), request_now()),
        said=lambda _: ("Taken back",),
        piece=lambda _: page(TEMPLATE, "acts", **_context(customer_id, interaction_id)),
    )  # fmt: skip


@bp.post(f"{ONE}/takeover")
@requires(Permission.SUPERVISE)
def take_over(customer_id: UUID, interaction_id: UUID) -> Response:
    """The contact is mine: its agent sees it at once, and the customer's page opens."""
    return _act(
        customer_id, interaction_id, "Not taken over",
        lambda session: interactions.take_over(
            session, customer_id, interaction_id, _seen(), _why(), current_actor(), request_now()
        ),
        said=lambda _: ("The contact is yours", "Its agent sees it. The telephone itself is put through at the telephone."),
        back=lambda found: url_for("customers.show", customer_id=found.customer_id),
    )  # fmt: skip


@bp.post(f"{ONE}/assignment")
@requires(Permission.SUPERVISE)
def reassign(customer_id: UUID, interaction_id: UUID) -> Response:
    """The contact goes on with another agent who is ready."""

    def act(session: db.Session) -> Interaction:
        to = _id("to")
        if to is None:
            raise Invalid("Choose who takes it.", {"to": "Choose who takes it."})
        return interactions.reassign(
            session, customer_id, interaction_id, _seen(), to, _why(), current_actor(), request_now()
        )

    return _act(
        customer_id, interaction_id, "Not handed on", act,
        said=lambda found: (
            f"{found.staff} has the contact", "Both agents see it. The telephone itself is put through at the telephone.",
        ),
    )  # fmt: skip


@bp.post(f"{ONE}/ending")
@requires(Permission.SUPERVISE)
def end(customer_id: UUID, interaction_id: UUID) -> Response:
    """The contact is over; its agent wraps it up."""
    return _act(
        customer_id, interaction_id, "Not ended",
        lambda session: interactions.end_contact(
            session, customer_id, interaction_id, _seen(), _why(), current_actor(), request_now()
        ),
        said=lambda found: ("Ended", f"{found.staff} wraps it up. The telephone itself is hung up at the telephone."),
    )  # fmt: skip


@bp.post(f"{ONE}/callback")
@requires(Permission.SUPERVISE)
def call_back(customer_id: UUID, interaction_id: UUID) -> Response:
    """Books a call to the customer at a free time."""
    about = " ".join(request.form.get("about", "").split())

    def act(session: db.Session) -> Case:
        if not about:
            raise Invalid("Say what the call is about.", {"about": "Say what it is about: the customer reads it."})
        if len(about) > cases.LONGEST_SUBJECT:
            raise Invalid("Shorten it.", {"about": f"Keep it to {cases.LONGEST_SUBJECT} characters."})
        return casework.book_callback(
            session, customer_id, about=about, when=request.form.get("when", "soon"), team="",
            channel=_channel(session, customer_id, interaction_id), actor=current_actor(), now=request_now(),
        )  # fmt: skip

    return _act(
        customer_id, interaction_id, "Not booked", act,
        said=lambda made: ("Callback booked" if made.slot_at else "Callback noted, no time is free",),
    )  # fmt: skip


@bp.post(f"{ONE}/callback/<uuid:case_id>/cancellation")
@requires(Permission.SUPERVISE)
def call_off(customer_id: UUID, interaction_id: UUID, case_id: UUID) -> Response:
    """The callback is no longer wanted; one that came of an offer is taken back with the offer."""

    def act(session: db.Session) -> None:
        owner = profiles.resolve(session, customer_id)
        case = cases.case_of(session, owner, case_id)
        if case.kind != "callback":
            raise NotFound("There is no such callback.")
        if case.offer_id is not None:
            raise Conflict("This came of an offer: take the offer back, and all of it is undone.")
        channel = _channel(session, owner, interaction_id)
        cases.cancel(session, owner, case_id, actor=current_actor(), now=request_now(), channel=channel)

    return _act(customer_id, interaction_id, "Not called off", act, said=lambda _: ("Callback called off",))


def _act(
    customer_id: UUID,
    interaction_id: UUID,
    title: str,
    act: Callable[[db.Session], Made],
    said: Callable[[Made], tuple[str, ...]],
    back: Callable[[Made], str] | None = None,
    piece: Callable[[Made], Response] | None = None,
) -> Response:
    """Does it, and this page goes on, unless `back` leads elsewhere; refused, it says so under this title."""
    here = url_for(".show", customer_id=customer_id, interaction_id=interaction_id)
    return acted(
        act, lambda why: _refused(customer_id, interaction_id, why, title), said, back or (lambda _: here), piece
    )


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
        "look": seen, "customer_id": seen.customer.id, "interaction_id": seen.contact.interaction_id, "times": times,
        "here": {"customer_id": seen.customer.id, "interaction_id": seen.contact.interaction_id},
        "my_id": UUID(current_actor().id),
    }  # fmt: skip


def _refused(customer_id: UUID, interaction_id: UUID, why: Refusal, title: str) -> Response:
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


def _channel(session: db.Session, customer_id: UUID, interaction_id: UUID) -> str:
    """In which channel they are: by telephone, where it is a call that rings."""
    try:
        return interactions.interaction(session, profiles.resolve(session, customer_id), interaction_id).channel
    except NotFound:
        interactions.call_of(session, interaction_id)
        return RINGS


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
