"""The payment provider's door: it tells what became of a payment, signed by the Standard Webhooks scheme."""

from __future__ import annotations

from flask import current_app, request
from pydantic import BaseModel

from backend import db, problems
from backend.catalogue import service as catalogues
from backend.paying import notices, settling
from backend.people.service import public
from shared.kernel import clock

bp = problems.blueprint("payments", __name__, "A payment provider tells of payments")


class NoticeAnswer(BaseModel):
    """How the payment stands now."""

    state: str


@bp.post("/payments/notices", responses={200: NoticeAnswer}, summary="What became of a payment (Standard Webhooks)")
@public
def tell() -> problems.Answer:
    """`{"type": "payment.paid" | "payment.failed" | "payment.cancelled", "data": {"reference", "id", "amount_minor", "currency"}}`.

    `data.reference` is what was given when the payment was started; `data.method` may be card, bank or wallet, `data.reason` declined,
    expired or insufficient. Signed by `webhook-id`, `webhook-timestamp` and `webhook-signature`. Told again, nothing happens.
    """
    now = clock.now()
    notice = notices.read(current_app.config["PAYMENTS"].secret, dict(request.headers), request.get_data(), now)
    with db.transaction() as session:
        payment = settling.take(session, notice, now, catalogues.pack_in_force(session))
    return {"state": payment.state}
