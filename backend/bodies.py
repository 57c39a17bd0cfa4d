"""JSON in and out of the API: strict when reading, plain when writing."""

import dataclasses
import enum
import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

import orjson
from flask import request
from flask.json.provider import JSONProvider
from pydantic import BaseModel
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from backend import jsons
from shared.kernel.errors import Invalid
from shared.kernel.money import Money

View = TypeVar("View", bound=Callable[..., Any])
_AS_WE_WRITE = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS


class StrictJson(JSONProvider):
    """Refuses NaN, Infinity and a name that stands twice; writes ids, instants and dataclasses, compact."""

    mimetype = "application/json"

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return jsons.write(obj, plain, _AS_WE_WRITE)

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        return json.loads(s, parse_constant=_no_constant, object_pairs_hook=_once)

    def response(self, *args: Any, **kwargs: Any) -> Any:
        body = self._prepare_response_obj(args, kwargs)
        return self._app.response_class(f"{self.dumps(body)}\n", mimetype=self.mimetype)


def takes_forms(view: View) -> View:
    """Marks a view whose senders may send a form in place of JSON. Stands below the route's own decorator."""
    view.takes_forms = True  # type: ignore[attr-defined]
    return view


def reads_own_body(view: View) -> View:
    """Marks a view that reads what was sent itself, packed or plain. Stands below the route's own decorator."""
    view.reads_own_body = True  # type: ignore[attr-defined]
    return view


def plain(value: Any) -> Any:
    """The JSON value of what JSON does not know."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Money):
        return {"minor": value.minor, "currency": value.currency}
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, enum.Enum):
        return value.value
    raise TypeError(f"{type(value).__name__} has no JSON form.")


def check_body() -> None:
    """Refuses a body that is not one JSON object of storable text, before any view sees it.

    Raises UnsupportedMediaType (415), BadRequest (400) or Invalid (422). No body at all is left to the view's schema.
    """
    raw = request.get_data(cache=True)
    if not raw:
        return
    if not request.is_json:
        raise UnsupportedMediaType("Send JSON, with Content-Type: application/json.")
    try:
        body = request.get_json(cache=True)
    except RecursionError as deep:
        raise BadRequest("This JSON is nested too deeply.") from deep
    if not isinstance(body, dict):
        raise Invalid("The body must be a JSON object.")
    if b"\\u" in raw and not _storable(body):
        raise Invalid("The body holds characters that no text has: U+0000, or half of a pair.")


def _storable(value: Any) -> bool:
    try:
        text = json.dumps(value, ensure_ascii=False)
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\\u0000" not in text.replace("\\\\", "")


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("A name stands twice in one object.")
    return made
