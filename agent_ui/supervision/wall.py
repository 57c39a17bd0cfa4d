"""The wall: everything that goes on now, for the supervisor's screen or a screen in the room. Each panel can be fetched alone."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakSet

from flask import Blueprint, Flask, current_app
from werkzeug.wrappers import Response

from agent_ui.supervision.figures import AN_HOUR, answer_label, at_work, figures, lasting, state_label, step_label
from backend import db
from backend.catalogue import service as catalogues
from backend.overview import service as overview
from backend.overview.service import Wall
from backend.people.service import Permission, requires
from backend.record import service as record
from backend.record.service import Change
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now
from shared.ui.streams import last_seen, stream

bp = Blueprint("wall", __name__, template_folder="templates")
TEMPLATE = "supervision/wall.html"
NAMES = {name: name for name in ("agents", "interaction", "offers", "moment", "parity", "rules")} | {
    "visit": "online",
    "inbox": "missed",
}
KEPT_SECONDS = 0.8
"""For so long at most the panels of all who watch share one look, and only while nothing changes."""
APART_SECONDS = 0.2
"""Where much changes, looks are taken so far apart at least: who asks sooner waits, and shares the next."""


@dataclass(eq=False)
class _Look:
    """The last look at everything, when it was taken, how far the changes had got before it, and the lock of the next."""

    at: float = float("-inf")
    reached: tuple[int, int] = (0, 0)
    wall: Wall | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        _looks.add(self)


_looks: WeakSet[_Look] = WeakSet()


def _forget() -> None:
    for look in list(_looks):
        look.wall = None


record.forget_by(_forget)


@bp.get("/wall")
@requires(Permission.SUPERVISE)
def show() -> Response:
    return page(TEMPLATE, **wall_context())


@bp.get("/wall/panels/<any(numbers,agents,lines,answers,parity,rules):panel>")
@requires(Permission.SUPERVISE)
def panel(panel: str) -> Response:
    return page(TEMPLATE, panel, **wall_context())


@bp.get("/wall/stream")
@requires(Permission.SUPERVISE)
def live() -> Response:
    """Names of what changed anywhere; the panels fetch themselves."""

    def name_of(change: Change) -> str | None:
        return NAMES.get(change.topic)

    after, since = last_seen()
    watch = record.hub().watch(name_of, after=after, since=since, most=current_app.config["STREAMS"])
    return stream(name_of, watch)


def wall_context() -> dict[str, Any]:
    """All that the wall is drawn from, for its first paint and for each panel."""
    now = request_now()
    seen = _look()
    with db.reading() as session:
        speak_of(catalogues.pack_in_force(session).timezone)
    return {
        "figures": figures(seen, now),
        "agents": at_work(seen, now),
        "lines": seen.lines,
        "answers": [answer for answer in seen.answers if now - answer.at <= AN_HOUR],
        "parity": seen.parity,
        "failing": seen.failing,
        # The screen in the room takes no calls: neither one's own state nor one's contacts stand beside it.
        "me": None,
    }


def install(app: Flask) -> None:
    """Teaches the desk's templates the words of the wall."""
    app.jinja_env.filters.update(
        lasting=lambda since: lasting(since, request_now()),
        at_work=state_label,
        answer=answer_label,
        step_label=step_label,
    )


def _look() -> Wall:
    """Everything as it is, with all that had changed when this was called: a panel that heard of a change must see it."""
    look = current_app.extensions.setdefault("evenhand_wall", _Look())
    asked = time.monotonic()
    with look.lock:
        # What was begun after we asked holds all that we may have heard of.
        if look.wall is None or (look.at < asked and not _stands(look)):
            time.sleep(max(0.0, look.at + APART_SECONDS - time.monotonic()))
            at, reached = time.monotonic(), record.reached()
            record.remember()
            look.wall = overview.wall(request_now())
            look.at, look.reached = at, reached
        wall: Wall = look.wall
        return wall


def _stands(look: _Look) -> bool:
    return time.monotonic() - look.at < KEPT_SECONDS and look.reached == record.reached()
