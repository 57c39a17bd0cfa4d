"""What was used in the month of each bill: gigabytes and minutes of telephone, made up so that they fit the services."""

from random import Random

from backend.packs.telecom.made import MadeBill
from backend.packs.telecom.rows import Row

DATA, CALLS = "data", "calls"
_GIGABYTES = {"DSL": 110, "Fiber optic": 260}
_SEASON = (1.08, 1.03, 1.0, 0.97, 0.95, 0.92, 0.9, 0.92, 0.98, 1.02, 1.06, 1.1)
"""January to December: more is watched when evenings are long."""


def with_usage(row: Row, bills: tuple[MadeBill, ...], rng: Random) -> tuple[MadeBill, ...]:
    """The bills with what was used in their month: nothing of what the customer does not have."""
    gigabytes = float(_GIGABYTES.get(str(row["internet_service"]), 0)) * rng.uniform(0.5, 1.5)
    gigabytes *= 1 + 0.5 * (row["streaming_tv"] == "Yes") + 0.4 * (row["streaming_movies"] == "Yes")
    minutes = rng.uniform(40, 420) * (1.6 if row["multiple_lines"] == "Yes" else 1.0) if row["phone_service"] else 0.0
    made = []
    for bill in bills:
        season = _SEASON[bill.issued_on.month - 1]
        usage = {}
        if gigabytes:
            usage[DATA] = round(gigabytes * season * rng.uniform(0.85, 1.15))
        if minutes:
            usage[CALLS] = round(minutes * rng.uniform(0.7, 1.3))
        made.append(bill._replace(usage=usage))
    return tuple(made)
