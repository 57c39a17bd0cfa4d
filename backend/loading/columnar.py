"""Parquet files, a batch of rows at a time, and of their columns only those that are asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from backend.loading.converting import Cell
from backend.loading.files import BrokenFile
from backend.loading.workbooks import plain

BATCH = 1_000
MOST_IN_GROUP = 2_000_000_000
"""Bytes of one group of rows, unpacked."""


def read(path: Path, wanted: Collection[str]) -> Iterator[tuple[int, list[Cell]]]:
    """The header and the rows, counted from 2 as in a sheet. Raises BrokenFile, also where a wanted column is nested.

    The header names every column that is not nested; cells of those that nobody wants are left empty.
    """
    import pyarrow as pa  # sixty megabytes that only whoever loads Parquet needs
    import pyarrow.parquet as pq

    nothing = "Nothing was loaded."
    try:
        with pq.ParquetFile(path, memory_map=False) as file:
            nested = [field.name for field in file.schema_arrow if pa.types.is_nested(field.type)]
            if bad := [name for name in nested if name in wanted]:
                raise BrokenFile(
                    f"{path.name}: {', '.join(bad)} holds lists or records, not one value a row. {nothing}"
                )
            groups = range(file.metadata.num_row_groups)
            if any(file.metadata.row_group(nth).total_byte_size > MOST_IN_GROUP for nth in groups):
                raise BrokenFile(f"{path.name} has groups of rows too large to be read. {nothing}")
            header = [field.name for field in file.schema_arrow if field.name not in nested]
            yield 1, list(header)
            taken = [name for name in header if name in wanted]
            line = 1
            for batch in file.iter_batches(batch_size=BATCH, columns=taken):
                cells = {name: batch.column(name).to_pylist() for name in taken}
                for nth in range(batch.num_rows):
                    line += 1
                    yield line, [_plain(cells[name][nth]) if name in cells else None for name in header]
    except pa.ArrowException as e:
        raise BrokenFile(f"{path.name} is no Parquet file, or is damaged: {str(e).splitlines()[0]} {nothing}") from None
    except OSError as e:
        raise BrokenFile(f"{path} cannot be opened: {e.strerror or e}. {nothing}") from None


def _plain(value: Any) -> Cell:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return plain(float(value) if isinstance(value, Decimal) else value)
