"""`evenhand bench`: rows named as promised, each measured for what its name says; small settings, the whole way."""

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from backend.benching import copies, living, rows, watching
from e2e.servers import environment, free_port
from tests import commands
from tests.apps import settings_for

FIGURES = {"name", "p50_ms", "p99_ms", "per_second", "n"}


def bench(url: str, home: Path, what: str, n: int) -> dict[str, dict[str, Any]]:
    done = commands.run(url, home, "bench", what, "--n", str(n), "--json", timeout=180)
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["machine"]["cores"] >= 1
    for row in told["rows"]:
        assert row.keys() >= FIGURES
        assert 0 < row["p50_ms"] <= row["p99_ms"]
        assert row["per_second"] > 0
        assert f"{row['name']} " in done.stderr
    return {row["name"]: row for row in told["rows"]}


def decisions(url: str) -> int:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        return int(connection.execute(sa.text("SELECT count(*) FROM decision")).scalar_one())


def test_decisions_are_measured_over_catalogues_of_three_sizes(loaded_sqlite_url: str, tmp_path: Path) -> None:
    found = bench(loaded_sqlite_url, tmp_path, "decide", 48)
    assert found.keys() >= {"treatments_24", "treatments_250", "treatments_1000"}
    for size in (24, 250, 1000):
        row = found[f"treatments_{size}"]
        assert row["treatments"] == size
        assert row["ranked_share"] >= 1 / 3
    assert found["treatments_24"]["p50_ms"] < found["treatments_250"]["p50_ms"] < found["treatments_1000"]["p50_ms"]


def test_a_crowd_is_served_without_an_error(loaded_sqlite_url: str, tmp_path: Path) -> None:
    found = bench(loaded_sqlite_url, tmp_path, "crowd", 200)
    assert {name: row["clients"] for name, row in found.items()} == {"crowd_portal": 200, "crowd_desk": 20}


WRITES = ("note", "answer")


@pytest.mark.parametrize(
    ("what", "names"),
    [
        ("http", ["stored_1", "stored_8", "standing_8"]),
        ("pages", ["desk_1", "desk_8", "desk_long_1", *WRITES, "portal_1", "portal_8", "flask_8"]),
    ],
)
def test_a_copy_is_measured_and_the_original_left_alone(
    loaded_sqlite_url: str, tmp_path: Path, what: str, names: list[str]
) -> None:
    before = decisions(loaded_sqlite_url)
    found = bench(loaded_sqlite_url, tmp_path, what, 16)
    assert list(found) == names
    assert [row["clients"] for name, row in found.items() if name not in WRITES] == [
        int(name.rpartition("_")[2]) for name in names if name not in WRITES
    ]
    assert all(0 < row["after_kb"] < row["first_kb"] for row in found.values() if "after_kb" in row)
    assert decisions(loaded_sqlite_url) == before


def test_everyone_is_decided_for_and_a_draft_simulated_on_a_copy(whole_sqlite_url: str, tmp_path: Path) -> None:
    before = decisions(whole_sqlite_url)
    found = bench(whole_sqlite_url, tmp_path, "batch", 2000)
    assert list(found) == ["batch_50", "simulate_50"]
    for row in found.values():
        assert (row["n"], row["treatments"]) == (2000, 50)
        assert row["offered_share"] > 0.9
        assert row["cpu_ms"] > 0
        assert row["per_second"] == pytest.approx(row["n"] / row["wall_s"], rel=0.01)
    assert decisions(whole_sqlite_url) == before


