"""Errors of the JSON API as `application/problem+json` (RFC 9457), and how a room adds routes to that API.

A room's `api.py`:

    from pydantic import BaseModel, ConfigDict
    from backend import problems
    from backend.people.service import Permission, current_actor, requires

    bp = problems.blueprint("customers", __name__)

    class CustomerPath(BaseModel):
        customer_id: UUID

    class SearchBody(problems.Body):          # strict: unknown names are refused
        query: str | None = None

    @bp.post("/customers/search", responses={200: SearchAnswer})
    @requires(Permission.SEARCH_CUSTOMERS)    # below the route's decorator; the API key's scopes are held to it
    def search(body: SearchBody) -> problems.Answer:   # the names `path`, `query`, `body` are the library's
        with db.reading() as session:
            found = service.search(session, ..., actor=current_actor())
        return {"items": found.items, "next_cursor": None}   # dicts, dataclasses, ids, instants: all fine

The prefix /api/v1 is the blueprint's. Views catch nothing: raise the kernel's errors. An answer is a dict or
`(dict, 201)`, and the view says so with `problems.Answer`. `query` models cost half a millisecond a request: only where nothing depends on speed.
`backend/app.py` registers the `bp` of each room's `api.py`.
"""

from typing import Any

import structlog
from flask import Flask, Response, current_app, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, ConfigDict, ValidationError
from werkzeug.exceptions import HTTPException

from backend import edge
from shared.kernel.errors import EvenhandError

MEDIA_TYPE = "application/problem+json"
PREFIX = "/api/v1"
SECURITY: list[dict[str, list[Any]]] = [{"key": []}]
SECURITY_SCHEMES: dict[str, Any] = {
    "key": {"type": "http", "scheme": "bearer", "description": "An API key from `evenhand keys create`."},
    "write_key": {
        "type": "http",
        "scheme": "basic",
        "description": "A key with the scope events:write as the user name; no password.",
    },
}
# What a view returns. Flask's own ResponseReturnValue cannot stand there: the library resolves every annotation.
Answer = dict[str, Any] | tuple[dict[str, Any], int] | Response

_CODES = {
    400: "bad_request", 404: "not_found", 405: "method_not_allowed", 408: "timeout", 413: "too_large",
    415: "unsupported_media_type",
}  # fmt: skip
_log = structlog.stdlib.get_logger("evenhand.problems")


class Problem(BaseModel):
    """What went wrong: `code` is for programs and never changes, `detail` is for people."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: dict[str, str] | None = None


class Body(BaseModel):
    """A request's body: strict, so that neither a misspelt name nor a number in quotes passes unseen."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _described(words: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": words, "content": {MEDIA_TYPE: {"schema": schema}}}


RESPONSES: dict[str | int, Any] = {
    "400": _described("The body is not JSON"),
    "401": _described("No key, or one that does not hold"),
    "403": _described("The key's scopes do not reach so far"),
    "404": _described("Not found"),
    "409": _described("Something else happened first"),
    "413": _described("The body is too large"),
    "415": _described("The body is not JSON"),
    "422": _described("What was sent cannot be taken"),
}


def blueprint(name: str, import_name: str, description: str | None = None) -> APIBlueprint:
    """A room's part of the JSON API, under /api/v1, behind an API key, its errors documented."""
    return APIBlueprint(
        name, import_name, url_prefix=PREFIX, abp_tags=[Tag(name=name, description=description)],
        abp_security=SECURITY, abp_responses={**RESPONSES},
    )  # fmt: skip


def install(app: Flask) -> None:
    """Renders every error of the app as a problem, the unforeseen ones without their inside."""
    app.register_error_handler(EvenhandError, _known)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unforeseen)


def unfit(failure: ValidationError) -> Response:
    """The answer for a path, query or body that does not fit its schema; tells the fields, never their values."""
    errors = {
        ".".join(str(part) for part in error["loc"]) or "body": error["msg"]
        for error in failure.errors(include_url=False, include_context=False, include_input=False)
    }
    return _answer(422, "invalid", "Please check what was sent", "Some fields cannot be taken.", {"errors": errors})


def _known(error: EvenhandError) -> Response:
    response = _answer(error.status, error.code, error.title, str(error), error.extra)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="evenhand"'
    if error.status == 429 and "retry_after" in error.extra:
        response.headers["Retry-After"] = str(error.extra["retry_after"])
    return response


def _http(error: HTTPException) -> Response:
    if isinstance(error.response, Response):
        return error.response
    status = error.code or 500
    code = _CODES.get(status, error.name.lower().replace(" ", "_"))
    response = _answer(status, code, error.name, error.description or f"{error.name}.", {})
    for name, value in error.get_headers(request.environ):
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def _unforeseen(error: Exception) -> Response:
    _log.error("unforeseen", error=type(error).__name__, exc_info=error)
    return _answer(500, "internal", "Something went wrong", "This was not your doing. It has been noted.", {})


def _answer(status: int, code: str, title: str, detail: str, extra: dict[str, Any]) -> Response:
    problem = {
        **extra, "type": "about:blank", "title": title, "status": status, "detail": detail, "code": code,
        "request_id": edge.request_id(),
    }  # fmt: skip
    if request.path.startswith("/v1/"):
        problem["message"] = detail  # where the specification's senders look for it
    return current_app.response_class(f"{current_app.json.dumps(problem)}\n", status, mimetype=MEDIA_TYPE)
