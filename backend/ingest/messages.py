"""A message of the Segment specification, read: what it is, of whom, when it happened. Pure.

https://segment.com/docs/connections/spec/ : the six calls and their common fields. The instant follows its rule for clocks that
run wrong: timestamp = received − (sentAt − originalTimestamp), where the sender says when it sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid5

Call = Literal["identify", "track", "page", "screen", "group", "alias"]
CALLS: tuple[Call, ...] = ("identify", "track", "page", "screen", "group", "alias")
LARGEST = 32 * 1024
"""Bytes of one event, as JSON."""
LONGEST_ID = 255
LONGEST_NAME = 200
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
AHEAD = timedelta(minutes=1)
"""What claims to have happened later than this happened when it came in."""
_SURROGATES = re.compile(rb"\xed[\xa0-\xbf]")
"""Halves of a pair, as they stand in a text that should be UTF-8."""
_NAMELESS = UUID("6f6f1f0e-6d0c-5d5e-9a55-0a4d6b1b7a11")
"""The name space of messages that came without an id of their own."""


class Refused(Exception):
    """A message that cannot be taken: `code` for programs, the text for people, `errors` by field."""

    def __init__(self, code: str, message: str, errors: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.code, self.errors = code, errors or {}


@dataclass(frozen=True, slots=True)
class Message:
    """One call, as its sender meant it. `user_id` or `anonymous_id` is there; texts are stripped and never empty."""

    call: Call
    message_id: str
    at: datetime
    user_id: str | None
    anonymous_id: str | None
    previous_id: str | None
    name: str
    """The event of `track`; the name of a page or screen; the group's id; empty for the others."""
    properties: dict[str, Any]
    """Of `track`, `page` and `screen`; the traits of `identify` and `group`."""


def read(given: Any, call: str | None, sent_at: datetime | None, received: datetime) -> Message:
    """The message in this JSON. `call` is the address it came to; in a batch each says its own. Raises Refused."""
    if not isinstance(given, Mapping):
        raise Refused("not_an_object", "An event is a JSON object.")
    text = size_of(given)
    if len(text) > LARGEST:
        raise Refused("too_large", "An event has 32 KB at most.")
    if b"\\u0000" in text.replace(b"\\\\", b"") or _SURROGATES.search(text):
        raise Refused("unstorable", "The event holds characters that no text has: U+0000, or half of a pair.")
    kind = call or given.get("type")
    if kind not in CALLS:
        raise Refused("unknown_type", f"type is one of {', '.join(CALLS)}.", {"type": f"one of {', '.join(CALLS)}"})
    errors: dict[str, str] = {}
    user_id, anonymous_id, previous_id = (_id(given, name, errors) for name in ("userId", "anonymousId", "previousId"))
    carried = "traits" if kind in ("identify", "group") else "properties"
    properties = given.get(carried)
    if properties is None:
        properties = {}
    if not isinstance(properties, dict):
        errors[carried] = "an object"
        properties = {}
    name = _name(given, kind, errors)
    if kind == "alias" and previous_id is None:
        errors.setdefault("previousId", "the id that the customer was known by before")
    if kind == "alias" and user_id is None:
        errors.setdefault("userId", "the id that the customer is known by now")
    if user_id is None and anonymous_id is None and kind != "alias":
        errors.setdefault("userId", "userId or anonymousId says who it was")
    at = _instant(given, sent_at, received, errors)
    message_id = _id(given, "messageId", errors)
    if errors:
        raise Refused("invalid", "Some fields cannot be taken.", errors)
    context = given.get("context")
    traits = context.get("traits") if isinstance(context, Mapping) and kind == "identify" else None
    if isinstance(traits, dict):
        properties = {**traits, **properties}
    return Message(
        CALLS[CALLS.index(kind)], message_id or _made_id(given), at, user_id, anonymous_id, previous_id, name, properties
    )  # fmt: skip


def instant(value: Any) -> datetime | None:
    """The instant in an ISO 8601 text; one without a zone is UTC. None for what is none."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        at = datetime.fromisoformat(value.strip().replace("Z", "+00:00"))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def size_of(given: Any) -> bytes:
    """The JSON of it, as small as it can be written."""
    return json.dumps(given, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def _instant(
    given: Mapping[str, Any], sent_at: datetime | None, received: datetime, errors: dict[str, str]
) -> datetime:
    told = given.get("originalTimestamp") or given.get("timestamp")
    if told is None:
        return received
    at = instant(told)
    if at is None or at < EARLIEST:
        errors["timestamp"] = "an instant such as 2026-03-01T10:00:00Z, not before 1990"
        return received
    sent = instant(given.get("sentAt")) or sent_at
    if sent is not None:
        try:
            at = received - (sent - at)
        except OverflowError:
            errors["timestamp"] = "too far from when it was sent"
    return received if at > received + AHEAD else max(at, EARLIEST)


def _id(given: Mapping[str, Any], name: str, errors: dict[str, str]) -> str | None:
    value = given.get(name)
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    text = value.strip() if isinstance(value, str) else ""
    if not isinstance(value, str) or len(text) > LONGEST_ID or not text.isprintable():
        errors[name] = f"a text of {LONGEST_ID} characters at most"
        return None
    return text or None


def _name(given: Mapping[str, Any], kind: str, errors: dict[str, str]) -> str:
    field = {"track": "event", "page": "name", "screen": "name", "group": "groupId"}.get(kind)
    if field is None:
        return ""
    value = given.get(field)
    if isinstance(value, int) and not isinstance(value, bool) and kind == "group":
        value = str(value)
    if value is None and kind in ("page", "screen"):
        value = ""
    text = " ".join(value.split()) if isinstance(value, str) else ""
    if not isinstance(value, str) or len(text) > LONGEST_NAME or (not text and kind in ("track", "group")):
        errors[field] = f"a text of 1 to {LONGEST_NAME} characters"
    return text


def _made_id(given: Mapping[str, Any]) -> str:
    """An id that follows from all that was sent: the same message sent again is the same."""
    return str(uuid5(_NAMELESS, json.dumps(given, sort_keys=True, default=str)))
