"""Another amount came than was asked: a person says what becomes of it, once, and by name."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session

from backend.cases import service as cases
from backend.paying.rows import PAYMENT, payment_of
from backend.paying.settling import count, tell
from backend.paying.types import Payment
from backend.profiles import service as profiles
from backend.record import service as record
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid
from shared.kernel.languages import gettext, speaking

How = Literal["counted", "returned"]


def settle(
    session: Session, customer_id: UUID, payment_id: UUID, how: str, *, actor: Actor, channel: str, now: datetime
) -> Payment:
    """What came is counted, as far as it goes, or was sent back and is still to pay. Its case is closed with that.

    Counted, it pays the bill where it comes to it, and what is over, or all of it where it does not, is taken off what is
    billed: no money is lost. Settled the same way twice, it is settled once. Raises NotFound, Invalid for another way or
    another currency, Conflict where it is not disputed (any more).
    """
    profile = profiles.held(session, customer_id)
    before = payment_of(session, customer_id, payment_id)
    came = before.came
    if how not in ("counted", "returned"):
        raise Invalid("Say what becomes of it.", {"how": "Count it, or say that it was sent back."})
    ends_as = "paid" if how == "counted" else "cancelled"
    if came is not None and before.state == ends_as:
        return before
    if before.state != "disputed" or came is None:
        raise Conflict("Nothing about this payment is open any more.")
    if how == "counted" and came.currency != before.amount.currency:
        raise Invalid("It came in another currency.", {"how": "It came in another currency: it can only be sent back."})
    mine = (PAYMENT.c.customer_id == customer_id, PAYMENT.c.payment_id == payment_id)
    session.execute(update(PAYMENT).where(*mine).values(state=ends_as, settled_at=now))
    after = payment_of(session, customer_id, payment_id)
    with speaking(profile.language):
        counted, returned = gettext("What you paid was counted."), gettext("What you paid was sent back to you.")
    if how == "counted":
        count(session, profile, after, came, actor, channel, now)
    else:
        tell(
            session,
            after,
            "payment.returned",
            {"amount_minor": came.minor, "currency": came.currency},
            actor,
            channel,
            now,
        )
    if after.case_id is not None and cases.case_of(session, customer_id, after.case_id).state == "open":
        outcome = counted if how == "counted" else returned
        cases.done(session, customer_id, after.case_id, actor=actor, now=now, outcome=outcome)
    record.audit(
        session, actor=actor, action=f"payment.{how}", subject=str(payment_id), customer_id=customer_id,
        payload={"bill": after.bill, "asked_minor": after.amount.minor, "came_minor": came.minor, "currency": came.currency}, now=now,
    )  # fmt: skip
    record.changed(session, "timeline", customer_id=customer_id, now=now)
    return after
