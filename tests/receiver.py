"""A receiver of webhooks as somebody else would write it: checks the signature, drops what it has, counts what it did.

In a test's own process `receiving` runs it in a thread; `python -m tests.receiver PORT SECRET` is a process of its own.
"""

from __future__ import annotations

import contextlib
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

LONGEST_STALL = 60.0


@dataclass
class Receiver:
    """What came in, and how the next are answered. `did` counts the effects of each message: one, whatever was sent twice."""

    secret: str = ""
    status: int = 204
    stall: float = 0.0
    """Answers after so many seconds."""
    hold: bool = False
    """Answers when it is let go."""
    location: str = ""
    port: int = 0
    came: list[str] = field(default_factory=list)
    bodies: dict[str, dict[str, Any]] = field(default_factory=dict)
    times: dict[str, list[str]] = field(default_factory=dict)
    did: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    answered: int = 0
    more: threading.Condition = field(default_factory=threading.Condition)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def take(self, headers: dict[str, str], body: bytes) -> bool:
        """Whether the message is what the sender signed; its effect happens once."""
        try:
            Webhook(self.secret).verify(body, headers)
        except WebhookVerificationError:
            with self.more:
                self.refused += 1
                self.more.notify_all()
            return False
        with self.more:
            message = headers["webhook-id"]
            self.came.append(message)
            self.times.setdefault(message, []).append(headers["webhook-timestamp"])
            kept = self.bodies.setdefault(message, json.loads(body))
            assert kept == json.loads(body), "the same message says something else"
            if self.status < 300 and not self.did[message]:
                self.did[message] += 1
            self.more.notify_all()
        return True

    def wait_for(self, count: int, seconds: float = 20.0) -> None:
        """Until so many requests came in, repeated ones with them."""
        with self.more:
            assert self.more.wait_for(lambda: len(self.came) >= count, seconds), f"{len(self.came)} of {count} came"

    def let_go(self) -> None:
        with self.more:
            self.hold = False
            self.more.notify_all()

    def told(self) -> dict[str, Any]:
        with self.more:
            return {
                "came": self.came, "bodies": self.bodies, "did": dict(self.did), "refused": self.refused, "answered": self.answered,
            }  # fmt: skip


def server_of(receiver: Receiver, port: int = 0) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            if self.path == "/control":
                with receiver.more:
                    for name, value in json.loads(body).items():
                        setattr(receiver, name, value)
                    receiver.more.notify_all()
                return self._answer(200, receiver.told())
            status = receiver.status if receiver.take({k.lower(): v for k, v in self.headers.items()}, body) else 401
            with receiver.more:
                receiver.more.wait_for(lambda: not receiver.hold, LONGEST_STALL)
            time.sleep(receiver.stall)
            with contextlib.suppress(ConnectionError):
                self._answer(status, None)
                with receiver.more:
                    receiver.answered += 1
                    receiver.more.notify_all()
            return None

        def do_GET(self) -> None:
            self._answer(200, receiver.told())

        def _answer(self, status: int, told: Any) -> None:
            sent = json.dumps(told).encode() if told is not None else b""
            self.send_response(status)
            if receiver.location:
                self.send_header("Location", receiver.location)
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    receiver.port = server.server_address[1]
    return server


@contextlib.contextmanager
def receiving(**how: Any) -> Iterator[Receiver]:
    """A receiver in a thread, for as long as the block lasts."""
    receiver = Receiver(**how)
    server = server_of(receiver)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.let_go()
        server.shutdown()
        server.server_close()
        thread.join(5)


if __name__ == "__main__":
    server_of(Receiver(secret=sys.argv[2]), int(sys.argv[1])).serve_forever(poll_interval=0.02)
