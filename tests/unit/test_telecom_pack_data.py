"""The telecom pack's customers are the 7,043 real ones, unchanged."""

import gzip
import hashlib
import re
from pathlib import Path

import pytest

from backend.packs.telecom.export_customers import export
from backend.packs.telecom.rows import COLUMNS, CUSTOMERS, IBM_HEADERS, BadFile, read_customers

README = CUSTOMERS.with_name("README.md")


def test_the_file_is_the_one_whose_checksum_the_readme_gives() -> None:
    found = hashlib.sha256(CUSTOMERS.read_bytes()).hexdigest()
    assert re.search(r"\b[0-9a-f]{64}\b", README.read_text(encoding="utf-8"))[0] == found


def test_the_known_answers_come_out() -> None:
    rows = list(read_customers())
    blank = [line for line in gzip.decompress(CUSTOMERS.read_bytes()).decode().splitlines() if ",," in line]
    assert len(rows) == 7_043
    assert sum(row["churned"] is True for row in rows) == 1_869
    assert round(sum(row["monthly_charges"] for row in rows), 2) == 456_116.60
    assert len(blank) == 11
    assert [row["tenure"] for row in rows if row["total_charges"] == 0] == [0] * 11
    assert all(tuple(row) == COLUMNS for row in rows)


def test_exporting_again_gives_the_same_customers(tmp_path: Path) -> None:
    again = tmp_path / "customers.csv.gz"
    export(again)
    # Compared unpacked: another zlib may pack the same text into other bytes.
    assert gzip.decompress(again.read_bytes()) == gzip.decompress(CUSTOMERS.read_bytes())


IBM_LINE = "7590-VHVEG,Female,0,Yes,No,1,No,No phone service,DSL,No,Yes,No,No,No,No,Month-to-month,Yes,Electronic check,29.85,,No"


def test_a_file_with_ibms_own_headers_is_read(tmp_path: Path) -> None:
    path = tmp_path / "ibm.csv"
    path.write_text("customerID," + ",".join(IBM_HEADERS[key] for key in COLUMNS) + "\n" + IBM_LINE + "\n")
    [row] = read_customers(path)
    assert row["number"] == "7590-VHVEG"
    assert (row["senior_citizen"], row["partner"], row["churned"]) == (False, True, False)
    assert (row["tenure"], row["monthly_charges"], row["total_charges"]) == (1, 29.85, 0.0)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda text: text.replace(",29.85,", ",much,"), "line 2: MonthlyCharges is 'much'"),
        (lambda text: text.replace("Female,0", "Female,maybe"), "line 2: SeniorCitizen is 'maybe'"),
        (lambda text: text.replace("tenure,", "age,"), "no column tenure"),
    ],
)
def test_a_broken_file_says_where(tmp_path: Path, spoil, said: str) -> None:
    path = tmp_path / "ibm.csv"
    text = "customerID," + ",".join(IBM_HEADERS[key] for key in COLUMNS) + "\n" + IBM_LINE + "\n"
    path.write_text(spoil(text))
    with pytest.raises(BadFile, match=said):
        list(read_customers(path))
