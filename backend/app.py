"""The JSON API: every room's routes behind API keys, with one manner of errors and of repeated requests."""

from http import HTTPStatus
from importlib import import_module
from typing import Any

import structlog
from flask import Response, current_app, g, request
from flask.typing import ResponseReturnValue
from flask_openapi3.models.info import Info
from flask_openapi3.models.tag import Tag
from flask_openapi3.openapi import OpenAPI

from backend import bodies, db, edge, metrics, problems
from backend.oversight import service as oversight
from backend.overview import service as overview
from backend.paying import service as paying
from backend.people import service as people
from backend.readiness import unready
from backend.record import service as record
from backend.settings import Settings
from shared.kernel import clock
from shared.kernel.actors import Actor
from shared.kernel.errors import EvenhandError, Unauthenticated

VERSION = "1"
# Where rooms speak JSON; each of these has a `bp` made by `problems.blueprint`, modules of one room the same: the library tells of
# each address once per blueprint.
SPEAKING = (
    "ingest.api",
    "ingest.api_attributes",
    "identities.api",
    "casework.api",
    "paying.api",
    "knowledge.api",
    "interactions.api",
    "overview.api",
    "overview.api_representing",
    "overview.api_segments",
    "overview.api_consents",
    "overview.api_groups",
    "overview.api_ratings",
    "treatments.api",
    "treatments.api_reading",
    "treatments.api_acts",
)
LOOKS = {
    "customers.show": "profile", "customers.timeline": "profile", "customers.consents": "profile", "attributes.show": "profile",
    "attributes.tell": "profile", "customers.groups": "profile", "customers.ratings": "profile", "identities.compare": "pair",
}  # fmt: skip
"""Where a program reads a customer's profile, and what such a look is called on the record."""
LARGEST_BODY = 1024 * 1024
WRITE_KEYS = "/v1/"
_log = structlog.stdlib.get_logger("evenhand.api")
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def create_api(settings: Settings) -> OpenAPI:
    """The API as a WSGI app. The process's database must be open before the first request."""
    app = OpenAPI(
        "evenhand",
        info=Info(title="Evenhand", version=VERSION, description="One customer, one decision, every channel."),
        security_schemes=problems.SECURITY_SCHEMES,
        validation_error_model=problems.Problem,
        validation_error_callback=problems.unfit,
        doc_ui=False,
        static_folder=None,
    )
    app.json = bodies.StrictJson(app)
    app.config.update(MAX_CONTENT_LENGTH=LARGEST_BODY, PAYMENTS=paying.door(settings))
    edge.prepare(app, "api", settings)
    problems.install(app)
    people.guard(app, key_holder, _refuse)
    overview.keep_out(app)
    app.before_request(_check_body)
    app.before_request(_answer_again)
    app.after_request(_keep_answer)
    app.after_request(_note_look)
    _ground(app)
    for bp in dict.fromkeys(import_module(f"backend.{where}").bp for where in SPEAKING):
        app.register_api(bp)
    return app


def key_holder() -> Actor | None:
    """Whoever holds the API key of the present request; None without a key that holds.

    Where events come in, senders may give it as the user name of Basic auth, as their specification has it.
    """
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    key = key.strip()
    if scheme.lower() == "basic" and request.path.startswith(WRITE_KEYS):
        key = (request.authorization.username or "") if request.authorization is not None else ""
    elif scheme.lower() != "bearer":
        return None
    if not key:
        return None
    actor = people.trusted_actor(key)
    if actor is None:
        with db.reading() as session:
            actor = people.key_actor(session, key)
        if actor is not None:
            people.trust(key, actor)
    return actor


def _refuse() -> ResponseReturnValue:
    raise Unauthenticated("Send a valid API key: Authorization: Bearer <key>.")


def _check_body() -> None:
    if request.method not in WRITES or request.url_rule is None:
        return
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "reads_own_body", False):
        return
    if getattr(view, "takes_forms", False) and request.mimetype == "application/x-www-form-urlencoded":
        return
    bodies.check_body()


def _answer_again() -> Response | None:
    """The first answer of a write that comes again under the same Idempotency-Key; None lets the view run."""
    key = request.headers.get("Idempotency-Key")
    actor: Actor | None = g.get("actor")
    if key is None or actor is None or request.method not in WRITES:
        return None
    asked = record.request_of(actor.id, request.method, request.full_path.rstrip("?"), key, request.get_data())
    kept = record.begin(asked, clock.now())
    if kept is None:
        g.idempotent = asked
        return None
    response = current_app.response_class(kept.body, kept.status, content_type=kept.content_type)
    response.headers["Idempotency-Replayed"] = "true"
    return response


def _keep_answer(response: Response) -> Response:
    """Keeps the answer of a write under its key. A failure of ours is not kept: the write may be tried anew."""
    asked: record.Request | None = g.pop("idempotent", None)
    if asked is not None:
        if response.status_code >= 500:
            record.give_up(asked)
        else:
            body = response.get_data(as_text=True)
            record.finish(asked, record.Answer(response.status_code, response.content_type, body))
    return response


def _note_look(response: Response) -> Response:
    """Programs show what they read to people: their looks are on record as those of staff are."""
    actor: Actor | None = g.get("actor")
    if actor is None or response.status_code != 200 or request.endpoint not in LOOKS:
        return response
    try:
        for name in ("customer_id", "other_id"):
            if looked_at := (request.view_args or {}).get(name):
                oversight.note_look(actor, looked_at, LOOKS[request.endpoint], clock.now())
    except EvenhandError as failure:
        _log.error("look not written down", error=type(failure).__name__)
    return response


def _ground(app: OpenAPI) -> None:
    """The routes that belong to no room: for machines that watch, and the description of all others."""
    tag = [Tag(name="ground", description="Is it alive, is it ready, how fast, and what does it understand")]
    described: dict[str | int | HTTPStatus, Any] = {
        "200": {"description": "Yes", "content": {"application/json": {"schema": {"type": "object"}}}},
        "503": problems.RESPONSES["409"] | {"description": "Not yet"},
    }

    @app.get("/healthz", tags=tag, responses={"200": described["200"]}, summary="Alive")
    @people.public
    def healthz() -> problems.Answer:
        return {"status": "alive"}

    @app.get("/readyz", tags=tag, responses=described, summary="Ready: migrations run, the pack's data complete")
    @people.public
    def readyz() -> problems.Answer:
        missing = unready()
        return {"status": "ready"} if not missing else ({"status": "not ready", "missing": missing}, 503)

    text = {"description": "Prometheus's text format", "content": {"text/plain": {"schema": {"type": "string"}}}}

    @app.get("/metrics", tags=tag, responses={"200": text}, summary="Metrics")
    @people.public
    def measured() -> problems.Answer:
        return current_app.response_class(metrics.exposition(), content_type=metrics.CONTENT_TYPE)

    @app.get(f"{problems.PREFIX}/openapi.json", tags=tag, responses={"200": described["200"]}, summary="This document")
    @people.public
    def openapi() -> problems.Answer:
        document = app.api_doc
        for where in SPEAKING:
            # What a view reads by itself, its room describes by itself.
            describe = getattr(import_module(f"backend.{where}"), "describe", None)
            if describe is not None:
                describe(document)
        return document
