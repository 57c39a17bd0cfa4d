"""What an offer does to the bill: what the customer pays a month before and after it. Pure."""

from __future__ import annotations

from typing import Any

from backend.engine.catalogue import Treatment
from backend.engine.facts import terms_from
from backend.treatments.inputs import Inputs
from backend.treatments.plan_changes import changes_of, made
from shared.kernel.money import Money, of_major

MONTHLY = "monthly_charges"
"""The attribute that says what a customer pays a month, where the pack keeps one."""


def monthly_change(t: Treatment, row: Any, inputs: Inputs) -> tuple[Money, Money] | None:
    """What the customer pays a month before and after fulfilment; None where it leaves that as it is, or they may not read it."""
    attributes, currency = inputs.snapshot.attributes, inputs.pack.currency
    before = attributes.get(MONTHLY)
    if before is None or MONTHLY in inputs.mask.hidden:
        return None
    after = made(changes_of(t.fulfilment, terms_from(row.terms), attributes, currency), attributes).get(MONTHLY)
    pair = (of_major(float(before), currency), of_major(float(after or 0), currency))
    return pair if pair[0] != pair[1] else None
