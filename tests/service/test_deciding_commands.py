"""`check`, `decide`, `replay` and `parity` as a shell sees them: one object as the last line, and an exit code that tells."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from backend.matrix import service as matrix
from tests import commands
from tests.cast import PORTAL_CUSTOMER


@pytest.fixture
def run(loaded_sqlite_url: str, tmp_path: Path) -> Any:
    def runs(*words: str) -> tuple[int, dict[str, Any], str]:
        done = commands.run(loaded_sqlite_url, tmp_path, *words, timeout=120)
        last = done.stdout.splitlines()[-1] if done.stdout else "{}"
        return done.returncode, json.loads(last), done.stderr

    return runs


def counts(url: str) -> dict[str, int]:
    with sa.create_engine(url).connect() as connection:
        tables = ("decision", "offer", "snapshot", "event", "ledger")
        return {name: int(connection.execute(sa.text(f"SELECT count(*) FROM {name}")).scalar_one()) for name in tables}


def test_a_customer_is_decided_for_by_number_email_or_id_and_the_decision_stands(run: Any) -> None:
    code, first, shown = run("decide", PORTAL_CUSTOMER, "--channel", "phone", "--json")
    assert code == 0
    assert first["treatments"]
    assert first["treatments"][0]["treatment"] in shown
    code, again, _ = run("decide", first["customer_id"], "--channel", "portal", "--json")
    assert (code, again["decision_id"]) == (0, first["decision_id"])


def test_who_and_what_is_not_there_is_told_in_one_line(run: Any, loaded_sqlite_url: str) -> None:
    before = counts(loaded_sqlite_url)
    for words in (("decide", "C000000"), ("decide", PORTAL_CUSTOMER, "--channel", "fax")):
        code, _, said = run(*words)
        assert code != 0
        assert "Traceback" not in said
    assert counts(loaded_sqlite_url) == before


def test_stored_decisions_replay_and_a_changed_one_is_found(run: Any, loaded_sqlite_url: str) -> None:
    _, decided, _ = run("decide", PORTAL_CUSTOMER, "--json")
    before = counts(loaded_sqlite_url)
    assert run("replay", decided["decision_id"], "--json")[:2] == (
        0, {"replayed": 1, "identical": True, "differing": []},
    )  # fmt: skip
    code, every, _ = run("replay", "--all", "--json")
    assert (code, every["replayed"], every["identical"]) == (0, before["decision"], True)
    assert counts(loaded_sqlite_url) == before
    with sa.create_engine(loaded_sqlite_url).begin() as connection:
        connection.execute(sa.text("UPDATE decision SET profile_version = profile_version + 1"))
    code, broken, said = run("replay", "--all", "--json")
    assert (code, broken["identical"]) == (1, False)
    assert broken["differing"][0]["decision_id"] == decided["decision_id"]
    assert decided["decision_id"] in said


def test_replay_wants_one_decision_or_all(run: Any) -> None:
    assert run("replay")[0] == 2
    assert run("replay", "--all", "01a1ffb1-ba00-76f1-aa2c-10528b338edc")[0] == 2
    assert run("replay", "nonsense")[0] == 2


def test_parity_compares_every_pair_of_channels_and_writes_nothing(run: Any, loaded_sqlite_url: str) -> None:
    before = counts(loaded_sqlite_url)
    code, told, _ = run("parity", "--customers", "40", "--json")
    assert (code, told["customers"], told["differences"]) == (0, 40, 0)
    assert told["compared"] == 40 * 15, "six channels make fifteen pairs"
    assert counts(loaded_sqlite_url) == before


def test_a_pack_in_order_is_said_to_be_and_a_broken_one_by_file_and_line(run: Any, tmp_path: Path) -> None:
    assert run("check", "telecom", "--json")[:2] == (0, {"pack": "telecom", "problems": [], "warnings": []})
    copy = tmp_path / "broken"
    shutil.copytree(matrix.folder_of("telecom"), copy)
    text = (copy / "treatments" / "care.toml").read_text()
    (copy / "treatments" / "care.toml").write_text(text.replace('eligible = "!churned"', 'eligible = "!chrned"', 1))
    code, told, said = run("check", str(copy), "--json")
    assert code == 1
    (problem,) = told["problems"]
    assert problem["file"].endswith("care.toml")
    line = text.splitlines().index('eligible = "!churned"') + 1
    assert problem["line"] == line
    assert "chrned" in said
