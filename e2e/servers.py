"""Evenhand served as in earnest: `evenhand serve`, on a free port, as processes of its own."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 120
STOP_SECONDS = 20


@dataclass(frozen=True)
class Server:
    """A running server: where it answers, its database, its process, its log."""

    address: str
    database_url: str
    process: "subprocess.Popen[bytes]"
    log: Path


def free_port() -> int:
    """A port of this machine that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(url: str, home: Path, port: int, **more: str) -> dict[str, str]:
    """The environment of a server: this one's, without what would point it elsewhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EVENHAND_")}
    named = {"EVENHAND_HOME": str(home), "EVENHAND_PORT": str(port), "EVENHAND_DATABASE_URL": url}
    return {**kept, **named, **more}


@contextlib.contextmanager
def serving(url: str, home: Path, port: int | None = None, **more: str) -> Iterator[Server]:
    """A server on the database until the block ends: it answers `/readyz` before the block begins."""
    port = port or free_port()
    log = home / f"server-{port}.log"
    command = [str(Path(sys.executable).with_name("evenhand")), "serve"]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            env=environment(url, home, port, **more),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    server = Server(f"http://127.0.0.1:{port}", url, process, log)
    try:
        _wait_until_ready(server)
        yield server
    finally:
        _stop(process)


def kill(server: Server) -> None:
    """Ends the server with all its workers at once, as `kill -9` or a lack of memory does; none of them can tidy up."""
    os.killpg(server.process.pid, signal.SIGKILL)
    server.process.wait()


def _wait_until_ready(server: Server) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"{server.address}/readyz", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
            if server.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The server did not get ready:\n{server.log.read_text()[-4000:]}") from error
            time.sleep(0.05)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Ends the server with all its workers, kindly first."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
