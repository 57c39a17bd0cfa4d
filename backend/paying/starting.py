"""A payment begins: kept first, then asked for at the provider, never within a transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlmodel import Session

from backend import db
from backend.paying.door import Door
from backend.paying.rows import PAYMENT, payment_from, payment_of
from backend.paying.types import Asked, Payment
from backend.profiles import service as profiles
from backend.record import service as record
from shared.kernel import ids
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Forbidden, Unavailable
from shared.kernel.languages import gettext

SAME_PAGE = timedelta(minutes=30)
"""So long a hosted page is gone on with; after that a new one is asked for. The old one still counts, should it be paid."""
LONGEST_WHAT = 100


def begin(door: Door, actor: Actor, bill_id: UUID, now: datetime) -> Payment:
    """The customer's payment of their bill, with the page where they pay; pressed twice it is one payment and one page.

    Opens its own transactions, since the provider is asked between them. Raises NotFound, Conflict where the bill is paid or
    nothing is to be paid, Unavailable where the provider does not answer or bills are not paid online here.
    """
    if actor.customer_id is None:
        raise Forbidden(gettext("Only customers pay their bills here."))
    if door.provider is None:
        raise Unavailable(gettext("Bills can't be paid on this page. Please pay as it says on your bill."))
    with db.transaction() as session:
        payment, language = _kept(session, actor, bill_id, now)
    if payment.page:
        return payment
    back = f"{door.address}/payments/{payment.payment_id}"
    asked = Asked(
        payment.payment_id, payment.amount, f"Bill {payment.bill}"[:LONGEST_WHAT], language, back,
        f"{door.address}/api/v1/payments/notices",
    )  # fmt: skip
    hosted = door.provider.start(asked)
    mine = (PAYMENT.c.customer_id == payment.customer_id, PAYMENT.c.payment_id == payment.payment_id)
    with db.transaction() as session:
        session.execute(
            update(PAYMENT).where(*mine, PAYMENT.c.page == "").values(page=hosted.page, provider_id=hosted.provider_id)
        )
        return payment_of(session, payment.customer_id, payment.payment_id)


def _kept(session: Session, actor: Actor, bill_id: UUID, now: datetime) -> tuple[Payment, str]:
    """The payment that is open for the bill, or a new one; and the customer's language."""
    assert actor.customer_id is not None  # noqa: S101 (asked before; for the type checker)
    profile = profiles.held(session, actor.customer_id)
    bill = profiles.bill_of(session, profile.customer_id, bill_id)
    if bill.status == "paid":
        raise Conflict(gettext("This bill is paid already. You don't need to do anything."))
    if bill.amount.minor <= 0:
        raise Conflict(gettext("There is nothing to pay on this bill."))
    guard = bill_id.hex
    mine = (PAYMENT.c.customer_id == profile.customer_id, PAYMENT.c.guard == guard)
    row = session.execute(select(PAYMENT).where(*mine)).one_or_none()
    if row is not None:
        if now - row.started_at < SAME_PAGE and row.amount_minor == bill.amount.minor:
            return payment_from(row), profile.language
        session.execute(update(PAYMENT).where(*mine).values(guard=row.payment_id.hex))
    payment_id = ids.uuid7()
    session.execute(
        insert(PAYMENT).values(
            customer_id=profile.customer_id, payment_id=payment_id, reference=ids.spoken_reference(), bill_id=bill_id, bill=bill.reference,
            amount_minor=bill.amount.minor, currency=bill.amount.currency, state="started", guard=guard, page="",
            provider_id="", method="", why="", notices=[], started_at=now,
        )
    )  # fmt: skip
    record.audit(
        session, actor=actor, action="payment.started", subject=str(payment_id), customer_id=profile.customer_id,
        payload={"bill": bill.reference, "amount_minor": bill.amount.minor, "currency": bill.amount.currency}, now=now,
    )  # fmt: skip
    return payment_of(session, profile.customer_id, payment_id), profile.language
