"""The composition root: the three apps, and `app`, which serves all of them from one process.

The portal stands at /, the desk at /desk, the API at /api and /v1 with the probes of machines. Each can be served alone
on a host of its own: `wsgi:api`, `wsgi:desk`, `wsgi:portal`.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from agent_ui.app import create_desk
from agent_ui.desk.portal import draws_with
from backend import readiness, worker
from backend.app import create_api
from backend.turns import in_turn
from selfservice_ui.app import create_portal
from selfservice_ui.showing import views

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PROBES = frozenset({"/healthz", "/readyz", "/metrics"})

_settings = readiness.begin_serving()
worker.register_handlers()
api = create_api(_settings)
desk = create_desk(_settings)
portal = create_portal(_settings)
draws_with(desk, views(portal))


def dispatch(
    api: "WSGIApplication", desk: "WSGIApplication", portal: "WSGIApplication"
) -> "Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]":
    """One WSGI app that hands each request to the one whose path it is."""

    def app(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        first = path.split("/", 2)[1] if path.startswith("/") else ""
        if first in ("api", "v1") or path in PROBES:
            return api(environ, start_response)
        if first == "desk":
            # The desk's own addresses begin where it is mounted.
            environ["SCRIPT_NAME"] = f"{environ.get('SCRIPT_NAME', '')}/desk"
            environ["PATH_INFO"] = path.removeprefix("/desk")
            return desk(environ, start_response)
        return portal(environ, start_response)

    return app


app = in_turn(dispatch(api, desk, portal))
