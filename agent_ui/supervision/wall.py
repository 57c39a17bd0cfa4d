"""The wall: everything that goes on now, for the supervisor's screen or a screen in the room. Each panel can be fetched alone.

All who watch share one look, and the panels that were drawn of it.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakSet

from flask import Blueprint, Flask, current_app, make_response, request
from werkzeug.wrappers import Response

from agent_ui.supervision.figures import (
    AN_HOUR,
    about,
    answer_label,
    at_work,
    below,
    by_state,
    figures,
    lasting,
    percent,
    state_label,
    step_label,
)
from agent_ui.supervision.filters import Filters, asked, moments, narrowed
from agent_ui.supervision.following import everything
from backend import db
from backend.catalogue import service as catalogues
from backend.matrix.service import Pack
from backend.overview import service as overview
from backend.overview.service import Wall
from backend.people.service import Permission, requires
from backend.record import service as record
from backend.turns import aside, held
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now, wants_fragment

bp = Blueprint("wall", __name__, template_folder="templates")
TEMPLATE, SCREEN = "supervision/wall.html", "supervision/screen.html"
SHOWN = 40
"""So many interactions stand on one page of the wall; the others are counted, and stand on the next."""
ON_THE_SCREEN = 8
NAMES = dict.fromkeys(("agents", "interaction", "offers", "moment", "visit", "inbox", "profile"), "wall") | {
    "parity": "parity",
    "rules": "rules",
    "alerts": "alerts",
}
"""What the page hears of each change; most of it stands in many places at once."""
KEPT_SECONDS = 0.8
"""For so long at most the panels of all who watch share one look, and only while nothing changes."""
APART_SECONDS = 0.02
"""Where much changes, looks are taken so far apart at least: who asks sooner waits, and shares the next."""


@dataclass(eq=False)
class _Seen:
    """Everything at one instant, with the panels that were drawn of it, for whoever asks next."""

    wall: Wall
    pack: Pack
    drawn: dict[tuple[str, Filters, frozenset[str]], str] = field(default_factory=dict)
    drawing: threading.Lock = field(default_factory=threading.Lock)


@dataclass(eq=False)
class _Look:
    """The last look at everything, when it was taken, how far the changes had got before it, and the lock of the next."""

    at: float = float("-inf")
    reached: tuple[int, int] = (0, 0)
    seen: _Seen | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        _looks.add(self)


_looks: WeakSet[_Look] = WeakSet()


def _forget() -> None:
    for look in list(_looks):
        look.seen = None


record.forget_by(_forget)


@bp.get("/wall")
@requires(Permission.SUPERVISE)
def show() -> Response:
    return page(TEMPLATE, **wall_context(_mine(_look())[0]))


@bp.get("/wall/screen")
@requires(Permission.SUPERVISE)
def screen() -> Response:
    """For a screen in the room: nothing to press, readable from afar, and of people their first names alone."""
    return page(SCREEN, **screen_context(_mine(_look())[0]))


@bp.get("/wall/panels/<any(going,parity,rules,screen):panel>")
@requires(Permission.SUPERVISE)
def panel(panel: str) -> Response:
    if not wants_fragment():
        return screen() if panel == "screen" else show()
    look = _look()
    seen, closed = _mine(look)
    key = panel, asked(request.args, seen.pack), closed
    with held(look.drawing):
        # Walls hear of a change all at once: one draws, the others wait for it.
        if key not in look.drawn:
            made = (
                page(SCREEN, panel, **screen_context(seen))
                if panel == "screen"
                else page(TEMPLATE, panel, **wall_context(seen))
            )
            look.drawn[key] = made.get_data(as_text=True)
    response = make_response(look.drawn[key])
    response.headers.add("Vary", "HX-Request")
    return response


@bp.get("/wall/stream")
@requires(Permission.SUPERVISE)
def live() -> Response:
    """Names of what changed anywhere; the panels fetch themselves."""
    return everything(NAMES)


def wall_context(taken: _Seen) -> dict[str, Any]:
    """All that the wall is drawn from, for its first paint and for each panel."""
    now, pack = request_now(), taken.pack
    filters = asked(request.args, pack)
    speak_of(pack.timezone)
    seen = narrowed(taken.wall, filters)
    pages = max(1, -(-len(seen.lines) // SHOWN))
    first = (min(filters.page, pages) - 1) * SHOWN
    return _shared(seen) | {
        "lines": overview.glanced(seen.lines[first : first + SHOWN], now),
        "many": len(seen.lines),
        "troubled": sum(bool(line.troubles) for line in seen.lines),
        "first": first,
        "pages": pages,
        "filters": filters,
        "teams": seen.teams,
        "moments": moments(pack),
        "channels": tuple((one.key, one.label) for one in pack.channels),
        "answers": [answer for answer in seen.answers if now - answer.at <= AN_HOUR],
        "failing": seen.failing,
    }


def screen_context(taken: _Seen) -> dict[str, Any]:
    """What hangs in the room: numbers, queues, and who needs help; no treatments, no numbers of telephones, no whole names."""
    pack = taken.pack
    filters = asked(request.args, pack)
    speak_of(pack.timezone)
    seen = narrowed(taken.wall, filters)
    troubled = [line for line in seen.lines if line.troubles]
    return _shared(seen) | {
        "lines": troubled[:ON_THE_SCREEN],
        "more": len(troubled) - ON_THE_SCREEN,
        "many": len(seen.lines),
        "filters": filters,
        "narrowed_to": _words_of(filters, pack),
    }


def _shared(seen: Wall) -> dict[str, Any]:
    now = request_now()
    return {
        "figures": figures(seen, now),
        "queues": seen.queues,
        "agents": at_work(seen, now),
        "by_state": by_state(seen),
        "parity": seen.parity,
        # The screen in the room takes no calls: neither one's own state nor one's contacts stand beside it.
        "me": None,
    }


def _words_of(filters: Filters, pack: Pack) -> str:
    """What is shown alone, in words."""
    said = (
        next((one.label for one in pack.casework.team if one.key == filters.team), ""),
        dict(moments(pack)).get(filters.moment, ""),
        pack.label_of(pack.channels, filters.channel),
    )
    return ", ".join(word for word in said if word)


def install(app: Flask) -> None:
    """Teaches the desk's templates the words of the wall."""
    app.jinja_env.filters.update(
        lasting=lambda since: lasting(since, request_now()),
        at_work=state_label,
        answer=answer_label,
        step_label=step_label,
        about=about,
        reached=percent,
    )
    app.jinja_env.globals.update(below=below)


def _look() -> _Seen:
    """Everything as it is, with all that had changed when this was called: a panel that heard of a change must see it."""
    look: _Look = current_app.extensions.setdefault("evenhand_wall", _Look())
    asked_at = time.monotonic()
    with held(look.lock):
        # What was begun after we asked holds all that we may have heard of.
        if look.seen is None or (look.at < asked_at and not _stands(look)):
            if (early := look.at + APART_SECONDS - time.monotonic()) > 0:
                with aside():
                    time.sleep(early)
            at, reached = time.monotonic(), record.reached()
            record.remember()
            with db.reading() as session:
                pack = catalogues.pack_in_force(session)
            look.seen, look.at, look.reached = _Seen(overview.wall(request_now()), pack), at, reached
        return look.seen


def _mine(look: _Seen) -> tuple[_Seen, frozenset[str]]:
    """What all share, without those who are closed to me; and which groups that are."""
    closed = overview.closed_of(look.wall)
    return (_Seen(overview.without(look.wall, closed), look.pack) if closed else look), closed


def _stands(look: _Look) -> bool:
    return time.monotonic() - look.at < KEPT_SECONDS and look.reached == record.reached()
