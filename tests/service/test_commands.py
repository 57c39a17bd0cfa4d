"""The commands that run the house, as a shell sees them: what they print, and how they end."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from e2e.servers import environment, free_port
from tests import commands

EVENHAND = str(Path(sys.executable).with_name("evenhand"))


def run(url: str, home: Path, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
    return commands.run(url, home, *words, timeout=120, **more)


def last_line(done: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_a_key_is_made_and_noted_in_a_trail_that_shows_tampering(database_url: str, tmp_path: Path) -> None:
    done = run(database_url, tmp_path, "keys", "create", "--scopes", "customers:read,events:write")
    made = last_line(done)
    assert (done.returncode, made["scopes"]) == (0, ["customers:read", "events:write"])
    assert made["key"].startswith(f"eh_{made['id'].replace('-', '')}_")
    assert made["key"] not in done.stderr
    assert last_line(run(database_url, tmp_path, "audit", "verify")) == {"ok": True, "entries": 1, "first_bad": None}
    engine = sa.create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE audit_entry SET payload = '{\"scopes\": []}'"))
    engine.dispose()
    broken = run(database_url, tmp_path, "audit", "verify")
    assert (broken.returncode, last_line(broken)) == (1, {"ok": False, "entries": 1, "first_bad": 1})


def test_what_a_person_can_put_right_is_told_in_one_line(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new.sqlite3"
    for words, more, status, says in (
        (("keys", "create", "--scopes", "everything"), {}, 1, "Scopes are all"),
        (("serve",), {}, 2, "evenhand db upgrade"),
        (("serve",), {"EVENHAND_PORT": "x"}, 2, "EVENHAND_PORT may be"),
        (("demo",), {"EVENHAND_ENV": "production", "EVENHAND_SECRET": "x" * 32}, 2, "EVENHAND_ENV may be"),
    ):
        if words[0] == "keys":
            assert run(url, tmp_path, "db", "upgrade").returncode == 0
            done = run(url, tmp_path, *words, **more)
        else:
            done = run(f"sqlite:///{tmp_path}/empty.sqlite3", tmp_path, *words, **more)
        assert (done.returncode, done.stderr.count("\n")) == (status, 1), done.stderr
        assert says in done.stderr


def test_a_database_is_made_from_nothing_and_checked(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/deep/new.sqlite3"
    assert run(url, tmp_path, "db", "check").returncode == 1
    assert run(url, tmp_path, "db", "upgrade").returncode == 0
    done = run(url, tmp_path, "db", "check", "--json")
    assert (done.returncode, last_line(done)) == (0, {"ok": True, "differences": []})


def test_production_is_not_served_while_a_demo_sign_in_exists(loaded_sqlite_url: str, tmp_path: Path) -> None:
    more = {"EVENHAND_ENV": "production", "EVENHAND_SECRET": "x" * 32}
    done = run(loaded_sqlite_url, tmp_path, "serve", **more)
    assert done.returncode == 2
    assert "EVENHAND_ENV may not be production while the demo's sign-ins exist" in done.stderr


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_serving_ends_cleanly_with_all_its_processes(
    loaded_sqlite_url: str, tmp_path: Path, how: signal.Signals
) -> None:
    port = free_port()
    named = environment(loaded_sqlite_url, tmp_path, port)
    log = tmp_path / "log"
    with log.open("wb") as output:
        serving = subprocess.Popen([EVENHAND, "serve"], env=named, stdout=output, stderr=output, start_new_session=True)
    try:
        answer = ready(port, serving, log)
        assert answer == {"status": "ready"}
        group = members(serving.pid)
        assert len(group) >= 4  # the server, two web workers, the background worker
        text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read().decode()
        assert 'route="/readyz"' in text
        taken = run(loaded_sqlite_url, tmp_path, "serve", EVENHAND_PORT=str(port))
        assert (taken.returncode, "EVENHAND_PORT may be a free port" in taken.stderr) == (2, True)
    finally:
        serving.send_signal(how)
        status = serving.wait(30)
    assert status == 0
    # Python's own tracker of shared resources ends by itself, a moment after the last process that it served.
    deadline = time.monotonic() + 5
    while members(serving.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert members(serving.pid) == []


def ready(port: int, serving: "subprocess.Popen[bytes]", log: Path) -> Any:
    deadline = time.monotonic() + 90
    while True:
        try:
            return json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10))
        except OSError as failure:
            if serving.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(log.read_text()) from failure
            time.sleep(0.1)


def members(group: int) -> list[int]:
    """The processes of the group that are alive."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,pgid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listed.splitlines()]
    return [int(pid) for pid, its_group, state in rows if int(its_group) == group and not state.startswith("Z")]


def test_the_environment_of_these_tests_names_no_database_of_ours() -> None:
    assert "EVENHAND_DATABASE_URL" not in os.environ
