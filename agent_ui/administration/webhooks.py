"""Webhooks for administrators: the endpoints, what is on its way, the dead letters; add, stop, remove, send again."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from flask import Blueprint, Flask, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.people.service import Permission, current_actor, requires
from backend.record import service as record
from backend.settings import Settings
from shared.kernel.errors import Invalid
from shared.ui.pages import page, request_now, tell

bp = Blueprint("webhooks", __name__, template_folder="templates")
TEMPLATE = "administration/webhooks.html"
_SETTINGS = "evenhand_webhooks"


@bp.get("/webhooks")
@requires(Permission.ADMIN)
def index() -> Response:
    return page(TEMPLATE, **_context())


@bp.post("/webhooks")
@requires(Permission.ADMIN)
def add() -> Response:
    """A new endpoint. Its secret stands on this answer alone, which is why it leads nowhere else."""
    settings: Settings = current_app.extensions[_SETTINGS]
    url, events, actor = request.form.get("url", ""), request.form.getlist("events"), current_actor()
    try:
        if not events:
            # Here everything is there to be chosen: nothing chosen is a mistake.
            raise Invalid("Choose at least one event.", {"events": "Choose at least one event."})
        with db.transaction() as session:
            made, secret = record.add_endpoint(
                session, url, events, by=actor.name, key=settings.secret, tls_only=settings.env == "production", now=request_now()
            )  # fmt: skip
            _note(
                session,
                "webhook.added",
                made.endpoint_id,
                {"before": None, "after": {"address": where(made.url), "events": list(made.events)}},
            )
    except Invalid as wrong:
        typed = {"url": url, "events": events}
        return page(TEMPLATE, status=422, errors=wrong.errors, **_context() | {"typed": typed})
    return page(TEMPLATE, status=201, added=made, secret=secret, **_context())


@bp.post("/webhooks/<uuid:endpoint_id>/removal")
@requires(Permission.ADMIN)
def remove(endpoint_id: UUID) -> Response:
    with db.transaction() as session:
        gone = record.remove_endpoint(session, endpoint_id)
        _note(
            session,
            "webhook.removed",
            endpoint_id,
            {
                "before": {"address": where(gone.url), "events": list(gone.events)},
                "after": None,
                "pending": gone.pending,
                "dead": gone.dead,
            },
        )
    return _told("Endpoint removed", f"Nothing is sent to {where(gone.url)} any more.")


@bp.post("/webhooks/<uuid:endpoint_id>/switch")
@requires(Permission.ADMIN)
def switch(endpoint_id: UUID) -> Response:
    """Stops sending, or resumes it."""
    active = request.form.get("active") == "yes"
    with db.transaction() as session:
        before = next((one.active for one in record.endpoints(session) if one.endpoint_id == endpoint_id), None)
        record.switch_endpoint(session, endpoint_id, active=active)
        _note(session, "webhook.switched", endpoint_id, {"before": {"active": before}, "after": {"active": active}})
    return _told("Sending again" if active else "Sending stopped", "")


@bp.post("/webhooks/resending")
@requires(Permission.ADMIN)
def resend() -> Response:
    """One dead letter, or all of them, once more from the beginning."""
    message, endpoint = request.form.get("message", ""), request.form.get("endpoint", "")
    with db.transaction() as session:
        if message:
            many = record.resend(session, message, _endpoint(endpoint), request_now())
        else:
            many = record.resend_all(session, request_now())
        _note(session, "webhook.resent", message or "all", {"many": many})
    return _told(f"{many} on {'its' if many == 1 else 'their'} way again" if many else "No dead letters", "")


def where(url: str) -> str:
    """An address as people tell it apart: without scheme, and without what may be a token."""
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}".rstrip("/")


def install(app: Flask, settings: Settings) -> None:
    """Gives the page what the endpoints' secrets are worked out from, and the templates its words."""
    app.extensions[_SETTINGS] = settings
    app.jinja_env.filters["endpoint"] = where


def _context() -> dict[str, Any]:
    with db.reading() as session:
        return {
            "endpoints": record.endpoints(session),
            "dead": record.deliveries(session, "dead"),
            "recent": record.deliveries(session, "pending", "delivered"),
            "all_events": record.EVENTS,
            "typed": {"url": "", "events": record.EVENTS},
        }


def _endpoint(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Invalid("That is no endpoint.") from None


def _told(title: str, text: str) -> Response:
    tell("good", title, text)
    return redirect(url_for(".index"), 303)


def _note(session: db.Session, action: str, subject: UUID | str, payload: dict[str, Any]) -> None:
    record.audit(
        session, actor=current_actor(), action=action, subject=f"webhook:{subject}", customer_id=None, payload=payload,
        now=request_now(),
    )  # fmt: skip
