"""The Segment specification's addresses, so that its SDKs work unchanged: a write key by Basic auth, JSON, plain or gzipped.

https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/
"""

from __future__ import annotations

import json
import zlib
from typing import Any

from flask import request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

from backend import problems
from backend.bodies import reads_own_body
from backend.edge import came_in
from backend.ingest import describing, service
from backend.ingest.messages import Call
from backend.people.service import Permission, current_actor, requires
from shared.kernel.errors import Invalid

bp = APIBlueprint(
    "events", __name__, url_prefix="/v1", abp_tags=[Tag(name="events", description="Events come in, by the Segment specification")],
    abp_security=[{"write_key": []}, *problems.SECURITY], abp_responses={**problems.RESPONSES},
)  # fmt: skip
describe = describing.describe
LARGEST = 500 * 1024
"""Bytes of one request, unpacked."""


class RefusedAnswer(BaseModel):
    index: int
    messageId: str | None
    code: str
    message: str
    errors: dict[str, str]


class WarningAnswer(BaseModel):
    index: int
    messageId: str | None
    warnings: list[str]


class TakenAnswer(BaseModel):
    """`success` as the specification has it: the request was taken; what of it was not is told one by one."""

    success: bool
    taken: int
    known: int
    refused: list[RefusedAnswer]
    warnings: list[WarningAnswer]


def _one(call: Call) -> None:
    def view() -> problems.Answer:
        source = current_actor().source
        body = _body()
        (outcome,) = service.take([body], source, came_in(), call=call)
        if not outcome.taken:
            raise Invalid(outcome.message, outcome.errors)
        return _answer([outcome])

    view.__name__ = call
    view.__doc__ = f"The specification's `{call}`. A message that cannot be taken gives 422 with the reason, by field."
    marked = reads_own_body(requires(Permission.EVENTS_WRITE)(view))
    bp.post(f"/{call}", responses={200: TakenAnswer}, summary=f"One {call}")(marked)


@bp.post("/batch", responses={200: TakenAnswer}, summary="Many calls at once, 500 KB at most")
@requires(Permission.EVENTS_WRITE)
@reads_own_body
def batch() -> problems.Answer:
    """Each call of the batch on its own: one that cannot be taken is refused with the reason, the rest stands."""
    source = current_actor().source
    body = _body()
    given = body.get("batch")
    if not isinstance(given, list) or len(given) > service.MOST:
        raise Invalid("batch is a list of calls.", {"batch": f"a list of {service.MOST} calls at most"})
    context = body.get("context")
    if isinstance(context, dict):
        given = [{**one, "context": {**context, **(one.get("context") or {})}}
                 if isinstance(one, dict) and isinstance(one.get("context") or {}, dict) else one for one in given]  # fmt: skip
    return _answer(service.take(given, source, came_in(), sent_at=body.get("sentAt")))


for _call in ("identify", "track", "page", "screen", "group", "alias"):
    _one(_call)


def _answer(outcomes: list[service.Outcome]) -> dict[str, Any]:
    return {
        "success": True,
        "taken": sum(one.taken for one in outcomes),
        "known": sum(one.known for one in outcomes),
        "refused": [
            {
                "index": place,
                "messageId": one.message_id,
                "code": one.code,
                "message": one.message,
                "errors": one.errors,
            }
            for place, one in enumerate(outcomes)
            if not one.taken
        ],
        "warnings": [
            {"index": place, "messageId": one.message_id, "warnings": list(one.warnings)}
            for place, one in enumerate(outcomes)
            if one.warnings
        ],
    }


def _body() -> dict[str, Any]:
    """The JSON object that was sent, unpacked where it is gzipped. Raises 400, 413 or 415."""
    raw = request.get_data(cache=False)
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if encoding == "gzip":
        raw = _unpacked(raw)
    elif encoding != "identity":
        raise UnsupportedMediaType("Send the body plain or gzipped.")
    if len(raw) > LARGEST:
        raise RequestEntityTooLarge(f"A request has {LARGEST // 1024} KB at most.")
    try:
        body = json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError) as wrong:
        raise BadRequest("The body is not JSON.") from wrong
    if not isinstance(body, dict):
        raise Invalid("The body must be a JSON object.")
    return body


def _unpacked(raw: bytes) -> bytes:
    """No more than is allowed is ever unpacked, whatever the sender claims."""
    unpacking = zlib.decompressobj(wbits=31)
    try:
        body = unpacking.decompress(raw, LARGEST + 1)
    except zlib.error as wrong:
        raise BadRequest("The body is not gzipped, though it says so.") from wrong
    if not unpacking.eof and len(body) <= LARGEST:
        raise BadRequest("The gzipped body ends too early.")
    return body


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON.")
