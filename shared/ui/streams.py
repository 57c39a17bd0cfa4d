"""Server-sent events: a page stays open to hear that something changed, and then fetches that part of itself.

Knows nothing of what is watched: a face says which changes its page wants, and gives the place where they arrive. While it
waits, a stream holds a thread and no connection to the database.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from flask import Response, current_app, g, request

LIFE_SECONDS = 60.0
"""After about so long a stream ends and the browser opens it anew: nobody who is gone or signed out is told for longer."""
KEEP_ALIVE_SECONDS = 15.0
TYPE = "text/event-stream"
AGAIN = "event: again\nid: {}\ndata: {{}}\n\n"
"""Said at the end of a stream's life: the page opens it anew at once, instead of after the pause that follows a failure."""
GONE = "event: gone\ndata: {}\n\n"
OVER = "gone"
"""The name of a change after which the page is told nothing more: whoever looks at it is no longer signed in."""
_OVER = f"event: {OVER}\n"
LARGEST_NUMBER = 2**63 - 1
RETURN = "return"


class Told(Protocol):
    """One change, as far as a stream must know it."""

    @property
    def id(self) -> int: ...
    @property
    def topic(self) -> str: ...
    @property
    def subject(self) -> str | None: ...


T_co = TypeVar("T_co", bound=Told, covariant=True)


class Watch(Protocol[T_co]):
    """Where changes arrive: `wait` gives those that came, after so many seconds none; `newest` numbers the last of all."""

    @property
    def ended(self) -> bool: ...
    def wait(self, seconds: float) -> Sequence[T_co]: ...
    def newest(self) -> int: ...
    def close(self) -> None: ...


def last_seen() -> tuple[int | None, datetime | None]:
    """From where on this stream is wanted: the number of the last change that the page heard of, or when it was drawn."""
    for text in (request.headers.get("Last-Event-ID", ""), request.args.get("after", "")):
        if text.isascii() and text.isdigit() and int(text) <= LARGEST_NUMBER:
            return int(text), None
    text = request.args.get("drawn", "")
    if text.isascii() and text.isdigit() and len(text) < 16:
        return None, datetime.fromtimestamp(int(text) / 1000, UTC)
    return None, None


def stream(
    name_of: Callable[[T_co], str | None], watch: Watch[T_co], *, subjects: bool = False
) -> Response:  # fmt: skip
    """The answer that stays open. `name_of` gives the event's name, or None for a change that the page is not to hear of.

    `subjects`: the page may know which thing a change is about; else it hears the name alone. The app's STREAM_SECONDS
    says how long a stream lives.
    """
    g.by_itself = True
    life = float(current_app.config.get("STREAM_SECONDS", LIFE_SECONDS)) * random.uniform(0.85, 1.15)
    if request.method == "HEAD":
        watch.close()
        return Response(mimetype=TYPE)
    response = Response(_lines(name_of, watch, life, subjects), mimetype=TYPE)
    response.call_on_close(watch.close)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _lines(name_of: Callable[[T_co], str | None], watch: Watch[T_co], life: float, subjects: bool) -> Iterator[str]:
    ends = time.monotonic() + life
    try:
        # The page learns the number itself: a browser keeps its own only while it keeps the stream.
        yield f"retry: {random.randint(1000, 2000)}\nevent: hello\nid: {watch.newest()}\ndata: {{}}\n\n"
        while True:
            left = ends - time.monotonic()
            newest = watch.newest()
            came = watch.wait(max(0.0, min(left, KEEP_ALIVE_SECONDS)))
            told = "".join(_events(came, name_of, subjects))
            if told:
                yield told
                if _OVER in told:
                    return
            elif time.monotonic() < ends and not watch.ended:
                yield f"id: {newest}\n: still here\n\n"
            if watch.ended:
                return
            if time.monotonic() >= ends and not came:
                yield AGAIN.format(newest)
                return
    finally:
        watch.close()


def _events(came: Sequence[T_co], name_of: Callable[[T_co], str | None], subjects: bool) -> Iterator[str]:
    """Each name once with each subject: a page fetches what changed, however often it did."""
    last: dict[tuple[str, str | None], int] = {}
    for change in came:
        name = RETURN if change.topic == RETURN else name_of(change)
        if name is not None:
            key = (name, change.subject if subjects else None)
            last.pop(key, None)
            last[key] = change.id
    for (name, subject), number in last.items():
        data: dict[str, Any] = {"subject": subject} if subject is not None else {}
        yield f"event: {name}\nid: {number}\ndata: {json.dumps(data)}\n\n"
