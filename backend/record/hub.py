"""The live hub: one listener per process, which hands each change to the watchers that want it.

On PostgreSQL it listens for the word that each commit sends; on SQLite it looks twenty times a second, only while somebody
watches. It holds a connection of its own. When that breaks it tries again, and then tells every watcher to look at
everything anew, since nobody knows what was missed.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from uuid import UUID

import psycopg
from sqlalchemy.engine import make_url

from backend import db, engines
from backend.record import changes
from backend.record.types import RETURN, Change
from shared.kernel.errors import Unavailable

Wants = Callable[[Change], object]
Feed = Callable[[], list[Change]]

POLL_SECONDS = 0.05
LISTEN_SECONDS = 1.0
ASSURE_SECONDS = 20.0
LINGER_SECONDS = 30.0
BACKOFF_SECONDS = 0.2, 5.0
OPEN_SECONDS = 5.0
WAITING = 100
"""So many changes may wait for one watcher; whoever is slower than that looks at everything anew."""
MOST = 200
MOST_OF_ONE = 8
_log = logging.getLogger("evenhand.hub")


class Watch:
    """One watcher's place: what they want is put here. To be closed by whoever opened it."""

    def __init__(
        self, hub: Hub, wants: Wants, about: frozenset[UUID | str] | None, owner: str | None, own: bool = False
    ) -> None:
        self.about = about
        self.owner = owner
        self.own = own
        self.ended = False
        self._hub = hub
        self._wants = wants
        self._read = 0
        self._changes: list[Change] = []
        self._news = threading.Condition()

    def wait(self, seconds: float) -> list[Change]:
        """What came since the last time, waiting at most so long for the first; empty when nothing did, or it has ended."""
        with self._news:
            if not self._changes and not self.ended:
                self._news.wait(seconds)
            came, self._changes = self._changes, []
            return came

    def newest(self) -> int:
        """A number up to which every wanted change has been put here: from it on one may ask after a pause."""
        return max(self._hub.newest, self._read)

    def catch_up(self, missed: list[Change]) -> None:
        """Puts here what was read of the time before."""
        self.put(missed)
        self._read = max((change.id for change in missed), default=0)

    def put(self, changes: list[Change]) -> None:
        wanted = [change for change in changes if change.topic == RETURN or self._wants(change)]
        if not wanted:
            return
        with self._news:
            self._changes += wanted
            if len(self._changes) > WAITING or any(change.topic == RETURN for change in wanted):
                # Whoever looks at everything anew needs no other word of what came until then.
                self._changes = [Change(self._changes[-1].id, RETURN)]
            self._news.notify()

    def close(self) -> None:
        """Gives the place up; a second time does nothing."""
        self._hub.leave(self)
        with self._news:
            self.ended = True
            self._news.notify()


