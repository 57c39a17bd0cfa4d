"""How the portal's pages hear of what changed for the customer: by name alone, and nothing that is ours."""

from __future__ import annotations

from flask import Blueprint, current_app
from werkzeug.wrappers import Response

from backend.people.service import Permission, current_actor, requires
from backend.record import service as record
from backend.record.service import Change
from shared.ui.streams import last_seen, stream

bp = Blueprint("live", __name__)
NAMES = frozenset({"offers", "moment", "timeline"})


@bp.get("/stream")
@requires(Permission.PORTAL)
def show() -> Response:
    actor = current_actor()

    def name_of(change: Change) -> str | None:
        theirs = change.customer_id is not None and change.customer_id == actor.customer_id and not change.private
        return change.topic if theirs and change.topic in NAMES else None

    after, since = last_seen()
    about = [] if actor.customer_id is None else [actor.customer_id]
    most = current_app.config["STREAMS"]
    watch = record.hub().watch(name_of, about=about, after=after, since=since, owner=actor.id, most=most)
    return stream(name_of, watch)
