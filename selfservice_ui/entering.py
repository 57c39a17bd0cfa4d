"""Ways in by a code that is sent by e-mail: the first use, without a password, and with a forgotten one.

Each page is the same whether or not there is anybody of this number: who has no account is never told so, nor anybody else.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, current_app, redirect, request, session, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.entering import service as entering
from backend.people.service import public
from selfservice_ui import coming_in
from shared.kernel.errors import Conflict, Invalid
from shared.kernel.languages import gettext, ngettext
from shared.ui.pages import page, request_now, tell

bp = Blueprint("entering", __name__)
ASKED = "entry"
STARTS = {"claim": "entering.first_use", "sign-in": "entering.by_code", "recovery": "entering.recovery"}


@bp.get("/first-use")
@public
def first_use() -> Response:
    return _first_use()


@bp.post("/first-use")
@public
def claim() -> Response:
    """Who they are, by their number and one thing that we know: a code goes to the address that we know."""
    number, fact, answer = (request.form.get(name, "").strip() for name in ("number", "fact", "answer"))
    with db.reading() as reading:
        known = [one.key for one in entering.facts_asked(reading)]
    fact = known[0] if len(known) == 1 else fact
    errors = {}
    if not number:
        errors["number"] = gettext("Enter your customer number.")
    if fact not in known:
        errors["fact"] = gettext("Choose what you want to tell us.")
    if not answer:
        errors["answer"] = gettext("Enter your answer.")
    if errors:
        return _first_use(422, errors)
    asked = entering.ask_to_claim(
        number, fact, answer, coming_in.visitor(), current_app.config["ADDRESS"], request_now()
    )
    return _asked(asked, "claim")


@bp.get("/sign-in/code")
@public
def by_code() -> Response:
    return _who("sign-in")


@bp.post("/sign-in/code")
@public
def send_code() -> Response:
    return _send("sign-in")


@bp.get("/recovery")
@public
def recovery() -> Response:
    return _who("recovery")


@bp.post("/recovery")
@public
def recover() -> Response:
    return _send("recovery")


@bp.get("/code")
@public
def code() -> Response:
    asked = _open()
    return _code(asked[1]) if asked else redirect(url_for("signing_in.form"), 303)


@bp.post("/code")
@public
def read_code() -> Response:
    asked = _open()
    if asked is None:
        return redirect(url_for("signing_in.form"), 303)
    code_id, purpose = asked
    try:
        read = entering.read_code(code_id, request.form.get("code", ""), request_now())
    except Invalid as wrong:
        return _code(purpose, 422, errors=wrong.errors)
    except Conflict as over:
        return _code(purpose, 422, errors={"": str(over)}, over=True)
    if not read.right:
        return _code(purpose, 422, errors={"code": _wrong(read.tries)}, over=not read.tries)
    if read.actor is not None:
        return coming_in.begin(read.actor, "code", str(session[ASKED].get("next", "")))
    return redirect(url_for(".new_password"), 303)


@bp.get("/new-password")
@public
def new_password() -> Response:
    asked = _proved()
    return _new_password(asked[1]) if asked else redirect(url_for("signing_in.form"), 303)


@bp.post("/new-password")
@public
def choose_password() -> Response:
    asked = _open()
    if asked is None:
        return redirect(url_for("signing_in.form"), 303)
    code_id, purpose = asked
    try:
        actor = entering.choose_password(
            code_id, request.form.get("password", ""), current_app.config["ADDRESS"], request_now()
        )
    except Invalid as wrong:
        return _new_password(purpose, 422, wrong.errors)
    except Conflict:
        tell(
            "warn",
            gettext("That took too long"),
            gettext("Ask for another code, then choose your password within 20 minutes."),
        )
        return redirect(url_for(STARTS[purpose]), 303)
    answer = coming_in.begin(actor, "claim" if purpose == "claim" else "recovery")
    tell(
        "good",
        gettext("Your account is set up") if purpose == "claim" else gettext("You have a new password"),
        gettext("From now on you sign in with it."),
    )
    return answer


@bp.get("/sign-in/link/<token>")
@public
def link(token: str) -> Response:
    """Nothing happens yet: programs that look through mail open every link."""
    return page("portal/sign_in_link.html", token=token, errors={})


@bp.post("/sign-in/link/<token>")
@public
def use_link(token: str) -> Response:
    try:
        with db.transaction() as writing:
            actor = entering.use_link(writing, token, request_now())
    except Conflict as over:
        return page("portal/sign_in_link.html", status=422, token=token, errors={"": str(over)})
    return coming_in.begin(actor, "link")


def _wrong(tries: int) -> str:
    if not tries:
        return gettext("This is not the code that we sent. Ask for another one.")
    return ngettext(
        "This is not the code that we sent. You can try %(num)s more time.",
        "This is not the code that we sent. You can try %(num)s more times.",
        tries,
    )


def _send(purpose: Any) -> Response:
    who = request.form.get("who", "").strip()
    if not who:
        return _who(purpose, 422, {"who": gettext("Enter your customer number or your e-mail address.")})
    asked = entering.ask_for(purpose, who, coming_in.visitor(), current_app.config["ADDRESS"], request_now())
    return _asked(asked, purpose)


def _asked(code_id: UUID, purpose: str) -> Response:
    session[ASKED] = {"id": str(code_id), "for": purpose, "next": request.form.get("next", "")}
    return redirect(url_for(".code"), 303)


def _open() -> tuple[UUID, str] | None:
    """The code that this browser asked for, and what for."""
    asked = session.get(ASKED)
    return (UUID(asked["id"]), asked["for"]) if asked else None


def _proved() -> tuple[UUID, str] | None:
    asked = _open()
    with db.reading() as reading:
        return asked if asked and entering.is_proved(reading, asked[0], request_now()) else None


def _first_use(status: int = 200, errors: dict[str, str] | None = None) -> Response:
    with db.reading() as reading:
        facts = entering.facts_asked(reading)
    return page("portal/first_use.html", status=status, facts=facts, typed=request.form, errors=errors or {})


def _who(purpose: str, status: int = 200, errors: dict[str, str] | None = None) -> Response:
    return page(
        "portal/code_asked.html",
        status=status,
        purpose=purpose,
        errors=errors or {},
        next=request.values.get("next", ""),
    )


def _code(purpose: str, status: int = 200, errors: dict[str, str] | None = None, over: bool = False) -> Response:
    return page(
        "portal/code.html", status=status, purpose=purpose, start=STARTS[purpose], errors=errors or {}, over=over
    )


def _new_password(purpose: str, status: int = 200, errors: dict[str, str] | None = None) -> Response:
    return page("portal/new_password.html", status=status, purpose=purpose, errors=errors or {})
