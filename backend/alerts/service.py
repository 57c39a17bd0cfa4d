"""The door of alerts: raised and over by what rules see, worked by supervisors."""

from backend.alerts.keeping import (
    LONGEST_SNOOZE,
    LONGEST_WORDS,
    WATCHERS,
    acknowledge,
    alert,
    done_lately,
    finish,
    hand_on,
    is_settled,
    let_go,
    open_again,
    settle,
    sleeping,
    snooze,
    waiting,
    wake,
)
from backend.alerts.leaving import erase_customer, export_customer, move_customer, move_customer_back
from backend.alerts.types import NOBODY, Alert, Found

__all__ = [
    "LONGEST_SNOOZE", "LONGEST_WORDS", "NOBODY", "WATCHERS", "Alert", "Found", "acknowledge", "alert", "done_lately", "erase_customer",
    "export_customer", "finish", "hand_on", "is_settled", "let_go", "move_customer", "move_customer_back", "open_again", "settle", "sleeping",
    "snooze", "waiting", "wake",
]  # fmt: skip
