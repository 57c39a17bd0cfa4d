"""The door of cancelling: what a customer may cancel and what it would mean; asked for, taken back, carried out on its day."""

from __future__ import annotations

from backend.cancelling.acts import END, LEAVING_ON, ask, carry_out, take_back
from backend.cancelling.leaving import erase_customer, export_customer, move_customer, move_customer_back
from backend.cancelling.rows import cancellation_of, gone, of_cases, standing
from backend.cancelling.types import PLAN, Cancellation, Choice, Ends, Summary
from backend.cancelling.working_out import choices, summary

__all__ = [
    "END", "LEAVING_ON", "PLAN", "Cancellation", "Choice", "Ends", "Summary", "ask", "cancellation_of", "carry_out", "choices",
    "erase_customer", "export_customer", "gone", "move_customer", "move_customer_back", "of_cases", "standing", "summary", "take_back",
]  # fmt: skip
