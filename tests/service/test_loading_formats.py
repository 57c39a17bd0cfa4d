"""The same customers from a workbook, a Parquet file and another database as from CSV; and what none of these may do."""

import datetime as dt
import sqlite3
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from backend.loading import BrokenFile, Given
from tests.service.test_loading_mapped import CRM, counts, customer, file, load

HEADER = CRM[0].split(";")
ANNA = [
    "K-1",
    "Anna",
    "Groß",
    "+493055571600",
    "anna@example.org",
    dt.date(1980, 4, 3),
    "X1",
    "zwei Jahre",
    14,
    1050.85,
    True,
    "=1+1",
]
BERT = [
    "K-2",
    "Bert",
    "O'Neil",
    None,
    "bert@example.org",
    dt.date(1980, 1, 31),
    "X2",
    "monatlich",
    2,
    20.5,
    False,
    None,
]
EVE = ["K-3", "Eve", "Roth", None, None, None, None, "ewig", 2, 20.5, False, None]


def workbook(path: Path, *rows: list[Any], sheet: str = "Kunden") -> Path:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = sheet
    for row in [HEADER, *rows]:
        page.append([value if not (isinstance(value, str) and value.startswith("=")) else f"'{value}" for value in row])
    book.create_sheet("Notizen").append(["nichts", "von", "Belang"])
    book.save(path)
    return path


def parquet(path: Path, *rows: list[Any]) -> Path:
    columns = {name: [row[nth] for row in rows] for nth, name in enumerate(HEADER)}
    columns["Monatspreis"] = [Decimal(str(value)) for value in columns["Monatspreis"]]
    table = pa.table(columns)
    pq.write_table(table.append_column("Verlauf", pa.array([[1, 2]] * len(rows))), path, row_group_size=2)
    return path


def database(path: Path, *rows: list[Any]) -> str:
    with sqlite3.connect(path) as other:
        other.execute(f"CREATE TABLE kunden ({', '.join(f'[{name}]' for name in HEADER)})")
        plain = [[value.isoformat() if isinstance(value, dt.date) else value for value in row] for row in rows]
        other.executemany(f"INSERT INTO kunden VALUES ({', '.join('?' * len(HEADER))})", plain)
    return f"sqlite:///{path}"


def from_workbook(folder: Path, *rows: list[Any]) -> Given:
    return Given("crm", path=workbook(folder / "crm.xlsx", *rows))


def from_parquet(folder: Path, *rows: list[Any]) -> Given:
    return Given("crm", path=parquet(folder / "crm.parquet", *rows))


def from_query(folder: Path, *rows: list[Any]) -> Given:
    words = [[("ja" if v else "nein") if isinstance(v, bool) else v for v in row] for row in rows]
    return Given(
        "crm", address=database(folder / "other.sqlite3", *words), query="SELECT * FROM kunden WHERE Monate > 0"
    )


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("source", [from_workbook, from_parquet, from_query])
def test_every_format_gives_the_same_customers(source: Callable[..., Given], tmp_path: Path) -> None:
    given = source(tmp_path, ANNA, BERT, EVE)
    report = load(tmp_path, given)
    assert counts(report) == [(2, 0, 0, 1)]
    (fault,) = report.files[0].faults
    assert (fault.line, fault.column, fault.value) == (4, "Vertrag", "ewig")
    anna = customer("K-1")
    assert (anna.name, anna.phone, str(anna.birth_date)) == ("Anna Groß", "+493055571600", "1980-04-03")
    assert (anna.attributes["tenure"], anna.attributes["monthly_charges"]) == (14, 1050.85)
    assert {(c.channel, c.state) for c in anna.consents} == {("email", "granted")}
    # The same content as text changes nothing: types make no other customer of it.
    assert counts(load(tmp_path, Given("crm", path=file(tmp_path, "crm.csv", *CRM)))) == [(0, 0, 2, 0)]
    refused = report.files[0].refused_file
    assert refused is not None
    mended = tmp_path / "mended.csv"
    mended.write_text(refused.read_text().replace("ewig", "monatlich"))
    assert counts(load(tmp_path, Given("crm", path=mended))) == [(1, 0, 0, 0)]
    assert customer("K-3").attributes["monthly_charges"] == 20.5


@pytest.mark.usefixtures("database")
def test_a_formula_gives_its_last_value_and_is_never_worked_out(tmp_path: Path) -> None:
    path = workbook(tmp_path / "crm.xlsx", ANNA)
    book = openpyxl.load_workbook(path)
    book["Kunden"]["I2"] = "=SUM(1,2)"
    book.save(path)
    load(tmp_path, Given("crm", path=path))
    assert "tenure" not in customer("K-1").attributes, "nobody has worked it out yet, so it has no value"


