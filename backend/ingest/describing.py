"""What may be sent to the addresses of the Segment specification, for the API's description of itself.

The views read their bodies themselves, packed or plain, so that the description cannot be taken from them.
"""

from __future__ import annotations

from typing import Any

PREFIX = "/v1/"
_ID = {"type": ["string", "integer"], "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}
_NAME = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~][ -~]*$"}
_CARRIED = {"type": ["object", "null"]}
_COMMON: dict[str, Any] = {
    "userId": _ID,
    "anonymousId": _ID,
    "messageId": _ID,
    "timestamp": {"type": "string", "format": "date-time"},
}
_OWN: dict[str, tuple[dict[str, Any], list[str]]] = {
    "identify": ({"traits": _CARRIED}, []),
    "track": ({"event": _NAME, "properties": _CARRIED}, ["event"]),
    "page": ({"name": _NAME, "properties": _CARRIED}, []),
    "screen": ({"name": _NAME, "properties": _CARRIED}, []),
    "group": ({"groupId": _ID, "traits": _CARRIED}, ["groupId"]),
    "alias": ({"previousId": _ID}, ["previousId"]),
}


def describe(document: dict[str, Any]) -> None:
    """Adds to the document what each call of the specification takes."""
    calls = {call: _call(own, needed, call) for call, (own, needed) in _OWN.items()}
    batch = {
        "type": "object",
        "required": ["batch"],
        "properties": {
            "batch": {"type": "array", "items": {"oneOf": [_typed(call, schema) for call, schema in calls.items()]}},
            "sentAt": {"type": "string", "format": "date-time"},
        },
    }
    for call, schema in (*calls.items(), ("batch", batch)):
        document["paths"][PREFIX + call]["post"]["requestBody"] = {
            "required": True, "content": {"application/json": {"schema": schema}},
        }  # fmt: skip


def _call(own: dict[str, Any], needed: list[str], call: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": {**_COMMON, **own}}
    if call == "alias":
        return {**schema, "required": ["userId", *needed]}
    return {**schema, "required": needed, "anyOf": [{"required": ["userId"]}, {"required": ["anonymousId"]}]}


def _typed(call: str, schema: dict[str, Any]) -> dict[str, Any]:
    properties = {**schema["properties"], "type": {"const": call}}
    return {**schema, "properties": properties, "required": ["type", *schema["required"]]}