class Hub:
    """The watchers of one process on one database, and the thread that listens for them while there are any."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.newest = 0
        self._listens = make_url(url).get_backend_name() == "postgresql"
        self._watches: list[Watch] = []
        self._about: dict[UUID | str | None, list[Watch]] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._left = 0.0
        self._closed = False

    def watch(
        self, wants: Wants, *, about: Collection[UUID | str] | None = None, after: int | None = None,
        since: datetime | None = None, owner: str | None = None, most: int = MOST, own: bool = False,
    ) -> Watch:  # fmt: skip
        """A place for whoever wants these changes, holding already those after a number or since an instant.

        `about` names the customers and subjects of which alone anything is wanted: of all else the watcher is not even asked.
        Above `most` watchers Unavailable is raised; of one owner's, the oldest gives way. Also raised when the database cannot
        be listened to. `own`: this process's own, behind which no page waits; it takes nobody's place.
        """
        watch = Watch(self, wants, None if about is None else frozenset(about), owner, own)
        with self._changed:
            if not own and self.watching() >= most:
                raise Unavailable("Too many pages are live just now. Reload to see what is new.", retry_after=10)
            self._watches.append(watch)
            for key in (None,) if watch.about is None else watch.about:
                self._about.setdefault(key, []).append(watch)
            mine = [other for other in self._watches if owner is not None and other.owner == owner]
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True, name="live hub")
                self._thread.start()
        try:
            for other in mine[:-MOST_OF_ONE]:
                other.close()
            if not self._ready.wait(OPEN_SECONDS):
                raise Unavailable("What is new cannot be followed just now. Reload to see it.")
            # Listening began before this is read: what is committed in between comes twice rather than never.
            watch.catch_up(changes.read_back(after, since))
        except BaseException:
            watch.close()
            raise
        return watch

    def watching(self) -> int:
        """How many pages watch."""
        return sum(not watch.own for watch in list(self._watches))

    def leave(self, watch: Watch) -> None:
        with self._changed, contextlib.suppress(ValueError):
            self._watches.remove(watch)
            self._left = time.monotonic()
            for key in (None,) if watch.about is None else watch.about:
                self._about[key].remove(watch)
                if not self._about[key]:
                    del self._about[key]

    def close(self) -> None:
        """Ends every watch; the thread then ends by itself within a second, quietly also where its database is gone."""
        self._closed = True
        for watch in list(self._watches):
            watch.close()

    def _run(self) -> None:
        pause, broken = BACKOFF_SECONDS[0], False
        while True:
            try:
                with self._listening() if self._listens else self._polling() as feed:
                    if broken:
                        self._hand_out([Change(self.newest, RETURN)])
                    pause, broken = BACKOFF_SECONDS[0], False
                    self._ready.set()
                    while self._wanted():
                        self._hand_out(feed())
                    return
            except (psycopg.Error, sqlite3.Error, OSError) as failure:
                if self._closed and not self._wanted():
                    return
                self._ready.clear()
                broken = True
                _log.warning("the live hub lost the database: %s", type(failure).__name__)
                time.sleep(pause)
                pause = min(2 * pause, BACKOFF_SECONDS[1])
                if not self._wanted():
                    return

    def _wanted(self) -> bool:
        """Whether to go on; where not, the next watcher starts anew."""
        with self._changed:
            linger = LINGER_SECONDS if self._listens and not self._closed else 0.0
            if self._watches or time.monotonic() < self._left + linger:
                return True
            self._thread = None
            self._ready.clear()
            return False

    def _hand_out(self, came: list[Change]) -> None:
        if came:
            wanted: dict[Watch, list[Change]] = {}
            with self._changed:
                for change in came:
                    for watch in self._concerned(change):
                        wanted.setdefault(watch, []).append(change)
            for watch, news in wanted.items():
                watch.put(news)
            self.newest = max(self.newest, *(change.id for change in came))

    def _concerned(self, change: Change) -> set[Watch]:
        """Whoever may want the change; everyone, when nobody knows what was missed."""
        if change.topic == RETURN:
            return set(self._watches)
        keys = {None, change.customer_id, change.subject}
        return {watch for key in keys for watch in self._about.get(key, ())}

    @contextlib.contextmanager
    def _listening(self) -> Iterator[Feed]:
        plain = make_url(self.url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(
            plain, autocommit=True, application_name="evenhand live", connect_timeout=5, keepalives_idle=15
        ) as connection:
            connection.execute(f"LISTEN {changes.CHANNEL}")
            found = connection.execute("SELECT max(change_id) FROM change").fetchone()
            self.newest = (found[0] if found else 0) or 0
            assured = time.monotonic()

            def feed() -> list[Change]:
                nonlocal assured
                # A batch at a time, without waiting for it to fill.
                came = [_of(note.payload) for note in connection.notifies(timeout=LISTEN_SECONDS, stop_after=1)]
                if time.monotonic() > assured + ASSURE_SECONDS:
                    # A connection that died quietly would be silent for ever.
                    connection.execute("SELECT 1")
                    assured = time.monotonic()
                return came

            yield feed

    @contextlib.contextmanager
    def _polling(self) -> Iterator[Feed]:
        database = make_url(self.url).database or ""
        with contextlib.closing(sqlite3.connect(database, isolation_level=None, check_same_thread=False)) as connection:
            connection.execute("PRAGMA query_only = ON")
            connection.execute(f"PRAGMA busy_timeout = {engines.BUSY_MILLISECONDS}")
            last = connection.execute("SELECT max(change_id) FROM change").fetchone()[0] or 0
            self.newest = last

            def feed() -> list[Change]:
                nonlocal last
                time.sleep(POLL_SECONDS)
                rows = connection.execute(_NEW, (last,)).fetchall()
                if rows:
                    last = rows[-1][0]
                return [Change(n, topic, UUID(c) if c else None, s, bool(p)) for n, topic, c, s, p in rows]

            yield feed


_NEW = "SELECT change_id, topic, customer_id, subject, private FROM change WHERE change_id > ? ORDER BY change_id"


def _of(payload: str) -> Change:
    told = json.loads(payload)
    customer_id = told["customer_id"]
    return Change(
        told["id"], told["topic"], UUID(customer_id) if customer_id else None, told["subject"], told["private"]
    )


_hub: Hub | None = None
_making = threading.Lock()


def hub() -> Hub:
    """The process's hub on the open database."""
    global _hub
    url = db.url_of()
    with _making:
        if _hub is None or _hub.url != url:
            if _hub is not None:
                _hub.close()
            _hub = Hub(url)
        return _hub
