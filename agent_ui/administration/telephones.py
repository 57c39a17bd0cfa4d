"""Telephones for administrators: which extension is whose, so that calls ring at the right desk."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.people import service as people
from backend.people.service import Permission, current_actor, requires
from backend.record import service as record
from shared.kernel.errors import Invalid, NotFound
from shared.ui.pages import page, request_now, tell

bp = Blueprint("telephones", __name__, template_folder="templates")
TEMPLATE = "administration/telephones.html"


@bp.get("/telephones")
@requires(Permission.ADMIN)
def index() -> Response:
    return page(TEMPLATE, **_context())


@bp.post("/telephones")
@requires(Permission.ADMIN)
def assign() -> Response:
    """The telephone is this person's from now on, whosever it was."""
    typed = {"extension": request.form.get("extension", ""), "email": request.form.get("email", "")}
    try:
        with db.transaction() as session:
            before = _whose(session, typed["extension"])
            made = people.assign_extension(session, **typed, by=current_actor(), now=request_now())
            _note(
                session, "extension.set", made.extension, {"before": {"whose": before}, "after": {"whose": made.email}}
            )
    except NotFound:
        errors = {"email": "Choose whose telephone it is."}
        return page(TEMPLATE, status=422, errors=errors, **_context() | {"typed": typed})
    except Invalid as wrong:
        return page(TEMPLATE, status=422, errors=wrong.errors, **_context() | {"typed": typed})
    return _told(f"{made.extension} is {made.name}'s", "Their calls ring at their desk.")


@bp.post("/telephones/removal")
@requires(Permission.ADMIN)
def withdraw() -> Response:
    extension = request.form.get("extension", "")
    with db.transaction() as session:
        before = _whose(session, extension)
        people.withdraw_extension(session, extension)
        _note(session, "extension.removed", extension, {"before": {"whose": before}, "after": {"whose": None}})
    return _told(f"{extension} is nobody's", "Its calls ring for whoever has been ready longest.")


def _whose(session: db.Session, extension: str) -> str | None:
    wanted = people.spelled(extension)
    return next((one.email for one in people.extensions(session) if one.extension == wanted), None)


def _context() -> dict[str, Any]:
    with db.reading() as session:
        return {
            "extensions": people.extensions(session),
            "colleagues": people.colleagues(session),
            "typed": {"extension": "", "email": ""},
        }


def _told(title: str, text: str) -> Response:
    tell("good", title, text)
    return redirect(url_for(".index"), 303)


def _note(session: db.Session, action: str, extension: str, payload: dict[str, Any]) -> None:
    record.audit(
        session, actor=current_actor(), action=action, subject=f"extension:{extension}", customer_id=None, payload=payload,
        now=request_now(),
    )  # fmt: skip
