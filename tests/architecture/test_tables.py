"""The shape of the tables, so that they can be spread over machines by customer."""

import importlib

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, UniqueConstraint
from sqlmodel import SQLModel

from tests.architecture.project import python_files

# What belongs to one customer but is claimed or kept across all of them, each for a reason.
ACROSS_CUSTOMERS = {
    "customer_alias": "finds the canonical customer from an id that is no longer used",
    "identifier_claim": "an identifier is claimed once among all customers",
    "audit_entry": "one chain over everything that was done",
    "call": "it rings before anybody can say whose it is",
    "change": "one stream that all watchers read",
    "mail_received": "it comes before anybody can say whose it is",
    "idempotency_key": "scoped to key, method and path",
}


def tables() -> dict[str, Table]:
    for path in python_files():
        if path.parts[0] == "backend" and path.name == "tables.py":
            importlib.import_module(".".join(path.with_suffix("").parts))
    return dict(SQLModel.metadata.tables)


def faults_of(table: Table) -> list[str]:
    """Why this customer-owned table could not be spread by customer; nothing when it can."""
    faults = []
    key = [column.name for column in table.primary_key.columns]
    if key[:1] != ["customer_id"]:
        faults.append(f"{table.name}: the primary key {key} does not begin with customer_id")
    unique = [constraint.columns for constraint in table.constraints if isinstance(constraint, UniqueConstraint)]
    unique += [index.columns for index in table.indexes if index.unique]
    for columns in unique:
        if "customer_id" not in columns:
            faults.append(f"{table.name}: unique over {[column.name for column in columns]}, without customer_id")
    return faults


def test_every_customer_owned_table_has_customer_id_in_its_primary_and_unique_keys() -> None:
    owned = [table for name, table in tables().items() if "customer_id" in table.c and name not in ACROSS_CUSTOMERS]
    assert len(owned) >= 5
    assert [fault for table in owned for fault in faults_of(table)] == []


def test_a_table_that_forgets_its_customer_is_found() -> None:
    columns = [Column("offer_id", Integer, primary_key=True), Column("customer_id", Integer)]
    table = Table("offer", MetaData(), *columns, UniqueConstraint("offer_id"))
    assert len(faults_of(table)) == 2


@pytest.mark.parametrize("suffix", ["Row"])
def test_rows_are_named_as_rows(suffix: str) -> None:
    tables()
    mapped = [mapper.class_.__name__ for mapper in SQLModel._sa_registry.mappers]
    assert mapped
    assert [name for name in mapped if not name.endswith(suffix)] == []


def test_no_table_counts_in_numbers_that_a_person_could_see() -> None:
    """Sequences tell how many customers there are, and make the next id guessable; the inner queues may have them."""
    inner = {"audit_entry", "change"}
    counting = [
        f"{name}.{column.name}"
        for name, table in tables().items()
        for column in table.primary_key.columns
        if isinstance(column.type, Integer) and table.autoincrement_column is column and name not in inner
    ]
    assert counting == []
