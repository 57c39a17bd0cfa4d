"""What a customer is worth to the company over the whole of the relation. Pure.

To come = margin · r / (1 + d − r), the value of a margin that is earned every year as long as the customer stays, r the chance
that they stay another year, d the yearly discount (Gupta and Lehmann, "Customers as assets", Journal of Interactive Marketing
17/1, 2003). Earned = margin · years with us, for want of each year's own. A customer who has left has nothing to come.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from backend.matrix.types import Pack
from backend.profiles.snapshot import Snapshot
from backend.rules.service import Context, RuleFailed

VERSION = 1
"""Of the formula: another one gives another version."""
MONTHS = "tenure"


@dataclass(frozen=True, slots=True)
class LifetimeValue:
    """In major units of the pack's currency, as of a day, by a version of the formula: earned so far, and to come."""

    earned: float
    to_come: float
    margin: float
    """Of twelve months."""
    retention: float
    """The chance that the customer stays another year, 0 to 1."""
    version: int
    as_of: date

    @property
    def whole(self) -> float:
        return self.earned + self.to_come


def lifetime_value(seen: Snapshot, pack: Pack, *, has_left: bool) -> LifetimeValue | None:
    """The customer's lifetime value on the snapshot's day; None where the pack does not say what margin is."""
    if pack.policies.margin is None:
        return None
    try:
        margin = max(0.0, pack.policies.margin.number(Context(seen.names())))
    except RuleFailed:
        return None
    retention = 0.0 if has_left else 1 - (seen.churn_risk or 0.0)
    to_come = margin * retention / (1 + pack.policies.discount - retention)
    months = float(seen.attributes.get(MONTHS) or 0)
    return LifetimeValue(margin * months / 12, to_come, margin, retention, VERSION, date.fromisoformat(seen.today))
