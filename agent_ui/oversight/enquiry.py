"""A customer asks why: one day's decisions, what each was made from and by whose rules, made again beside it, and the letter that answers."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.oversight import service as oversight
from backend.oversight.service import Enquiry
from backend.people.service import Permission, current_actor, requires
from backend.profiles import service as profiles
from shared.kernel.errors import Invalid
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now, tell

bp = Blueprint("enquiry", __name__, template_folder="templates")
TEMPLATE, START = "oversight/enquiry.html", "oversight/enquiry_start.html"
LONGEST = 200
ONE = "/customers/<uuid:customer_id>/enquiry"


@bp.get("/enquiry")
@requires(Permission.REPLAY)
def start() -> Response:
    """Whose question it is: their number or e-mail address leads to their days."""
    return page(START, typed="", wrong="")


@bp.post("/enquiry")
@requires(Permission.REPLAY)
def find() -> Response:
    typed = request.form.get("who", "").strip()[:LONGEST]
    with db.reading() as session:
        customer_id = profiles.find_by_sign_in(session, typed) if typed else None
    if customer_id is None:
        wrong = "There is no customer with this number or e-mail address." if typed else "Enter a customer number."
        return page(START, status=422, typed=typed, wrong=wrong)
    return redirect(url_for(".show", customer_id=customer_id), 303)


@bp.get(ONE)
@requires(Permission.REPLAY)
def show(customer_id: UUID) -> Response:
    """One day: the last with a decision by default; `about` a treatment, `decision` one of several of that day."""
    day, wrong = _day(request.args.get("day", ""))
    about, decision = request.args.get("about", ""), _id(request.args.get("decision", ""))
    try:
        found = _found(customer_id, day, about, decision)
    except Invalid as refused:
        # Another day knows other treatments: what was chosen before is no question of this one.
        wrong, found = wrong or refused.errors, _found(customer_id, day, "", decision)
    return _page(found, 422 if wrong else 200, wrong=wrong)


@bp.post(f"{ONE}/letter")
@requires(Permission.WORK_CASES)
def send(customer_id: UUID) -> Response:
    """Sends the letter as it was written; what cannot go out comes back as it was typed."""
    day, about, decision = _asked()
    subject, text = _typed()
    try:
        with db.transaction() as session:
            case = oversight.send_answer(
                session, customer_id, subject, text, decision_id=decision, about=about, day=day, actor=current_actor(), now=request_now()
            )  # fmt: skip
    except Invalid as refused:
        return _page(_found(customer_id, day, about, decision), 422, errors=refused.errors, subject=subject, text=text)
    tell(
        "good",
        "The letter is on its way",
        f"It stands in their case {case.reference[:3]} {case.reference[3:]}, and on their pages.",
    )
    return redirect(url_for("casework.show", customer_id=customer_id, case_id=case.case_id), 303)


@bp.post(f"{ONE}/paper")
@requires(Permission.REPLAY)
def on_paper(customer_id: UUID) -> Response:
    """The letter alone, as it was written, on a page to be printed."""
    day, about, decision = _asked()
    subject, text = _typed()
    found = _found(customer_id, day, about, decision)
    try:
        oversight.check_letter(subject, text)
    except Invalid as refused:
        return _page(found, 422, errors=refused.errors, subject=subject, text=text)
    with db.transaction() as session:
        oversight.note_printed(
            session,
            found.customer_id,
            decision_id=decision,
            about=about,
            day=day,
            actor=current_actor(),
            now=request_now(),
        )
    return page("oversight/letter.html", it=found, subject=subject, text=text)


def _found(customer_id: UUID, day: date | None, about: str, decision: UUID | None) -> Enquiry:
    with db.reading() as session:
        return oversight.enquiry(
            session, customer_id, current_actor(), request_now(), day=day, about=about, decision_id=decision
        )


def _page(
    found: Enquiry, status: int = 200, *, wrong: dict[str, str] | None = None, errors: dict[str, str] | None = None,
    subject: str | None = None, text: str | None = None,
) -> Response:  # fmt: skip
    speak_of(found.zone)
    return page(
        TEMPLATE, status=status, it=found, wrong=wrong or {}, errors=errors or {}, subject=found.subject if subject is None else subject,
        text=found.letter if text is None else text,
    )  # fmt: skip


def _asked() -> tuple[date, str, UUID | None]:
    day, wrong = _day(request.form.get("day", ""))
    if day is None:
        raise Invalid("Choose the day.", wrong or {"day": "a day"})
    return day, request.form.get("about", "")[:120], _id(request.form.get("decision", ""))


def _typed() -> tuple[str, str]:
    return request.form.get("subject", "").strip(), request.form.get("text", "").replace("\r\n", "\n").strip()


def _day(text: str) -> tuple[date | None, dict[str, str]]:
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        return None, {"day": "Write the day as 2026-11-30."}
    # Its midnights must be days too.
    return (day, {}) if day is None or date.min < day < date.max else (None, {"day": "Choose another day."})


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
