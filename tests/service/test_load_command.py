"""`evenhand load` of other systems' files, as a shell sees it: what it prints, where things are, how it ends."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from backend import cli
from backend.matrix.service import folder_of

CRM = "Kundennummer;Vorname;Nachname;Telefon;E-Mail;Geburtsdatum;Konto;Vertrag;Monate;Monatspreis;Werbung per E-Mail"
GOOD = "K-1;Anna;Groß;;;;;;14;;"
BAD = "K-2;Bert;Bar;;;;;;x;;"
LINES = "customer,line_id,msisdn,nickname,dropped_30d,terminated\nK-1,L1,+49301,Home,3,\n"


@pytest.fixture
def house(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in {"HOME": str(tmp_path), "DATABASE_URL": database, "ENV": "test"}.items():
        monkeypatch.setenv(f"EVENHAND_{name}", value)
    (tmp_path / "good.csv").write_text(f"{CRM}\n{GOOD}\n")
    (tmp_path / "some.csv").write_text(f"{CRM}\n{GOOD}\n{BAD}\n")
    (tmp_path / "lines.csv").write_text(LINES)
    return tmp_path


def run(house: Path, *words: str) -> Result:
    return CliRunner().invoke(
        cli.app, ["load", "telecom", *(str(house / w) if w.endswith(".csv") else w for w in words)]
    )


def last(ran: Result) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return answer


def test_files_are_paired_with_mappings_in_their_order_and_the_end_tells(house: Path) -> None:
    ran = run(
        house, "--customers", "good.csv", "--mapping", "crm", "--customers", "lines.csv", "--mapping", "lines", "--json"
    )
    assert ran.exit_code == 0, ran.output
    assert [(f["part"], f["entered"]) for f in last(ran)["files"]] == [("customers", 1), ("holdings", 1)]
    assert "good.csv: 1 rows of customers read; entered 1, updated 0, unchanged 0, refused 0." in ran.stderr
    assert "good.csv: 1 of 1 rows" in ran.stderr

    some = run(house, "--customers", "some.csv", "--mapping", "crm", "--json")
    assert some.exit_code == 3
    assert "some.csv, line 3, Monate: 'x' is not a whole number of 0 or more" in some.stderr
    told = last(some)
    assert (told["refused"], told["files"][0]["unchanged"]) == (1, 1)
    assert Path(told["files"][0]["refused_file"]).parent == house / "rejected"

    dry = run(house, "--customers", "some.csv", "--mapping", "crm", "--dry-run", "--json")
    assert (dry.exit_code, last(dry)["dry_run"], last(dry)["files"][0]["refused_file"]) == (3, True, None)
    assert "would be entered 0, updated 0, unchanged 1, refused 1." in dry.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--customers", "absent.csv", "--mapping", "crm"), "cannot be opened"),
        (("--customers", "good.csv", "--mapping", "lines"), "has no column customer"),
        (
            ("--customers", "good.csv", "--mapping", "nothing"),
            "There is no mapping called nothing: the pack has billing, crm",
        ),
    ],
)
def test_what_is_broken_is_told_in_one_line(house: Path, words: tuple[str, ...], says: str) -> None:
    ran = run(house, *words)
    assert ran.exit_code == 1
    assert says in str(ran.exception)


@pytest.mark.parametrize(
    "words",
    [
        ("--mapping", "crm"),
        ("--dry-run",),
        ("--customers", "good.csv", "--dry-run"),
        ("--customers", "good.csv", "--mapping", "crm", "--mapping", "lines"),
        ("--query", "SELECT 1", "--mapping", "crm"),
    ],
)
def test_what_is_left_out_is_asked_for(house: Path, words: tuple[str, ...]) -> None:
    assert run(house, *words).exit_code == 2


def test_a_check_of_the_pack_names_what_is_wrong_with_its_mappings(tmp_path: Path) -> None:
    pack = tmp_path / "own"
    shutil.copytree(folder_of("telecom"), pack)
    assert CliRunner().invoke(cli.app, ["check", str(pack)]).exit_code == 0
    tickets, crm = pack / "mappings" / "tickets.toml", pack / "mappings" / "crm.toml"
    tickets.write_text(tickets.read_text().replace("complaint.opened", "complaint.baked"))
    crm.write_text(crm.read_text().replace('attribute = "contract"', 'attribute = "contrat"'))
    ran = CliRunner().invoke(cli.app, ["check", str(pack), "--json"])
    assert ran.exit_code == 1
    assert [(p["file"], p["rule"], p["message"]) for p in last(ran)["problems"]] == [
        ("mappings/crm.toml", "column.6.attribute", "nothing is called contrat"),
        ("mappings/tickets.toml", "kind", "complaint.baked is no kind of event"),
    ]
    line = crm.read_text().splitlines()[last(ran)["problems"][0]["line"] - 1]
    assert line == 'attribute = "contrat"'
