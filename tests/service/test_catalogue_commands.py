"""A version's life at the command line, and everything of a version as plain text: out, in again, and the same decisions."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backend import db
from backend.catalogue import service as catalogues
from backend.engine import deciding as engine
from backend.engine.catalogue import Catalogue
from backend.engine.facts import Configuration
from backend.matrix import service as matrix
from backend.profiles import service as profiles
from backend.treatments import asking
from backend.treatments.inputs import gather
from shared.kernel import clock
from shared.kernel.actors import SYSTEM
from shared.kernel.errors import Conflict
from tests import commands
from tests.cast import ADMIN, AUTHOR, SUPERVISOR

MANY = 300
Run = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def run(loaded_sqlite: str, tmp_path: Path) -> Run:
    def runs(*words: str) -> tuple[int, Any, str]:
        done = commands.run(loaded_sqlite, tmp_path, *words)
        last = done.stdout.splitlines()[-1] if done.stdout else "{}"
        return done.returncode, json.loads(last) if last.startswith("{") else done.stdout, done.stderr

    return runs


def draft_folder(
    tmp_path: Path, old: str = 'applicable = "churn_risk >= 0.45"', new: str = 'applicable = "churn_risk >= 0.6"'
) -> Path:
    """The telecom pack's text with one rule changed."""
    folder = tmp_path / "draft"
    for path, text in matrix.texts_of(matrix.folder_of("telecom")).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text.replace(old, new, 1))
    return folder


def digests(configuration: Configuration | None = None) -> list[str]:
    """What is decided for many customers, each decision named by all that it came to and was made from."""
    now = clock.now()
    found = []
    with db.reading() as session:
        cursor = None
        while len(found) < MANY:
            people = profiles.search(session, limit=100, cursor=cursor)
            cursor = people.next_cursor
            for match in people.items:
                inputs = gather(session, match.id, now.replace(hour=12))
                used = configuration or inputs.configuration
                snapshot = profiles.snapshot(
                    profiles.profile(session, match.id), now.replace(hour=12), used.catalogue.pack
                )
                ruling = engine.decide(snapshot, inputs.ledger, used)
                found.append(asking.digest_of(asking._row(inputs, ruling, now), ruling))
    return found


def test_everything_of_a_version_goes_out_as_text_and_comes_in_again_to_the_same_decisions(
    loaded_sqlite: str, tmp_path: Path
) -> None:
    with db.transaction() as session:
        known = catalogues.in_force(session)
        key = next(iter(known.catalogue.treatments))
        catalogues.configure(session, known.catalogue.version, {key: 1.5}, {}, SYSTEM, clock.now())
    with db.reading() as session:
        written = catalogues.export_version(session, tmp_path / "out")
        present = catalogues.in_force(session)
    assert {path.suffix for path in written} == {".toml", ".po"}
    body = matrix.read_body(tmp_path / "out")
    again = Catalogue(present.catalogue.version, body)
    assert again.digest == present.catalogue.digest
    assert (tmp_path / "out" / catalogues.DIALS).read_text().endswith(f"[levers]\n{key} = 1.5\n\n[prices]\n\n")
    read = Configuration(
        present.version, again, levers={key: 1.5}, prices=dict(present.prices), exhausted=present.exhausted
    )  # fmt: skip
    assert digests(read) == digests()
    with db.reading() as session, pytest.raises(Conflict, match="not empty"):
        catalogues.export_version(session, tmp_path / "out")


def test_a_version_that_came_without_its_files_goes_out_as_text_all_the_same(
    loaded_sqlite: str, tmp_path: Path
) -> None:
    with db.transaction() as session:
        body = matrix.read_body(matrix.folder_of("telecom"))
        body["pack"]["label"] = "Another label, with “quotes” and a \\ in it\n"
        catalogues.publish(session, json.loads(json.dumps(body, default=str)), SYSTEM, clock.now())
    with db.reading() as session:
        catalogues.export_version(session, tmp_path / "out")
        present = catalogues.in_force(session)
    again = Catalogue(present.catalogue.version, matrix.read_body(tmp_path / "out"))
    assert again.digest == present.catalogue.digest
    assert digests(Configuration(present.version, again, prices=dict(present.prices))) == digests()


