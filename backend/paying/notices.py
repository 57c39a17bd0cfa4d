"""What a provider sends is read: signed, whole, and no more of it than is needed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, cast
from uuid import UUID

from backend.paying.signing import require_signed
from backend.paying.types import Notice
from shared.kernel.errors import Invalid, Unauthenticated
from shared.kernel.money import Money

KINDS = {"payment.paid": "paid", "payment.failed": "failed", "payment.cancelled": "cancelled"}
LONGEST = 200
MOST_MINOR = 2**31 - 1


def read(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
    """The notice in the request. Raises Unauthenticated for one that is not the provider's, Invalid for one that tells nothing."""
    if not secret:
        raise Unauthenticated("Nobody is set up to tell of payments here.")
    lowered = {name.lower(): value for name, value in headers.items()}
    notice_id = require_signed(secret, lowered, body, now)
    return notice_of(notice_id, body)


def notice_of(notice_id: str, body: bytes) -> Notice:
    """What the provider tells in this body. Raises Invalid."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        told = None
    plain = told if isinstance(told, dict) else {}
    data = plain.get("data")
    return _notice(notice_id, plain.get("type"), data if isinstance(data, dict) else {})


def _notice(notice_id: str, kind: Any, data: Mapping[str, Any]) -> Notice:
    errors = {}
    if not isinstance(kind, str) or kind not in KINDS:
        errors["type"] = f"one of {', '.join(KINDS)}"
    minor, currency = data.get("amount_minor"), data.get("currency")
    if type(minor) is not int or not 0 <= minor <= MOST_MINOR:
        errors["amount_minor"] = "a whole number"
    if not (isinstance(currency, str) and len(currency) == 3 and currency.isascii() and currency.isupper()):
        errors["currency"] = "three capital letters"
    payment_id = _uuid(data.get("reference"))
    if payment_id is None:
        errors["reference"] = "as it was given when the payment was started"
    if errors or payment_id is None:
        raise Invalid("This tells of no payment.", errors)
    found = cast(Literal["paid", "failed", "cancelled"], KINDS[str(kind)])
    amount = Money(cast(int, minor), str(currency))
    return Notice(
        notice_id,
        payment_id,
        found,
        amount,
        _word(data.get("id")),
        _word(data.get("method")),
        _word(data.get("reason")),
    )


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _word(value: Any) -> str:
    return value if isinstance(value, str) and len(value) <= LONGEST and value.isprintable() else ""
