"""The door of proving: who is in which group, and the arithmetic that says what came of it."""

from backend.proving.keeping import (
    ASSIGNED,
    Assigned,
    assigned_between,
    assigned_from,
    counts,
    erase_customer,
    everyone_assigned,
    export_customer,
    move_customer,
    move_customer_back,
    write_down,
)
from backend.proving.rules import CONTROL, HOLDOUT, TREATED, Arm, Experiment, rule_of
from backend.proving.statistics import (
    LEAST,
    SPLIT_ALARM,
    Group,
    Interval,
    customers_needed,
    enough_happened,
    group_of,
    look,
    newcombe,
    settled,
    split_chance,
    welch,
    wilson,
)

__all__ = [
    "ASSIGNED", "CONTROL", "HOLDOUT", "LEAST", "SPLIT_ALARM", "TREATED", "Arm", "Assigned", "Experiment", "Group", "Interval", "assigned_between",
    "assigned_from", "counts", "customers_needed", "enough_happened", "erase_customer", "everyone_assigned", "export_customer", "group_of",
    "look", "move_customer", "move_customer_back", "newcombe", "rule_of", "settled", "split_chance", "welch", "wilson", "write_down",
]  # fmt: skip
