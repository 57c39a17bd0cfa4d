"""Whose turn it is: to write, among the threads and processes of one machine; to be drawn, among the pages of one process."""

import contextlib
import fcntl
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATIENCE_SECONDS = 0.05


class Turn:
    """One writer at a time: the threads of a process by a lock, the processes of the machine by a lock on a file.

    SQLite's own lock is polled, with pauses that grow while the file is free again; these two are waited for, and the death
    of a process frees the file's. Others (the command line, a tool) may still come in between: then SQLite's lock decides.
    """

    def __init__(self, database: str | None) -> None:
        self._threads = threading.Lock()
        self._path = f"{database}.turn" if database and database != ":memory:" else None
        self._file: int | None = None

    def __enter__(self) -> None:
        self._threads.acquire()
        try:
            if self._path is not None:
                if self._file is None:
                    self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                fcntl.flock(self._file, fcntl.LOCK_EX)
        except BaseException:
            self._threads.release()
            raise

    def __exit__(self, *_failure: object) -> None:
        try:
            if self._file is not None:
                fcntl.flock(self._file, fcntl.LOCK_UN)
        finally:
            self._threads.release()

    def close(self) -> None:
        """Lets go of the file; the next turn opens it again."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


_drawing = threading.local()
"""What a thread keeps of the line that it stands at the head of."""


def in_turn(app: "WSGIApplication") -> "Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]":
    """The app, drawing one page after another in this process, for as long as none takes long.

    Threads that draw at the same time take the interpreter from each other at every statement to the database, and all are
    done later than if they had waited in line. Only pages that are asked for wait, since no body has to come in for them,
    and no longer than PATIENCE_SECONDS: one that waits for something else holds nobody up. What is sent bit by bit (live
    pages) has left the line by then.
    """
    line = threading.Lock()

    def turned(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "GET":
            return app(environ, start_response)
        if line.locked():
            start_response = _sending_on(start_response)
        if not _joined(line):
            return app(environ, start_response)
        try:
            return app(environ, start_response)
        finally:
            _left()

    return turned


def _sending_on(start_response: "StartResponse") -> "StartResponse":
    """The same, ending the connection with the answer: the next one is taken by a process that is free.

    A connection stays with the process that took it, and most are made while nobody is at work: one process would have most
    of them for good, with a line before it, and another none.
    """

    def begin(status: str, headers: list[tuple[str, str]], *failure: Any) -> Any:
        return start_response(status, [*headers, ("Connection", "close")], *failure)

    return begin


@contextlib.contextmanager
def aside() -> Iterator[None]:
    """Lets other pages be drawn while this one waits for something else than the processor; nothing where it is not in line."""
    line = _left()
    try:
        yield
    finally:
        if line is not None:
            _joined(line)


@contextlib.contextmanager
def held(lock: threading.Lock) -> Iterator[None]:
    """The lock, for which a page waits aside."""
    if not lock.acquire(blocking=False):
        with aside():
            lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _joined(line: threading.Lock) -> bool:
    """Whether the head of the line was reached in time."""
    if not line.acquire(timeout=PATIENCE_SECONDS):
        return False
    _drawing.line = line
    return True


def _left() -> "threading.Lock | None":
    """The line of which this thread was the head until now, if it was."""
    line: threading.Lock | None = getattr(_drawing, "line", None)
    if line is not None:
        _drawing.line = None
        line.release()
    return line
