"""Reads customer files into typed rows: the pack's own customers.csv.gz, or IBM's file with its own headers."""

import csv
import gzip
import io
from collections.abc import Iterator
from pathlib import Path

Row = dict[str, bool | int | float | str | None]

CUSTOMERS = Path(__file__).with_name("customers.csv.gz")

# Attribute key → header in IBM's file ("WA_Fn-UseC_-Telco-Customer-Churn.csv").
IBM_HEADERS = {
    "gender": "gender",
    "senior_citizen": "SeniorCitizen",
    "partner": "Partner",
    "dependents": "Dependents",
    "tenure": "tenure",
    "phone_service": "PhoneService",
    "multiple_lines": "MultipleLines",
    "internet_service": "InternetService",
    "online_security": "OnlineSecurity",
    "online_backup": "OnlineBackup",
    "device_protection": "DeviceProtection",
    "tech_support": "TechSupport",
    "streaming_tv": "StreamingTV",
    "streaming_movies": "StreamingMovies",
    "contract": "Contract",
    "paperless_billing": "PaperlessBilling",
    "payment_method": "PaymentMethod",
    "monthly_charges": "MonthlyCharges",
    "total_charges": "TotalCharges",
    "churned": "Churn",
}
COLUMNS = tuple(IBM_HEADERS)
NUMBER_HEADERS = ("customerID", "number")
_FLAGS = {"senior_citizen", "partner", "dependents", "phone_service", "paperless_billing", "churned"}
_TRUTH = {"yes": True, "1": True, "true": True, "no": False, "0": False, "false": False}


class BadFile(ValueError):
    """The file is not a customer file; the message names the line and column."""


def read_customers(path: Path = CUSTOMERS) -> Iterator[Row]:
    """Each customer of the file as attribute key → typed value; `number` too where the file has one.

    A blank total means that nothing has been billed yet: 0.0. Raises BadFile at the first line that can't be read.
    """
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8-sig")
    reader = csv.DictReader(io.StringIO(text))
    found = set(reader.fieldnames or ())
    header = {key: name for key, ibm in IBM_HEADERS.items() for name in (ibm, key) if name in found}
    missing = [IBM_HEADERS[key] for key in COLUMNS if key not in header]
    if missing:
        raise BadFile(f"{path.name}: no column {', '.join(missing)}")
    number = next((name for name in NUMBER_HEADERS if name in found), None)
    for line in reader:
        row: Row = {}
        for key in COLUMNS:
            try:
                row[key] = _typed(key, (line[header[key]] or "").strip())
            except ValueError:
                raise BadFile(f"{path.name}, line {reader.line_num}: {header[key]} is {line[header[key]]!r}") from None
        if number is not None:
            row["number"] = (line[number] or "").strip() or None
        yield row


def _typed(key: str, cell: str) -> bool | int | float | str:
    if key in _FLAGS:
        if cell.lower() not in _TRUTH:
            raise ValueError(cell)
        return _TRUTH[cell.lower()]
    if key == "tenure":
        return int(cell)
    if key == "total_charges":
        return float(cell) if cell else 0.0
    if key == "monthly_charges":
        return float(cell)
    if not cell:
        raise ValueError(cell)
    return cell
