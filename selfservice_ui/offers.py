"""A customer's offers: look, sum up, confirm; put off or turn down. Only their own: another's is not there."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal
from uuid import UUID

from flask import Blueprint, current_app, make_response, redirect, request, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.catalogue import service as catalogues
from backend.overview import service as overview
from backend.people.service import Permission, current_actor, requires
from backend.treatments import service as treatments
from selfservice_ui import home
from selfservice_ui.words import CHANNEL
from shared.kernel.errors import Conflict, Invalid, NotFound
from shared.kernel.languages import gettext
from shared.ui.formats import as_day, speak_of
from shared.ui.pages import nobody_looks, page, request_now, tell, wants_fragment

bp = Blueprint("offers", __name__)
TEMPLATE = "portal/offer.html"
ALL = 3
INPUT, LONGEST, MOST = "input-", 1000, 20
Answer = Literal["accepted", "declined", "deferred"]
LEADS_TO = {
    "offers.accept": ("accepted", "fulfilled"),
    "offers.decline": ("declined",),
    "offers.defer": ("deferred",),
    "offers.undo": ("undone",),
}


@bp.get("/offers")
@requires(Permission.PORTAL)
def index() -> Response:
    seen = overview.offers_page(current_actor(), request_now(), present=not nobody_looks(), limit=ALL)
    speak_of(seen.timezone)
    return page("portal/offers.html", recommendation=seen.recommendation, answered=seen.answered)


@bp.get("/offers/<uuid:offer_id>")
@requires(Permission.PORTAL)
def show(offer_id: UUID) -> Response:
    return page(TEMPLATE, **_context(offer_id))


@bp.post("/offers/<uuid:offer_id>/acceptance")
@requires(Permission.DECIDE_OFFERS)
def accept(offer_id: UUID) -> Response:
    _answer(offer_id, "accepted", given=_given())
    return redirect(url_for(".show", offer_id=offer_id), 303)


@bp.post("/offers/<uuid:offer_id>/decline")
@requires(Permission.DECIDE_OFFERS)
def decline(offer_id: UUID) -> Response:
    reason = request.form.get("reason", "")
    _answer(offer_id, "declined", reason=reason if reason in _reasons() else None)
    return _home(gettext("All right, not for you"), gettext("You can change your mind under What you answered."))


@bp.post("/offers/<uuid:offer_id>/deferral")
@requires(Permission.DECIDE_OFFERS)
def defer(offer_id: UUID) -> Response:
    chosen = request.form.get("until", "")
    until = _day(request.form.get("day", "") if chosen == "day" else chosen)
    _answer(offer_id, "deferred", until)
    return _home(
        gettext("All right, later"), gettext("We will show it again on %(day)s.", day=as_day(until, long=True))
    )


@bp.post("/offers/<uuid:offer_id>/undo")
@requires(Permission.DECIDE_OFFERS)
def undo(offer_id: UUID) -> Response:
    """The customer changed their mind about what they accepted."""
    actor = current_actor()
    with db.transaction() as session:
        undone = treatments.undo(
            session,
            offer_id,
            channel=CHANNEL,
            actor=actor,
            now=request_now(),
            seen=_seen(),
            customer_id=actor.customer_id,
        )
    if undone.left:
        tell(
            "warn",
            gettext("Not all of it could be put back"),
            gettext("Something was changed since, and stays as it is. Talk to us if it should not."),
        )
    return redirect(url_for(".show", offer_id=offer_id), 303)


@bp.errorhandler(Conflict)
def changed(error: Conflict) -> Response:
    """It was answered elsewhere, or is gone: what happened, and how it stands now. A double click is no reason to warn."""
    if _same_again(error):
        return _as_it_stands(409)
    if wants_fragment():
        return page(home.TEMPLATE, "content", status=409, refused=error, **home.home_context())
    return _as_it_stands(409, refused=error)


@bp.errorhandler(Invalid)
def wrong(error: Invalid) -> Response:
    text = str(error)
    if request.endpoint == "offers.accept":
        return _as_it_stands(422, typed=_given(), wrong_fields=error.errors)
    if wants_fragment():
        return page(home.TEMPLATE, "content", status=422, wrong_text=text, **home.home_context())
    return _as_it_stands(422, wrong_text=text)


def drawn(offer_id: UUID, status: int, **said: Any) -> Response:
    """The page of the offer, with what is to be said of it."""
    return page(TEMPLATE, status=status, **said, **_context(offer_id))


def _reasons() -> dict[str, str]:
    """Why somebody may say no, as customers are asked: by key."""
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
    return {one.key: pack.said(one.own) for one in pack.decline_reasons if one.own}


def _answer(
    offer_id: UUID, response: Answer, until: date | None = None, given: dict[str, str] | None = None, reason: str | None = None
) -> None:  # fmt: skip
    actor = current_actor()
    with db.transaction() as session:
        treatments.answer(
            session, offer_id, response, channel=CHANNEL, actor=actor, now=request_now(), until=until,
            seen=_seen(), customer_id=actor.customer_id, given=given, reason=reason,
        )  # fmt: skip


def _given() -> dict[str, str]:
    """What the customer chose, by key."""
    found = [(name, text) for name, text in request.form.items() if name.startswith(INPUT)]
    return {name.removeprefix(INPUT): text[:LONGEST] for name, text in found[:MOST]}


def _seen() -> int | None:
    text = request.form.get("seen", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _home(title: str, text: str) -> Response:
    if wants_fragment():
        return page(home.TEMPLATE, "content", done={"title": title, "text": text}, **home.home_context())
    tell("good", title, text)
    return redirect(url_for("home.show"), 303)


def _context(offer_id: UUID) -> dict[str, Any]:
    actor = current_actor()
    with db.reading() as session:
        offer = treatments.offer_page(session, offer_id, actor, request_now())
        asking = overview.asking_of_offer(session, actor, offer.line, request_now())
    return {"offer": offer, "asking": asking, "reasons": _reasons() if offer.live else {}}


def _same_again(error: Conflict) -> bool:
    """Whether the answer that was first is this very one, by the same person."""
    line = error.extra.get("offer")
    mine = error.extra.get("who") == "you" and error.extra.get("where") == CHANNEL
    return line is not None and mine and line.state in LEADS_TO.get(str(request.endpoint), ()) and not wants_fragment()


def _as_it_stands(status: int, **said: Any) -> Response:
    """The offer's page with what is to be said; not there when the offer is another's, whatever else was wrong."""
    try:
        offer = _context((request.view_args or {})["offer_id"])
    except NotFound as missing:
        # A handler's own exception would reach no other handler.
        return make_response(current_app.handle_user_exception(missing))
    return page(TEMPLATE, status=status, **said, **offer)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(gettext("Choose a day."), {"until": gettext("Choose when to show it again.")}) from None
