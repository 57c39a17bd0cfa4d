"""All that the customer asked us to look into; a new one, with what may help before it is sent; a closed one that goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.casework import service as casework
from backend.catalogue import service as catalogues
from backend.knowledge.types import FoundArticle
from backend.overview import service as overview
from backend.people.service import Permission, current_actor, requires
from selfservice_ui import cases
from selfservice_ui.words import CHANNEL
from shared.kernel.errors import Conflict, Invalid
from shared.kernel.languages import gettext
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now, tell, wants_fragment

bp = Blueprint("raising", __name__)
TEMPLATE = "portal/case_new.html"
LONGEST_TYPED = 20_000


@bp.get("/cases")
@requires(Permission.PORTAL)
def index() -> Response:
    seen = casework.own_cases(current_actor())
    said = overview.cases_said(current_actor(), [one.case for one in seen.cases])
    seen = replace(seen, cases=tuple(replace(one, case=case) for one, case in zip(seen.cases, said, strict=True)))
    speak_of(seen.timezone)
    return page("portal/cases.html", seen=seen)


@bp.get("/cases/new")
@requires(Permission.PORTAL)
def new() -> Response:
    return _form({})


@bp.post("/cases/new/articles")
@requires(Permission.PORTAL)
def articles() -> Response:
    """What may help, while they type; what is typed stands in no address."""
    if not wants_fragment():
        return _form(_typed())
    return page("portal/case_articles.html", found=_found(), seen=True)


@bp.post("/cases")
@requires(Permission.PORTAL)
def send() -> Response:
    """Sends it; who has not seen what may help is shown that first, once, with all that was typed. A file is sent at once: it could not be kept."""
    typed, sent = _typed(), request.files.get("file")
    file = (sent.filename, sent.read()) if sent is not None and sent.filename else None
    asked_first = request.form.get("seen") == "yes" or file is not None
    found = () if asked_first or not typed["subject"].strip() else _found()
    if found:
        return page("portal/case_before.html", typed=typed, found=found)
    try:
        with db.transaction() as session:
            made = casework.raise_own(
                session, current_actor(), typed["subject"], typed["text"], typed["type"], CHANNEL, request_now(), file=file,
                home=cases.home(),
            )  # fmt: skip
    except Invalid as wrong:
        return _form(typed, 422, wrong.errors, lost=file is not None)
    tell("good", gettext("Sent"), gettext("We read it and answer here. You find it under Home at any time."))
    return redirect(url_for("cases.show", case_id=made.case_id), 303)


@bp.post("/cases/<uuid:case_id>/reopening")
@requires(Permission.PORTAL)
def reopen(case_id: UUID) -> Response:
    """It is not solved after all."""
    text = request.form.get("text", "")[:LONGEST_TYPED]
    try:
        with db.transaction() as session:
            casework.reopen_own(session, current_actor(), case_id, text, CHANNEL, request_now())
    except Invalid as wrong:
        return cases.drawn(case_id, 422, errors=wrong.errors, typed=text)
    except Conflict as refused:
        return cases.drawn(case_id, 409, refused=refused, typed=text)
    tell("good", gettext("It is open again"), gettext("We look into it, and answer here."))
    return redirect(url_for("cases.show", case_id=case_id), 303)


@bp.get("/visits/<uuid:case_id>/time")
@requires(Permission.PORTAL)
def when(case_id: UUID) -> Response:
    """Another time for a visit."""
    return _time(case_id)


@bp.post("/visits/<uuid:case_id>/time")
@requires(Permission.PORTAL)
def move(case_id: UUID) -> Response:
    try:
        with db.transaction() as session:
            casework.move_own_visit(
                session, current_actor(), case_id, request.form.get("when", ""), CHANNEL, request_now()
            )
    except Invalid as wrong:
        return _time(case_id, 422, wrong.errors)
    except Conflict as refused:
        tell("warn", refused.title, str(refused))
        return redirect(url_for(".index"), 303)
    tell("good", gettext("We come at the new time"))
    return redirect(url_for(".index"), 303)


def _time(case_id: UUID, status: int = 200, errors: dict[str, str] | None = None) -> Response:
    try:
        case, times = casework.own_visit_times(current_actor(), case_id, request_now())
    except Conflict as refused:
        tell("warn", refused.title, str(refused))
        return redirect(url_for(".index"), 303)
    speak_of(times.zone)
    return page("portal/visit_time.html", status=status, it=case, times=times, errors=errors or {})


def _typed() -> dict[str, str]:
    return {name: request.form.get(name, "")[:LONGEST_TYPED] for name in ("subject", "text", "type")}


def _found() -> tuple[FoundArticle, ...]:
    typed = _typed()
    with db.reading() as session:
        return casework.suggest_own(session, typed["subject"])


def _form(
    typed: dict[str, str], status: int = 200, errors: dict[str, str] | None = None, *, lost: bool = False
) -> Response:
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
    more: dict[str, Any] = {"choices": casework.case_choices(pack), "megabytes": pack.casework.attachment_megabytes}
    return page(TEMPLATE, status=status, typed=typed, errors=errors or {}, lost=lost, found=(), **more)
