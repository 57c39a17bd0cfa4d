"""Serves the whole house: two web workers and one background worker, which come and go together."""

import os
import shutil
import socket
import subprocess
import sys
import threading
from multiprocessing import set_start_method

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from backend import metrics
from backend.settings import Settings, SettingsError

HOST = "127.0.0.1"
WEB_WORKERS = 2
# A thread for each request under way; waiting for the database or for a slow reader costs little else. Live pages hold one
# each for as long as they are open, at most settings.MOST_STREAMS: streams that filled the pool would hang the whole site,
# so some fifty are left for all else, more than the database serves at once.
THREADS = 256
# After so long a worker that still answers someone is ended anyway.
PATIENCE_SECONDS = 5
_RESTART_SECONDS = 1.0


def serve(settings: Settings, mail_port: int | None = None) -> None:
    """Serves on 127.0.0.1 at the settings' port until SIGTERM or SIGINT comes. Raises SettingsError for a taken port.

    `mail_port`: where the demo's own mail server listens beside. The caller has closed its database: the workers open their own.
    """
    _refuse_taken(settings.port)
    _share_metrics(settings)
    # A forked worker would share what its parent had opened.
    set_start_method("spawn", force=True)
    server = Server(
        "wsgi:app",
        address=HOST,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=WEB_WORKERS,
        blocking_threads=THREADS,
        workers_kill_timeout=PATIENCE_SECONDS,
        respawn_failed_workers=True,
        websockets=False,
        log_level=LogLevels.error,
        # Its own handlers write to stdout; ours, on the root, to stderr.
        log_dictconfig={
            "version": 1, "disable_existing_loggers": False, "handlers": {}, "formatters": {},
            "loggers": {"_granian": {"propagate": True}},
        },
    )  # fmt: skip
    beside = [_Background("backend.worker")]
    if mail_port is not None:
        beside.append(_Background("backend.mailserver", str(mail_port)))
    for one in beside:
        server.on_startup(one.start)
    try:
        server.serve()
    finally:
        for one in beside:
            one.stop()


class _Background:
    """A process beside the server, such as the background worker's: started anew should it fail, ended with the server."""

    def __init__(self, *module: str) -> None:
        self._command = [sys.executable, "-m", *module]
        self._ending = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper = threading.Thread(target=self._keep, daemon=True, name=f"keeper of {module[0]}")

    def start(self) -> None:
        self._keeper.start()

    def stop(self) -> None:
        self._ending.set()
        if self._keeper.is_alive():
            self._keeper.join()

    def _keep(self) -> None:
        while not self._ending.is_set():
            process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL)
            while process.poll() is None and not self._ending.wait(0.1):
                pass
            if self._ending.is_set():
                self._end(process)
            else:
                self._ending.wait(_RESTART_SECONDS)

    @staticmethod
    def _end(process: "subprocess.Popen[bytes]") -> None:
        process.terminate()
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as taken:
            raise SettingsError(
                f"EVENHAND_PORT may be a free port of {HOST}; {port} cannot be used: {taken.strerror}."
            ) from taken


def _share_metrics(settings: Settings) -> None:
    """An empty folder in which the workers count together; what earlier ones counted is gone, as after any restart."""
    folder = settings.home / "metrics" / str(settings.port)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ[metrics.FOLDER_VARIABLE] = str(folder)
