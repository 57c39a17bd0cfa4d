"""The door to the payment provider: who it is here, and with which secret both sides sign. No card's number ever comes by here.

Where a provider is set up, it is asked over HTTP. Where none is, and the installation is not in production, a page of our own
stands in its place: it says that it is a test, asks for nothing, and tells its outcome through the same signed message.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from urllib.parse import quote, urlsplit
from uuid import UUID

import httpx
import structlog

from backend.paying import notices
from backend.paying.signing import PREFIX
from backend.paying.types import Asked, Hosted, Notice, Provider
from backend.record import service as record
from backend.settings import Settings
from shared.kernel import clock
from shared.kernel.errors import Unavailable
from shared.kernel.languages import gettext

PATIENCE_SECONDS = 10.0
LARGEST_ANSWER = 16 * 1024
LONGEST_ADDRESS, LONGEST_ID = 2_000, 200
PENDING = "payment.pending"
HERE = ("127.0.0.1", "localhost", "::1")
_log = structlog.stdlib.get_logger("evenhand.paying")


@dataclass(frozen=True, slots=True)
class Door:
    """How bills are paid here. `provider` is None where they can't be paid online; `is_test`: nobody's money moves."""

    provider: Provider | None
    secret: str
    address: str
    is_test: bool = False


def door(settings: Settings) -> Door:
    """How bills are paid in this installation."""
    if settings.payments is not None:
        known = settings.payments
        return Door(HttpProvider(known.url, known.secret), known.secret, settings.address)
    if settings.env == "production":
        return Door(None, "", settings.address)
    made = hmac.new(settings.secret, b"evenhand test payments v1", hashlib.sha256).digest()
    return Door(TestPage(), PREFIX + base64.b64encode(made).decode(), settings.address, is_test=True)


@dataclass(frozen=True, slots=True)
class HttpProvider:
    """A provider that is asked over HTTP; each request is signed as its own messages to us are."""

    url: str
    secret: str

    def start(self, asked: Asked) -> Hosted:
        """Asks for a hosted page. Raises Unavailable; asking again is safe, since the payment's id says that it is the same."""
        body = json.dumps({
            "reference": str(asked.payment_id), "amount_minor": asked.amount.minor, "currency": asked.amount.currency,
            "description": asked.what, "language": asked.language, "return_url": asked.return_to, "notify_url": asked.notify,
        })  # fmt: skip
        headers = record.headers_of(self.secret, f"start_{asked.payment_id}", clock.now(), body)
        headers |= {"Content-Type": "application/json", "Idempotency-Key": str(asked.payment_id)}
        try:
            answer = httpx.post(self.url, content=body, headers=headers, timeout=PATIENCE_SECONDS)
            told = answer.json() if answer.is_success and len(answer.content) <= LARGEST_ANSWER else None
        except (httpx.HTTPError, ValueError) as failure:
            _log.warning("payment provider does not answer", error=type(failure).__name__)
            raise _unreachable() from failure
        provider_id, page = (told.get("id"), told.get("page")) if isinstance(told, dict) else (None, None)
        if not isinstance(provider_id, str) or not isinstance(page, str) or not _is_page(page):
            _log.warning("payment provider answers otherwise than agreed", status=answer.status_code)
            raise _unreachable()
        return Hosted(provider_id[:LONGEST_ID], page)

    def look(self, payment_id: UUID, provider_id: str) -> Notice | None:
        """Asks what became of it, in the words of a notice; `payment.pending` is nothing yet."""
        headers = record.headers_of(self.secret, f"look_{payment_id}", clock.now(), "")
        try:
            answer = httpx.get(f"{self.url}/{quote(provider_id, safe='')}", headers=headers, timeout=PATIENCE_SECONDS)
            fits = answer.is_success and len(answer.content) <= LARGEST_ANSWER
            told = answer.json() if fits else None
        except (httpx.HTTPError, ValueError) as failure:
            raise _unreachable() from failure
        if not isinstance(told, dict):
            raise _unreachable()
        if told.get("type") == PENDING:
            return None
        # Looked at again, it is the same word.
        found = notices.notice_of(f"looked_{payment_id}_{told.get('type')}"[:LONGEST_ID], answer.content)
        return found if found.payment_id == payment_id else None


@dataclass(frozen=True, slots=True)
class TestPage:
    """The page of our own that stands in a provider's place."""

    __test__ = False  # no test, whatever pytest thinks of its name

    def start(self, asked: Asked) -> Hosted:
        return Hosted(f"test_{asked.payment_id.hex}", f"/test-payments/{asked.payment_id}")

    def look(self, payment_id: UUID, provider_id: str) -> Notice | None:
        return None


def _is_page(page: str) -> bool:
    """Whether customers may be sent there: an address that a person can check, over TLS."""
    try:
        parts = urlsplit(page)
    except ValueError:
        return False
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in HERE)
    return bool(is_safe and parts.hostname) and len(page) <= LONGEST_ADDRESS and page.isascii() and page.isprintable()


def _unreachable() -> Unavailable:
    return Unavailable(
        gettext("The payment page can't be reached just now. Nothing was paid. Please try again in a few minutes.")
    )
