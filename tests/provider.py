"""A payment provider as somebody else would write it: checks who asks, hosts a page, and signs what it tells of it."""

from __future__ import annotations

import base64
import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

from standardwebhooks import Webhook, WebhookVerificationError

from shared.kernel import clock

SECRET = "whsec_" + base64.b64encode(b"a provider's secret, 32 bytes ok").decode()
PATH = "/api/v1/payments/notices"


@dataclass
class LocalProvider:
    """What was asked of it, by reference. `answer` stands in for its usual one, with this status."""

    port: int = 0
    asked: dict[str, dict[str, Any]] = field(default_factory=dict)
    times: int = 0
    refused: int = 0
    status: int = 201
    answer: Any = None
    became: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What it says of a payment that it is asked about, by reference."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/payments"

    def settings(self) -> dict[str, str]:
        return {"EVENHAND_PAYMENTS_URL": self.url, "EVENHAND_PAYMENTS_SECRET": SECRET}

    def take(self, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        try:
            Webhook(SECRET).verify(body, headers)
        except WebhookVerificationError:
            self.refused += 1
            return 401, {}
        told = json.loads(body)
        assert headers["idempotency-key"] == told["reference"]
        self.times += 1
        known = self.asked.setdefault(told["reference"], told)
        assert known == told, "the same payment is another now"
        page = f"http://127.0.0.1:{self.port}/pages/{told['reference']}"
        return self.status, self.answer if self.answer is not None else {"id": f"pay_{told['reference']}", "page": page}


def notice(
    about: str, kind: str = "paid", amount: int = 0, *, id: str = "", secret: str = SECRET, at: datetime | None = None, **more: Any
) -> tuple[bytes, dict[str, str]]:  # fmt: skip
    """What the provider tells, and the headers that sign it."""
    id, at = id or f"msg_{uuid4().hex}", at or clock.now()
    data = {"reference": about, "id": f"pay_{about}", "amount_minor": amount, "currency": "USD", "method": "card"}
    body = json.dumps({"type": f"payment.{kind}", "data": data | more}).encode()
    signed = Webhook(secret).sign(id, at, body.decode())
    headers = {
        "webhook-id": id, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signed,
        "Content-Type": "application/json",
    }  # fmt: skip
    return body, headers


def is_signed(headers: dict[str, str]) -> bool:
    """Whether a request without a body is signed by the same secret."""
    at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    return Webhook(SECRET).sign(headers["webhook-id"], at, "") == headers["webhook-signature"]


LONG_AGO = timedelta(minutes=6)


@contextlib.contextmanager
def provider() -> Iterator[LocalProvider]:
    """A provider on a port of this machine, for as long as the block lasts."""
    here = LocalProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, answer = here.take({name.lower(): value for name, value in self.headers.items()}, body)
            self._send(status, "application/json", json.dumps(answer).encode())

        def do_GET(self) -> None:
            asked = self.path.removeprefix("/payments/pay_")
            if asked != self.path:
                headers = {name.lower(): value for name, value in self.headers.items()}
                said = here.became.get(asked, {"type": "payment.pending"}) if is_signed(headers) else {}
                self._send(200 if said else 401, "application/json", json.dumps(said).encode())
                return
            reference = self.path.rpartition("/")[2]
            back = here.asked[reference]["return_url"] if reference in here.asked else ""
            words = f'<!doctype html><title>Pay</title><h1>Example Pay</h1><a href="{back}">Back to the shop</a>'
            self._send(200 if back else 404, "text/html", words.encode())

        def _send(self, status: int, media: str, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", media)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield here
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
