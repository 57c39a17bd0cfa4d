"""Loading: whole, again, interrupted, from a file that someone brings, from a file that is broken."""

import csv
import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from backend import cli, db, loading
from backend.cases import service as cases
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.loading import BrokenFile, files, translating
from backend.matrix.service import folder_of, load_pack
from backend.profiles import service as profiles
from shared.kernel.errors import NotFound

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
PACK = load_pack(folder_of("telecom"))
HEADER = ["customerID", *(a.ibm for a in PACK.attributes.values() if a.ibm)]
GOOD = {
    "customerID": "7590-VHVEG", "gender": "Female", "SeniorCitizen": "0", "Partner": "Yes", "Dependents": "No", "tenure": "14",
    "PhoneService": "Yes", "MultipleLines": "No", "InternetService": "DSL", "OnlineSecurity": "No", "OnlineBackup": "Yes",
    "DeviceProtection": "No", "TechSupport": "No", "StreamingTV": "No", "StreamingMovies": "No", "Contract": "Month-to-month",
    "PaperlessBilling": "Yes", "PaymentMethod": "Electronic check", "MonthlyCharges": "50.85", "TotalCharges": "711.90",
    "Churn": "No",
}  # fmt: skip
TABLES = (
    "customer",
    "identifier",
    "identifier_claim",
    "consent",
    "bill",
    "event",
    "interaction",
    "customer_case",
    "pack_load",
    "catalogue_version",
)


def write(path: Path, *rows: dict[str, str] | list[str], header: list[str] | None = None) -> Path:
    """A file with IBM's headers; a row is what differs from the good one, or its cells."""
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(header or HEADER)
        for i, row in enumerate(rows):
            full = GOOD | {"customerID": f"{7000 + i}-ABCDE"}
            writer.writerow(row if isinstance(row, list) else [(full | row)[name] for name in HEADER])
    return path


