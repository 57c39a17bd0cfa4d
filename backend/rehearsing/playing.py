"""Plays scripts: each a person of the day, who waits in the day's own time and acts through a pool of threads."""

from __future__ import annotations

import heapq
import itertools
import queue
import time
import traceback
from collections import Counter
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from backend import db
from shared.kernel import clock

Act = Callable[[db.Session, datetime], Any]
"""What somebody does, within a transaction of its own."""


@dataclass(frozen=True, slots=True)
class Doing:
    """An act that a script asks for; `alone` where it opens its own transactions. Its result is sent back to the script."""

    act: Callable[..., Any]
    alone: bool = False


Script = Generator[float | Doing, Any, None]
"""Gives seconds of the day to wait, or something to do, whose result is sent to it; what fails is thrown at it."""
_log = structlog.stdlib.get_logger("evenhand.rehearsing")


@dataclass
class Told:
    """What came of the day: how often each thing happened, how late acts began (seconds), and what went wrong."""

    counts: Counter[str] = field(default_factory=Counter)
    late: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


@dataclass(order=True)
class _Due:
    at: float
    nth: int
    script: Script = field(compare=False)


class Player:
    """Plays scripts against the wall clock, `speed` seconds of the day in each second. One thread tells, `threads` act.

    After `closes` seconds of the day nothing new begins.
    """

    def __init__(self, speed: float, threads: int, closes: float) -> None:
        self.told = Told()
        self._closes = closes
        self._speed = speed
        self._due: list[_Due] = []
        self._nth = itertools.count()
        self._done: queue.SimpleQueue[tuple[float, Script, Any, BaseException | None]] = queue.SimpleQueue()
        self._acting = 0
        self._pool = ThreadPoolExecutor(threads, "rehearsing")
        self._began = time.monotonic()

    @property
    def playing(self) -> int:
        """How many scripts have not come to their end."""
        return len(self._due) + self._acting

    def begin(self, script: Script, after: float) -> None:
        """Lets the script begin, so many seconds of the day after the player began."""
        heapq.heappush(self._due, _Due(self._began + after / self._speed, next(self._nth), script))

    def later(self, script: Script, after: float) -> bool:
        """Lets the script begin so many seconds of the day from now; False where the day has closed by then."""
        at = time.monotonic() + after / self._speed
        if at >= self._began + self._closes / self._speed:
            script.close()
            return False
        heapq.heappush(self._due, _Due(at, next(self._nth), script))
        return True

    def play(self, until: float) -> None:
        """Goes on for so many seconds of the day since the player began, or until nothing is left to play."""
        ends = self._began + until / self._speed
        while self.playing:
            now = time.monotonic()
            if now >= ends:
                return
            while self._due and self._due[0].at <= now:
                due = heapq.heappop(self._due)
                self._advance(due.at, due.script, None, None)
            wake = min(ends, self._due[0].at if self._due else ends)
            try:
                at, script, result, refused = self._done.get(timeout=max(0.0, wake - time.monotonic()) or 0.001)
            except queue.Empty:
                continue
            self._acting -= 1
            self._advance(at, script, result, refused)
        # An empty day goes by all the same.
        time.sleep(max(0.0, ends - time.monotonic()))

    def close(self) -> None:
        """Plays no more; what is being done is done."""
        self._pool.shutdown(wait=True)

    def _advance(self, at: float, script: Script, result: Any, refused: BaseException | None) -> None:
        try:
            wanted = script.send(result) if refused is None else script.throw(refused)
        except StopIteration:
            return
        except Exception as fault:  # of the house, or of a script that expected otherwise: told, and the day goes on
            self._fault(fault)
            return
        if isinstance(wanted, Doing):
            self._acting += 1
            self.told.late.append(max(0.0, time.monotonic() - at))
            future = self._pool.submit(_done, wanted)
            future.add_done_callback(lambda one: self._finished(at, script, one))
        else:
            heapq.heappush(self._due, _Due(max(at, self._began) + wanted / self._speed, next(self._nth), script))

    def _finished(self, at: float, script: Script, future: Future[Any]) -> None:
        error = future.exception()
        self._done.put((at, script, None if error else future.result(), error))

    def _fault(self, error: BaseException) -> None:
        _log.error("rehearsal fault", stack="".join(traceback.format_exception(error)))
        self.told.faults.append(f"{type(error).__name__}: {error}")


def _done(wanted: Doing) -> Any:
    if wanted.alone:
        return wanted.act(clock.now())
    with db.transaction() as session:
        return wanted.act(session, clock.now())
