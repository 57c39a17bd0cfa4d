"""What an acceptance needs: what must be read out, ticked line by line and timed, and what the customer chooses; on one page."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import current_app, request
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.wrappers import Response

from agent_ui.desk.channel import channel_with
from backend import db
from backend.people.service import current_actor
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from backend.treatments.service import Ticks
from shared.kernel.errors import NotFound
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now

TEMPLATE = "desk/disclosures.html"
MOST = 24
"""More ticks than that no treatment asks for."""
INPUT, LONGEST = "input-", 1000


def form(offer_id: UUID, customer_id: UUID, **said: Any) -> Response:
    """What is to be read out and chosen before this offer is accepted, a page of its own or a form under its card; it counts as
    shown from now on, or from `shown`, where it comes back with what was ticked and typed. Raises NotFound."""
    with db.reading() as session:
        offer = treatments.offer_page(session, offer_id, current_actor(), request_now(), customer_id)
        profile = profiles.profile(session, customer_id)
        channel = channel_with(customer_id, session)
    speak_of(profile.timezone)
    shown = said.pop("shown", None) or signed(offer_id, request_now())
    answer = page(
        TEMPLATE, "form", status=422, offer=offer, customer=profile, shown=shown,
        needed=[one for one in offer.card.disclosures if one.here(channel)], **said,
    )  # fmt: skip
    answer.headers["HX-Retarget"] = f"#read-{offer_id}"
    return answer


def signed(offer_id: UUID, at: datetime) -> str:
    """When it was shown, to come back with the form: nobody makes that up."""
    return str(_signer(offer_id).dumps(at.isoformat()))


def ticks(offer_id: UUID) -> Ticks | None:
    """What this request says was ticked; None where it does not come from such a form."""
    try:
        shown = datetime.fromisoformat(_signer(offer_id).loads(request.form.get("shown", "")))
    except (BadData, ValueError, TypeError):
        return None
    found = {}
    for text in request.form.getlist("tick")[:MOST]:
        key, _, version = text.partition("/")
        found[key] = (version, _seconds(request.form.get(f"after-{key}", "")))
    return Ticks(shown, found)


def given() -> dict[str, str] | None:
    """What this request says was chosen, by key; None where it does not come from such a form."""
    if "shown" not in request.form:
        return None
    found = ((name, text) for name, text in request.form.items() if name.startswith(INPUT))
    return {name.removeprefix(INPUT): text[:LONGEST] for name, text in list(found)[:MOST]}


def whose() -> UUID:
    """Whose page the form stood on. Raises NotFound."""
    try:
        return UUID(request.form.get("customer", ""))
    except ValueError:
        raise NotFound("There is no such offer.") from None


def _signer(offer_id: UUID) -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or b"", salt=f"shown {offer_id} {current_actor().id}")


def _seconds(text: str) -> float | None:
    whole, _, rest = text.partition(".")
    plain = (whole + rest).isascii() and (whole + rest).isdigit()
    return float(text) if plain and len(text) < 10 else None
