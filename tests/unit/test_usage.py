"""What is made up of usage fits what the customer has."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice

from backend.matrix import service as matrix
from backend.packs.telecom.making import people, read_customers

ANCHOR = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_bills_say_what_was_used_of_what_the_customer_has_and_of_nothing_else() -> None:
    known = {kind.key for kind in matrix.load_pack(matrix.folder_of("telecom")).usage}
    rows = list(islice(read_customers(), 200))
    seen = set()
    for row, made in zip(rows, people(rows, ANCHOR), strict=True):
        for bill in made.bills:
            used = bill.usage or {}
            assert set(used) <= known
            assert ("data" in used) == (row["internet_service"] != "No")
            assert ("calls" in used) == bool(row["phone_service"])
            assert all(amount > 0 for amount in used.values())
            seen |= set(used)
    assert seen == known


def test_the_same_people_use_the_same() -> None:
    rows = list(islice(read_customers(), 20))
    first, second = ([[bill.usage for bill in made.bills] for made in people(rows, ANCHOR)] for _ in range(2))
    assert first == second
