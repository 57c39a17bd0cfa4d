"""The customer's own account: where we reach them, changed by a code that comes there; and closing it, which can be taken back for a while."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.entering import service as entering
from backend.entering.service import Point
from backend.interactions import service as interactions
from backend.oversight import service as oversight
from backend.overview import service as overview
from backend.people.service import Permission, current_actor, requires
from selfservice_ui import coming_in
from shared.kernel.errors import Conflict, Invalid, TooMany, Unauthenticated
from shared.kernel.languages import gettext, noted
from shared.ui.devices import face_key
from shared.ui.formats import as_day, local_day_of, speak_of
from shared.ui.pages import page, request_now, tell

bp = Blueprint("me", __name__)
CHANGED = {"email": noted("Your e-mail address is changed"), "phone": noted("Your telephone number is changed")}


@bp.get("/me")
@requires(Permission.PORTAL)
def show() -> Response:
    seen = overview.me_page(current_actor(), request_now())
    speak_of(seen.timezone)
    return page("portal/me.html", seen=seen, can_check=entering.can_check)


def _routes(kind: Point) -> None:
    """An address of each kind has pages of its own, under names of their own."""

    @bp.get(f"/me/{kind}", endpoint=kind)
    @requires(Permission.PORTAL)
    def new() -> Response:
        return _new(kind)

    @bp.post(f"/me/{kind}", endpoint=f"ask_{kind}")
    @requires(Permission.PORTAL)
    def ask() -> Response:
        """A borrowed browser is not enough: the password is asked for again. Then a code goes to the new address."""
        value = request.form.get("value", "")[:400]
        try:
            _prove()
            entering.ask_address(current_actor(), kind, value, coming_in.visitor(), request_now())
        except Invalid as wrong:
            return _new(kind, 422, wrong.errors)
        except Unauthenticated as refused:
            return _new(kind, 422, {"password": str(refused)})
        except (Conflict, TooMany) as refused:
            return _new(kind, refused.status, {"": str(refused)})
        return redirect(url_for(f".{kind}_code"), 303)

    @bp.get(f"/me/{kind}/code", endpoint=f"{kind}_code")
    @requires(Permission.PORTAL)
    def code() -> Response:
        return _code(kind)

    @bp.post(f"/me/{kind}/code", endpoint=f"read_{kind}_code")
    @requires(Permission.PORTAL)
    def read_code() -> Response:
        try:
            entering.read_address_code(current_actor(), kind, request.form.get("code", "")[:40], request_now())
        except Invalid as wrong:
            return _code(kind, 422, wrong.errors)
        except Conflict as over:
            return _new(kind, 409, {"": str(over)})
        tell("good", gettext(CHANGED[kind]), gettext("We reach you there from now on, and have told the old one."))
        return redirect(url_for(".show"), 303)


for _kind in entering.POINTS:
    _routes(_kind)


@bp.get("/me/closing")
@requires(Permission.PORTAL)
def closing() -> Response:
    return _closing()


@bp.post("/me/closing")
@requires(Permission.PORTAL)
def close() -> Response:
    """Asked for with the password, and by the second step where there is one; done after the time to take it back."""
    actor, now = current_actor(), request_now()
    try:
        _prove(second=True)
    except Invalid as wrong:
        return _closing(422, wrong.errors)
    except Unauthenticated as refused:
        return _closing(422, {"password": str(refused)})
    assert actor.customer_id is not None  # noqa: S101 (the permission belongs to customers; for the type checker)
    with db.transaction() as session:
        asked, is_new = interactions.ask_to_close(session, actor.customer_id, actor=actor, now=now)
        speak_of(entering.timezone_of(session, actor))
        on = as_day(local_day_of(asked.closes_at), long=True)
        if is_new:
            entering.tell_of_closing(session, actor, asked.closes_at, current_app.config["ADDRESS"], now)
    tell(
        "warn",
        gettext("Your account closes on %(day)s", day=on),
        gettext("Until then you can keep it, here or by calling us."),
    )
    return redirect(url_for(".closing"), 303)


@bp.post("/me/closing/taken-back")
@requires(Permission.PORTAL)
def keep() -> Response:
    """Nothing is asked: what stays as it is harms nobody."""
    actor, now = current_actor(), request_now()
    assert actor.customer_id is not None  # noqa: S101 (the permission belongs to customers; for the type checker)
    try:
        with db.transaction() as session:
            interactions.keep_account(session, actor.customer_id, actor=actor, now=now)
            entering.tell_of_keeping(session, actor.customer_id, now)
    except Conflict:
        tell("plain", gettext("Your account stays as it is"))
    else:
        tell("good", gettext("You keep your account"), gettext("Everything stays as it is."))
    return redirect(url_for(".show"), 303)


def _prove(*, second: bool = False) -> None:
    """They are who they are: by the password, and the second step where one is set and wanted. Raises Invalid, Unauthenticated."""
    actor, password, typed = current_actor(), request.form.get("password", ""), request.form.get("code", "").strip()
    with db.reading() as session:
        asks_code = second and entering.authenticators.is_set(session, actor)
    errors = {} if password else {"password": gettext("Enter your password.")}
    if asks_code and not typed:
        errors["code"] = gettext("Enter the code that the app shows.")
    if errors:
        raise Invalid(errors=errors)
    entering.confirm_customer(actor, password, coming_in.visitor(), request_now())
    if asks_code:
        try:
            entering.second_step(actor, typed[:40], coming_in.visitor(), face_key(), request_now())
        except Unauthenticated as refused:
            raise Invalid(errors={"code": str(refused)}) from None


def _new(kind: Point, status: int = 200, errors: dict[str, str] | None = None) -> Response:
    seen = overview.me_page(current_actor(), request_now())
    return page(
        "portal/me_address.html", status=status, kind=kind, seen=seen, can_check=entering.can_check(kind),
        typed=request.form.get("value", ""), errors=errors or {},
    )  # fmt: skip


def _code(kind: Point, status: int = 200, errors: dict[str, str] | None = None) -> Response:
    with db.reading() as session:
        asked = entering.asked_address(session, current_actor(), kind, request_now())
    if asked is None:
        return redirect(url_for(f".{kind}"), 303)
    return page("portal/me_code.html", status=status, asked=asked, errors=errors or {})


def _closing(status: int = 200, errors: dict[str, str] | None = None) -> Response:
    actor, now = current_actor(), request_now()
    with db.reading() as session:
        before = oversight.before_closing(session, actor)
        asks_code = entering.authenticators.is_set(session, actor)
        speak_of(entering.timezone_of(session, actor))
    # What is asked for today is done on that day.
    closes = before.closing.closes_at if before.closing else now + interactions.COOLING_OFF
    return page(
        "portal/me_closing.html", status=status, before=before, runs=overview.what_runs(actor, now), asks_code=asks_code,
        closes=closes, last=closes - timedelta(days=1), errors=errors or {},
    )  # fmt: skip
