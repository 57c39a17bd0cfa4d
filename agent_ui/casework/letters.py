"""Mail of which nobody knows whose it is: somebody says so, and it is a case of theirs; or that nobody wants it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.mail import service as mail
from backend.mailroom import service as mailroom
from backend.people.service import Permission, current_actor, requires
from backend.profiles import service as profiles
from backend.record import service as record
from shared.ui.pages import page, request_now, tell

bp = Blueprint("letters", __name__, template_folder="templates")


@bp.get("/cases/mail")
@requires(Permission.WORK_CASES)
def index() -> Response:
    return _page()


@bp.post("/cases/mail/<uuid:mail_id>/customer")
@requires(Permission.WORK_CASES)
def give(mail_id: UUID) -> Response:
    """It is this customer's: their case follows, with the mail as its first message."""
    who, home = request.form.get("customer", ""), current_app.extensions["evenhand_home"]
    with db.transaction() as session:
        kept = mail.one_unrecognised(session, mail_id)
        customer_id = profiles.find_by_sign_in(session, who) if who.strip() else None
        if customer_id is not None:
            case = mailroom.take(session, mail_id, customer_id, home=home, actor=current_actor(), now=request_now())
            _note(session, "mail.given", mail_id, profiles.resolve(session, customer_id))
    if customer_id is None:
        return _page(422, wrong=mail_id, typed=who)
    mailroom.remove(home, [kept.place])
    tell("good", "A case of theirs", f"The reference is {case.reference[:3]} {case.reference[3:]}.")
    return redirect(url_for("casework.show", customer_id=customer_id, case_id=case.case_id), 303)


@bp.post("/cases/mail/<uuid:mail_id>/removal")
@requires(Permission.WORK_CASES)
def drop(mail_id: UUID) -> Response:
    with db.transaction() as session:
        place = mailroom.drop(session, mail_id, actor=current_actor())
        _note(session, "mail.dropped", mail_id, None)
    mailroom.remove(current_app.extensions["evenhand_home"], [place])
    tell("good", "Removed", "Nobody is told.")
    return redirect(url_for(".index"), 303)


def _page(status: int = 200, **more: Any) -> Response:
    with db.reading() as session:
        found = mail.unrecognised(session)
    return page("casework/letters.html", status=status, letters=found, **{"wrong": None, "typed": ""} | more)


def _note(session: db.Session, action: str, mail_id: UUID, customer_id: UUID | None) -> None:
    record.audit(
        session, actor=current_actor(), action=action, subject=f"mail:{mail_id}", customer_id=customer_id, payload={},
        now=request_now(),
    )  # fmt: skip
