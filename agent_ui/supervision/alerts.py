"""Alerts: what rules saw go wrong, each taken by somebody, snoozed or done with a word of what was done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from agent_ui.desk.acting import Refusal, acted
from backend import db
from backend.alerts import service as alerts
from backend.alerts.service import Alert
from backend.catalogue import service as catalogues
from backend.oversight import service as oversight
from backend.people.service import Permission, current_actor, requires
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now

bp = Blueprint("alerts", __name__, template_folder="templates")
ONE = "/alerts/<uuid:alert_id>"
SNOOZES = {15: "15 minutes", 60: "1 hour", 240: "4 hours"}
MANY = 99
TEMPLATE, BLOCK = "supervision/alerts.html", "board"


@bp.get("/alerts")
@requires(Permission.SUPERVISE)
def show() -> Response:
    """The whole page; its board alone for whoever follows it."""
    return page(TEMPLATE, BLOCK, **_context())


@bp.get("/alerts/count")
@requires(Permission.SUPERVISE)
def count() -> Response:
    """How many wait, for the top of every page."""
    with db.reading() as session:
        found = alerts.waiting(session, request_now(), MANY + 1)
    urgent = sum(one.urgency == "now" and one.over_at is None for one in found)
    return page("supervision/alerts_count.html", alerts_counted=True, alerts_many=len(found), alerts_urgent=urgent)


@bp.post(f"{ONE}/acknowledge")
@requires(Permission.SUPERVISE)
def acknowledge(alert_id: UUID) -> Response:
    return _act(
        alert_id, "It is yours", lambda session, now: alerts.acknowledge(session, alert_id, current_actor(), now)
    )


@bp.post(f"{ONE}/owner")
@requires(Permission.SUPERVISE)
def hand_on(alert_id: UUID) -> Response:
    def act(session: db.Session, now: datetime) -> Alert:
        to = oversight.owner_named(session, _id("to"))
        return alerts.hand_on(session, alert_id, to, current_actor(), now)

    return _act(alert_id, "Handed on", act)


@bp.post(f"{ONE}/snooze")
@requires(Permission.SUPERVISE)
def snooze(alert_id: UUID) -> Response:
    """It waits unseen for so many minutes; for none, it is awake again."""

    def act(session: db.Session, now: datetime) -> Alert:
        minutes = _number("minutes")
        if minutes == 0:
            return alerts.wake(session, alert_id, current_actor(), now)
        return alerts.snooze(session, alert_id, now + timedelta(minutes=minutes), current_actor(), now)

    return _act(alert_id, "Awake again" if _number("minutes") == 0 else "Snoozed", act)


@bp.post(f"{ONE}/done")
@requires(Permission.SUPERVISE)
def done(alert_id: UUID) -> Response:
    what = request.form.get("what", "")
    return _act(alert_id, "Done", lambda session, now: alerts.finish(session, alert_id, what, current_actor(), now))


@bp.post(f"{ONE}/again")
@requires(Permission.SUPERVISE)
def again(alert_id: UUID) -> Response:
    return _act(alert_id, "Open again", lambda session, now: alerts.open_again(session, alert_id, current_actor(), now))


def _act(alert_id: UUID, said: str, act: Callable[[db.Session, datetime], Alert]) -> Response:
    """Does it; the board comes back as it is now, with why where it was refused, and what was typed."""

    def refused(why: Refusal) -> Response:
        wrong = {"id": alert_id, "text": str(why), "typed": request.form.get("what", "")}
        return page(TEMPLATE, BLOCK, status=why.status, wrong=wrong, **_context())

    return acted(
        lambda session: act(session, request_now()),
        refused,
        said=lambda found: (said, found.label),
        back=lambda _: url_for(".show"),
        piece=lambda found: page(TEMPLATE, BLOCK, said={"title": said, "text": found.label}, **_context()),
    )


def _context() -> dict[str, Any]:
    now = request_now()
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
        board = oversight.alert_board(session, now)
    speak_of(pack.timezone)
    return {"board": board, "snoozes": SNOOZES, "mine": UUID(current_actor().id), "rules": len(pack.alerting.alert)}


def _id(name: str) -> UUID:
    try:
        return UUID(request.form.get(name, ""))
    except ValueError:
        return UUID(int=0)


def _number(name: str) -> int:
    text = request.form.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else -1
