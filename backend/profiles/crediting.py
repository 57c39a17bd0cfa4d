"""Credits: money that a customer was promised, taken off a bill.

A credit goes on the newest bill that is open, not yet due and at least as large; where there is none, it waits for the next
bill. It is never split, and no bill falls below zero.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlmodel import Session

from backend.profiles import queries
from backend.profiles.bulk import NewBill
from backend.profiles.holding import locked
from backend.profiles.types import Credit
from backend.record import service as record
from shared.kernel import clock
from shared.kernel.money import Money

LAST_BILL = "last_bill"
"""The value in which the profile keeps what the latest bill comes to, where the pack's facts read it."""
BEFORE_CREDITS = "Charges"
"""What stands on a bill that had no lines of its own."""
_NEWEST = queries.BILLS.limit(1)


def book_credit(
    session: Session, customer_id: UUID, credit_id: UUID, text: str, amount: Money, now: datetime
) -> Credit:
    """Books the credit, once: the same id again gives the one that is booked. Raises NotFound for an unknown customer."""
    known = locked(session, customer_id)
    booked = session.execute(
        select(queries.CREDIT, queries.BILL.c.reference)
        .outerjoin(
            queries.BILL,
            (queries.BILL.c.customer_id == queries.CREDIT.c.customer_id)
            & (queries.BILL.c.bill_id == queries.CREDIT.c.bill_id),
        )
        .where(queries.CREDIT.c.customer_id == customer_id, queries.CREDIT.c.credit_id == credit_id)
    ).one_or_none()
    if booked is not None:
        return Credit(credit_id, booked.text, Money(booked.amount_minor, booked.currency), booked.reference)
    bill = _open_bill(session, customer_id, amount, clock.local_day(now, known.timezone))
    session.execute(
        insert(queries.CREDIT).values(
            customer_id=customer_id, credit_id=credit_id, text=text, amount_minor=amount.minor, currency=amount.currency,
            booked_at=now, bill_id=bill.bill_id if bill else None,
        )
    )  # fmt: skip
    if bill is not None:
        lines = bill.lines or [{"text": BEFORE_CREDITS, "amount_minor": bill.amount_minor}]
        left = bill.amount_minor - amount.minor
        session.execute(
            update(queries.BILL)
            .where(queries.BILL.c.customer_id == customer_id, queries.BILL.c.bill_id == bill.bill_id)
            .values(amount_minor=left, lines=[*lines, {"text": text, "amount_minor": -amount.minor}])
        )
        _latest_is(session, customer_id, bill.bill_id, Money(left, amount.currency), known, now)
    record.changed(session, "profile", customer_id=customer_id, now=now)
    return Credit(credit_id, text, amount, bill.reference if bill else None)


def waiting_credits(session: Session, customer_id: UUID) -> tuple[Credit, ...]:
    """The customer's credits that no bill has taken yet, in the order of their booking."""
    found = session.execute(queries.WAITING, {"customer_id": customer_id})
    return tuple(Credit(row.credit_id, row.text, Money(row.amount_minor, row.currency), None) for row in found)


def issue_bill(session: Session, customer_id: UUID, bill: NewBill, now: datetime) -> Money:
    """Enters a bill with the credits that wait for it, as far as it reaches, and gives what is to be paid.

    The credits are taken in the order of their booking; one that is larger than what is left waits on. Raises NotFound.
    """
    known = locked(session, customer_id)
    lines, left, taken = list(bill.lines), bill.amount_minor, []
    for credit in waiting_credits(session, customer_id):
        if credit.amount.currency == bill.currency and credit.amount.minor <= left:
            lines = lines or [{"text": BEFORE_CREDITS, "amount_minor": bill.amount_minor}]
            lines.append({"text": credit.text, "amount_minor": -credit.amount.minor})
            left -= credit.amount.minor
            taken.append(credit.credit_id)
    session.execute(
        insert(queries.BILL).values(
            customer_id=customer_id, bill_id=bill.bill_id, reference=bill.reference, issued_on=bill.issued_on,
            due_on=bill.due_on, amount_minor=left, currency=bill.currency, status=bill.status, paid_on=bill.paid_on,
            lines=lines, usage=bill.usage,
        )
    )  # fmt: skip
    mine = (queries.CREDIT.c.customer_id == customer_id, queries.CREDIT.c.credit_id.in_(taken))
    session.execute(update(queries.CREDIT).where(*mine).values(bill_id=bill.bill_id))
    to_pay = Money(left, bill.currency)
    _latest_is(session, customer_id, bill.bill_id, to_pay, known, now)
    record.changed(session, "profile", customer_id=customer_id, now=now)
    return to_pay


def _open_bill(session: Session, customer_id: UUID, amount: Money, today: date) -> Any:
    bill = queries.BILL
    return session.execute(
        select(bill)
        .where(bill.c.customer_id == customer_id, bill.c.status == "open", bill.c.due_on >= today)
        .where(bill.c.currency == amount.currency, bill.c.amount_minor >= amount.minor)
        .order_by(bill.c.bill_id.desc())
        .limit(1)
    ).one_or_none()


def _latest_is(session: Session, customer_id: UUID, bill_id: UUID, amount: Money, known: Any, now: datetime) -> None:
    """The profile's version moves, and what it says of the latest bill stays true."""
    facts = dict(known.facts)
    newest = session.execute(_NEWEST, {"customer_id": customer_id}).first()
    if newest is not None and newest.bill_id == bill_id and LAST_BILL in facts.get("values", {}):
        facts["values"] = {**facts["values"], LAST_BILL: amount.major}
    session.execute(
        update(queries.CUSTOMER)
        .where(queries.CUSTOMER.c.customer_id == customer_id)
        .values(facts=facts, version=known.version + 1, updated_at=now)
    )
