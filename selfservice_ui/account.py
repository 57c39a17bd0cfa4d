"""What a customer has with us: services, bills, and all that happened."""

from __future__ import annotations

from flask import Blueprint, current_app, request
from werkzeug.wrappers import Response

from backend.overview import service as overview
from backend.people.service import Permission, current_actor, requires
from selfservice_ui.charts import bars
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now

bp = Blueprint("account", __name__)


@bp.get("/services")
@requires(Permission.PORTAL)
def services() -> Response:
    seen = overview.services_page(current_actor(), request_now())
    speak_of(seen.timezone)
    return page(
        "portal/services.html",
        seen=seen,
        drawn=bars([one.amount.major for one in seen.charted]),
        bars_of=lambda used: bars([amount for _day, amount in used.months]),
    )


@bp.get("/bills")
@requires(Permission.PORTAL)
def bills() -> Response:
    seen = overview.bills_page(current_actor(), request_now())
    speak_of(seen.timezone)
    payable = current_app.config["PAYMENTS"].provider is not None
    return page("portal/bills.html", seen=seen, payable=payable, drawn=bars([one.amount.major for one in seen.charted]))


@bp.get("/activity")
@requires(Permission.PORTAL)
def activity() -> Response:
    cursor = request.args.get("cursor")
    seen = overview.activity_page(current_actor(), request_now(), cursor)
    speak_of(seen.timezone)
    return page("portal/activity.html", "lines", lines=seen.items, next_cursor=seen.next_cursor, cursor=cursor)
