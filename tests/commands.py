"""The `evenhand` command as a shell runs it: a process of its own, with an environment, streams and an exit code of its own.

Each is forked from one process that has imported everything: only `evenhand serve` and the journeys wait for that again.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import lru_cache
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext
from pathlib import Path

from e2e.servers import environment, free_port


def run(url: str, home: Path, *words: str, timeout: float = 300, **more: str) -> "subprocess.CompletedProcess[str]":
    """Runs the command upon the database, with these variables more, and gives what it printed and how it ended."""
    return run_with(environment(url, home, free_port(), **more), words, timeout)


def run_with(named: Mapping[str, str], words: Sequence[str], timeout: float) -> "subprocess.CompletedProcess[str]":
    """The same in an environment that is given whole."""
    with tempfile.TemporaryDirectory() as folder:
        streams = (f"{folder}/stdout", f"{folder}/stderr")
        command = _forks().Process(target=_command, args=(list(words), dict(named), str(Path.cwd()), streams))
        command.start()
        command.join(timeout)
        if command.exitcode is None:
            command.kill()
            command.join()
            raise subprocess.TimeoutExpired(["evenhand", *words], timeout)
        texts = [Path(stream).read_text() for stream in streams]
        return subprocess.CompletedProcess(["evenhand", *words], command.exitcode, *texts)


@lru_cache
def _forks() -> ForkServerContext:
    context = get_context("forkserver")
    context.set_forkserver_preload(["backend.cli", "backend.worker"])
    return context


def _command(words: list[str], named: dict[str, str], where: str, streams: tuple[str, str]) -> None:
    from backend import cli

    os.chdir(where)
    os.environ.clear()
    os.environ.update(named)
    for number, stream in enumerate(streams, 1):
        os.dup2(os.open(stream, os.O_WRONLY | os.O_CREAT, 0o600), number)
    sys.argv = ["evenhand", *words]
    cli.main()