def sums() -> dict[str, Any]:
    """Rows and a fingerprint of every table that a load fills."""
    with db.reading() as session:
        found = {}
        for table in TABLES:
            rows = sorted(str(tuple(row)) for row in session.connection().execute(text(f"SELECT * FROM {table}")))
            found[table] = (len(rows), rows)
    return found


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Fifty customers in batches of twenty."""
    monkeypatch.setattr(loading, "BATCH", 20)
    return write(
        tmp_path / "small.csv", *({"tenure": str(i % 40), "Churn": "Yes" if i % 7 == 0 else "No"} for i in range(50))
    )


@pytest.mark.usefixtures("database")
def test_a_load_enters_customers_with_their_past_and_publishes_the_catalogue(small: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    done = loading.load("telecom", customers=small, home=tmp_path, now=NOW, progress=lambda n, of: told.append((n, of)))
    assert (done.customers, done.entered, done.known, done.rejected) == (50, 50, 0, ())
    assert told == [(20, 50), (40, 50), (50, 50)]
    with db.reading() as session:
        match = profiles.search(session, identifier="number:7021-ABCDE").items[0]
        known = profiles.profile(session, match.id)
        events = interactions.timeline(session, match.id, limit=100).items
        assert catalogues.pack_in_force(session).name == "telecom"
        assert profiles.loaded_packs(session) == {"telecom": True}
        assert profiles.search(session, identifier=f"email:{known.email}").items[0].id == match.id
    assert known.made_up
    assert known.attributes["tenure"] == 21
    assert known.attributes["churned"] is True
    assert known.facts["dates"]["left"]
    assert events
    assert [e.at for e in events] == sorted((e.at for e in events), reverse=True)
    assert max(e.at for e in events) < NOW


@pytest.mark.usefixtures("database")
def test_what_is_still_open_is_loaded_as_open_and_counted(small: Path, tmp_path: Path) -> None:
    loading.load("telecom", customers=small, home=tmp_path, now=NOW)
    with db.reading() as session:
        everyone = [profiles.profile(session, match.id) for match in profiles.search(session, limit=100).items]
        counted = {one.customer_id: one.facts["values"]["open_cases"] for one in everyone}
        open_ = {customer_id: cases.of_customer(session, customer_id) for customer_id in counted}
    assert {customer_id: len(found) for customer_id, found in open_.items()} == counted
    assert sum(counted.values()) > 0
    assert all(case.subject and case.reference for found in open_.values() for case in found)


@pytest.mark.usefixtures("database")
def test_twice_is_the_same_as_once(small: Path, tmp_path: Path) -> None:
    loading.load("telecom", customers=small, home=tmp_path, now=NOW)
    once = sums()
    again = loading.load("telecom", customers=small, home=tmp_path, now=NOW)
    assert (again.already, again.entered, again.events) == (True, 0, 0)
    assert sums() == once


class Unplugged(Exception):
    """Somebody pulled the plug."""


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("after", [20, 40, 50])
def test_interrupted_and_run_again_another_day_it_is_the_same_as_in_one_go(
    small: Path, tmp_path: Path, after: int
) -> None:
    def pull(done: int, total: int) -> None:
        if done == after:
            raise Unplugged

    with pytest.raises(Unplugged):
        loading.load("telecom", customers=small, home=tmp_path, now=NOW, progress=pull)
    with db.reading() as session:
        assert profiles.loaded_packs(session) == {"telecom": False}
        assert session.connection().execute(text("SELECT count(*) FROM customer")).scalar() == after
    rest = loading.load("telecom", customers=small, home=tmp_path, now=NOW.replace(day=25))
    assert rest.entered == 50 - after
    with db.reading() as session:
        assert profiles.loaded_packs(session) == {"telecom": True}
        days = session.connection().execute(text("SELECT count(DISTINCT created_at) FROM customer")).scalar()
    assert days == 1
    interrupted = sums()
    assert interrupted["customer"][0] == 50
    assert len(interrupted["event"][1]) == len(set(interrupted["event"][1]))


@pytest.mark.usefixtures("database")
def test_the_same_file_and_day_make_the_same_people(small: Path) -> None:
    rows = files.read(small, PACK).rows[:50]
    lives = [
        [
            translating.life(made, i, NOW, 2026)
            for i, made in enumerate(loading._people(folder_of("telecom"), rows, NOW))
        ]
        for _ in range(2)
    ]
    assert lives[0] == lives[1]


@pytest.mark.usefixtures("database")
def test_another_file_adds_only_who_is_not_known(small: Path, tmp_path: Path) -> None:
    loading.load("telecom", customers=small, home=tmp_path, now=NOW)
    more = write(tmp_path / "more.csv", {}, {"customerID": "9999-ZZZZZ"})
    done = loading.load("telecom", customers=more, home=tmp_path, now=NOW)
    assert (done.entered, done.known) == (1, 1)


BAD = [
    ({"tenure": "minus one"}, "tenure", "minus one", "is not a whole number of 0 or more"),
    ({"tenure": "-3"}, "tenure", "-3", "is not a whole number of 0 or more"),
    ({"MonthlyCharges": "nan"}, "MonthlyCharges", "nan", "is not a number of 0 or more"),
    ({"Contract": "Forever"}, "Contract", "Forever", "is none of Month-to-month, One year, Two year"),
    ({"Partner": "perhaps"}, "Partner", "perhaps", "is neither Yes nor No"),
    ({"customerID": ""}, "customerID", "", "is empty; every customer has a number"),
    ({"customerID": "7000-abcde"}, "customerID", "7000-abcde", "stands in line 2 already"),
    ({"InternetService": ""}, "InternetService", "", "is empty"),
]


@pytest.mark.usefixtures("database")
def test_bad_rows_are_kept_apart_with_line_column_value_and_reason(tmp_path: Path) -> None:
    file = write(tmp_path / "mixed.csv", {}, *(row for row, *_ in BAD), ["too", "short"], {"TotalCharges": " "})
    done = loading.load("telecom", customers=file, home=tmp_path, now=NOW)
    assert (done.customers, done.entered) == (2, 2)
    assert [(r.line, r.column, r.value, r.why) for r in done.rejected[:-1]] == [
        (line, column, value, why) for line, (_, column, value, why) in enumerate(BAD, 3)
    ]
    assert done.rejected[-1].why == "has 2 cells where the header has 21"
    assert done.rejected_file == tmp_path / "rejected" / "mixed.csv"
    with done.rejected_file.open(newline="") as kept:
        rows = list(csv.reader(kept))
    assert rows[0][-3:] == ["line", "column", "why"]
    assert len(rows) == 1 + len(BAD) + 1
    assert rows[1][HEADER.index("tenure")] == "minus one"


def broken(tmp_path: Path) -> list[tuple[Path, str]]:
    def file(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    good = write(tmp_path / "good.csv", {}).read_bytes()
    return [
        (tmp_path / "absent.csv", "cannot be opened"),
        (tmp_path, "cannot be opened"),
        (file("empty.csv", b""), "has no customer"),
        (file("header.csv", good.splitlines()[0]), "has no customer"),
        (file("picture.csv", b"\x89PNG\r\n\x1a\n\xff\xfe"), "is not UTF-8"),
        (file("zero.csv", good + b"\x00"), "is not a text file"),
        (file("cut.csv.gz", gzip.compress(good)[:-20]), "gzip"),
        (file("quote.csv", good + b'"7590,'), "Nothing was loaded"),
        (write(tmp_path / "columns.csv", ["1", "2"], header=["customerID", "tenure"]), "has no column"),
        (write(tmp_path / "all_bad.csv", {"tenure": "x"}), "line 2, tenure"),
    ]


@pytest.mark.usefixtures("database")
def test_a_broken_file_loads_nothing_and_says_so(tmp_path: Path) -> None:
    for path, why in broken(tmp_path):
        with pytest.raises(BrokenFile, match=why) as refused:
            loading.load("telecom", customers=path, home=tmp_path, now=NOW)
        assert "othing was loaded" in str(refused.value)
    assert {table: n for table, (n, _) in sums().items() if n} == {}


@pytest.mark.usefixtures("database")
def test_a_pack_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nopack"):
        loading.load("nopack", home=tmp_path)


def test_the_command_tells_people_and_programs(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENHAND_HOME", str(tmp_path))
    monkeypatch.setenv("EVENHAND_DATABASE_URL", database)
    monkeypatch.setenv("EVENHAND_ENV", "test")
    file = write(tmp_path / "few.csv", {}, {"tenure": "x"})
    ran = CliRunner().invoke(cli.app, ["load", "telecom", "--customers", str(file), "--json"])
    assert ran.exit_code == 3, ran.output
    answer = json.loads(ran.stdout.splitlines()[-1])
    assert (answer["entered"], answer["already"]) == (1, False)
    assert answer["rejected"] == [
        {"line": 3, "column": "tenure", "value": "x", "why": "is not a whole number of 0 or more"}
    ]
    assert "line 3, tenure: 'x' is not a whole number" in ran.stderr
    assert "1 customer entered" in ran.stderr
    assert "1 row was not taken" in ran.stderr
    assert "see " in ran.stderr
    good = write(tmp_path / "good.csv", {})
    assert CliRunner().invoke(cli.app, ["load", "telecom", "--customers", str(good)]).exit_code == 0
