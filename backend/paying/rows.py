"""Payments as they are kept: found, and handed out as the others know them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from backend import db
from backend.paying.tables import PaymentRow
from backend.paying.types import Payment
from shared.kernel import ids
from shared.kernel.errors import NotFound
from shared.kernel.money import Money

PAYMENT = db.table_of(PaymentRow)
SHOWN = 20


def payment_of(session: Session, customer_id: UUID, payment_id: UUID) -> Payment:
    """One payment of the customer's. Raises NotFound, for another customer's too."""
    mine = select(PAYMENT).where(PAYMENT.c.customer_id == customer_id, PAYMENT.c.payment_id == payment_id)
    row = session.execute(mine).one_or_none()
    if row is None:
        raise NotFound("There is no such payment.")
    return payment_from(row)


def payments_of(session: Session, customer_id: UUID, bills: Sequence[UUID]) -> tuple[Payment, ...]:
    """What was tried and paid for these bills of the customer's, newest first."""
    mine = select(PAYMENT).where(PAYMENT.c.customer_id == customer_id, PAYMENT.c.bill_id.in_(bills))
    rows = session.execute(mine.order_by(PAYMENT.c.payment_id.desc()).limit(SHOWN))
    return tuple(payment_from(row) for row in rows)


def disputed_of(session: Session, customer_id: UUID) -> tuple[Payment, ...]:
    """The customer's payments of which another amount came than was asked, and which nobody has settled yet; oldest first."""
    mine = select(PAYMENT).where(PAYMENT.c.customer_id == customer_id, PAYMENT.c.state == "disputed")
    return tuple(payment_from(row) for row in session.execute(mine.order_by(PAYMENT.c.payment_id)))


def owner_of_payment(session: Session, reference: str) -> UUID | None:
    """Whose payment has this reference, however it is written; the latest, should two ever share one; None when nobody's has."""
    said = ids.spoken_text(reference)
    if said is None:
        return None
    asked = (
        select(PAYMENT.c.customer_id).where(PAYMENT.c.reference == said).order_by(PAYMENT.c.started_at.desc()).limit(1)
    )
    found: UUID | None = session.execute(asked).scalar()
    return found


def payment_from(row: Any) -> Payment:
    return Payment(
        customer_id=row.customer_id, payment_id=row.payment_id, reference=row.reference, bill_id=row.bill_id, bill=row.bill,
        amount=Money(row.amount_minor, row.currency), state=row.state, page=row.page, method=row.method, why=row.why,
        started_at=row.started_at, settled_at=row.settled_at,
        came=None if row.came_minor is None else Money(row.came_minor, row.came_currency or row.currency), case_id=row.case_id,
    )  # fmt: skip
