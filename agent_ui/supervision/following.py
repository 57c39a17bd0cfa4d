"""The stream of whoever watches over everything: names of what changed anywhere, and that their own sign-in is over."""

from __future__ import annotations

from collections.abc import Mapping

from flask import current_app
from werkzeug.wrappers import Response

from agent_ui.desk import coming_in
from backend.people import service as people
from backend.record import service as record
from backend.record.service import Change
from shared.ui.streams import OVER, last_seen, stream


def everything(names: Mapping[str, str]) -> Response:
    """What is told of each topic's changes; topics that are not named are not told."""
    this = str(coming_in.this_session())

    def name_of(change: Change) -> str | None:
        if change.topic == people.ENDED:
            return OVER if change.subject == this else None
        return names.get(change.topic)

    after, since = last_seen()
    watch = record.hub().watch(name_of, after=after, since=since, most=current_app.config["STREAMS"])
    return stream(name_of, watch)
