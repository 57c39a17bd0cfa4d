"""Quality: contacts that were drawn for review, the review in the making, what the agent says of it, and how far reviewers agree."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, g, redirect, request, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.catalogue import service as catalogues
from backend.overview import service as overview
from backend.overview.service import ReviewPage
from backend.people.service import Permission, current_actor, requires
from backend.quality import service as quality
from shared.kernel import clock
from shared.kernel.errors import Conflict, Invalid, NotFound
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now, tell, wants_fragment

bp = Blueprint("quality", __name__, template_folder="templates")
ANSWERS = {"yes": "Yes", "partly": "Partly", "no": "No", "na": "Does not apply"}


@bp.get("/quality")
@requires(Permission.REVIEW_QUALITY)
def show() -> Response:
    """What waits for a reviewer, and what was given last."""
    return _overview()


@bp.post("/quality/draws")
@requires(Permission.REVIEW_QUALITY)
def draw() -> Response:
    """Draws the contacts of one week; drawn again, what came since."""
    typed = request.form.get("week", "").strip()
    try:
        week = date.fromisoformat(typed)
    except ValueError:
        return _overview(422, {"week": "Choose a day of the week that is to be drawn."}, typed)
    try:
        with db.transaction() as session:
            pack = catalogues.pack_in_force(session)
            new = quality.draw_week(session, week, pack, current_actor(), request_now())
    except Invalid as refused:
        return _overview(422, refused.errors, typed)
    if new:
        tell("good", f"{new} {'review waits' if new == 1 else 'reviews wait'}", "Drawn by lot and by the pack's rules.")
    else:
        tell(
            "plain", "Nothing new to draw", "No agent wrapped up a further contact of that week that is to be reviewed."
        )
    return redirect(url_for(".show"), 303)


@bp.get("/quality/agreement")
@requires(Permission.REVIEW_QUALITY)
def agreement() -> Response:
    """How far two reviewers of one contact agree, question by question."""
    with db.reading() as session:
        pairs = quality.pairs(session)
        names = overview.names_of(session, [pair.one for pair in pairs])
        zone = catalogues.pack_in_force(session).timezone
    speak_of(zone)
    agreed = quality.agreed(pairs)
    return page("supervision/agreement.html", pairs=pairs, agreed=agreed, names=names, said=_kappa_words)


@bp.get("/quality/<uuid:customer_id>/<uuid:review_id>")
@requires(Permission.REVIEW_QUALITY)
def one(customer_id: UUID, review_id: UUID) -> Response:
    return _one(overview.review_page(customer_id, review_id, current_actor()))


@bp.post("/quality/<uuid:customer_id>/<uuid:review_id>/taking")
@requires(Permission.REVIEW_QUALITY)
def take(customer_id: UUID, review_id: UUID) -> Response:
    """Whoever looks into it reviews it."""
    try:
        with db.transaction() as session:
            found = quality.take(session, customer_id, review_id, current_actor(), request_now())
    except Conflict as refused:
        tell("warn", "Not yours", str(refused))
        return redirect(url_for(".show"), 303)
    return redirect(url_for(".one", customer_id=found.customer_id, review_id=review_id), 303)


@bp.post("/quality/<uuid:customer_id>/<uuid:review_id>/draft")
@requires(Permission.REVIEW_QUALITY)
def write(customer_id: UUID, review_id: UUID) -> Response:
    """Keeps what is answered so far; while it is typed, and by a button."""
    return _written(customer_id, review_id, giving=False)


@bp.post("/quality/<uuid:customer_id>/<uuid:review_id>/giving")
@requires(Permission.REVIEW_QUALITY)
def give(customer_id: UUID, review_id: UUID) -> Response:
    """The review is done."""
    return _written(customer_id, review_id, giving=True)


@bp.post("/quality/<uuid:customer_id>/<uuid:review_id>/reply")
@requires(Permission.REVIEW_QUALITY)
def reply(customer_id: UUID, review_id: UUID) -> Response:
    """The reviewer answers what the agent said."""
    text = request.form.get("text", "")
    try:
        with db.transaction() as session:
            quality.reply(session, customer_id, review_id, text, current_actor(), request_now())
    except (Invalid, Conflict) as refused:
        return _one(_read(customer_id, review_id), refused.status, _errors(refused, "text"), reply=text)
    tell("good", "Answered", "The agent reads it beside the review.")
    return redirect(url_for(".one", customer_id=customer_id, review_id=review_id), 303)


@bp.post("/quality/<uuid:customer_id>/<uuid:review_id>/mending")
@requires(Permission.REVIEW_QUALITY)
def mend(customer_id: UUID, review_id: UUID) -> Response:
    """The reviewer changes what was given, and says why."""
    answers, summary, why = _typed(), request.form.get("summary", ""), request.form.get("why", "")
    try:
        with db.transaction() as session:
            quality.mend(
                session, customer_id, review_id, answers, summary, why, _seen(), current_actor(), request_now()
            )
    except (Invalid, Conflict) as refused:
        return _one(
            _read(customer_id, review_id), refused.status, _errors(refused, ""), answers=answers, summary=summary, why=why, mending=True
        )  # fmt: skip
    tell("good", "Mended", "The agent sees what changed, and why.")
    return redirect(url_for(".one", customer_id=customer_id, review_id=review_id), 303)


@bp.get("/my-reviews")
@requires(Permission.DESK)
def mine() -> Response:
    """The reviews of one's own contacts, the last first."""
    with db.reading() as session:
        found = quality.of_agent(session, current_actor())
        names = overview.names_of(session, found)
        zone = catalogues.pack_in_force(session).timezone
    speak_of(zone)
    return page("supervision/my_reviews.html", reviews=found, names=names)


