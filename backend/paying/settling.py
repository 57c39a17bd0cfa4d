"""What the provider tells settles a payment: exactly once, in whatever order and however often it is told.

started ──failed, cancelled──▶ failed, cancelled ──▶ (another attempt on the same page) ──paid──▶ paid
paid and disputed stay what they are: what is told later changes nothing. A person settles a dispute (disputing.py).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlmodel import Session

from backend.cases import service as cases
from backend.interactions import service as interactions
from backend.matrix.service import Pack
from backend.paying.rows import PAYMENT, payment_of
from backend.paying.types import METHODS, REASONS, SETTLED, Notice, Payment
from backend.profiles import service as profiles
from backend.record import service as record
from shared.kernel import money
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import NotFound
from shared.kernel.languages import gettext, speaking
from shared.kernel.money import Money

CHANNEL = "portal"
MOST_NOTICES = 20
PAID = "bill.paid"
"""The outbox topic of a bill that was paid."""
PROVIDER = Actor("system", "payments", "Payments")


def take(session: Session, notice: Notice, now: datetime, pack: Pack) -> Payment:
    """Does what the notice says, once, and gives the payment as it stands then. Raises NotFound for a payment that is none of ours."""
    whose = session.execute(select(PAYMENT.c.customer_id).where(PAYMENT.c.payment_id == notice.payment_id)).scalar()
    if whose is None:
        raise NotFound("There is no such payment.")
    # Whoever else settles a bill of this customer waits until it is done.
    profile = profiles.held(session, whose)
    mine = (PAYMENT.c.customer_id == whose, PAYMENT.c.payment_id == notice.payment_id)
    row = session.execute(select(PAYMENT).where(*mine)).one_or_none()
    if row is None:
        raise NotFound("There is no such payment.")
    if notice.notice_id in row.notices or row.state in SETTLED or row.came_minor is not None:
        return payment_of(session, whose, notice.payment_id)
    values: dict[str, Any] = {
        "notices": [*row.notices, notice.notice_id][-MOST_NOTICES:],
        "provider_id": row.provider_id or notice.provider_id,
        # Another attempt may be begun from now on; this one may still be paid.
        "guard": row.payment_id.hex,
    }
    asked = Money(row.amount_minor, row.currency)
    if notice.kind != "paid":
        values |= {"state": notice.kind, "why": notice.why if notice.why in REASONS else ""}
    elif notice.amount == asked:
        values |= {
            "state": "paid",
            "method": notice.method if notice.method in METHODS else "",
            "why": "",
            "settled_at": now,
        }
    else:
        values |= {
            "state": "disputed", "came_minor": notice.amount.minor, "came_currency": notice.amount.currency, "settled_at": now,
            "case_id": _looked_at(session, payment_of(session, whose, notice.payment_id), notice.amount, now, pack),
        }  # fmt: skip
    session.execute(update(PAYMENT).where(*mine).values(**values))
    after = payment_of(session, whose, notice.payment_id)
    if after.state == "paid":
        count(session, profile, after, after.amount, PROVIDER, CHANNEL, now)
    elif after.state == "failed":
        tell(session, after, "payment.failed", {"reason": REASONS.get(after.why, "")}, PROVIDER, CHANNEL, now)
    record.audit(
        session, actor=PROVIDER, action=f"payment.{after.state}", subject=str(after.payment_id), customer_id=whose,
        payload={"bill": after.bill, "amount_minor": notice.amount.minor, "currency": notice.amount.currency}, now=now,
    )  # fmt: skip
    # Who waits on the page where they came back sees it at once, also where nothing stands on the timeline.
    record.changed(session, "timeline", customer_id=whose, now=now)
    return after


def count(
    session: Session, profile: profiles.Profile, payment: Payment, amount: Money, actor: Actor, channel: str, now: datetime
) -> Money:  # fmt: skip
    """The bill is paid with this amount. What is over, because it was paid or lowered meanwhile, is taken off the next one: nobody pays twice.

    Gives what was over: all of it where it does not come to the bill.
    """
    left = profiles.pay_bill(session, payment.customer_id, payment.bill_id, amount, now)
    told: dict[str, Any] = {"method": METHODS.get(payment.method, "")}
    if left:
        with speaking(profile.language):
            text = gettext("Paid more than was due: bill %(bill)s", bill=payment.bill)
        credit = profiles.book_credit(session, payment.customer_id, payment.payment_id, text, left, now)
        told["left_minor"] = left.minor
        interactions.record(
            session, payment.customer_id, "credit.booked", None, SYSTEM,
            {"text": credit.text, "amount_minor": left.minor, "currency": left.currency, "bill": credit.bill}, now,
        )  # fmt: skip
    record.put(session, customer_id=payment.customer_id, topic=PAID, payload={"bill": payment.bill}, now=now)
    tell(session, payment, "payment.made", told | {"amount_minor": amount.minor}, actor, channel, now)
    return left


def _looked_at(session: Session, payment: Payment, came: Money, now: datetime, pack: Pack) -> UUID:
    """Not what was asked: a person looks at it, and nothing is settled by guess."""
    subject = (
        f"A payment of {money.text(came)} came for bill {payment.bill}, where {money.text(payment.amount)} was asked"
    )
    type = next((one.key for one in pack.casework.case_type if one.key == "bill"), "")
    return cases.open_case(
        session, payment.customer_id, "case", subject, actor=SYSTEM, now=now, pack=pack, type=type
    ).case_id


def tell(
    session: Session, payment: Payment, kind: str, more: dict[str, Any], actor: Actor, channel: str, now: datetime
) -> None:
    """The customer's timeline has it."""
    data = {
        "payment_id": str(payment.payment_id), "reference": payment.reference, "bill": payment.bill, "amount_minor": payment.amount.minor,
        "currency": payment.amount.currency, **more,
    }  # fmt: skip
    interactions.record(session, payment.customer_id, kind, channel, actor, data, now, stage="pay")
