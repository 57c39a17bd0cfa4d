"""What a process remembers of customers beside the database is forgotten as soon as one is erased, whichever process did it.

Erasure is told as any other change, with its own commit; each process that remembers anything listens for it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from backend import db
from backend.record.hub import hub
from backend.record.types import RETURN
from shared.kernel import clock
from shared.kernel.errors import Unavailable

ERASED = "erased"
"""The topic of the change by which an erasure is told."""
ALL_OF_IT = 1_000_000
"""A process's own ear is no page: it needs a place however many are taken."""
LOOKS_UP_SECONDS = 1.0
LONGEST = timedelta(minutes=1)
"""From an erasure's instant to its commit it takes no longer."""
_log = logging.getLogger("evenhand.forgetting")
_ways: list[Callable[[], object]] = []
_lock = threading.Lock()


class _Ear(threading.Thread):
    """Listens at one database, for as long as this process is there. `hears`: until it is about to end."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True, name="erasures")
        self.url = url
        self.hears = True
        self._since = clock.now() - LONGEST

    def run(self) -> None:
        try:
            self._listen()
        except (Unavailable, RuntimeError, SQLAlchemyError):
            _log.warning("erasures are not heard of just now")
        finally:
            self.hears = False
            # Nobody knows what is missed from here on.
            _forget()

    def _listen(self) -> None:
        # Things are kept from the moment it was made, before it listens: what was erased meanwhile is read back.
        watch = hub().watch(lambda change: change.topic == ERASED, since=self._since, most=ALL_OF_IT, own=True)
        try:
            while not watch.ended and _is_open(self.url):
                if any(change.topic in (ERASED, RETURN) for change in watch.wait(LOOKS_UP_SECONDS)):
                    _forget()
        finally:
            watch.close()


_ear: _Ear | None = None


def forget_by(way: Callable[[], object]) -> None:
    """Has this done in this process after every erasure, by whichever process; it forgets all that it may know of customers."""
    _ways.append(way)


def remember() -> None:
    """To be said whenever something of a customer is about to be kept in this process: from then on it hears of erasures.

    Costs nothing while it does already. Where nothing can be listened to it is tried again the next time.
    """
    global _ear
    url = db.url_of()
    if _ear is not None and _ear.hears and _ear.url == url:
        return
    with _lock:
        if _ear is None or not _ear.hears or _ear.url != url:
            _ear = _Ear(url)
            _ear.start()


def _forget() -> None:
    for way in _ways:
        way()


def _is_open(url: str) -> bool:
    try:
        return db.url_of() == url
    except RuntimeError:
        return False
