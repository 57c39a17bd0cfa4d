"""One question once something is done: how was it? Asked where the customer reads of it, changeable for a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.overview import service as overview
from backend.people.service import Permission, current_actor, requires
from selfservice_ui import cases, offers
from shared.kernel.errors import Conflict, Invalid
from shared.kernel.languages import gettext
from shared.ui.pages import page, request_now, tell, wants_fragment

bp = Blueprint("rating", __name__)
Drawn = Callable[..., Response]


@bp.post("/cases/<uuid:case_id>/rating")
@requires(Permission.PORTAL)
def rate_case(case_id: UUID) -> Response:
    def drawn(status: int, **more: Any) -> Response:
        return cases.drawn(case_id, status, **more)

    return _rate(
        overview.rate_case,
        case_id,
        drawn,
        url_for("cases.show", case_id=case_id),
        url_for(".rate_case", case_id=case_id),
    )


@bp.post("/offers/<uuid:offer_id>/rating")
@requires(Permission.PORTAL)
def rate_offer(offer_id: UUID) -> Response:
    def drawn(status: int, **more: Any) -> Response:
        return offers.drawn(offer_id, status, **more)

    return _rate(
        overview.rate_offer, offer_id, drawn, url_for("offers.show", offer_id=offer_id), url_for(".rate_offer", offer_id=offer_id)
    )  # fmt: skip


def _rate(rate: Callable[..., Any], thing_id: UUID, drawn: Drawn, back: str, where: str) -> Response:
    """Writes the answer and draws the question anew: in its place for htmx, on its page for all others."""
    score, words = request.form.get("score", ""), request.form.get("words", "")
    try:
        with db.transaction() as session:
            given = rate(
                session,
                current_actor(),
                thing_id,
                int(score) if score.isascii() and score.isdigit() else 0,
                words,
                request_now(),
            )
    except Invalid as wrong:
        return drawn(422, rating_wrong=wrong.errors, rating_words=words)
    except Conflict as refused:
        return drawn(409, refused=refused)
    if wants_fragment():
        asking = overview.Asking(asks=True, given=given)
        return page("portal/rating.html", asking=asking, where=where, rated=True)
    tell("good", gettext("Thank you"), gettext("You can change your answer for a week."))
    return redirect(f"{back}#rating", 303)
