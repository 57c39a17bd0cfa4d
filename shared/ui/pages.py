"""Whole page or fragment, prefetch or person: what a request asks for, decided in one place."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Response, flash, g, make_response, render_template, request
from jinja2_fragments.flask import render_block

from shared.kernel import clock


def request_now() -> datetime:
    """The instant of this request: asked once, the same for every view and filter."""
    if "now" not in g:
        g.now = clock.now()
    instant: datetime = g.now
    return instant


def wants_fragment() -> bool:
    """True when htmx will swap a piece in; a history restore needs the whole page."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and headers.get("HX-Boosted") != "true"
        and headers.get("HX-History-Restore-Request") != "true"
    )


def nobody_looks() -> bool:
    """True for a HEAD or a browser's guess at the next page: nothing fetched so was put before a person."""
    headers = request.headers
    purposes = (headers.get("Sec-Purpose", ""), headers.get("Purpose", ""), headers.get("X-Moz", ""))
    return request.method == "HEAD" or any(
        word in value.lower() for value in purposes for word in ("prefetch", "prerender")
    )


def page(
    template: str, block: str | None = None, *, status: int = 200, trigger: tuple[str, ...] = (), **context: Any
) -> Response:
    """The whole page, or the named block of it when htmx asked for a piece. `trigger` tells other panels to fetch themselves."""
    if block and wants_fragment():
        response = make_response(render_block(template, block, **context), status)
        if trigger:
            # Told to the body: what sent the request may have been swapped away by then.
            response.headers["HX-Trigger"] = json.dumps({name: {"target": "body"} for name in trigger})
    else:
        response = make_response(render_template(template, **context), status)
    response.headers.add("Vary", "HX-Request")
    return response


def tell(kind: str, title: str, text: str = "") -> None:
    """Puts a notice on the next page that this person sees. `kind` is good, warn, bad or plain."""
    flash({"title": title, "text": text}, kind)  # type: ignore[arg-type]


def local_path(path: str | None, default: str) -> str:
    """The path when it leads to this very app, else the default: a sign-in form must not send anyone elsewhere."""
    if not path or not path.startswith("/") or path.startswith(("//", "/\\")):
        return default
    parts = urlsplit(path)
    inside = not parts.scheme and not parts.netloc and "\\" not in path and path.isprintable()
    return path if inside and path.startswith(f"{request.script_root}/") else default
