"""My inbox, on the desk's first page: what waits for me, the thing that burns first; and how many there are, on every page."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, redirect, request, url_for
from werkzeug.wrappers import Response

from agent_ui.casework.words import span
from agent_ui.desk.channel import OPENED
from backend import db
from backend.cases import service as cases
from backend.cases.types import InboxKind
from backend.casework import service as casework
from backend.casework.service import InboxLine
from backend.interactions import service as interactions
from backend.people.service import Permission, current_actor, requires
from shared.kernel import clock
from shared.ui.pages import page, request_now, tell, wants_fragment

bp = Blueprint("inbox", __name__, template_folder="templates")
LABELS: dict[InboxKind, str] = {
    "message": "Customers wrote", "case": "Cases", "callback": "Calls to make", "task": "Promises", "approval": "Approvals",
}  # fmt: skip
ICONS: dict[InboxKind, str] = {
    "message": "message-circle", "case": "folder", "callback": "phone-call", "task": "clock", "approval": "circle-check",
}  # fmt: skip
SOON = timedelta(hours=2)


@bp.get("/inbox")
@requires(Permission.WORK_CASES)
def show() -> Response:
    """The list alone, as the first page fetches it again; the first page where there is no scripting."""
    if not wants_fragment():
        return redirect(url_for("home.show", only=_only() or None), 303)
    return page("desk/inbox.html", **context())


@bp.get("/inbox/count")
@requires(Permission.WORK_CASES)
def count() -> Response:
    """How many things wait for me; drawn after the page, which need not wait for it."""
    if not wants_fragment():
        return redirect(url_for("home.show"), 303)
    with db.reading() as session:
        many, late = cases.count_waiting(session, UUID(current_actor().id), request_now())
    return page("desk/inbox_count.html", many=many, late=late, counted=True)


@bp.post("/customers/<uuid:customer_id>/notices/<uuid:notice_id>/seen")
@requires(Permission.WORK_CASES)
def seen(customer_id: UUID, notice_id: UUID) -> Response:
    """I have read how an approval came out."""
    with db.transaction() as session:
        cases.seen_notice(session, customer_id, notice_id, UUID(current_actor().id), request_now())
    if wants_fragment():
        return page("desk/inbox.html", **context())
    tell("good", "Noted")
    return redirect(url_for("home.show"), 303)


def context() -> dict[str, Any]:
    """What the list is drawn from."""
    only = _only()
    with db.reading() as session:
        calls = [call for call in interactions.waiting(session) if call.offers]
    return {
        "calls_waiting": calls,
        "inbox": casework.inbox(current_actor(), request_now(), only),
        "only": only,
        "inbox_labels": LABELS,
    }


def _only() -> str:
    return next((kind for kind in LABELS if kind == request.args.get("only")), "")


def burns(line: InboxLine, zone: str) -> str:
    """ "answer overdue by 2 h", "call by 12:00", "promised for tomorrow, 15:00"."""
    item, now = line.item, request_now()
    if item.kind == "approval":
        return f"{span(now - item.since)} ago"
    if item.due_at is None:
        return f"since {span(now - item.since)}"
    what = {"callback": "call", "task": "promise"}.get(item.kind) or ("resolution" if item.answered else "answer")
    if line.late:
        return f"{what} overdue by {span(now - item.due_at)}"
    return f"{what} due {_when(item.due_at, zone, now)}"


def tone(line: InboxLine) -> str:
    """bad for what is late, warn for what is due within two hours."""
    if line.late:
        return "bad"
    due = line.item.due_at
    return "warn" if line.item.kind != "approval" and due is not None and due - request_now() < SOON else ""


def _when(at: datetime, zone: str, now: datetime) -> str:
    local = at.astimezone(clock.zone_named(zone))
    days = (local.date() - clock.local_day(now, zone)).days
    if at - now < timedelta(hours=8):
        return f"in {span(at - now)}"
    day = {0: "today", 1: "tomorrow"}.get(days) or (f"{local:%A}" if days < 7 else f"{local.day} {local:%b}")
    return f"{day}, {local:%H:%M}"


def install(app: Flask) -> None:
    """Teaches the desk's templates the words of the inbox."""
    app.jinja_env.filters.update(burns=burns, burn_tone=tone)
    app.jinja_env.globals.update(inbox_icons=ICONS, OPENED=OPENED)
