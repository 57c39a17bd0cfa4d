"""Customers out into a file and in again through the same mapping: equal profiles, and no cell that a spreadsheet works out."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from backend import cli, db, loading
from backend.catalogue import service as catalogues
from backend.loading import Given
from backend.profiles import service as profiles
from shared.kernel.errors import Invalid, NotFound
from tests.databases import fresh, opened
from tests.service.test_loading_mapped import CRM, NOW, customer, file, five, load

RISKY = ["=1+1", "+1", "-2+3", "@SUM(A1)", "'quoted", "'=1", "O'Neil", 'He said "hi", twice', "Zeile"]


def everyone() -> dict[str, tuple[Any, ...]]:
    """All that the file carries of each customer, by number."""
    found: dict[str, tuple[Any, ...]] = {}
    with db.reading() as session:
        for first in profiles.beginnings(session, 1):
            one = profiles.details(session, [first])[first]
            attributes = {key: value for key, value in one.attributes.items() if value not in (None, "")}
            found[one.number] = (
                one.name, one.phone, one.email, one.birth_date, one.timezone, one.language, attributes, one.identifiers,
            )  # fmt: skip
    return found


def rows(path: Path, divider: str = ",") -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as kept:
        return list(csv.DictReader(kept, delimiter=divider))


@pytest.fixture
def second(engine: str, tmp_path: Path) -> Iterator[str]:
    """An empty database on the same engine, not yet opened."""
    with fresh(engine, "migrated", tmp_path) as url:
        yield url


def test_what_was_exported_loads_again_to_equal_profiles(loaded_url: str, second: str, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    with opened(loaded_url, tmp_path):
        written = loading.export_customers("telecom", out, now=NOW)
        before = everyone()
        with db.reading() as session:
            pack = catalogues.pack_in_force(session)
            seen = profiles.snapshot(profiles.profile(session, _of(session, rows(out)[0]["number"])), NOW, pack)
    assert written == len(before) > 500
    assert (rows(out)[0]["life_cycle"], rows(out)[0]["segments"]) == (seen.life_cycle, "|".join(seen.segments))
    assert out.stat().st_mode & 0o077 == 0
    with opened(second, tmp_path):
        report = load(tmp_path, Given("customers", path=out))
        assert (report.files[0].entered, report.refused, report.files[0].noticed) == (written, 0, 0)
        assert report.files[0].unmapped == ("life_cycle", "segments")
        assert everyone() == before
        again = load(tmp_path, Given("customers", path=out))
        assert again.files[0].unchanged == written


def _of(session: Any, number: str) -> UUID:
    found = profiles.owner(session, "number", number)
    assert found is not None
    return found


def test_another_systems_own_words_come_back_too(database_url: str, second: str, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    with opened(database_url, tmp_path):
        load(tmp_path, *five(tmp_path))
        more = file(tmp_path, "more.csv", CRM[0], "K-5;;Cher;;;;;;3;0,1;n;", "K-6;Maria del;Mar;;;;;;;;;")
        load(tmp_path, Given("crm", path=more))
        assert loading.export_customers("telecom", out, mapping="crm", now=NOW) == 4
        before = everyone()
    anna = rows(out)[0]
    assert (anna["Vorname"], anna["Nachname"], anna["Telefon"]) == ("Anna", "Groß", "'+493055571600")
    assert (anna["Geburtsdatum"], anna["Vertrag"], anna["Monatspreis"]) == ("03.04.1980", "zwei Jahre", "1050,85")
    assert (anna["Konto"], anna["Werbung per E-Mail"]) == ("X1", "nein")
    crm = {"contract", "tenure", "monthly_charges", "birth_date"}
    with opened(second, tmp_path):
        assert load(tmp_path, Given("crm", path=out)).files[0].entered == 4
        after = everyone()
    for number, one in before.items():
        told = {key: value for key, value in one[6].items() if key in crm}
        assert after[number] == (*one[:6], told, *one[7:])


def test_no_cell_is_a_formula_and_each_comes_back_as_it_was(database_url: str, second: str, tmp_path: Path) -> None:
    lines = [f'R-{n};"{name.replace(chr(34), chr(34) * 2)}";x;;;;;;;;;' for n, name in enumerate(RISKY)]
    unguarded = tmp_path / "crm.toml"
    mapping = (Path(loading.__file__).parents[1] / "packs/telecom/mappings/crm.toml").read_text()
    unguarded.write_text(f"guarded = false\n{mapping}")
    out = tmp_path / "out.csv"
    with opened(database_url, tmp_path):
        load(tmp_path, Given(str(unguarded), path=file(tmp_path, "risky.csv", CRM[0], *lines)))
        assert [customer(f"R-{n}").name for n in range(len(RISKY))] == [f"{name} x" for name in RISKY]
        loading.export_customers("telecom", out, now=NOW)
    cells = [cell for row in rows(out) for cell in row.values()]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    with opened(second, tmp_path):
        load(tmp_path, Given("customers", path=out))
        assert [customer(f"R-{n}").name for n in range(len(RISKY))] == [f"{name} x" for name in RISKY]


@pytest.mark.usefixtures("database")
def test_an_export_is_on_record_and_one_that_fails_leaves_nothing(tmp_path: Path) -> None:
    load(tmp_path, *five(tmp_path))
    loading.export_customers("telecom", tmp_path / "out.csv", now=NOW)
    with db.reading() as session:
        noted = session.connection().execute(
            text("SELECT CAST(payload AS TEXT) FROM audit_entry WHERE action = 'customers.exported'")
        )
        assert json.loads(noted.scalar_one())["customers"] == 2
    for target, mapping, error, why in [
        (tmp_path / "absent" / "out.csv", "customers", Invalid, "cannot be written"),
        (tmp_path / "lines.csv", "lines", Invalid, "is of holdings"),
        (tmp_path / "none.csv", "none", NotFound, "no mapping called none"),
    ]:
        with pytest.raises(error, match=why):
            loading.export_customers("telecom", target, mapping=mapping, now=NOW)
    own = tmp_path / "own.toml"
    own.write_text(
        'source = "own"\nencoding = "latin-1"\n[[column]]\ncolumn = "nr"\nto = "number"\n[[column]]\ncolumn = "name"\nto = "name"\n'
    )
    load(tmp_path, Given("crm", path=file(tmp_path, "far.csv", CRM[0], "K-9;李;小龍;;;;;;;;;")))
    with pytest.raises(Invalid, match="latin-1 has no '李'"):
        loading.export_customers("telecom", tmp_path / "latin.csv", mapping=str(own), now=NOW)
    assert sorted(p.name for p in tmp_path.glob("*.part")) == [] == list(tmp_path.glob("latin.csv"))


def test_the_command_writes_a_file(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(tmp_path, *five(tmp_path))
    for name, value in {"HOME": str(tmp_path), "DATABASE_URL": database, "ENV": "test"}.items():
        monkeypatch.setenv(f"EVENHAND_{name}", value)
    out = tmp_path / "out.csv"
    ran = CliRunner().invoke(cli.app, ["export", "telecom", "--customers", str(out), "--json"])
    assert ran.exit_code == 0, ran.output
    assert json.loads(ran.stdout.splitlines()[-1])["customers"] == 2
    assert [row["number"] for row in rows(out)] == ["K-1", "K-2"]
