"""What all three apps do around every request: an id, the security headers, a log line, a metric."""

import re
import time
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import uuid4

import structlog
from flask import Flask, Response, g, request
from werkzeug.routing import Rule

from backend import headers, metrics
from backend.settings import Settings
from shared.kernel import clock

_FIT_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Asked every few seconds by machines: counted, not logged.
_QUIET = {"/healthz", "/readyz", "/metrics"}
_log = structlog.stdlib.get_logger("evenhand.request")


class Route(Rule):
    """A route that makes ready to build its address when first asked to, and as often as apps are made but once.

    Werkzeug writes, compiles and runs two functions for each route when it is added: most of the time of making an app.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Any:
        trace, defaults = tuple(self._trace), tuple(sorted((self.defaults or {}).items()))
        if defaults:
            return super()._compile_builder(append_unknown)

        def build(route: Route, **values: Any) -> tuple[str, str]:
            made: tuple[str, str] = _builder(self.rule, trace, append_unknown)(route, **values)
            return made

        return build


@lru_cache(None)
def _builder(rule: str, trace: tuple[tuple[bool, str], ...], append_unknown: bool) -> Any:
    """What writes the address of a route of this shape; it asks each route for its own converters."""
    shape = Rule(rule)
    shape._trace = list(trace)
    return shape._compile_builder(append_unknown)


def prepare(app: Flask, name: str, settings: Settings) -> None:
    """Lays the edge around the app, before anything else is hung on it; a second call does nothing."""
    if "evenhand_edge" in app.extensions:
        return
    app.extensions["evenhand_edge"] = name
    app.url_rule_class = Route
    tls_only = settings.secure_cookies

    @app.before_request
    def arrive() -> None:
        g.came_in = clock.now()
        g.arrived = time.perf_counter()
        given = request.headers.get("X-Request-ID", "")
        g.request_id = given if _FIT_ID.fullmatch(given) else uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def leave(response: Response) -> Response:
        is_file = (request.endpoint or "").rpartition(".")[2] == "static" and response.status_code < 400
        headers.secure(response, keep=is_file, tls_only=tls_only)
        response.headers["X-Request-ID"] = request_id()
        seconds = time.perf_counter() - g.get("arrived", time.perf_counter())
        route = request.url_rule.rule if request.url_rule is not None else "none"
        metrics.observe(name, request.method, route, response.status_code, seconds)
        if not is_file and route not in _QUIET:
            _log.info(
                "request", app=name, method=request.method, route=route, status=response.status_code,
                ms=round(seconds * 1000, 2), by=getattr(g.get("actor"), "kind", None),
            )  # fmt: skip
        return response


def came_in() -> datetime:
    """The instant at which the present request came in, before anything was asked or waited for on its behalf."""
    at: datetime = g.came_in
    return at


def request_id() -> str:
    """The id of the present request, which its answer, its log lines and its problem all carry."""
    return str(g.get("request_id", ""))
