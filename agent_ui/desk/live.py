"""How the desk's pages hear of what others did: of the customer whose page is open, and of what concerns the agent."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, current_app, request
from werkzeug.wrappers import Response

from agent_ui.desk import coming_in
from agent_ui.desk.rail import is_here
from backend import db
from backend.alerts.service import WATCHERS
from backend.cases.service import EVERYONE
from backend.interactions import service as interactions
from backend.people import service as people
from backend.people.service import Permission, current_actor, requires
from backend.record import service as record
from backend.record.service import Change
from shared.ui.pages import request_now
from shared.ui.streams import OVER, last_seen, stream

bp = Blueprint("live", __name__)
OF_THE_CUSTOMER = {
    name: name for name in ("offers", "moment", "timeline", "profile", "interaction", "presence", "notes", "word")
} | {"visit": "online"}
OF_THE_AGENT = ("agents", "interaction", "word")


@bp.get("/stream")
@requires(Permission.DESK)
def show() -> Response:
    actor = current_actor()
    customer_id = _customer() if actor.may(Permission.SEE_CUSTOMER) else None
    with db.reading() as session:
        elsewhere = set(interactions.watched_by(session, UUID(actor.id), request_now())) - {customer_id}

    this = str(coming_in.this_session())
    about: list[UUID | str] = [actor.id, EVERYONE, this, *elsewhere, *([] if customer_id is None else [customer_id])]
    if actor.may(Permission.SUPERVISE):
        about.append(WATCHERS)

    def name_of(change: Change) -> str | None:
        if change.topic == people.ENDED:
            return OVER if change.subject == this else None
        if change.topic == "inbox":
            return "inbox" if change.subject in (actor.id, EVERYONE) else None
        if change.topic == "alerts":
            return "alerts" if change.subject in about else None
        if change.subject == actor.id and change.topic in OF_THE_AGENT:
            return "mine"
        if customer_id is not None and change.customer_id == customer_id:
            return OF_THE_CUSTOMER.get(change.topic)
        # What happens to a customer of another tab marks the tab.
        return "mine" if change.topic == "timeline" and change.customer_id in elsewhere else None

    is_here(actor)
    after, since = last_seen()
    watch = record.hub().watch(name_of, about=about, after=after, since=since, most=current_app.config["STREAMS"])
    return stream(name_of, watch, subjects=True)


def _customer() -> UUID | None:
    try:
        return UUID(request.args.get("customer", ""))
    except ValueError:
        return None