@bp.get("/my-reviews/<uuid:customer_id>/<uuid:review_id>")
@requires(Permission.DESK)
def of_mine(customer_id: UUID, review_id: UUID) -> Response:
    """One of them; another's is not there."""
    try:
        it = overview.review_page(customer_id, review_id, current_actor(), own=True)
    except NotFound:
        tell("warn", "There is no such review", "Not of a contact of yours.")
        return redirect(url_for(".mine"), 303)
    return _mine(it)


@bp.post("/my-reviews/<uuid:customer_id>/<uuid:review_id>/answer")
@requires(Permission.DESK)
def answer(customer_id: UUID, review_id: UUID) -> Response:
    """The agent says what they think of it, once."""
    text = request.form.get("text", "")
    try:
        with db.transaction() as session:
            quality.answer(session, customer_id, review_id, text, current_actor(), request_now())
    except (Invalid, Conflict) as refused:
        it = overview.review_page(customer_id, review_id, current_actor(), own=True)
        return _mine(it, refused.status, _errors(refused, "text"), text)
    tell("good", "Sent", "Your reviewer reads it beside the review.")
    return redirect(url_for(".of_mine", customer_id=customer_id, review_id=review_id), 303)


def _written(customer_id: UUID, review_id: UUID, *, giving: bool) -> Response:
    """Kept first, and then given where that was asked: an open question loses nothing of what was answered."""
    answers, summary = _typed(), request.form.get("summary", "")
    try:
        with db.transaction() as session:
            kept = quality.write(
                session, customer_id, review_id, answers, summary, _seen(), current_actor(), request_now(),
                window=request.form.get("window", ""),
            )  # fmt: skip
        if giving:
            with db.transaction() as session:
                kept = quality.give(session, customer_id, review_id, current_actor(), request_now())
    except (Invalid, Conflict) as refused:
        if wants_fragment():
            raise
        return _one(
            _read(customer_id, review_id), refused.status, _errors(refused, ""), answers=answers, summary=summary
        )
    if giving:
        tell(
            "good", "Review given", "The agent sees it." if not kept.paired else "It counts in how far reviewers agree."
        )
        return redirect(url_for(".show"), 303)
    if wants_fragment():
        it = _read(customer_id, review_id)
        return page("supervision/review.html", "making", it=it, one=it.review, saved=True)
    tell("good", "Draft kept")
    return redirect(url_for(".one", customer_id=customer_id, review_id=review_id), 303)


def _overview(status: int = 200, errors: Mapping[str, str] | None = None, week: str = "") -> Response:
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
        waiting, given = quality.queue(session, current_actor()), quality.given(session)
        names = overview.names_of(session, (*waiting, *given))
        drawn_at = quality.last_drawn(session)
    speak_of(pack.timezone)
    last_week = clock.local_day(request_now(), pack.timezone) - timedelta(days=7)
    return page(
        "supervision/quality.html", status=status, waiting=waiting, given=given, names=names, errors=errors or {}, drawn_at=drawn_at,
        week=week or (last_week - timedelta(days=last_week.weekday())).isoformat(), rules=pack.quality, channels=pack.channels, pack=pack,
    )  # fmt: skip


def _read(customer_id: UUID, review_id: UUID) -> ReviewPage:
    return overview.review_page(customer_id, review_id, current_actor())


def _one(it: ReviewPage, status: int = 200, errors: Mapping[str, str] | None = None, **typed: Any) -> Response:
    """`typed` is what was sent and not taken: answers, summary, why, reply; and whether it was a mending."""
    g.looked_at = it.review.customer_id
    speak_of(it.timezone)
    mine = str(it.review.reviewer_id) == current_actor().id
    return page(
        "supervision/review.html", status=status, it=it, one=it.review, mine=mine, errors=errors or {}, words=ANSWERS,
        window=secrets.token_hex(8), answers_of=quality.answers_of, typed=typed, longest=quality.LONGEST, longest_note=quality.LONGEST_NOTE,
    )  # fmt: skip


def _mine(it: ReviewPage, status: int = 200, errors: Mapping[str, str] | None = None, text: str = "") -> Response:
    g.looked_at = it.review.customer_id
    speak_of(it.timezone)
    return page(
        "supervision/my_review.html", status=status, it=it, one=it.review, errors=errors or {}, words=ANSWERS, text=text,
        longest=quality.LONGEST,
    )  # fmt: skip


def _typed() -> dict[str, dict[str, str]]:
    """The answers of the form by question."""
    found: dict[str, dict[str, str]] = {}
    for name, value in request.form.items():
        kind, _, key = name.partition("-")
        if kind in ("answer", "note") and key:
            found.setdefault(key, {})[kind] = value
    return found


def _seen() -> int:
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _errors(refused: Invalid | Conflict, field: str) -> dict[str, str]:
    return (refused.errors if isinstance(refused, Invalid) else {}) or {field: str(refused)}


def _kappa_words(kappa: float | None) -> str:
    """What a kappa is called (Landis and Koch, 1977)."""
    if kappa is None:
        return "cannot be told: both gave one answer alone"
    for least, word in (
        (0.8, "almost perfect"),
        (0.6, "substantial"),
        (0.4, "moderate"),
        (0.2, "fair"),
        (0.0, "slight"),
    ):
        if kappa > least:
            return word
    return "no better than chance"
