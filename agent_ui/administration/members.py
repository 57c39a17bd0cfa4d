"""People: who works here and as what, who was invited, who left; and what leavers had in hand."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from agent_ui.desk import coming_in
from backend import db
from backend.cases import service as cases
from backend.catalogue import service as catalogues
from backend.people import service as people
from backend.people.service import Permission, current_actor, requires
from backend.staffing import service as staffing
from shared.kernel.errors import Conflict, Invalid, NotFound
from shared.ui.pages import page, request_now, tell

bp = Blueprint("members", __name__, template_folder="templates")
ONE = "/people/<uuid:staff_id>"
INVITED = "/people/invitations/<uuid:invitation_id>"


@bp.get("/people")
@requires(Permission.ADMIN)
def index() -> Response:
    return _list()


@bp.post("/people")
@requires(Permission.ADMIN)
def invite() -> Response:
    """Asks somebody to work here; where no e-mail is sent, the link is shown, this once, to be handed over."""
    typed = {name: request.form.get(name, "") for name in ("email", "role")}
    teams = request.form.getlist("team")
    try:
        with db.transaction() as session:
            made = staffing.ask(
                session, typed["email"], typed["role"], teams, pack=catalogues.pack_in_force(session), link_to=_link,
                by=current_actor(), now=request_now(),
            )  # fmt: skip
    except Invalid as wrong:
        return _list(422, errors=wrong.errors, typed={**typed, "teams": teams})
    except Conflict as refused:
        return _list(409, errors={"email": str(refused)}, typed={**typed, "teams": teams})
    return _asked(made)


@bp.post(f"{INVITED}/again")
@requires(Permission.ADMIN)
def invite_again(invitation_id: UUID) -> Response:
    try:
        with db.transaction() as session:
            pack = catalogues.pack_in_force(session)
            made = staffing.ask_again(
                session, invitation_id, pack=pack, link_to=_link, by=current_actor(), now=request_now()
            )
    except NotFound as gone:
        tell("plain", str(gone))
        return redirect(url_for(".index"), 303)
    return _asked(made)


@bp.post(f"{INVITED}/withdrawal")
@requires(Permission.ADMIN)
def withdraw(invitation_id: UUID) -> Response:
    try:
        with db.transaction() as session:
            withdrawn = staffing.withdraw(session, invitation_id, current_actor(), request_now())
    except NotFound as gone:
        tell("plain", str(gone))
    else:
        tell("good", "Invitation withdrawn", f"The link that {withdrawn.email} has opens nothing any more.")
    return redirect(url_for(".index"), 303)


@bp.get(ONE)
@requires(Permission.ADMIN)
def show(staff_id: UUID) -> Response:
    return _one(staff_id)


@bp.post(f"{ONE}/role")
@requires(Permission.ADMIN)
def change_role(staff_id: UUID) -> Response:
    role = request.form.get("role", "")
    try:
        with db.transaction() as session:
            after = staffing.change_role(session, staff_id, role, current_actor(), request_now())
    except (Invalid, Conflict) as wrong:
        return _one(staff_id, wrong.status, {"role": _words(wrong, "role")})
    return _told(staff_id, f"{after.name} is {_as(after.role)} now", "From their next page on.")


@bp.post(f"{ONE}/teams")
@requires(Permission.ADMIN)
def change_teams(staff_id: UUID) -> Response:
    try:
        with db.transaction() as session:
            pack = catalogues.pack_in_force(session)
            who = staffing.change_teams(
                session, staff_id, request.form.getlist("team"), pack=pack, by=current_actor(), now=request_now()
            )
    except Invalid as wrong:
        return _one(staff_id, 422, {"team": _words(wrong, "team")})
    return _told(staff_id, f"The teams of {who.name} are noted", "")


@bp.post(f"{ONE}/leaving")
@requires(Permission.ADMIN)
def end_work(staff_id: UUID) -> Response:
    """They work here no more, from their next page on; and somebody goes on with what they had in hand, where that was said."""
    to = request.form.get("to", "")
    try:
        _require_taker(staff_id, to)
        with db.transaction() as session:
            after = staffing.end_work(session, staff_id, current_actor(), request_now())
    except (Invalid, Conflict) as wrong:
        return _one(staff_id, wrong.status, {"to": _words(wrong, "to")}, to)
    handed = _hand_on(staff_id, to) if to else ""
    return _told(staff_id, f"{after.name} does not work here any more", f"They were signed out everywhere. {handed}")


@bp.post(f"{ONE}/handing-on")
@requires(Permission.ADMIN)
def hand_on(staff_id: UUID) -> Response:
    to = request.form.get("to", "")
    try:
        if not to:
            raise Invalid(errors={"to": "Choose who goes on with it."})
        words = _hand_on(staff_id, to)
    except Invalid as wrong:
        return _one(staff_id, 422, {"to": _words(wrong, "to")}, to)
    return _told(staff_id, "Handed on", words)


@bp.post(f"{ONE}/return")
@requires(Permission.ADMIN)
def take_back(staff_id: UUID) -> Response:
    try:
        with db.transaction() as session:
            after = staffing.take_back(session, staff_id, current_actor(), request_now())
    except Conflict as refused:
        return _one(staff_id, 409, {"": str(refused)})
    return _told(staff_id, f"{after.name} works here again", f"As {_as(after.role)}, and they sign in as before.")


@bp.post(f"{ONE}/sign-ins/end")
@requires(Permission.ADMIN)
def end_sign_ins(staff_id: UUID) -> Response:
    with db.transaction() as session:
        ended = staffing.end_sign_ins(session, staff_id, current_actor(), request_now(), but=coming_in.this_session())
    return _told(staff_id, "Signed out everywhere" if ended else "They were signed in nowhere", "")


@bp.post(f"{ONE}/sign-ins/<uuid:session_id>/end")
@requires(Permission.ADMIN)
def end_sign_in(staff_id: UUID, session_id: UUID) -> Response:
    try:
        with db.transaction() as session:
            staffing.end_sign_ins(session, staff_id, current_actor(), request_now(), only=session_id)
    except NotFound as gone:
        return _told(staff_id, str(gone), "", kind="plain")
    return _told(staff_id, "Signed out there", "Whoever is there has to sign in again.")


@bp.post(f"{ONE}/second-step/reset")
@requires(Permission.ADMIN)
def reset_second_step(staff_id: UUID) -> Response:
    try:
        with db.transaction() as session:
            who = staffing.reset_second_step(session, staff_id, current_actor(), request_now())
    except Conflict as refused:
        return _one(staff_id, 409, {"": str(refused)})
    return _told(staff_id, f"The second step of {who.name} is taken away", "They were signed out everywhere.")


def _link(token: str) -> str:
    return coming_in.whole(url_for("joining.show", token=token))


def _asked(made: staffing.Asked) -> Response:
    if made.is_sent:
        tell("good", f"{made.invitation.email} is invited", "The link in the letter is good for three days, and once.")
        return redirect(url_for(".index"), 303)
    return _list(link=made.link, invited=made.invitation.email)


def _require_taker(staff_id: UUID, to: str) -> None:
    """Raises Invalid for somebody who cannot go on with their work: before they are sent off, not after."""
    if to and to != staffing.NOBODY and to not in {key for key, _ in _takers(staff_id)}:
        raise Invalid(errors={"to": "Choose who goes on with it."})


def _takers(staff_id: UUID) -> list[tuple[str, str]]:
    with db.reading() as session:
        return [(str(one), name) for one, name in cases.workers(session) if one != staff_id]


def _hand_on(staff_id: UUID, to: str) -> str:
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
    done = staffing.hand_on(staff_id, to, pack=pack, by=current_actor(), now=request_now())
    things = "1 thing was handed on." if done.many == 1 else f"{done.many} things were handed on."
    return f"{things} {done.left} must be somebody's: choose whose." if done.left else things


def _words(wrong: Exception, name: str) -> str:
    errors: dict[str, str] = getattr(wrong, "errors", {}) or {}
    return errors.get(name) or str(wrong)


def _as(role: str) -> str:
    label = people.STAFF_ROLES[role].lower()
    return label if role in ("quality", "read_only") else f"{'an' if label[0] in 'aeiou' else 'a'} {label}"


def _told(staff_id: UUID, title: str, text: str, kind: str = "good") -> Response:
    tell(kind, title, text)
    return redirect(url_for(".show", staff_id=staff_id), 303)


def _list(status: int = 200, **more: Any) -> Response:
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
        found = staffing.house(session, request_now())
    return page(
        "administration/members.html", status=status, house=found, roles=people.STAFF_ROLES, teams=pack.casework.team,
        team_label=pack.casework.team_label, **{"errors": {}, "typed": {}, "link": "", "invited": "", **more},
    )  # fmt: skip


def _one(staff_id: UUID, status: int = 200, errors: dict[str, str] | None = None, to: str = "") -> Response:
    now = request_now()
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
        found = staffing.member(session, staff_id, now)
        sessions = people.sessions_of(session, staff_id, now, coming_in.this_session())
    return page(
        "administration/member.html", status=status, member=found, who=found.who, sessions=sessions, roles=people.STAFF_ROLES,
        teams=pack.casework.team, takers=_takers(staff_id), is_me=str(staff_id) == current_actor().id, errors=errors or {}, to=to,
        nobody=staffing.NOBODY,
    )  # fmt: skip