def test_open_pages_of_both_faces_hear_of_answers_given_elsewhere(
    loaded_sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(living, "DESKS", 8)
    monkeypatch.setattr(living, "VISITORS", 10)
    told: list[str] = []
    with copies.temporary_copy(settings_for(loaded_sqlite_url, tmp_path), told.append) as (url, home):
        found = {row["name"]: row for row in living.live(url, home, 16, told.append)}
    answers, pages = ["answer_to_desk", "answer_to_portal"], ["desk_8", "portal_8"]
    meanwhile, after = [f"live_{name}" for name in pages], [f"{name}_after" for name in pages]
    assert list(found) == [*answers, "ring_to_desk", *pages, *meanwhile, *after]
    assert [found[name]["streams"] for name in answers] == [8, 10]
    assert all(found[name]["heard_p50_ms"] < found[name]["p50_ms"] for name in [*answers, "ring_to_desk"])
    assert all(found[name]["of_without_streams"] > 0 for name in meanwhile)
    if Path("/proc/self/stat").exists():
        assert all(found[name]["server_cpu_ms"] > 1 and found[name]["cpu_of_without"] > 0 for name in meanwhile)
    assert "8 desks and 10 visitors are live." in told


def test_a_full_floor_is_watched_while_agents_work(
    loaded_sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = {"AGENTS": 4, "AT_DESKS": 10, "AT_THE_PORTAL": 4, "WALLS": 2, "BLOCKS": 2, "PAGE_SECONDS": 0.3}
    for name, value in small.items():
        monkeypatch.setattr(watching, name, value)
    told: list[str] = []
    with copies.temporary_copy(settings_for(loaded_sqlite_url, tmp_path), told.append) as (url, home):
        found = {row["name"]: row for row in watching.wall(url, home, 16, told.append)}
    assert list(found) == ["wall_refresh", "change_to_wall", "desk_no_wall", "desk_ten_walls"]
    assert found["wall_refresh"]["interactions"] == 14
    assert found["change_to_wall"]["n"] == 16
    assert found["desk_ten_walls"]["p99_of_without"] > 0
    assert "14 interactions go on, 4 agents are at work." in told


def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed() -> None:
    hundred = [float(n) for n in range(1, 101)]
    assert [rows.quantile(hundred, share) for share in (0.5, 0.99, 1.0)] == [50.0, 99.0, 100.0]
    assert rows.quantile([7.0], 0.5) == rows.quantile([7.0], 0.99) == 7.0
    assert [rows.quantile([1.0, 2.0], share) for share in (0.5, 0.51)] == [1.0, 2.0]


def test_nothing_measured_is_no_row() -> None:
    with pytest.raises(ValueError, match="Nothing was measured"):
        rows.row("empty", [], 1.0)


def test_events_that_come_in_are_measured_in_batches_and_alone(loaded_sqlite_url: str, tmp_path: Path) -> None:
    found = bench(loaded_sqlite_url, tmp_path, "ingest", 100)
    assert list(found) == ["ingest_1", "ingest_4", "event_1"]
    for clients in (1, 4):
        row = found[f"ingest_{clients}"]
        assert (row["batch"], row["customers"], row["clients"]) == (100, 25, clients)
    assert found["event_1"]["n"] == 100


def test_a_larger_house_is_measured_beside_the_small_one(loaded_sqlite_url: str, tmp_path: Path) -> None:
    found = bench(loaded_sqlite_url, tmp_path, "scale", 650)
    few = int(next(iter(found)).removeprefix("recognise_"))
    figures = ("recognise", "read", "decide")
    assert list(found) == [*(f"{one}_{few}" for one in figures), "load", *(f"{one}_650" for one in figures)]
    assert (found["load"]["customers"], found["load"]["events"]) == (650, 10 * (650 - few))
    if Path("/proc/self/stat").exists():
        assert all(0 < found[f"{one}_650"]["web_mb"] < 300 for one in figures)


def test_near_matches_are_measured_from_the_database_and_back(loaded_sqlite_url: str, tmp_path: Path) -> None:
    found = bench(loaded_sqlite_url, tmp_path, "duplicates", 2_000)["duplicates_2000"]
    assert found["customers"] >= 2_500, "those who were there are searched too"
    assert found["pairs_found"] >= 90
    assert found["recall"] >= 0.9
    assert found["precision"] >= 0.95
    assert 0 < found["peak_mb"] < 1_000


def test_finding_as_one_types_is_measured_and_finds(loaded_sqlite_url: str, tmp_path: Path) -> None:
    found = bench(loaded_sqlite_url, tmp_path, "search", 900)
    kinds = ("begun", "last_name", "both_names", "slip", "digits", "e_mail")
    assert list(found) == ["load", *(f"{kind}_900" for kind in kinds)]
    for kind in kinds:
        assert found[f"{kind}_900"]["cut"] == 0
        assert found[f"{kind}_900"]["none"] <= (20 if kind == "slip" else 0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_measurement_that_is_ended_leaves_no_server_behind(
    loaded_sqlite_url: str, tmp_path: Path, number: signal.Signals
) -> None:
    around = environment(loaded_sqlite_url, tmp_path, free_port()) | {"TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", "from backend.cli import main; main()", "bench", "http", "--n", "100000"]
    with (tmp_path / "said.txt").open("wb") as said:
        measuring = subprocess.Popen(command, env=around, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
    try:
        server = wait_for(lambda: next(iter(copies_served(tmp_path)), 0))
    finally:
        measuring.send_signal(number)
    assert measuring.wait(60) == (-number if number is signal.SIGKILL else 128 + number)
    assert server
    assert wait_for(lambda: not copies_served(tmp_path))
    if number is not signal.SIGKILL:
        assert not list(tmp_path.glob("evenhand-bench-*")), "the copy is gone too"


def copies_served(home: Path) -> list[int]:
    """The processes that serve a copy that lies in this folder."""
    found = []
    for one in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"EVENHAND_HOME={home}/evenhand-bench-".encode() in (one / "environ").read_bytes():
                found.append(int(one.name))
    return found


def wait_for(is_so: Callable[[], Any], seconds: float = 40) -> Any:
    until = time.monotonic() + seconds
    while not (found := is_so()) and time.monotonic() < until:
        time.sleep(0.1)
    return found
