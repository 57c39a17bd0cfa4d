"""What an agent does with an offer: mention, accept, decline, put off. Each works with scripting off; the ledger keeps order."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal
from uuid import UUID

from flask import Blueprint, current_app, make_response, redirect, request, url_for
from werkzeug.wrappers import Response

from agent_ui.desk import disclosing
from agent_ui.desk.channel import channel_with
from agent_ui.desk.customers import TEMPLATE, customer_context
from backend import db
from backend.interactions import service as interactions
from backend.people.service import Permission, current_actor, requires
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from backend.treatments.cards import OfferLine
from backend.treatments.service import Ticks
from shared.kernel.errors import Conflict, Invalid, NotFound
from shared.ui.formats import as_day, as_spoken
from shared.ui.pages import page, request_now, tell, wants_fragment

bp = Blueprint("offers", __name__, template_folder="templates")
Answer = Literal["presented", "accepted", "declined", "deferred"]
LEADS_TO = {
    "offers.accept": ("accepted", "fulfilled"),
    "offers.decline": ("declined",),
    "offers.defer": ("deferred",),
    "offers.undo": ("undone",),
}


class Private(Conflict):
    """The contact is private: nothing of it may show on the portal."""

    code = "private"
    title = "Not noted"


@bp.post("/offers/<uuid:offer_id>/presentation")
@requires(Permission.PRESENT_OFFERS)
def present(offer_id: UUID) -> Response:
    return _answer(offer_id, "presented")


@bp.post("/offers/<uuid:offer_id>/acceptance")
@requires(Permission.DECIDE_OFFERS)
def accept(offer_id: UUID) -> Response:
    return _answer(offer_id, "accepted", ticks=disclosing.ticks(offer_id), given=disclosing.given())


@bp.post("/offers/<uuid:offer_id>/decline")
@requires(Permission.DECIDE_OFFERS)
def decline(offer_id: UUID) -> Response:
    return _answer(offer_id, "declined", reason=request.form.get("reason") or None)


@bp.post("/offers/<uuid:offer_id>/deferral")
@requires(Permission.DECIDE_OFFERS)
def defer(offer_id: UUID) -> Response:
    return _answer(offer_id, "deferred", until=_day(request.form.get("until", "")), word=request.form.get("word", ""))


@bp.post("/offers/<uuid:offer_id>/undo")
@requires(Permission.DECIDE_OFFERS)
def undo(offer_id: UUID) -> Response:
    """They changed their mind about what they accepted: what was done is reversed."""
    customer_id = disclosing.whose()
    with db.transaction() as session:
        undone = treatments.undo(
            session, offer_id, channel=channel_with(customer_id, session), actor=current_actor(), now=request_now(), seen=_seen(), customer_id=customer_id,
        )  # fmt: skip
    left = f"Left as it is, because it was changed since: {', '.join(undone.left)}." if undone.left else ""
    return _done(customer_id, _told("undone", undone.line, None) | ({"text": left} if left else {}))


@bp.post("/offers/<uuid:offer_id>/terms")
@requires(Permission.DECIDE_OFFERS)
def alter(offer_id: UUID) -> Response:
    """Other terms: a new offer in the place of this one, or one that waits for an approval."""
    customer_id = disclosing.whose()
    with db.transaction() as session:
        treatments.owned_offer(session, offer_id, customer_id)
        line = treatments.alter(
            session, offer_id, _terms(), channel=channel_with(customer_id, session), actor=current_actor(), now=request_now(), seen=_seen(),
            reason=request.form.get("reason") or None, ticks=disclosing.ticks(offer_id),
        )  # fmt: skip
    return _done(customer_id, _told("pending_approval" if line.state == "pending_approval" else "altered", line, None))


@bp.errorhandler(Conflict)
def changed(error: Conflict) -> Response:
    """Somebody was faster, or the offer is gone: what happened, and how things stand now."""
    line = error.extra.get("offer")
    said: dict[str, Any] = {"refused": error, "kept": typed_words()}
    if line is not None and same_again(error, current_actor().name, str(request.endpoint)):
        said = {"done": _told(line.state, line, line.until)}
    return _column(409, trigger=("happened",), **said)


@bp.errorhandler(Invalid)
def wrong(error: Invalid) -> Response:
    """The form again, open, with what was typed and what to do about it."""
    offer_id = (request.view_args or {}).get("offer_id")
    if request.endpoint == "offers.accept" and offer_id is not None and _needed(error):
        return _needs(offer_id, error)
    context: dict[str, Any] = {
        "wrong_offer": offer_id,
        "wrong_act": (request.endpoint or "").rpartition(".")[2],
        "wrong_text": str(error),
        "wrong_fields": error.errors,
        "typed": request.form,
    }
    if offer_id is not None and _to_read_out(error):
        context["shown"] = disclosing.signed(offer_id, request_now())
    context["opened"] = context["wrong_offer"]
    return _column(422, **context)


def _answer(
    offer_id: UUID,
    response: Answer,
    *,
    reason: str | None = None,
    until: date | None = None,
    ticks: Ticks | None = None,
    given: dict[str, str] | None = None,
    word: str = "",
) -> Response:
    customer_id = disclosing.whose()
    if response == "presented":
        _unless_private(customer_id)
    with db.transaction() as session:
        line = treatments.answer(
            session, offer_id, response, channel=channel_with(customer_id, session), actor=current_actor(), now=request_now(), reason=reason, until=until,
            seen=_seen(), customer_id=customer_id, ticks=ticks, given=given, word=word,
        )  # fmt: skip
    return _done(customer_id, _told(response, line, until))


def _to_read_out(error: Invalid) -> bool:
    return any(name.startswith("tick-") for name in error.errors)


def _needed(error: Invalid) -> bool:
    return _to_read_out(error) or any(name.startswith(disclosing.INPUT) for name in error.errors)


def _needs(offer_id: UUID, error: Invalid) -> Response:
    """What it needs first, with what was ticked and typed of it; the time goes on from when it was first shown."""
    before = disclosing.ticks(offer_id)
    ticked = {key: "" if after is None else after for key, (_, after) in before.ticked.items()} if before else {}
    # Whoever has just pressed Accept has not seen it yet: nothing is wrong then.
    said = {"wrong_text": str(error), "wrong_fields": error.errors, "shown": request.form["shown"]} if before else {}
    try:
        return disclosing.form(offer_id, disclosing.whose(), ticked=ticked, typed=disclosing.given(), **said)
    except NotFound as missing:
        # A handler's own exception would reach no other handler.
        return make_response(current_app.handle_user_exception(missing))


def _done(customer_id: UUID, done: dict[str, str]) -> Response:
    if wants_fragment():
        return page(TEMPLATE, "do", trigger=("happened",), done=done, **customer_context(customer_id))
    tell("good", done["title"], done["text"])
    return redirect(url_for("customers.show", customer_id=customer_id), 303)


def _unless_private(customer_id: UUID) -> None:
    """What was mentioned shows on the portal; of a private contact nothing does. What they answer counts all the same."""
    with db.reading() as session:
        contacts = interactions.open_with_customer(session, profiles.resolve(session, customer_id))
    if any(one.is_private and str(one.staff_id) == current_actor().id for one in contacts):
        raise Private("This contact is private: what you mention is not noted, since the portal would show it.")


def _column(status: int, **context: Any) -> Response:
    """What stands on the page now, with what is to be said about it; not there where the form named nobody's page."""
    try:
        seen = customer_context(disclosing.whose())
    except NotFound as missing:
        # A handler's own exception would reach no other handler.
        return make_response(current_app.handle_user_exception(missing))
    return page(TEMPLATE, "do", status=status, **context, **seen)


