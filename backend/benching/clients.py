"""Light clients: bare sockets, kept alive as long as the server wants, so that what is measured is the server and not who asks it."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from backend.benching.copies import BenchFailed
from backend.benching.rows import Row, row

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_COOKIE = re.compile(rb"\r\nset-cookie: *([^=;\r]+)=([^;\r]*)", re.IGNORECASE)
_LAST = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
_TOKEN = re.compile(rb'name="csrf_token"[^>]*value="([^"]+)"')
PATIENCE_SECONDS = 30


@dataclass
class Client:
    """One connection with its cookies; sends a request and reads its answer whole."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._connect()

    def _connect(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self.port), PATIENCE_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        self._socket.close()

    def request(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        """The answer's status and body. Cookies are kept; redirects are not followed."""
        return self.send(self.prepared(method, path, body, **headers))

    def prepared(self, method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
        """The bytes of a request, to be sent later."""
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        return "\r\n".join([*lines, "", ""]).encode() + body

    def send(self, request: bytes) -> tuple[int, bytes]:
        self._socket.sendall(request)
        head, _, body = self._read_head().partition(b"\r\n\r\n")
        for name, value in _COOKIE.findall(head):
            self.cookies[name.decode()] = value.decode()
        length = _LENGTH.search(head)
        status = int(head[9:12])
        if length is None and status not in (204, 304):
            raise BenchFailed("An answer came without its length.")
        missing = int(length[1]) - len(body) if length else 0
        parts = [body]
        while missing > 0:
            parts.append(self._more())
            missing -= len(parts[-1])
        if _LAST.search(head):
            self._socket.close()
            self._connect()
        return status, b"".join(parts)

    def sign_in(self, path: str, who: str, password: str, field_name: str) -> None:
        """Signs in by the form, as a browser does. Raises BenchFailed."""
        _, page = self.request("GET", path)
        token = _TOKEN.search(page)
        form = {field_name: who, "password": password} | ({"csrf_token": token[1].decode()} if token else {})
        kind = "application/x-www-form-urlencoded"
        status, _ = self.request("POST", path, urlencode(form).encode(), Content_Type=kind)
        if status != 303:
            raise BenchFailed(f"{who} could not sign in at {path}: the answer was {status}.")

    def _read_head(self) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._more()
        return data

    def _more(self) -> bytes:
        data = self._socket.recv(65536)
        if not data:
            raise BenchFailed("The server closed the connection.")
        return data


@dataclass(frozen=True)
class Task:
    """One client's requests, in order: `before` runs off the request's clock, `check` after it."""

    client: Client
    requests: Sequence[bytes]
    status: int
    before: Callable[[int], None] | None = None


@dataclass
class Sent:
    """What requests took, each and all of them together, and how much of the processor the clients used themselves; it adds up."""

    seconds: list[float] = field(default_factory=list)
    wall: float = 0.0
    used: float = 0.0

    def add(self, other: Sent) -> None:
        self.seconds += other.seconds
        self.wall += other.wall
        self.used += other.used

    def row(self, name: str, **more: object) -> Row:
        return row(name, self.seconds, self.wall, client_cpu_ms=round(self.used * 1000 / len(self.seconds), 4), **more)


def measured(name: str, tasks: Sequence[Task], **more: object) -> Row:
    """Lets the clients send all at once, each its next request when the one before is answered; the row of all."""
    return sent(name, tasks).row(name, clients=len(tasks), **more)


def sent(name: str, tasks: Sequence[Task]) -> Sent:
    """The same, what each took kept. Raises BenchFailed where an answer is another than expected."""
    seconds: list[list[float]] = [[] for _ in tasks]
    used = [0.0] * len(tasks)
    faults: list[BaseException] = []
    start = threading.Barrier(len(tasks) + 1)

    def work(number: int, task: Task) -> None:
        start.wait()
        began_cpu = time.thread_time()
        try:
            for nth, request in enumerate(task.requests):
                if task.before is not None:
                    task.before(nth)
                began = time.perf_counter()
                status, body = task.client.send(request)
                seconds[number].append(time.perf_counter() - began)
                if status != task.status:
                    raise BenchFailed(f"{name}: the answer was {status}, not {task.status}: {body[:300]!r}")
        except BaseException as fault:  # told by the thread that waits
            faults.append(fault)
        finally:
            used[number] = time.thread_time() - began_cpu

    threads = [threading.Thread(target=work, args=given, daemon=True) for given in enumerate(tasks)]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    wall = time.perf_counter() - began
    if faults:
        raise faults[0]
    return Sent([one for mine in seconds for one in mine], wall, sum(used))
