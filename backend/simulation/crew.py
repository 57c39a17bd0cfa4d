"""A crew: several processes that do the same kind of work, an item each at a time. They end with the one that called them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

from backend import db
from shared.kernel.errors import EvenhandError

T = TypeVar("T")
R = TypeVar("R")
KINDNESS = 10
"""How far behind others the crew stands in line for the processor, where it works beside people."""


class CrewFailed(EvenhandError):
    """One of the crew could not go on; the message says at what."""

    code = "crew_failed"
    title = "The work could not be finished"


class Stopped(Exception):
    """Somebody said to stop before the work was done."""


def cores() -> int:
    """How many processes can work at once on this machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Crew(Generic[T, R]):
    """Processes that are begun with `begin(*given)`, which gives what does one item; both can be sent to another process.

    A process that dies, or fails at an item, raises CrewFailed. The caller's database is opened in each.
    """

    def __init__(
        self, begin: Callable[..., Callable[[T], R]], given: Sequence[Any], processes: int, *, kindly: bool = False
    ) -> None:
        self._begin, self._given, self._processes, self._kindly = begin, tuple(given), processes, kindly

    def done(self, items: Sequence[T], stopped: Callable[[], bool] = lambda: False) -> Iterator[tuple[int, R]]:
        """Each item's place with what came of it, as they are finished. Raises Stopped and CrewFailed."""
        if self._processes <= 1 or len(items) <= 1:
            work = self._begin(*self._given)
            for place, item in enumerate(items):
                if stopped():
                    raise Stopped
                yield place, work(item)
            return
        with self._at_work(min(self._processes, len(items))) as lines:
            waiting = iter(enumerate(items))
            busy: dict[Any, int] = dict.fromkeys(lines, -1)
            for line in lines:
                _give(line, waiting, busy)
            while busy:
                ready: list[Any] = list(wait(list(busy), timeout=0.5))
                if stopped():
                    raise Stopped
                for line in ready:
                    yield _taken(line, waiting, busy)

    @contextlib.contextmanager
    def _at_work(self, processes: int) -> Iterator[list[Connection]]:
        """A line to each of the processes; they end when it is closed, also by our death."""
        spawn = get_context("spawn")  # a forked process would share what this one has open
        lines, crew = [], []
        try:
            for _ in range(processes):
                ours, theirs = spawn.Pipe()
                given = (theirs, db.url_of(), self._kindly, self._begin, self._given)
                one = spawn.Process(target=_work, args=given, daemon=True)
                one.start()
                theirs.close()
                lines.append(ours)
                crew.append(one)
            yield lines
        finally:
            for line in lines:
                line.close()
            for one in crew:
                one.join(1.0)
                if one.is_alive():
                    one.terminate()
                    one.join()


def _give(line: Connection, waiting: Iterator[tuple[int, Any]], busy: dict[Any, int]) -> None:
    following = next(waiting, None)
    if following is None:
        del busy[line]
        return
    busy[line] = following[0]
    line.send(following[1])


def _taken(line: Any, waiting: Iterator[tuple[int, Any]], busy: dict[Any, int]) -> tuple[int, Any]:
    place = busy[line]
    try:
        kind, found = line.recv()
    except (EOFError, OSError):
        raise CrewFailed("One of the processes ended in the middle of its work.") from None
    if kind == "failed":
        raise CrewFailed(f"One of the processes could not go on: {found}.")
    _give(line, waiting, busy)
    return place, found


def _work(
    line: Connection, url: str, kindly: bool, begin: Callable[..., Callable[[Any], Any]], given: tuple[Any, ...]
) -> None:
    """The life of one of the crew, in its own process."""
    if kindly:
        os.nice(KINDNESS)
    db.open(url)
    try:
        work = begin(*given)
        while True:
            item = line.recv()
            line.send(("done", work(item)))
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return  # nobody waits for more
    except Exception as failure:
        with contextlib.suppress(OSError):
            line.send(("failed", f"{type(failure).__name__}: {failure}"))
    finally:
        db.close()
