"""A customer's bills, as others may know them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from backend.profiles import queries
from backend.profiles.types import Bill
from shared.kernel.errors import NotFound
from shared.kernel.money import Money


def bills(session: Session, customer_id: UUID, most: int = 24) -> tuple[Bill, ...]:
    """The customer's bills with their lines, newest first."""
    rows = session.execute(queries.BILLS, {"customer_id": customer_id, "most": most})
    return tuple(bill_from(row, row.lines, row.usage) for row in rows)


def bill_heads(session: Session, customer_id: UUID, most: int = 24, *, unpaid: bool = False) -> tuple[Bill, ...]:
    """The same without their lines, for pages that show none; with `unpaid`, those alone that are open or overdue."""
    statement = queries.UNPAID if unpaid else queries.BILL_HEADS
    return tuple(bill_from(row, ()) for row in session.execute(statement, {"customer_id": customer_id, "most": most}))


def bill_from(row: Any, lines: Iterable[dict[str, Any]], usage: Mapping[str, float] | None = None) -> Bill:
    return Bill(
        bill_id=row.bill_id,
        reference=row.reference,
        issued_on=row.issued_on,
        due_on=row.due_on,
        amount=Money(row.amount_minor, row.currency),
        status=row.status,
        paid_on=row.paid_on,
        lines=tuple((line["text"], Money(line["amount_minor"], row.currency)) for line in lines),
        usage=dict(usage or {}),
    )


def bill_of(session: Session, customer_id: UUID, bill_id: UUID) -> Bill:
    """One bill of the customer's, with its lines. Raises NotFound, for another customer's too."""
    row = bill_row(session, customer_id, bill_id)
    return bill_from(row, row.lines, row.usage)


def bill_before(session: Session, customer_id: UUID, bill_id: UUID) -> Bill | None:
    """The customer's bill before this one; None for their first."""
    bill = queries.BILL
    earlier = select(bill).where(bill.c.customer_id == customer_id, bill.c.bill_id < bill_id)
    row = session.execute(earlier.order_by(bill.c.bill_id.desc()).limit(1)).first()
    return None if row is None else bill_from(row, row.lines)


def bill_row(session: Session, customer_id: UUID, bill_id: UUID) -> Any:
    """The same as its row, for those of this room who change it."""
    bill = queries.BILL
    mine = select(bill).where(bill.c.customer_id == customer_id, bill.c.bill_id == bill_id)
    row = session.execute(mine).one_or_none()
    if row is None:
        raise NotFound("There is no such bill.")
    return row