def test_an_export_is_published_with_its_levers_elsewhere(run: Run, tmp_path: Path) -> None:
    with db.transaction() as session:
        known = catalogues.in_force(session)
        catalogues.configure(session, 1, {"stay_talk": 1.25}, {}, SYSTEM, clock.now())
    assert run("catalogue", "export", str(tmp_path / "out"), "--json")[0] == 0
    code, shown, said = run("catalogue", "publish", str(draft_folder(tmp_path)), "--json")
    assert (code, shown["version"]) == (0, 2), said
    with db.transaction() as session:
        catalogues.configure(session, 2, {}, {}, SYSTEM, clock.now())
    code, shown, said = run("catalogue", "publish", str(tmp_path / "out"), "--json")
    assert (code, shown["version"]) == (0, 3), said
    with db.reading() as session:
        back = catalogues.in_force(session)
    assert (back.catalogue.digest, back.levers) == (known.catalogue.digest, {"stay_talk": 1.25})


def test_the_whole_life_of_a_version_without_the_pages(run: Run, tmp_path: Path) -> None:
    folder = str(draft_folder(tmp_path))
    code, made, said = run("catalogue", "draft", folder, "--as", AUTHOR, "--name", "Smaller credit", "--json")
    assert code == 0, said
    one = made["draft_id"]
    assert run("catalogue", "check", one, "--as", AUTHOR, "--json")[1]["state"] == "checked"
    assert '+applicable = "churn_risk >= 0.6"' in run("catalogue", "diff", one)[1]
    assert run("catalogue", "ask", one, "--as", AUTHOR)[0] == 1, "it was not simulated"
    code, simulated, said = run("catalogue", "simulate", one, "--as", AUTHOR, "--json")
    assert (code, simulated["state"]) == (0, "simulated"), said
    assert run("catalogue", "ask", one, "--as", AUTHOR, "--json")[1]["state"] == "asked"
    code, _, said = run("catalogue", "approve", one, "--as", AUTHOR)
    assert (code, "right" in said, "Traceback" in said) == (1, True, False)
    assert run("catalogue", "approve", one, "--as", SUPERVISOR, "--json")[1]["state"] == "approved"
    assert run("catalogue", "schedule", one, "--as", ADMIN)[0] == 0
    assert catalogues.take_effect(clock.now()) == 1
    listed = run("catalogue", "list", "--json")[1]
    assert [(v["version"], v["state"]) for v in listed["versions"]] == [(2, "in_force"), (1, "retired")]
    assert run("catalogue", "rollback", "1", "--as", SUPERVISOR, "--json")[1]["instead_of"] == 2
    assert run("audit", "verify")[1]["ok"]


def test_a_pack_with_a_problem_is_neither_published_nor_simulated(run: Run, tmp_path: Path) -> None:
    folder = str(draft_folder(tmp_path, "churn_risk >= 0.45", "churn_rsk >= 0.45"))
    for words in (("catalogue", "publish", folder), ("simulate", folder)):
        code, _, said = run(*words)
        assert code == 1
        assert "did you mean churn_risk?" in said
        assert "Traceback" not in said


def test_a_simulation_tells_people_and_programs(run: Run, tmp_path: Path) -> None:
    code, report, said = run("simulate", str(draft_folder(tmp_path)), "--json")
    assert code == 0, said
    with db.reading() as session:
        everyone = profiles.count(session)
    assert report["customers"] == everyone > 600
    assert report["changed"] > 0
    assert f"Simulating: {everyone} of {everyone}" in said
    assert "Credit for staying with us" in said
    assert {f["attribute"] for f in report["fairness"]} >= {"age", "gender", "standing"}
    assert all(warned in said for warned in ("Concessions by age", "Concessions by gender", "loyal against at risk"))
    credit = next(row for row in report["treatments"] if row["treatment"] == "loyalty_credit")
    assert credit["lost"] > 0
    assert credit["after"] < credit["before"]
