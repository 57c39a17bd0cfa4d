"""Open streams as browsers hold them: 300 pages that hear of what changes, read by one thread."""

from __future__ import annotations

import json
import queue
import random
import selectors
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from backend.benching.clients import Client
from backend.benching.copies import BenchFailed

PATIENCE_SECONDS = 10.0
OPEN_TRIES = 40


@dataclass
class Line:
    """One open stream, and whose page it belongs to."""

    port: int
    known: Client
    face: str
    path: str
    page: Any
    socket: socket.socket
    last: str = ""
    rest: bytes = b""


@dataclass(frozen=True)
class Heard:
    """An event that came: on which line, when (`time.perf_counter`), its name and its data."""

    line: Line
    at: float
    number: str
    name: str
    data: dict[str, Any]


class Lines:
    """All the open streams; `came` is called, in the reading thread, with each event of theirs."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        self._selector = selectors.DefaultSelector()
        self._ended = threading.Event()
        self._heard = threading.Condition()
        self._events: list[Heard] = []
        self._opened: queue.SimpleQueue[Line] = queue.SimpleQueue()
        for line in lines:
            self._opened.put(line)
        self._opening = ThreadPoolExecutor(8)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def first(self, face: str, page: Any, name: str, after: float) -> Heard:
        """The first event of this name that the page heard after the instant. Raises BenchFailed when none came."""
        until = time.perf_counter() + PATIENCE_SECONDS
        with self._heard:
            while True:
                for heard in self._events:
                    if (heard.line.face, heard.line.page, heard.name) == (face, page, name) and heard.at > after:
                        return heard
                if not self._heard.wait(until - time.perf_counter()):
                    raise BenchFailed(f"Something happened of which an open page never heard ({face}, {name}).")

    def forget(self) -> None:
        """Drops what was heard so far, so that nobody looks through it again."""
        with self._heard:
            self._events.clear()

    def close(self) -> None:
        self._ended.set()
        self._thread.join()
        self._opening.shutdown()
        while not self._opened.empty():
            self._opened.get().socket.close()
        for line in self.lines:
            line.socket.close()

    def _read(self) -> None:
        while not self._ended.is_set():
            while not self._opened.empty():
                line = self._opened.get()
                self._selector.register(line.socket, selectors.EVENT_READ, line)
                self._take(line, b"")
            for key, _ in self._selector.select(0.02):
                data = key.data.socket.recv(65536)
                self._take(key.data, data, ended=not data)

    def _take(self, line: Line, data: bytes, *, ended: bool = False) -> None:
        at = time.perf_counter()
        *whole, line.rest = (line.rest + data).split(b"\n\n")
        events = [heard for text in whole if (heard := _event(line, at, text)) is not None]
        if events:
            line.last = events[-1].number
            with self._heard:
                self._events += events
                self._heard.notify_all()
        if ended or any(heard.name == "again" for heard in events):
            self._selector.unregister(line.socket)
            self._opening.submit(self._open_anew, line)

    def _open_anew(self, line: Line) -> None:
        """A stream lives for about a minute; then the page opens it again, from where it was."""
        line.socket.close()
        anew = open_line(line.port, line.known, line.face, line.path, line.page, line.last)
        self.lines[self.lines.index(line)] = anew
        self._opened.put(anew)


def open_line(port: int, known: Client, face: str, path: str, page: Any, last: str = "") -> Line:
    """A stream of whoever is signed in there; refused by a full process, it comes again, as a browser does."""
    more = f"{'&' if '?' in path else '?'}after={last}" if last else ""
    for _ in range(OPEN_TRIES):
        connection = socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS)
        cookies = "; ".join(f"{name}={value}" for name, value in known.cookies.items())
        asked = (
            f"GET {path}{more} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\nCookie: {cookies}\r\n\r\n"
        )
        connection.sendall(asked.encode())
        head = b""
        while b"event: hello\n" not in head:
            data = connection.recv(65536)
            head += data
            if not data or b" 503 " in head[:20]:
                break
        else:
            # What came with the greeting is read with what follows.
            return Line(port, known, face, path, page, connection, last, head.partition(b"\r\n\r\n")[2])
        connection.close()
        time.sleep(random.uniform(0.02, 0.1))
    raise BenchFailed(f"No stream could be opened at {path.partition('?')[0]}: {head[:80]!r}")


def _event(line: Line, at: float, text: bytes) -> Heard | None:
    fields = dict(part.split(": ", 1) for part in text.decode().splitlines() if ": " in part[1:])
    if "event" not in fields:
        return None
    return Heard(line, at, fields.get("id", ""), fields["event"], json.loads(fields.get("data", "{}")))