def _told(response: str, line: OfferLine, until: date | None) -> dict[str, str]:
    reference = f"Reference {as_spoken(line.reference)}."
    return {
        "altered": {
            "title": f"New terms: {line.headline}",
            "text": "They stand on the portal too, in place of the old ones.",
        },
        "pending_approval": {
            "title": f"Sent for approval: {line.headline}",
            "text": "These terms go beyond your own authority. The customer sees that it is being confirmed; what a supervisor decides stands below, under Answered.",
        },
        "fulfilled": {"title": f"Arranged: {line.headline}", "text": reference},
        "presented": {
            "title": "Noted as mentioned",
            "text": f"{line.headline}. The portal shows it on the same terms.",
        },
        "accepted": {
            "title": f"Accepted: {line.headline}",
            "text": " ".join([reference, *(f"{one.said}." for one in line.chosen), line.promise]),
        },
        "declined": {
            "title": f"Declined: {line.headline}",
            "text": "They can change their mind until the offer's date.",
        },
        "undone": {
            "title": f"Taken back: {line.headline}",
            "text": "What was arranged is undone, on the portal too.",
        },
        "deferred": {
            "title": f"Put off: {line.headline}",
            "text": f"It comes back on {as_day(until)}." if until else "",
        },
    }[response]


def same_again(error: Conflict, name: str, endpoint: str) -> bool:
    """Whether the answer that was first is this very one: somebody clicked twice, and there is nothing to warn of."""
    line = error.extra.get("offer")
    return line is not None and error.extra.get("who") == name and line.state in LEADS_TO.get(endpoint, ())


def typed_words() -> list[str]:
    """What stood in the form that was refused, to be read again: the form itself is gone with its offer."""
    typed = request.form
    terms = [
        f"{name.removeprefix('term-').replace('_', ' ')} {text}"
        for name, text in typed.items()
        if name.startswith("term-")
    ]
    until = [f"put off until {typed['until']}"] if typed.get("until") else []
    reason = typed.get("reason", "").strip()
    chosen = [text for text in (disclosing.given() or {}).values() if " " in text]
    return [text[:500] for text in (*terms, *chosen, *until, *([f"“{reason}”"] if " " in reason else []))]


def _seen() -> int | None:
    text = request.form.get("seen", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _terms() -> dict[str, float]:
    """The terms as typed, by key. Raises Invalid for what is no number."""
    found, errors = {}, {}
    for name, text in request.form.items():
        if name.startswith("term-"):
            try:
                found[name.removeprefix("term-")] = float(text.strip().replace(",", "."))
            except ValueError:
                errors[name] = "Write a number."
    if errors:
        raise Invalid("Write a number.", errors)
    return found


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("Choose a day.", {"until": "Choose the day from which to ask again."}) from None
