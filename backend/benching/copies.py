"""A house of bench's own: a temporary copy of the loaded database, and a server on it that is gone afterwards."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from backend import db, loading
from backend.people import service as people
from backend.profiles import service as profiles
from backend.reporting import service as reporting
from backend.settings import Settings
from shared.kernel import clock
from shared.kernel.errors import EvenhandError

PACK = "telecom"
START_SECONDS = 60
STOP_SECONDS = 15
Tell = Callable[[str], None]


class BenchFailed(EvenhandError):
    """Nothing could be measured, and why."""

    code = "bench_failed"
    title = "The measurement failed"


@dataclass(frozen=True)
class House:
    """Where the server answers, its process, and the copy that it serves. The copy is open in this process too."""

    port: int
    process: subprocess.Popen[bytes]

    def cpu_seconds(self) -> float | None:
        """The processor's time that the server's processes have used so far; None where the system does not tell (`/proc`)."""
        ticks = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                # After the name in brackets: state, parent, group, session; the times are the 12th and 13th.
                fields = stat.read_text().rpartition(")")[2].split()
                if int(fields[3]) == self.process.pid:
                    ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK") if ticks else None


@contextlib.contextmanager
def temporary_copy(settings: Settings, tell: Tell) -> Iterator[tuple[str, Path]]:
    """Opens a copy of the settings' database with pack and customers, loading them where there are none; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="evenhand-bench-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        maker = _sqlite_copy if settings.database_url.startswith("sqlite") else _postgresql_copy
        with maker(settings.database_url, home) as url:
            db.upgrade(url)
            db.open(url, home)
            try:
                _fill(home, tell)
                yield url, home
            finally:
                db.close()


@contextlib.contextmanager
def serving(url: str, home: Path) -> Iterator[House]:
    """`evenhand serve` on the copy, ready."""
    command = [sys.executable, "-c", f"{_held()}from backend.cli import main; main()", "serve"]
    with _process(command, url, home, "/readyz") as house:
        yield house


@contextlib.contextmanager
def bare_flask(home: Path) -> Iterator[House]:
    """A bare Flask page in the same server with the same workers and threads: what the machine gives without us."""
    command = [sys.executable, "-c", f"{_held()}from backend.benching.bare import main; main()"]
    with _process(command, "", home, "/") as house:
        yield house


def _held() -> str:
    """What a measured server begins with, so that it never outlives this process."""
    return f"from backend.benching.leash import hold; hold({os.getpid()}); "


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def _sqlite_copy(source: str, home: Path) -> Iterator[str]:
    path, copy = Path(make_url(source).database or ""), home / "evenhand.sqlite3"
    if path.is_file():
        # The database's own backup: whole, also while someone writes.
        with contextlib.closing(sqlite3.connect(path)) as old, contextlib.closing(sqlite3.connect(copy)) as new:
            old.backup(new)
    yield f"sqlite:///{copy}"


@contextlib.contextmanager
def _postgresql_copy(source: str, home: Path) -> Iterator[str]:
    """A fresh database beside the source, whose customers are loaded anew: a copy would need that nobody is connected."""
    url = make_url(source)
    name = f"evenhand_bench_{secrets.token_hex(4)}"
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


def _fill(home: Path, tell: Tell) -> None:
    with db.reading() as session:
        loaded = profiles.loaded_packs(session)
    if not loaded or not all(loaded.values()):
        tell(f"No loaded database is there to copy: loading {PACK} into a temporary one.")
        loading.load(
            PACK,
            home=home,
            progress=lambda done, of: tell(f"Customers: {done:,} of {of:,}") if done % 1000 == 0 else None,
        )
    now = clock.now()
    # What the worker would do beside the measurement.
    reporting.roll_all(now)
    with db.reading() as session:
        known = people.demo_credentials_exist(session)
    if not known:
        with db.transaction() as session:
            people.create_demo_staff(session, now)


@contextlib.contextmanager
def _process(command: list[str], url: str, home: Path, ready: str) -> Iterator[House]:
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EVENHAND_")}
    environment = {**kept, "EVENHAND_HOME": str(home), "EVENHAND_PORT": str(port), "EVENHAND_ENV": "test"}
    if url:
        environment["EVENHAND_DATABASE_URL"] = url
    log = home / f"server-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    try:
        _wait(port, process, ready, log)
        yield House(port, process)
    finally:
        _stop(process)


def _wait(port: int, process: subprocess.Popen[bytes], ready: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{ready}", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError) as failure:
            if process.poll() is not None or time.monotonic() > deadline:
                last = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
                raise BenchFailed(f"The server to be measured did not start: {last}") from failure
            time.sleep(0.05)


def _stop(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
