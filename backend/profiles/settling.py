"""Bills that are paid: the bill, and what the profile says of what is owed, in one step."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session

from backend.profiles import queries
from backend.profiles.billing import bill_row
from backend.profiles.holding import locked
from backend.record import service as record
from shared.kernel import clock
from shared.kernel.money import Money

OVERDUE_AMOUNT, OVERDUE_SINCE, LAST_PAYMENT = "overdue_amount", "overdue_since", "last_payment"
PAYMENTS, PAID, LATE = "payments", "paid", "late_payments"
"""By these names the pack's facts read what is owed and what was paid."""


def pay_bill(session: Session, customer_id: UUID, bill_id: UUID, amount: Money, now: datetime) -> Money:
    """The bill is paid with this amount, and gives what of it is left over: all of it where the bill was paid already, or is larger.

    The customer is held by the caller. Raises NotFound.
    """
    known = locked(session, customer_id)
    bill = bill_row(session, customer_id, bill_id)
    if bill.status == "paid" or bill.currency != amount.currency or bill.amount_minor > amount.minor:
        return amount
    today = clock.local_day(now, known.timezone)
    mine = (queries.BILL.c.customer_id == customer_id, queries.BILL.c.bill_id == bill_id)
    session.execute(update(queries.BILL).where(*mine).values(status="paid", paid_on=today))
    owed = session.execute(queries.UNPAID, {"customer_id": customer_id, "most": 1_000}).all()
    late = [one for one in owed if one.due_on < today]
    facts = dict(known.facts)
    dates = {**facts.get("dates", {}), LAST_PAYMENT: today.isoformat()}
    dates.pop(OVERDUE_SINCE, None)
    if late:
        dates[OVERDUE_SINCE] = min(one.due_on for one in late).isoformat()
    overdue = Money(sum(one.amount_minor for one in late if one.currency == bill.currency), bill.currency)
    facts |= {"dates": dates, "values": {**facts.get("values", {}), OVERDUE_AMOUNT: overdue.major}}
    counted = {PAYMENTS: 1, PAID: Money(bill.amount_minor, bill.currency).major}
    counted |= {LATE: 1} if today > bill.due_on else {}
    days: dict[str, Any] = dict(facts.get("days", {}))
    for key, more in counted.items():
        bucket = days.get(key, {})
        days[key] = {**bucket, today.isoformat(): bucket.get(today.isoformat(), 0) + more}
    facts["days"] = days
    session.execute(
        update(queries.CUSTOMER)
        .where(queries.CUSTOMER.c.customer_id == customer_id)
        .values(facts=facts, version=known.version + 1, updated_at=now)
    )
    record.changed(session, "profile", customer_id=customer_id, now=now)
    return Money(amount.minor - bill.amount_minor, amount.currency)
