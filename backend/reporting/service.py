"""The door of reporting: what happens is counted as it arrives, and asked of by span, team, agent, channel and treatment."""

from __future__ import annotations

from backend.reporting.leaving import erase_customer, export_customer, let_go_of_old
from backend.reporting.recounting import Recount, mend, recount
from backend.reporting.rolling import roll_all, roll_due

__all__ = [
    "Recount",
    "erase_customer",
    "export_customer",
    "let_go_of_old",
    "mend",
    "recount",
    "roll_all",
    "roll_due",
]
