"""`evenhand ring`, as a shell sees it: a call is played to its end, and the desk's side of it stands."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests import commands
from tests.cast import PORTAL_CUSTOMER


def ring(url: str, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return commands.run(url, home, "ring", *words, "--after", "0", "--for", "0", "--json", timeout=60)


def test_a_call_is_played_to_its_end(loaded_sqlite_url: str, tmp_path: Path) -> None:
    done = ring(loaded_sqlite_url, tmp_path, PORTAL_CUSTOMER, "--agent", "agent1")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, told["agent"], told["answered"]) == (0, "Avery Quinn", True), done.stderr
    engine = sa.create_engine(loaded_sqlite_url)
    with engine.connect() as connection:
        states = connection.execute(sa.text("SELECT state FROM agent")).scalars().all()
        contacts = connection.execute(sa.text("SELECT count(*) FROM interaction WHERE staff_id IS NOT NULL")).scalar()
    engine.dispose()
    assert (list(states), contacts) == (["wrap_up"], 1)


def test_an_agent_who_is_not_there_is_told_in_one_line(loaded_sqlite_url: str, tmp_path: Path) -> None:
    done = ring(loaded_sqlite_url, tmp_path, "+12025550177", "--agent", "nobody")
    assert (done.returncode, done.stderr) == (1, "evenhand: There is no agent nobody.\n")
