"""Rows of another table as one value of a statement: a profile and its consents are read in one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, ColumnElement, Select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction


class _Together(GenericFunction[Any]):
    """All rows of a select, whose columns are its arguments, as a JSON array of arrays."""

    type = JSON()
    inherit_cache = True
    name = "together"


@compiles(_Together, "sqlite")
def _sqlite(element: Any, compiler: Any, **more: Any) -> str:
    return f"json_group_array(json_array({compiler.process(element.clauses, **more)}))"


@compiles(_Together, "postgresql")
def _postgresql(element: Any, compiler: Any, **more: Any) -> str:
    return f"json_agg(json_build_array({compiler.process(element.clauses, **more)}))"


def together(rows: Select[Any]) -> ColumnElement[Any]:
    """The rows of this select, in no order, each a list of its columns: NULL or an empty list where there are none.

    Instants come as text, as ISO 8601 has them, on SQLite without their zone, which is UTC.
    """
    return rows.with_only_columns(_Together(*rows.selected_columns)).scalar_subquery()
