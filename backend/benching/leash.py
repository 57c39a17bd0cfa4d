"""A server that is measured is gone when the one that measures is, however that ended: also killed, without time to clean up."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

LOOK_SECONDS = 0.5
STOP_SECONDS = 15
_ENDING = (signal.SIGTERM, signal.SIGINT)


def hold(parent: int) -> None:
    """From here on this process, which leads a group of its own, ends with its whole group once its parent is not `parent`."""
    threading.Thread(target=_watch, args=(parent,), daemon=True, name="leash").start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_SECONDS)
    os.killpg(os.getpgrp(), signal.SIGKILL)


@contextlib.contextmanager
def ended_in_order() -> Iterator[None]:
    """Inside, SIGTERM and SIGINT end what runs as an error would: servers are stopped and copies removed; told again, they wait for that.

    For the main thread, which alone may say what signals do.
    """
    before: dict[signal.Signals, Callable[[int, FrameType | None], object] | int | None] = {
        one: signal.getsignal(one) for one in _ENDING
    }

    def end(number: int, _frame: FrameType | None) -> None:
        for one in _ENDING:
            signal.signal(one, signal.SIG_IGN)
        raise SystemExit(128 + number)

    for one in _ENDING:
        signal.signal(one, end)
    try:
        yield
    finally:
        for one, was in before.items():
            signal.signal(one, was)
