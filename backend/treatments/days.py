"""Which day an appointment gets."""

from __future__ import annotations

from datetime import date, timedelta

from sqlmodel import Session

from backend.treatments.catalogue import Treatment

WEEKEND = 5


def appointment_day(session: Session, treatment: Treatment, today: date) -> date:
    """The customer's local day on which someone comes: so many working days after today as the treatment asks for.

    Called once for an offer, in the transaction of its fulfilment, under the lock of the customer's ledger: a capacity
    of the day is to be taken here.
    """
    day, left = today, treatment.fulfilment.lead_days
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < WEEKEND
    return day
