"""A bill: what stands on it, why it is not the last one, and paying it on the payment provider's page. Only one's own."""

from __future__ import annotations

import json
from uuid import UUID

from flask import Blueprint, abort, current_app, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from backend import db
from backend.catalogue import service as catalogues
from backend.overview import service as overview
from backend.paying import service as paying
from backend.people.service import Permission, current_actor, requires
from backend.record import service as record
from shared.kernel import ids
from shared.kernel.errors import Conflict, Unavailable
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now, tell

bp = Blueprint("bills", __name__)
OUTCOMES = ("paid", "failed", "cancelled")


@bp.get("/bills/<uuid:bill_id>")
@requires(Permission.PORTAL)
def show(bill_id: UUID) -> Response:
    return _bill(bill_id)


@bp.post("/bills/<uuid:bill_id>/payments")
@requires(Permission.PORTAL)
def pay(bill_id: UUID) -> Response:
    """Begins a payment, and leads to the page where it is made; pressed twice it is one payment."""
    payment = paying.begin(_door(), current_actor(), bill_id, request_now())
    return redirect(url_for(".leaving", payment_id=payment.payment_id), 303)


@bp.get("/payments/<uuid:payment_id>/page")
@requires(Permission.PORTAL)
def leaving(payment_id: UUID) -> Response:
    """Leads on to the provider's page, by a link too: a form of ours may send nobody elsewhere."""
    seen = overview.payment_page(current_actor(), payment_id, request_now())
    if seen.payment.state != "started" or not seen.payment.page:
        return redirect(url_for(".payment", payment_id=payment_id), 303)
    if seen.payment.page.startswith("/"):
        return redirect(seen.payment.page, 303)
    answer = page("portal/payment_leaving.html", payment=seen.payment)
    answer.headers["Refresh"] = f"0; url={seen.payment.page}"
    return answer


@bp.get("/payments/<uuid:payment_id>")
@requires(Permission.PORTAL)
def payment(payment_id: UUID) -> Response:
    """How the payment stands, as far as the provider has told us: who comes back before it has reads just that."""
    seen = overview.payment_page(current_actor(), payment_id, request_now())
    speak_of(seen.timezone)
    went_back = request.args.get("outcome") == "cancelled"
    return page(
        "portal/payment.html", seen=seen, went_back=went_back, reasons=reasons(), payable=_door().provider is not None
    )


@bp.get("/test-payments/<uuid:payment_id>")
@requires(Permission.PORTAL)
def test_page(payment_id: UUID) -> Response:
    """What stands in a provider's place where none is set up: it says so, and asks for nothing."""
    seen = overview.payment_page(current_actor(), payment_id, request_now())
    if not _door().is_test:
        abort(404)
    if seen.payment.state in ("paid", "disputed"):
        return redirect(url_for(".payment", payment_id=payment_id), 303)
    return page("portal/payment_test.html", payment=seen.payment)


@bp.post("/test-payments/<uuid:payment_id>")
@requires(Permission.PORTAL)
def test_outcome(payment_id: UUID) -> Response:
    """Tells the outcome as a provider does: signed, through the very same door."""
    seen, door, now = overview.payment_page(current_actor(), payment_id, request_now()), _door(), request_now()
    outcome = request.form.get("outcome", "")
    if not door.is_test or outcome not in OUTCOMES:
        abort(404)
    told = {
        "type": f"payment.{outcome}",
        "data": {
            "reference": str(payment_id), "id": f"test_{payment_id.hex}", "amount_minor": seen.payment.amount.minor,
            "currency": seen.payment.amount.currency, "method": "card", "reason": "declined" if outcome == "failed" else "",
        },
    }  # fmt: skip
    body = json.dumps(told)
    headers = record.headers_of(door.secret, f"test_{ids.uuid7().hex}", now, body)
    notice = paying.read(door.secret, headers, body.encode(), now)
    with db.transaction() as session:
        paying.take(session, notice, now, catalogues.pack_in_force(session))
    return redirect(url_for(".payment", payment_id=payment_id), 303)


@bp.errorhandler(Unavailable)
@bp.errorhandler(Conflict)
def not_now(error: Unavailable | Conflict) -> Response:
    """Nothing was paid: the bill's page says why, and how it stands."""
    bill_id = (request.view_args or {}).get("bill_id")
    if bill_id is None:
        tell("warn", error.title, str(error))
        return redirect(url_for("account.bills"), 303)
    return _bill(bill_id, error.status, refused=error)


def _bill(bill_id: UUID, status: int = 200, refused: Unavailable | Conflict | None = None) -> Response:
    seen = overview.bill_page(current_actor(), bill_id, request_now())
    speak_of(seen.timezone)
    payable = _door().provider is not None and seen.bill.status != "paid" and seen.bill.amount.minor > 0
    return page("portal/bill.html", status=status, seen=seen, refused=refused, payable=payable)


def _door() -> paying.Door:
    door: paying.Door = current_app.config["PAYMENTS"]
    return door


def reasons() -> dict[str, str]:
    """Why a payment failed, as the customer reads it."""
    return {
        "declined": gettext("Your bank said no."),
        "expired": gettext("The card has expired."),
        "insufficient": gettext("There was not enough money in the account."),
    }
