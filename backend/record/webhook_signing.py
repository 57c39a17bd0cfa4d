"""Signatures of the Standard Webhooks scheme (standardwebhooks.com), and the secrets that make them. Pure.

A secret is kept nowhere: it is worked out from the installation's own secret and the salt of its endpoint whenever
something is to be signed. The database alone, or a copy of it, can sign nothing. Where the installation gets another
secret, every endpoint has another one too, and must be added again.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime
from uuid import UUID

PREFIX = "whsec_"
_PURPOSE = b"evenhand webhooks v1"


def secret_of(key: bytes, endpoint_id: UUID, salt: str) -> str:
    """The endpoint's secret as its receiver keeps it: "whsec_" and 32 bytes in base64. `key` is the installation's."""
    own = hmac.new(key, _PURPOSE, hashlib.sha256).digest()
    made = hmac.new(own, f"{endpoint_id}.{salt}".encode(), hashlib.sha256).digest()
    return PREFIX + base64.b64encode(made).decode()


def headers_of(secret: str, message: str, at: datetime, body: str) -> dict[str, str]:
    """The three headers of one attempt: the message's id, whole seconds since 1970, and the signature of all three parts."""
    seconds = str(int(at.timestamp()))
    key = base64.b64decode(secret.removeprefix(PREFIX))
    made = hmac.new(key, f"{message}.{seconds}.{body}".encode(), hashlib.sha256).digest()
    return {
        "webhook-id": message,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{base64.b64encode(made).decode()}",
    }