def packed(path: Path, **parts: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in parts.items():
            out.writestr(name.replace("__", "/"), content)
    return path


@pytest.mark.usefixtures("database")
def test_what_is_no_workbook_loads_nothing(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as out, out.open("xl/worksheets/sheet1.xml", "w") as part:
        for _ in range(60):
            part.write(b"0" * 1_000_000)
    entities = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'
    text = tmp_path / "text.xlsx"
    text.write_bytes("\n".join(CRM).encode())
    good = workbook(tmp_path / "good.xlsx", ANNA).read_bytes()
    cut = tmp_path / "cut.xlsx"
    cut.write_bytes(good[: len(good) // 2])
    for path, why in [
        (bomb, "unpacks to far more than a workbook holds"),
        (
            packed(tmp_path / "entities.xlsx", xl__workbook_xml=b"", **{"xl/workbook.xml": entities}),
            "declares entities",
        ),
        (packed(tmp_path / "other.xlsx", readme=b"hello"), "is no XLSX workbook"),
        (text, "is no XLSX workbook"),
        (cut, "is no XLSX workbook"),
        (tmp_path / "absent.xlsx", "cannot be opened"),
        (workbook(tmp_path / "empty.xlsx"), "has a header and no row"),
    ]:
        with pytest.raises(BrokenFile, match=why) as refused:
            load(tmp_path, Given("crm", path=path))
        assert "othing was loaded" in str(refused.value)


@pytest.mark.usefixtures("database")
def test_the_mapping_names_the_sheet(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    crm = (Path(__file__).parents[2] / "backend/packs/telecom/mappings/crm.toml").read_text()
    own.write_text(f'sheet = "Alle"\n{crm}')
    path = workbook(tmp_path / "crm.xlsx", ANNA)
    with pytest.raises(BrokenFile, match="has no sheet Alle; it has Kunden, Notizen"):
        load(tmp_path, Given(str(own), path=path))
    assert counts(load(tmp_path, Given(str(own), path=workbook(path, ANNA, sheet="Alle")))) == [(1, 0, 0, 0)]


@pytest.mark.usefixtures("database")
def test_a_nested_column_is_refused_where_it_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "nested.parquet"
    pq.write_table(
        pa.table(
            {
                "customer": ["K-1"],
                "line_id": [["L1"]],
                "msisdn": ["1"],
                "nickname": ["x"],
                "dropped_30d": [1],
                "terminated": [None],
            }
        ),
        path,
    )
    with pytest.raises(BrokenFile, match="line_id holds lists or records"):
        load(tmp_path, Given("lines", path=path))
    path.write_bytes(b"PAR1 and then nothing of the kind PAR1")
    with pytest.raises(BrokenFile, match="is no Parquet file"):
        load(tmp_path, Given("lines", path=path))


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("DELETE FROM kunden", "did not answer the query: attempt to write a readonly database"),
        ("INSERT INTO kunden (Vorname) VALUES ('x') RETURNING *", "attempt to write a readonly database"),
        ("SELECT * FROM nobody", "no such table: nobody"),
        ("SELECT 1; SELECT 2", "one statement at a time"),
        ("", "gives no rows|did not answer"),
    ],
)
def test_a_query_reads_or_is_refused(query: str, why: str, tmp_path: Path) -> None:
    address = database(tmp_path / "other.sqlite3", ANNA)
    with pytest.raises(BrokenFile, match=why):
        load(tmp_path, Given("crm", address=address, query=query))
    with sqlite3.connect(tmp_path / "other.sqlite3") as other:
        assert other.execute("SELECT count(*) FROM kunden").fetchone() == (1,)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://reader:s3cr3t!@127.0.0.1:1/other",
        "postgresql+psycopg://reader:s3cr3t%21@127.0.0.1:1/s3cr3t!",
        "postgresql://reader:s3cr3t!@127.0.0.1:s3cr3t!/other",
        "mysql://reader:s3cr3t!@127.0.0.1/other",
        "oracle+s3cr3t!://x",
        "s3cr3t!",
        "sqlite:////nowhere/s3cr3t!.sqlite3",
    ],
)
@pytest.mark.usefixtures("database")
def test_no_message_holds_the_password_of_the_other_database(
    address: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(BrokenFile) as refused:
        load(tmp_path, Given("crm", address=address, query="SELECT 1"))
    out = capfd.readouterr()
    for told in (str(refused.value), out.out, out.err, caplog.text):
        assert "s3cr3t" not in told
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_another_postgresql_is_read_and_cannot_be_written(database: str, tmp_path: Path) -> None:
    engine = sa.create_engine(database)
    with engine.begin() as connection:
        columns = ", ".join(f'"{name}" text' for name in HEADER)
        connection.execute(sa.text(f"CREATE TABLE kunden ({columns})"))
        connection.execute(sa.text("CREATE SEQUENCE counter"))
        cells = [str(v) if v is not None else None for v in ANNA[:10]]
        connection.exec_driver_sql(f"INSERT INTO kunden VALUES ({', '.join(['%s'] * 10)}, 'ja', '')", tuple(cells))
    engine.dispose()
    address = database.replace("postgresql+psycopg://", "postgresql://")
    asked = "SELECT *, 1::int AS eins, 'a:b' AS zwei FROM kunden WHERE \"Vorname\" LIKE 'A%'"
    mapping = tmp_path / "own.toml"
    crm = (Path(__file__).parents[2] / "backend/packs/telecom/mappings/crm.toml").read_text()
    mapping.write_text(crm.replace('decimal = ","', 'decimal = "."'))
    report = load(tmp_path, Given(str(mapping), address=address, query=asked))
    assert counts(report) == [(1, 0, 0, 0)]
    assert report.files[0].unmapped == ("Farbe", "eins", "zwei")
    with pytest.raises(BrokenFile, match="read-only transaction"):
        load(tmp_path, Given("crm", address=address, query="SELECT nextval('counter')"))
