"""Whether a payment provider's words are its own: signatures of the Standard Webhooks scheme (standardwebhooks.com). Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta

from shared.kernel.errors import Unauthenticated

PREFIX = "whsec_"
TOLERANCE = timedelta(minutes=5)
"""What was signed longer ago, or later than now, is not taken: a copy of a message that somebody kept is worth nothing."""
LONGEST_ID = 200
_REFUSED = "This is not signed by the payment provider, or was signed too long ago."


def require_signed(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """The message's id, where the body was signed with this secret within the last minutes. Raises Unauthenticated, in the same words for all else."""
    message, seconds = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature", "").split()
    if not (message and len(message) <= LONGEST_ID and message.isascii() and message.isprintable()):
        raise Unauthenticated(_REFUSED)
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 12):
        raise Unauthenticated(_REFUSED)
    if abs(now.timestamp() - int(seconds)) > TOLERANCE.total_seconds():
        raise Unauthenticated(_REFUSED)
    key = base64.b64decode(secret.removeprefix(PREFIX))
    made = hmac.new(key, f"{message}.{seconds}.".encode() + body, hashlib.sha256).digest()
    expected = f"v1,{base64.b64encode(made).decode()}".encode()
    # Several, while a provider changes its secret.
    if not any(hmac.compare_digest(expected, one.encode("utf-8", "replace")) for one in given[:8]):
        raise Unauthenticated(_REFUSED)
    return message
